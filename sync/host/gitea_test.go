package host_test

import (
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/internal/giteatest"
	"github.com/quorate/quorate/sync/host"
)

func TestGiteaKeepsTheContract(t *testing.T) {
	contract(t, newGiteaGround(t))
}

// giteaGround is a private repository on a real Gitea.
type giteaGround struct {
	sky    *sky
	people map[string]giteatest.Person
	clone  string
	forks  map[string]bool
	count  int
}

const giteaRepository = "acme/clusters"

func newGiteaGround(t *testing.T) *giteaGround {
	server := giteatest.Start(t)
	target, err := url.Parse(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	g := &giteaGround{people: map[string]giteatest.Person{}, clone: filepath.Join(t.TempDir(), "clone"), forks: map[string]bool{}}
	g.sky = newSky(t, host.Gitea, &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	for _, name := range []string{"robot", "ada", "bob", "cleo", "mallory"} {
		g.people[name] = server.Person(t, name)
	}
	robot := g.people["robot"]
	robot.Do(t, http.MethodPost, "/orgs", map[string]any{"username": "acme", "visibility": "private"}, nil)
	robot.Do(t, http.MethodPost, "/orgs/acme/repos", map[string]any{"name": "clusters", "private": true, "auto_init": true}, nil)
	for name, permission := range map[string]string{"ada": "admin", "bob": "write", "cleo": "read"} {
		robot.Do(t, http.MethodPut, "/repos/acme/clusters/collaborators/"+name, map[string]any{"permission": permission}, nil)
	}
	var team struct{ ID int }
	robot.Do(t, http.MethodPost, "/orgs/acme/teams", map[string]any{"name": "sre", "permission": "read", "units": []string{"repo.code"}}, &team)
	robot.Do(t, http.MethodPut, fmt.Sprintf("/teams/%d/members/bob", team.ID), nil, nil)
	g.git(t, "", "clone", "--quiet", robot.GitURL(giteaRepository), g.clone)
	return g
}

func (g *giteaGround) git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Bob", "GIT_AUTHOR_EMAIL=b@example.com", "GIT_COMMITTER_NAME=Bob", "GIT_COMMITTER_EMAIL=b@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

func (g *giteaGround) open(t *testing.T) host.Host {
	t.Helper()
	h, err := host.Open(host.Config{
		Repository: g.sky.URL + "/" + giteaRepository + ".git", Kind: host.Gitea, TokenFile: tokenFile(t, g.people["robot"].Token),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func (g *giteaGround) weather() weather { return g.sky }

func (g *giteaGround) page() int { return 50 } // MAX_RESPONSE_ITEMS

func (g *giteaGround) reviewed() bool { return true }

func (g *giteaGround) commit(t *testing.T) string {
	return g.git(t, g.clone, "rev-parse", "origin/main")
}

func (g *giteaGround) statuses(t *testing.T, commit string) map[string]string {
	t.Helper()
	var combined struct {
		Statuses []struct{ Status, Context, Description string }
	}
	g.people["ada"].Do(t, http.MethodGet, "/repos/acme/clusters/commits/"+commit+"/status?limit=50", nil, &combined)
	seen := map[string]string{}
	for _, s := range combined.Statuses {
		seen[s.Context] = s.Status + ": " + s.Description
	}
	return seen
}

func (g *giteaGround) propose(t *testing.T, author string, fork bool, files ...string) (number int, head string) {
	t.Helper()
	g.count++
	branch := fmt.Sprintf("proposal-%d", g.count)
	g.git(t, g.clone, "checkout", "--quiet", "-b", branch, "origin/main")
	for _, file := range files {
		path := filepath.Join(g.clone, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(file), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	g.git(t, g.clone, "add", "--all")
	g.git(t, g.clone, "commit", "--quiet", "--message", "Propose "+branch)
	person, source, from := g.people[author], giteaRepository, branch
	if fork {
		if !g.forks[author] {
			person.Do(t, http.MethodPost, "/repos/acme/clusters/forks", map[string]any{}, nil)
			g.forks[author] = true
		}
		source, from = author+"/clusters", author+":"+branch
	}
	g.git(t, g.clone, "push", "--quiet", person.GitURL(source), branch)
	return g.pull(t, person, from), g.git(t, g.clone, "rev-parse", "HEAD")
}

func (g *giteaGround) pull(t *testing.T, person giteatest.Person, head string) int {
	t.Helper()
	var pr struct{ Number int }
	person.Do(t, http.MethodPost, "/repos/acme/clusters/pulls", map[string]any{"base": "main", "head": head, "title": "Propose " + head}, &pr)
	return pr.Number
}

// proposeMany pushes all branches at once.
func (g *giteaGround) proposeMany(t *testing.T, count int) {
	t.Helper()
	var refs []string
	for n := range count {
		commit := g.git(t, g.clone, "commit-tree", "-p", "origin/main", "-m", fmt.Sprintf("Many %d", n), "HEAD^{tree}")
		refs = append(refs, fmt.Sprintf("%s:refs/heads/many-%d", commit, n))
	}
	bob := g.people["bob"]
	g.git(t, g.clone, append([]string{"push", "--quiet", bob.GitURL(giteaRepository)}, refs...)...)
	for n := range count {
		g.pull(t, bob, fmt.Sprintf("many-%d", n))
	}
}

func (g *giteaGround) say(t *testing.T, number int, author, body string) int64 {
	t.Helper()
	var comment struct{ ID int64 }
	g.people[author].Do(t, http.MethodPost, fmt.Sprintf("/repos/acme/clusters/issues/%d/comments", number), map[string]any{"body": body}, &comment)
	return comment.ID
}

func (g *giteaGround) reword(t *testing.T, _ int, id int64, body string) {
	t.Helper()
	g.people["ada"].Do(t, http.MethodPatch, fmt.Sprintf("/repos/acme/clusters/issues/comments/%d", id), map[string]any{"body": body}, nil)
}

func (g *giteaGround) approve(t *testing.T, number int, reviewer string) {
	t.Helper()
	g.people[reviewer].Do(t, http.MethodPost, fmt.Sprintf("/repos/acme/clusters/pulls/%d/reviews", number), map[string]any{"event": "APPROVED", "body": "Fine."}, nil)
}

// merge waits until Gitea has looked whether it can be merged.
func (g *giteaGround) merge(t *testing.T, number int, way string) string {
	t.Helper()
	at := fmt.Sprintf("/repos/acme/clusters/pulls/%d", number)
	for end := time.Now().Add(time.Minute); ; waitUntil(t, time.Now().Add(100*time.Millisecond)) {
		var pr struct{ Mergeable bool }
		g.people["ada"].Do(t, http.MethodGet, at, nil, &pr)
		if pr.Mergeable {
			break
		}
		if time.Now().After(end) {
			t.Fatalf("pull request %d cannot be merged", number)
		}
	}
	g.people["ada"].Do(t, http.MethodPost, at+"/merge", map[string]any{"Do": way}, nil)
	g.git(t, g.clone, "fetch", "--quiet", "origin")
	return g.commit(t)
}

func (g *giteaGround) comments(t *testing.T, number int) []said {
	t.Helper()
	var all []struct {
		Body string
		User struct{ Login string }
	}
	g.people["ada"].Do(t, http.MethodGet, fmt.Sprintf("/repos/acme/clusters/issues/%d/comments", number), nil, &all)
	var out []said
	for _, c := range all {
		out = append(out, said{c.User.Login, c.Body})
	}
	return out
}
