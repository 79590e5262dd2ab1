package gitrepo

import (
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// origin is a bare repository that a test writes to object by object, so that it can also hold
// what git would refuse to make.
type origin struct {
	t    testing.TB
	dir  string
	repo *git.Repository
}

func newOrigin(t testing.TB) *origin {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "clusters.git")
	repo, err := git.PlainInit(dir, true)
	if err != nil {
		t.Fatal(err)
	}
	o := &origin{t, dir, repo}
	o.set(plumbing.NewSymbolicReference(plumbing.HEAD, "refs/heads/main"))
	return o
}

// commit puts a commit with exactly these files on top of main.
func (o *origin) commit(files map[string]string) string {
	o.t.Helper()
	return o.commitTree(o.tree(files), o.head())
}

// rewrite replaces main by a single commit without history.
func (o *origin) rewrite(files map[string]string) string {
	o.t.Helper()
	return o.commitTree(o.tree(files), plumbing.ZeroHash)
}

func (o *origin) head() plumbing.Hash {
	ref, err := o.repo.Reference("refs/heads/main", true)
	if err != nil {
		return plumbing.ZeroHash
	}
	return ref.Hash()
}

// tree writes the files as nested trees.
func (o *origin) tree(files map[string]string) plumbing.Hash {
	o.t.Helper()
	var entries []object.TreeEntry
	folders := map[string]map[string]string{}
	for name, data := range files {
		dir, rest, nested := strings.Cut(name, "/")
		if !nested {
			entries = append(entries, object.TreeEntry{Name: name, Mode: filemode.Regular, Hash: o.blob(data)})
			continue
		}
		if folders[dir] == nil {
			folders[dir] = map[string]string{}
		}
		folders[dir][rest] = data
	}
	for dir, inside := range folders {
		entries = append(entries, object.TreeEntry{Name: dir, Mode: filemode.Dir, Hash: o.tree(inside)})
	}
	return o.entries(entries...)
}

func (o *origin) entries(entries ...object.TreeEntry) plumbing.Hash {
	o.t.Helper()
	slices.SortFunc(entries, byTreeOrder)
	return o.put(&object.Tree{Entries: entries})
}

func (o *origin) blob(data string) plumbing.Hash {
	o.t.Helper()
	e := o.repo.Storer.NewEncodedObject()
	e.SetType(plumbing.BlobObject)
	w, err := e.Writer()
	if err != nil {
		o.t.Fatal(err)
	}
	if _, err := w.Write([]byte(data)); err != nil {
		o.t.Fatal(err)
	}
	hash, err := o.repo.Storer.SetEncodedObject(e)
	if err != nil {
		o.t.Fatal(err)
	}
	return hash
}

func (o *origin) commitTree(tree, parent plumbing.Hash) string {
	o.t.Helper()
	by := object.Signature{Name: "Ada", Email: "ada@example.com", When: time.Unix(1_700_000_000, 0).UTC()}
	c := &object.Commit{Author: by, Committer: by, Message: "Change the clusters\n\nBody.\n", TreeHash: tree}
	if !parent.IsZero() {
		c.ParentHashes = []plumbing.Hash{parent}
	}
	hash := o.put(c)
	o.set(plumbing.NewHashReference("refs/heads/main", hash))
	return hash.String()
}

func (o *origin) put(obj object.Object) plumbing.Hash {
	o.t.Helper()
	e := o.repo.Storer.NewEncodedObject()
	if err := obj.Encode(e); err != nil {
		o.t.Fatal(err)
	}
	hash, err := o.repo.Storer.SetEncodedObject(e)
	if err != nil {
		o.t.Fatal(err)
	}
	return hash
}

func (o *origin) set(ref *plumbing.Reference) {
	o.t.Helper()
	if err := o.repo.Storer.SetReference(ref); err != nil {
		o.t.Fatal(err)
	}
}

// git runs the real program on the repository and returns what it printed.
func (o *origin) git(args ...string) string {
	o.t.Helper()
	return runGit(o.t, "", append([]string{"-C", o.dir}, args...)...)
}

func runGit(t testing.TB, stdin string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Stdin = strings.NewReader(stdin)
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null",
		"GIT_AUTHOR_NAME=Bob", "GIT_AUTHOR_EMAIL=bob@example.com", "GIT_COMMITTER_NAME=Bob", "GIT_COMMITTER_EMAIL=bob@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// webServer is git's own smart HTTP server in front of an origin.
type webServer struct {
	*httptest.Server
	requests atomic.Int64
}

// serve publishes the origin over HTTP; token is the password it asks for, if not empty.
func (o *origin) serve(token string) *webServer {
	o.t.Helper()
	o.git("config", "http.receivepack", "true")
	backend := &cgi.Handler{
		Path:   filepath.Join(strings.TrimSpace(runGit(o.t, "", "--exec-path")), "git-http-backend"),
		Env:    []string{"GIT_PROJECT_ROOT=" + filepath.Dir(o.dir), "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=test"},
		Stderr: io.Discard, // of a push that another writer wins
	}
	s := &webServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		if _, password, _ := r.BasicAuth(); password != token {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	o.t.Cleanup(s.Close)
	return s
}

func (s *webServer) url() string { return s.URL + "/clusters.git" }

// open follows main of the URL with a cache folder of its own.
func open(t testing.TB, url string) *Repo {
	t.Helper()
	return openWith(t, Config{URL: url, Dir: t.TempDir()})
}

func openWith(t testing.TB, cfg Config) *Repo {
	t.Helper()
	r, err := Open(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func head(t *testing.T, r *Repo) Commit {
	t.Helper()
	c, err := r.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func modTime(t *testing.T, file string) time.Time {
	t.Helper()
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	return info.ModTime()
}
