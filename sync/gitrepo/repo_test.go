package gitrepo

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"
)

var someFiles = map[string]string{"clusters/ha.yaml": clusterDoc}

const clusterDoc = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata:\n  name: ha.example.com\n"

func TestTheHeadIsTheSameOverEveryTransport(t *testing.T) {
	o := newOrigin(t)
	hash := o.commit(someFiles)
	want := Commit{Hash: hash, Subject: "Change the clusters", Author: "Ada", When: time.Unix(1_700_000_000, 0)}
	for name, url := range map[string]string{
		"bare path": o.dir,
		"file URL":  "file://" + o.dir,
		"HTTP":      o.serve("").url(),
	} {
		t.Run(name, func(t *testing.T) {
			r := open(t, url)
			if diff := cmp.Diff(want, head(t, r)); diff != "" {
				t.Errorf("head (-want +got):\n%s", diff)
			}
			listing, err := r.Units(hash, "clusters/")
			if err != nil || len(listing.Units) != 1 {
				t.Errorf("units = %v, %v", listing, err)
			}
		})
	}
}

func TestRelativePathsAreFollowedAndNotConfused(t *testing.T) {
	cache := t.TempDir()
	for _, files := range []map[string]string{someFiles, {"other.yaml": clusterDoc}} {
		o := newOrigin(t)
		hash := o.commit(files)
		t.Chdir(filepath.Dir(o.dir))
		got := head(t, openWith(t, Config{URL: "./clusters.git", Dir: cache}))
		if got.Hash != hash || got.Previous != "" {
			t.Errorf("head = %+v, want %s and nothing before it", got, hash)
		}
	}
}

func TestAQuietRemoteCostsOneRequestPerLookEvenAfterARestart(t *testing.T) {
	o := newOrigin(t)
	o.commit(someFiles)
	web, dir := o.serve(""), t.TempDir()
	first := head(t, openWith(t, Config{URL: web.url(), Dir: dir}))

	restarted := openWith(t, Config{URL: web.url(), Dir: dir})
	before := web.requests.Load()
	again := head(t, restarted)
	if got := web.requests.Load() - before; got != 1 {
		t.Errorf("a look at an unmoved branch took %d requests", got)
	}
	if diff := cmp.Diff(first, again); diff != "" {
		t.Errorf("head (-first +again):\n%s", diff)
	}
}

func TestAMovedBranchNamesThePreviousHead(t *testing.T) {
	o := newOrigin(t)
	first := o.commit(someFiles)
	r := open(t, o.dir)
	head(t, r)
	o.commit(map[string]string{"a.yaml": "a: 1"})
	third := o.commit(map[string]string{"a.yaml": "a: 2"})

	got := head(t, r)
	if got.Hash != third || got.Previous != first || got.Rewritten {
		t.Errorf("head = %+v, want %s after %s", got, third, first)
	}
	if quiet := head(t, r); quiet.Previous != "" {
		t.Errorf("an unmoved branch claims to have moved from %s", quiet.Previous)
	}
}

func TestAForcePushIsNoticedAndFollowed(t *testing.T) {
	for _, transport := range []string{"path", "HTTP"} {
		t.Run(transport, func(t *testing.T) {
			o := newOrigin(t)
			url := o.dir
			if transport == "HTTP" {
				url = o.serve("").url()
			}
			old := o.commit(someFiles)
			r := open(t, url)
			head(t, r)
			hash := o.rewrite(map[string]string{"a.yaml": "a: 1"})
			o.git("-c", "gc.reflogExpire=now", "gc", "--quiet", "--prune=now") // the old head is gone for good

			got := head(t, r)
			if got.Hash != hash || got.Previous != old || !got.Rewritten {
				t.Errorf("head = %+v, want a rewrite of %s to %s", got, old, hash)
			}
		})
	}
}

