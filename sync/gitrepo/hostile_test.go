package gitrepo

import (
	"errors"
	"strings"
	"testing"
	"unicode"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"
)

// FuzzUnits reads trees with names that git would refuse to make: whatever is told of them is one line that leads
// nowhere, and nothing that is no file is read.
func FuzzUnits(f *testing.F) {
	f.Add("ha", "cluster.yaml", uint8(0), clusterText)
	f.Add("..", "cluster.yaml", uint8(0), clusterText)
	f.Add("a\nb", "c\x1b[2J.yaml", uint8(0), clusterText)
	f.Add("\u202egnp", "..\\x.yaml", uint8(1), "/etc/passwd")
	f.Add(".GIT", "config.yaml", uint8(2), "x")
	f.Add(strings.Repeat("long", 5000), "\xff\xfe.yaml", uint8(0), "a: &a [*a, *a]\n---\n"+clusterText)
	modes := []filemode.FileMode{filemode.Regular, filemode.Symlink, filemode.Submodule, filemode.Dir, filemode.Executable, filemode.Deprecated}
	f.Fuzz(func(t *testing.T, folder, name string, mode uint8, data string) {
		repo, err := git.Init(memory.NewStorage(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(folder+name, "\x00") {
			t.Skip("no name in a tree can hold what ends it")
		}
		o := &origin{t: t, repo: repo}
		kind := modes[int(mode)%len(modes)]
		inner := o.entries(object.TreeEntry{Name: name, Mode: kind, Hash: o.blob(data)})
		w := walk{store: repo.Storer, limits: Limits{}.withDefaults()}
		err = w.from(o.entries(object.TreeEntry{Name: folder, Mode: filemode.Dir, Hash: inner}), "")
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTooLarge) {
			t.Errorf("an error of no class: %v", err)
		}
		listing := group(w.manifests, w.refused)
		var told []string
		for _, r := range listing.Refused {
			told = append(told, r.Path)
		}
		for _, u := range listing.Units {
			told = append(told, u.Path)
			for _, file := range u.Files {
				told = append(told, file.Path)
				if kind == filemode.Symlink || kind == filemode.Submodule {
					t.Errorf("%q was read, and is %s", file.Path, kind)
				}
			}
		}
		for _, path := range told {
			if strings.ContainsFunc(path, func(c rune) bool { return unicode.IsControl(c) || unicode.Is(unicode.Bidi_Control, c) }) {
				t.Errorf("told: %q", path)
			}
		}
		for _, u := range listing.Units {
			if path := "/" + u.Path + "/"; strings.Contains(path, "/../") {
				t.Errorf("a unit at %q", u.Path)
			}
		}
	})
}

// BenchmarkAQuietPoll looks at a branch that has not moved, over HTTP, and prints the requests of one look.
func BenchmarkAQuietPoll(b *testing.B) {
	o := newOrigin(b)
	o.commit(someFiles)
	s := o.serve("")
	r := openWith(b, Config{URL: s.url(), Dir: b.TempDir()})
	if _, err := r.Head(b.Context()); err != nil {
		b.Fatal(err)
	}
	s.requests.Store(0)
	for b.Loop() {
		if _, err := r.Head(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(s.requests.Load())/float64(b.N), "requests/poll")
}
