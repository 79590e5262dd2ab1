package host_test

import (
	"net/http"
	"net/http/cgi"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
)

// serveGit lets the shape serve Git as well, to whoever shows a token of the app that has not ended.
func (g *gitHubShape) serveGit(t *testing.T) (tip string) {
	t.Helper()
	root := t.TempDir()
	p := &plainGround{dir: filepath.Join(root, "acme", "clusters.git")}
	p.git(t, "init", "--quiet", "--bare", "--initial-branch=main", p.dir)
	p.git(t, "-C", p.dir, "config", "http.receivepack", "true")
	tip = p.git(t, "-C", p.dir, "commit-tree", "-m", "Add a cluster", p.git(t, "-C", p.dir, "mktree"))
	p.git(t, "-C", p.dir, "update-ref", "refs/heads/main", tip)
	libexec, err := exec.CommandContext(t.Context(), "git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(libexec)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=app"},
	}
	mux := http.NewServeMux()
	mux.Handle("/api/", g.api)
	mux.HandleFunc("/acme/", func(w http.ResponseWriter, r *http.Request) {
		username, token, _ := r.BasicAuth()
		g.mu.Lock()
		good := username == "x-access-token" && time.Now().Before(g.ends[token])
		g.mu.Unlock()
		if !good {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	})
	g.sky.next = mux
	g.sky.clear()
	return tip
}

func (g *gitHubShape) tokens() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.ends)
}

func TestGitHubAppFetchesAndPushesWithTokensThatLast(t *testing.T) {
	g := newGitHubShape(t)
	tip := g.serveGit(t)
	file := filepath.Join(t.TempDir(), "app.pem")
	g.newKey(t, file)
	url := g.sky.URL + "/acme/clusters.git"
	login, err := host.GitLogin(host.Config{Repository: url, Kind: host.GitHub, App: host.App{ID: 42, Installation: 4711, KeyFile: file}})
	if err != nil {
		t.Fatal(err)
	}
	repo, err := gitrepo.Open(gitrepo.Config{URL: url, Dir: t.TempDir(), Auth: gitrepo.Auth{Ask: login}})
	if err != nil {
		t.Fatal(err)
	}
	works := func(said string) {
		t.Helper()
		if head, err := repo.Head(t.Context()); err != nil || head.Hash != tip {
			t.Fatalf("%s: fetched %+v: %v", said, head, err)
		}
		s := commitstatus.Status{Commit: tip, Context: "quorate/plan", State: commitstatus.Success, Description: said}
		if err := commitstatus.NewNotes(repo).Post(t.Context(), s); err != nil {
			t.Fatalf("%s: pushed: %v", said, err)
		}
	}
	works("with a token")
	works("with the same one")
	if n := g.tokens(); n != 1 {
		t.Errorf("%d tokens were asked for, and one lasts an hour", n)
	}

	g.newKey(t, file) // rotated while we run
	g.life = 45 * time.Second
	works("after the key was changed")
	before := g.tokens()
	if before < 2 {
		t.Error("the new key was not used")
	}
	works("with a token that is about to end")
	if g.tokens() == before {
		t.Error("a token that ends within a minute, and a fetch may take longer, was used again")
	}

	g.app = nil
	if _, err := repo.Head(t.Context()); err == nil || !strings.Contains(err.Error(), "credentials") {
		t.Errorf("after the app was removed: %v", err)
	}
}