func TestADamagedMirrorIsClonedAgain(t *testing.T) {
	glob := func(t *testing.T, dir, pattern string) []string {
		t.Helper()
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("no %s in the mirror (%v)", pattern, err)
		}
		return files
	}
	overwrite := func(pattern string, data string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for _, f := range glob(t, dir, pattern) {
				if err := errors.Join(os.Chmod(f, 0o600), os.WriteFile(f, []byte(data), 0o600)); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	remove := func(pattern string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			for _, f := range glob(t, dir, pattern) {
				if err := os.Remove(f); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	for name, damage := range map[string]func(*testing.T, string){
		"pack cut off":    overwrite("objects/pack/*.pack", "PACK"),
		"pack is garbage": overwrite("objects/pack/*.pack", strings.Repeat("garbage ", 100)),
		"pack gone":       remove("objects/pack/*.pack"),
		"index garbage":   overwrite("objects/pack/*.idx", "garbage"),
		"index gone":      remove("objects/pack/*.idx"),
		"HEAD gone":       remove("HEAD"),
		"config garbage":  overwrite("config", "[[[["),
		"ref cut off":     overwrite("refs/remotes/origin/main", ""),
		"ref garbage":     overwrite("refs/remotes/origin/main", "garbage\n"),
	} {
		for _, moved := range []bool{false, true} {
			t.Run(name+map[bool]string{true: " and the branch moved"}[moved], func(t *testing.T) {
				o := newOrigin(t)
				want := o.commit(someFiles)
				dir := t.TempDir()
				r := openWith(t, Config{URL: o.dir, Dir: dir})
				head(t, r)
				damage(t, r.dir)
				if moved {
					want = o.commit(map[string]string{"clusters/ha.yaml": clusterDoc + "# moved\n"})
				}
				restarted := openWith(t, Config{URL: o.dir, Dir: dir})
				if got := head(t, restarted); got.Hash != want {
					t.Errorf("head = %s, want %s", got.Hash, want)
				}
				if _, err := restarted.Units(want, ""); err != nil {
					t.Error(err)
				}
			})
		}
	}
}

func TestDamageFoundWhileReadingIsRepairedAtTheNextLook(t *testing.T) {
	o := newOrigin(t)
	hash := o.commit(someFiles)
	r := open(t, o.dir)
	head(t, r)
	if _, err := r.Units(strings.Repeat("1", 40), ""); !errors.Is(err, ErrCorrupt) {
		t.Fatalf("a commit that is not in the mirror: %v", err)
	}
	if got := head(t, r); got.Hash != hash || got.Previous != "" {
		t.Errorf("head after repair = %+v", got)
	}
	if _, err := r.Units(hash, ""); err != nil {
		t.Error(err)
	}
}

func TestAMirrorOfManyPacksStartsOverAndStillNoticesARewrite(t *testing.T) {
	o := newOrigin(t)
	old := o.commit(someFiles)
	r := open(t, o.dir)
	head(t, r)
	for n := range maxPacks {
		name := filepath.Join(r.dir, "objects", "pack", "pack-"+plumbing.ComputeHash(plumbing.BlobObject, []byte{byte(n)}).String())
		if err := os.WriteFile(name+".pack", nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	o.rewrite(map[string]string{"a.yaml": "a: 1"})
	got := head(t, openWith(t, Config{URL: o.dir, Dir: filepath.Dir(r.dir)}))
	if got.Previous != old || !got.Rewritten {
		t.Errorf("head = %+v, want a rewrite of %s", got, old)
	}
	if packs, _ := filepath.Glob(filepath.Join(r.dir, "objects", "pack", "*.pack")); len(packs) > 1 {
		t.Errorf("%d packs are left", len(packs))
	}
}

func TestEachFailureHasItsClassAndSaysWhichRepository(t *testing.T) {
	full, empty := newOrigin(t), newOrigin(t)
	full.commit(someFiles)
	o := newOrigin(t)
	o.commit(someFiles)
	locked := o.serve("secret")
	down := httptest.NewServer(http.NotFoundHandler())
	notFound := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(notFound.Close)
	down.Close()
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	t.Cleanup(broken.Close)
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusForbidden)
		w.Write([]byte("<html>\n\x1b[31m" + strings.Repeat("<p>no access</p>\n", 1000)))
	}))
	t.Cleanup(page.Close)
	noGit := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(noGit, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		url, branch, token string
		want               error
		says               string
	}{
		"empty on disk":       {url: empty.dir, want: ErrEmpty, says: "nothing has been pushed"},
		"empty over HTTP":     {url: empty.serve("").url(), want: ErrEmpty},
		"no such path":        {url: filepath.Join(t.TempDir(), "none"), want: ErrNotFound, says: "none"},
		"a file":              {url: noGit, want: ErrNotFound},
		"404":                 {url: notFound.URL + "/x.git", want: ErrNotFound},
		"no credentials":      {url: locked.url(), want: ErrAuth, says: "/clusters.git"},
		"wrong token":         {url: locked.url(), token: "guess", want: ErrAuth},
		"connection refused":  {url: down.URL + "/x.git", want: ErrUnreachable, says: "refused"},
		"bad gateway":         {url: broken.URL + "/x.git", want: ErrUnreachable, says: "502"},
		"a page of HTML":      {url: page.URL + "/x.git", want: ErrAuth, says: "<p>no access</p> <p>no"},
		"branch missing":      {url: full.dir, branch: "master", want: ErrBranchMissing, says: `there are "main"`},
		"password and 502":    {url: strings.Replace(broken.URL, "//", "//ada:hunter2@", 1) + "/x.git", want: ErrUnreachable, says: "502"},
		"password and 401":    {url: strings.Replace(locked.url(), "//", "//ada:hunter2@", 1), want: ErrAuth},
		"password in the URL": {url: strings.Replace(down.URL, "//", "//ada:hunter2@", 1) + "/x.git", want: ErrUnreachable, says: "x.git"},
	} {
		t.Run(name, func(t *testing.T) {
			r := openWith(t, Config{URL: c.url, Branch: c.branch, Dir: t.TempDir(), Auth: Auth{Token: c.token}})
			_, err := r.Head(t.Context())
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error = %v, want %v saying %q", err, c.want, c.says)
			}
			if strings.Contains(err.Error(), "hunter2") {
				t.Errorf("the error shows the password: %v", err)
			}
			if len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\n\x1b") {
				t.Errorf("the error is not one short line: %q", err)
			}
		})
	}
}

