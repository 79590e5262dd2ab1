package gitrepo

import (
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

func units(t *testing.T, r *Repo, dir string) Listing {
	t.Helper()
	listing, err := r.Units(head(t, r).Hash, dir)
	if err != nil {
		t.Fatal(err)
	}
	return listing
}

func TestFilesAreGroupedAsDocumented(t *testing.T) {
	for name, dir := range map[string]string{"grouping": "clusters", "root": ""} {
		t.Run(name, func(t *testing.T) {
			archive, err := txtar.ParseFile(filepath.Join("testdata", "units", name+".txtar"))
			if err != nil {
				t.Fatal(err)
			}
			files, want := map[string]string{}, ""
			for _, f := range archive.Files {
				if f.Name == "want" {
					want = string(f.Data)
					continue
				}
				files[f.Name] = string(f.Data)
			}
			o := newOrigin(t)
			o.commit(files)
			var got strings.Builder
			for _, u := range units(t, open(t, o.dir), dir).Units {
				fmt.Fprintln(&got, u.Path)
				for _, f := range u.Files {
					fmt.Fprintf(&got, "\t%s\n", f.Path)
					if string(f.Data) != files[f.Path] {
						t.Errorf("%s holds %q", f.Path, f.Data)
					}
				}
			}
			if diff := cmp.Diff(want, got.String()); diff != "" {
				t.Errorf("units (-want +got):\n%s", diff)
			}
		})
	}
}

func TestTheTreeHashChangesWithTheUnitAndWithNothingElse(t *testing.T) {
	const at = "clusters/ha"
	base := map[string]string{at + "/cluster.yaml": clusterDoc, at + "/nodes.yaml": "a: 1\n", at + "/notes.md": "x", "clusters/b.yaml": clusterDoc}
	with := func(change func(map[string]string)) map[string]string {
		files := maps.Clone(base)
		change(files)
		return files
	}
	for name, c := range map[string]struct {
		files map[string]string
		moves bool
	}{
		"a file is edited":       {with(func(f map[string]string) { f[at+"/nodes.yaml"] = "a: 2\n" }), true},
		"a file is added":        {with(func(f map[string]string) { f[at+"/more.yaml"] = "a: 1\n" }), true},
		"a file is removed":      {with(func(f map[string]string) { delete(f, at+"/nodes.yaml") }), true},
		"two files swap names":   {with(func(f map[string]string) { f[at+"/cluster.yaml"], f[at+"/nodes.yaml"] = "a: 1\n", clusterDoc }), true},
		"another unit is edited": {with(func(f map[string]string) { f["clusters/b.yaml"] = clusterDoc + "# edited\n" }), false},
		"a text is edited":       {with(func(f map[string]string) { f[at+"/notes.md"] = "y" }), false},
		"nothing":                {base, false},
	} {
		t.Run(name, func(t *testing.T) {
			hash := func(l Listing) string {
				i := slices.IndexFunc(l.Units, func(u Unit) bool { return u.Path == at })
				return l.Units[i].TreeHash
			}
			o := newOrigin(t)
			r := open(t, o.dir)
			o.commit(base)
			before := hash(units(t, r, "clusters"))
			o.commit(c.files)
			if after := hash(units(t, r, "clusters")); (before != after) != c.moves {
				t.Errorf("hash went from %s to %s", before, after)
			}
		})
	}
}

func TestAPathMayBeOneFileAndMustExist(t *testing.T) {
	o := newOrigin(t)
	o.commit(map[string]string{"clusters/ha.yaml": clusterDoc, "clusters/b.yaml": clusterDoc})
	r := open(t, o.dir)
	got := units(t, r, "./clusters/ha.yaml").Units
	if len(got) != 1 || got[0].Files[0].Path != "clusters/ha.yaml" {
		t.Errorf("units = %+v", got)
	}
	for _, dir := range []string{"cluster", "clusters/ha.yaml/x", "../clusters/none"} {
		if _, err := r.Units(head(t, r).Hash, dir); !errors.Is(err, ErrPathMissing) {
			t.Errorf("%s: error = %v, want %v", dir, err, ErrPathMissing)
		}
	}
}

func TestAnEmptyFolderHasNoUnits(t *testing.T) {
	o := newOrigin(t)
	o.commit(map[string]string{"README.md": "x"})
	if got := units(t, open(t, o.dir), ""); len(got.Units)+len(got.Refused) != 0 {
		t.Errorf("listing = %+v", got)
	}
}

func TestWhatCannotBeReadIsRefusedWithItsReason(t *testing.T) {
	o := newOrigin(t)
	blob := o.blob(clusterDoc)
	at := func(name string, mode filemode.FileMode, hash plumbing.Hash) object.TreeEntry {
		return object.TreeEntry{Name: name, Mode: mode, Hash: hash}
	}
	ha := o.entries(
		at("cluster.yaml", filemode.Regular, blob),
		at("huge.yaml", filemode.Regular, o.blob(strings.Repeat("# x\n", 300))),
		at("link.yaml", filemode.Symlink, o.blob("../../../../etc/passwd")),
	)
	o.commitTree(o.entries(
		at("ha", filemode.Dir, ha),
		at("folder", filemode.Symlink, o.blob("ha")),
		at("far.yaml", filemode.Symlink, o.blob("/etc/passwd")),
		at("vendor", filemode.Submodule, plumbing.NewHash(strings.Repeat("1", 40))),
		at("two\nlines.yaml", filemode.Regular, blob),
		at("..", filemode.Dir, ha),
		at("\x1b[31mred.yaml", filemode.Regular, blob),
		at("a\u200b.md", filemode.Regular, blob), // which may not be taken for a.md, and stops no cluster
		at(".git", filemode.Dir, ha),
		at("run.yaml", filemode.Executable, blob), // an executable manifest is a manifest
	), plumbing.ZeroHash)

	r := openWith(t, Config{URL: o.dir, Dir: t.TempDir(), Limits: Limits{FileBytes: 1000}})
	got := units(t, r, "")
	var lines []string
	for _, u := range got.Units {
		lines = append(lines, u.Path)
		for _, x := range u.Refused {
			lines = append(lines, "  "+x.String())
		}
	}
	for _, x := range got.Refused {
		lines = append(lines, x.String())
	}
	want := []string{
		".",
		`  "..": its name is not one a file can have here`,
		`  ".git": its name is not one a file can have here`,
		`  "\x1b[31mred.yaml": its name is not one a file can have here`,
		`  "two\nlines.yaml": its name is not one a file can have here`,
		"  far.yaml: symbolic links are not followed",
		"ha",
		"  ha/huge.yaml: the file is larger than 1000 bytes",
		"  ha/link.yaml: symbolic links are not followed",
		`"a\u200b.md": its name is not one a file can have here`,
		"folder: symbolic links are not followed",
		"vendor: submodules are not read",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

func TestALinkOnTheWayToThePathIsNotFollowed(t *testing.T) {
	o := newOrigin(t)
	o.commitTree(o.entries(
		object.TreeEntry{Name: "real", Mode: filemode.Dir, Hash: o.tree(someFiles)},
		object.TreeEntry{Name: "clusters", Mode: filemode.Symlink, Hash: o.blob("real")},
	), plumbing.ZeroHash)
	r := open(t, o.dir)
	if _, err := r.Units(head(t, r).Hash, "clusters/clusters"); !errors.Is(err, ErrPathMissing) {
		t.Errorf("error = %v, want %v", err, ErrPathMissing)
	}
}

func TestBombsAreStoppedAtALimit(t *testing.T) {
	nest := func(o *origin, width, depth int) plumbing.Hash {
		hash := o.tree(someFiles)
		for range depth {
			var entries []object.TreeEntry
			for n := range width {
				entries = append(entries, object.TreeEntry{Name: fmt.Sprintf("d%02d", n), Mode: filemode.Dir, Hash: hash})
			}
			hash = o.entries(entries...)
		}
		return hash
	}
	for name, c := range map[string]struct {
		tree   func(*origin) plumbing.Hash
		limits Limits
	}{
		"folders without end": {tree: func(o *origin) plumbing.Hash { return nest(o, 1, 40) }},
		"ten to the power of ten": {
			tree:   func(o *origin) plumbing.Hash { return nest(o, 10, 10) },
			limits: Limits{Entries: 2000},
		},
		"many manifests, one by one": {
			tree:   func(o *origin) plumbing.Hash { return nest(o, 50, 1) },
			limits: Limits{TotalBytes: 1000},
		},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t)
			o.commitTree(c.tree(o), plumbing.ZeroHash)
			r := openWith(t, Config{URL: o.dir, Dir: t.TempDir(), Limits: c.limits})
			if _, err := r.Units(head(t, r).Hash, ""); !errors.Is(err, ErrTooLarge) {
				t.Errorf("error = %v, want %v", err, ErrTooLarge)
			}
		})
	}
}
