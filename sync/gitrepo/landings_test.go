package gitrepo

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// bench is a working copy in the hands of git itself. Every commit is called by its subject.
type bench struct {
	t   *testing.T
	dir string
}

func newBench(t *testing.T) bench {
	b := bench{t, t.TempDir()}
	b.git("init", "--quiet", "--initial-branch=main")
	b.commit("applied", "clusters/a/cluster.yaml", "clusters/b/cluster.yaml", "notes")
	return b
}

func (b bench) git(args ...string) string {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), "git", args...)
	cmd.Dir = b.dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_TERMINAL_PROMPT=0",
		"GIT_AUTHOR_NAME=Bob", "GIT_AUTHOR_EMAIL=b@example.com", "GIT_COMMITTER_NAME=Ada", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	if err != nil {
		b.t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// commit changes files, each to the subject.
func (b bench) commit(subject string, files ...string) {
	b.t.Helper()
	for _, file := range files {
		path := filepath.Join(b.dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(subject+"\n"), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
	b.git("add", "--all")
	b.git("commit", "--quiet", "--message", subject)
}

// topic is a branch of two commits from where main is.
func (b bench) topic(name string, files ...string) {
	b.t.Helper()
	b.git("checkout", "--quiet", "-b", name, "main")
	b.commit(name+" first", files...)
	b.commit(name+" second", files[len(files)-1])
	b.git("checkout", "--quiet", "main")
}

// open is the repository as the service has it.
func (b bench) open() *Repo {
	b.t.Helper()
	r, err := Open(Config{URL: b.dir, Dir: b.t.TempDir()})
	if err == nil {
		_, err = r.Head(b.t.Context())
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return r
}

func touchesA(path string) bool { return strings.HasPrefix(path, "clusters/a/") }

func TestWhatTouchesAClusterLandedAsItWasMerged(t *testing.T) {
	const a, c = "clusters/a/cluster.yaml", "clusters/b/cluster.yaml"
	for name, test := range map[string]struct {
		land func(b bench)
		want []string // subject and files, newest first
	}{
		"a merge stands for all that it brings": {func(b bench) {
			b.topic("topic", c, a)
			b.git("merge", "--quiet", "--no-ff", "--message", "merged", "topic")
		}, []string{"merged: " + a + " " + c}},
		"a merge that others overtook does, too": {func(b bench) {
			b.topic("topic", a)
			b.commit("aside", c)
			b.git("merge", "--quiet", "--no-ff", "--message", "merged", "topic")
		}, []string{"merged: " + a}},
		"a squash is one commit": {func(b bench) {
			b.topic("topic", c, a)
			b.git("merge", "--quiet", "--squash", "topic")
			b.git("commit", "--quiet", "--message", "squashed")
		}, []string{"squashed: " + a + " " + c}},
		"of what is rebased each commit landed": {func(b bench) {
			b.topic("topic", a)
			b.commit("aside", c)
			b.git("rebase", "--quiet", "main", "topic")
			b.git("checkout", "--quiet", "main")
			b.git("merge", "--quiet", "--ff-only", "topic")
		}, []string{"topic second: " + a, "topic first: " + a}},
		"of what is forwarded, too": {func(b bench) {
			b.topic("topic", a)
			b.git("merge", "--quiet", "--ff-only", "topic")
		}, []string{"topic second: " + a, "topic first: " + a}},
		"an octopus stands for all of its arms": {func(b bench) {
			b.topic("one", a)
			b.topic("two", c)
			b.topic("three", "notes")
			b.git("merge", "--quiet", "--no-ff", "--message", "octopus", "one", "two", "three")
		}, []string{"octopus: " + a + " " + c + " notes"}},
		"a merge the wrong way round hides nothing": {func(b bench) {
			b.topic("topic", a)
			b.commit("aside", c)
			b.git("checkout", "--quiet", "topic")
			b.git("merge", "--quiet", "--no-ff", "--message", "foxtrot", "main")
			b.git("checkout", "--quiet", "main")
			b.git("merge", "--quiet", "--ff-only", "topic")
		}, []string{"topic second: " + a, "topic first: " + a}},
		"pull requests and pushes are told apart": {func(b bench) {
			b.topic("topic", a)
			b.git("merge", "--quiet", "--no-ff", "--message", "merged", "topic")
			b.commit("pushed", a)
		}, []string{"pushed: " + a, "merged: " + a}},
		"what was taken back landed, and its end as well": {func(b bench) {
			b.commit("pushed", a)
			b.git("revert", "--no-edit", "HEAD")
		}, []string{`Revert "pushed": ` + a, "pushed: " + a}},
		"a file that is removed is touched": {func(b bench) {
			b.git("rm", "--quiet", a)
			b.git("commit", "--quiet", "--message", "removed")
		}, []string{"removed: " + a}},
		"if nothing has touched it since, the last that did": {func(b bench) { b.commit("aside", c) },
			[]string{"applied: " + a + " " + c + " notes"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t)
			applied := b.git("rev-parse", "HEAD")
			test.land(b)
			got, err := b.open().Landings(applied, b.git("rev-parse", "HEAD"), touchesA)
			if err != nil {
				t.Fatal(err)
			}
			var said []string
			for _, l := range got {
				said = append(said, b.git("show", "--no-patch", "--format=%s", l.Hash)+": "+strings.Join(l.Paths, " "))
				if parents := b.git("rev-list", "--first-parent", "--max-count=2", l.Hash); parents != strings.TrimSpace(l.Hash+"\n"+l.Parent) {
					t.Errorf("%s follows %q, and git says\n%s", l.Hash, l.Parent, parents)
				}
				if l.Author != "Bob" || l.When.IsZero() {
					t.Errorf("%+v", l)
				}
			}
			if d := cmp.Diff(test.want, said); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

func TestWithoutACommitToBeginAtTheLastLandingCounts(t *testing.T) {
	b := newBench(t)
	for n := range 3 {
		b.commit(fmt.Sprint("change ", n), "clusters/a/cluster.yaml")
	}
	head := b.git("rev-parse", "HEAD")
	r := b.open()
	for what, older := range map[string]string{"none is known": "", "it was rewritten away": strings.Repeat("1", 40), "it is the newer one": head} {
		got, err := r.Landings(older, head, touchesA)
		if err != nil || len(got) != 1 || got[0].Hash != head {
			t.Errorf("%s: %+v, %v", what, got, err)
		}
	}
	if got, err := r.Landings("", head, func(string) bool { return false }); err != nil || len(got) != 0 {
		t.Errorf("of what nobody touched: %+v, %v", got, err)
	}
	if _, err := r.Landings("", strings.Repeat("1", 40), touchesA); !errors.Is(err, ErrCorrupt) {
		t.Errorf("of no commit: %v", err)
	}
}

func TestALongHistoryIsNotReadToItsBeginning(t *testing.T) {
	o := newOrigin(t)
	o.commit(map[string]string{"clusters/a/cluster.yaml": "1"})
	tree := o.tree(map[string]string{"clusters/a/cluster.yaml": "1", "notes": "1"})
	for range maxSince {
		o.commitTree(tree, o.head())
	}
	r, err := Open(Config{URL: o.dir, Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	head, err := r.Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := r.Landings("", head.Hash, touchesA); !errors.Is(err, ErrTooLarge) {
		t.Errorf("%v", err)
	}
}

func TestOnlyTheHeadsOwnMessageHasItsTrailers(t *testing.T) {
	b := newBench(t)
	b.git("checkout", "--quiet", "-b", "topic")
	b.git("commit", "--quiet", "--allow-empty", "--message", "Topic", "--message", "Quorate-Override: hidden in a topic")
	b.git("checkout", "--quiet", "main")
	b.git("merge", "--quiet", "--no-ff", "--message", "Merge the topic", "--message", "It is urgent.", "--message", "Reviewed-by: Ann\nQuorate-Override: the certificate expires", "topic")
	head, err := b.open().Head(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(Trailers{{"Reviewed-by", "Ann"}, {"Quorate-Override", "the certificate expires"}}, head.Trailers); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	b.git("checkout", "--quiet", "-b", "second")
	b.git("commit", "--quiet", "--allow-empty", "--message", "Topic", "--message", "Quorate-Override: hidden in a topic")
	b.git("checkout", "--quiet", "main")
	b.git("merge", "--quiet", "--no-ff", "--message", "Merge the second", "second")
	if head, err = b.open().Head(t.Context()); err != nil || len(head.Trailers) != 0 {
		t.Errorf("what is merged has %v, %v", head.Trailers, err)
	}
}