func TestTheRightTokenOpensTheRepository(t *testing.T) {
	o := newOrigin(t)
	o.commit(someFiles)
	head(t, openWith(t, Config{URL: o.serve("secret").url(), Dir: t.TempDir(), Auth: Auth{Token: "secret"}}))
}

func TestUnusableConfigurationIsRefusedBeforeAnyRequest(t *testing.T) {
	for name, c := range map[string]struct {
		cfg  Config
		says string
	}{
		"no URL":               {Config{}, "not a path or a Git URL"},
		"unknown scheme":       {Config{URL: "ftp://example.com/x.git"}, "ftp:// is not supported"},
		"token in the clear":   {Config{URL: "http://example.com/x.git", Auth: Auth{Token: "t"}}, "only sent over https"},
		"impossible branch":    {Config{URL: "/x", Branch: "a..b"}, "not a name Git allows"},
		"password is not told": {Config{URL: "ftp://ada:hunter2@example.com/x"}, "ftp://"},
	} {
		t.Run(name, func(t *testing.T) {
			c.cfg.Dir = t.TempDir()
			_, err := Open(c.cfg)
			if err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("error = %v, want it to say %q", err, c.says)
			}
		})
	}
}

func TestALookEndsWithItsContextEvenIfTheHostIsSilent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listener.Close() }) // accepts nothing: the handshake never ends
	for _, scheme := range []string{"http", "ssh"} {
		t.Run(scheme, func(t *testing.T) {
			hosts := filepath.Join(t.TempDir(), "known_hosts")
			if err := os.WriteFile(hosts, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			r := openWith(t, Config{
				URL: scheme + "://" + listener.Addr().String() + "/x.git", Dir: t.TempDir(),
				Auth: Auth{SSHKeyFile: newKey(t).file, KnownHosts: []string{hosts}},
			})
			ctx, cancel := context.WithCancel(t.Context())
			cancel()
			if _, err := r.Head(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("error = %v, want canceled", err)
			}
		})
	}
}

func TestTextFromTheRepositoryIsSafeToPrint(t *testing.T) {
	o := newOrigin(t)
	by := object.Signature{Name: "A\x1b[31m\u202eda\u200b", Email: "a@b", When: time.Unix(0, 0)}
	hash := o.put(&object.Commit{Author: by, Committer: by, Message: "Fix\x07 \x1b]0;x\x07it\rok\nmore", TreeHash: o.tree(someFiles)})
	o.set(plumbing.NewHashReference("refs/heads/main", hash))
	got := head(t, open(t, o.dir))
	if got.Subject != "Fix ]0;xit ok" || got.Author != "A[31mda" {
		t.Errorf("subject %q by %q", got.Subject, got.Author)
	}
}
