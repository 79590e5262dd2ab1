package host_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
)

func TestPlainGitKeepsTheContract(t *testing.T) {
	g := &plainGround{dir: filepath.Join(t.TempDir(), "clusters.git")}
	g.git(t, "init", "--quiet", "--bare", "--initial-branch=main", g.dir)
	tree := g.git(t, "-C", g.dir, "mktree")
	g.tip = g.git(t, "-C", g.dir, "commit-tree", "-m", "Add a cluster", tree)
	g.git(t, "-C", g.dir, "update-ref", "refs/heads/main", g.tip)
	contract(t, g)
}

// plainGround is a bare repository in a folder.
type plainGround struct {
	ground // reviewed is false, so nothing of it is called

	dir, tip string
}

func (g *plainGround) git(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Bob", "GIT_AUTHOR_EMAIL=b@example.com", "GIT_COMMITTER_NAME=Bob", "GIT_COMMITTER_EMAIL=b@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (g *plainGround) open(t *testing.T) host.Host {
	t.Helper()
	repo, err := gitrepo.Open(gitrepo.Config{URL: g.dir, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.Open(host.Config{Repository: g.dir, Notes: commitstatus.NewNotes(repo)})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (g *plainGround) reviewed() bool { return false }

func (g *plainGround) commit(*testing.T) string { return g.tip }

func (g *plainGround) statuses(t *testing.T, commit string) map[string]string {
	t.Helper()
	seen := map[string]string{}
	for _, s := range commitstatus.ParseNote(commit, g.git(t, "-C", g.dir, "notes", "--ref=quorate", "show", commit)) {
		seen[s.Context] = string(s.State) + ": " + s.Description
	}
	return seen
}

func (g *plainGround) weather() weather { return away{g.dir} }

// away takes the repository's folder to another place, which is all the weather that there is.
type away struct{ dir string }

func (a away) clear()         { _ = os.Rename(a.dir+".away", a.dir) } // it may be there
func (away) ways() []string   { return nil }
func (away) limit(string)     {}
func (a away) crawl()         { a.storm() }
func (a away) storm()         { _ = os.Rename(a.dir, a.dir+".away") }
func (a away) down()          { a.storm() }
func (away) asked(string) int { return 0 }
