package gitrepo

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// zeros puts a file of that many zero bytes on main, next to a cluster, without having it in our memory.
func (o *origin) zeros(megabytes int) string {
	o.t.Helper()
	script := fmt.Sprintf("head -c %dM /dev/zero | git -C %s hash-object -w --stdin", megabytes, o.dir)
	out, err := exec.CommandContext(o.t.Context(), "sh", "-c", script).Output()
	if err != nil {
		o.t.Fatal(err)
	}
	tree := o.entries(
		object.TreeEntry{Name: "big.yaml", Mode: filemode.Regular, Hash: plumbing.NewHash(strings.TrimSpace(string(out)))},
		object.TreeEntry{Name: "ha", Mode: filemode.Dir, Hash: o.tree(map[string]string{"cluster.yaml": clusterText})},
	)
	return o.commitTree(tree, plumbing.ZeroHash)
}

const clusterText = "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\n"

// allocated is how many megabytes are allocated in all while f runs, which is more than are ever in use at once.
func allocated(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return (after.TotalAlloc - before.TotalAlloc) >> 20
}

func TestABombIsRefusedBeforeItIsUnpacked(t *testing.T) {
	o := newOrigin(t)
	o.zeros(400)
	r := open(t, o.serve("").url())
	var err error
	if used := allocated(func() { _, err = r.Head(t.Context()) }); used > 32 {
		t.Errorf("%d MiB were allocated", used)
	}
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "an object of 419430400 bytes") {
		t.Errorf("%v", err)
	}
	if left, _ := filepath.Glob(r.dir + "/incoming-*"); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	next := o.rewrite(someFiles)
	if c := head(t, r); c.Hash != next {
		t.Errorf("after it was taken away: %+v", c)
	}
}

func TestAHugeFileIsPassedOverAndTheClusterBesideItIsRead(t *testing.T) {
	o := newOrigin(t)
	hash := o.zeros(100)
	r := open(t, o.serve("").url())
	var listing Listing
	var err error
	used := allocated(func() {
		head(t, r)
		listing, err = r.Units(hash, "")
	})
	if err != nil || len(listing.Units) != 1 || listing.Units[0].Path != "ha" {
		t.Errorf("%+v, %v", listing, err)
	}
	if len(listing.Refused) != 1 || listing.Refused[0].String() != "big.yaml: the file is larger than 1048576 bytes" {
		t.Errorf("refused: %v", listing.Refused)
	}
	if used > 500 {
		t.Errorf("%d MiB were allocated", used)
	}
}

func TestAFetchIsBoundedInBytesAndObjects(t *testing.T) {
	o := newOrigin(t)
	o.commit(someFiles)
	url := o.serve("").url()
	for name, c := range map[string]struct {
		limits Limits
		want   string
	}{
		"bytes":   {Limits{PackBytes: 100}, "a fetch of more than 100 bytes"},
		"objects": {Limits{Objects: 2}, "a fetch of "},
	} {
		r := openWith(t, Config{URL: url, Dir: t.TempDir(), Limits: c.limits})
		if _, err := r.Head(t.Context()); !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestADeltaSaysHowLargeItsResultIs(t *testing.T) {
	for name, c := range map[string]struct {
		bytes []byte
		want  int64
	}{
		"small":         {[]byte{10, 20, 1}, 20},
		"large":         {[]byte{0x80, 1, 0x80, 0x80, 0x80, 1, 9}, 1 << 21},
		"nothing":       {nil, 1 << 62},
		"cut off":       {[]byte{10}, 1 << 62},
		"beyond counts": {slices.Concat([]byte{10}, slices.Repeat([]byte{0xff}, 9), []byte{1}), 1 << 62},
	} {
		var d delta
		for _, b := range c.bytes {
			if _, err := d.Write([]byte{b}); err != nil {
				t.Fatal(err)
			}
		}
		if got := d.target(); got != c.want {
			t.Errorf("%s: %d, want %d", name, got, c.want)
		}
	}
}

func TestAMillionFilesAreRefusedInBoundedMemory(t *testing.T) {
	o := newOrigin(t)
	file := o.blob("kind: nothing\n")
	var leaves []object.TreeEntry
	for i := range 1000 {
		leaves = append(leaves, object.TreeEntry{Name: fmt.Sprintf("%03d.yaml", i), Mode: filemode.Regular, Hash: file})
	}
	folder := o.entries(leaves...)
	var folders []object.TreeEntry
	for i := range 1000 {
		folders = append(folders, object.TreeEntry{Name: fmt.Sprintf("%03d", i), Mode: filemode.Dir, Hash: folder})
	}
	hash := o.commitTree(o.entries(folders...), plumbing.ZeroHash)
	r := open(t, o.serve("").url())
	var err error
	used := allocated(func() {
		head(t, r)
		_, err = r.Units(hash, "")
	})
	if !errors.Is(err, ErrTooLarge) || !strings.Contains(err.Error(), "more than 50000 files and folders") {
		t.Errorf("%v", err)
	}
	if used > 800*instrumented {
		t.Errorf("%d MiB were allocated", used)
	}
}
