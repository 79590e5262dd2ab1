package gitrepo

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"

	"github.com/quorate/quorate/internal/printable"
)

// Limits bound what one listing reads, because whoever can push can also push a bomb: a few
// kilobytes of Git trees that name each other can spell billions of paths.
type Limits struct {
	FileBytes  int64 // of one manifest file; 1 MiB if zero
	TotalBytes int64 // of all manifest files together; 64 MiB if zero
	Entries    int   // files and folders looked at; 50,000 if zero
	Depth      int   // folders below the path; 32 if zero

	PackBytes   int64 // of one fetch, as it is sent; 2 GiB if zero
	ObjectBytes int64 // of one object of a fetch, unpacked; 256 MiB if zero
	Objects     int64 // of one fetch; 2,000,000 if zero
}

func (l Limits) withDefaults() Limits {
	return Limits{
		FileBytes:  cmp.Or(l.FileBytes, 1<<20),
		TotalBytes: cmp.Or(l.TotalBytes, 64<<20),
		Entries:    cmp.Or(l.Entries, 50_000),
		Depth:      cmp.Or(l.Depth, 32),

		PackBytes:   cmp.Or(l.PackBytes, 2<<30),
		ObjectBytes: cmp.Or(l.ObjectBytes, 256<<20),
		Objects:     cmp.Or(l.Objects, 2_000_000),
	}
}

// maxTree bounds one tree object, which go-git decodes in memory.
const maxTree = 16 << 20

// Refused is something of the tree that is not read, and why.
type Refused struct {
	Path   string // from the root of the repository, safe to print
	Reason string
}

func (r Refused) String() string { return r.Path + ": " + r.Reason }

// manifest is a YAML file of the tree; data is nil if it was refused.
type manifest struct {
	path    string
	hash    plumbing.Hash
	data    []byte
	content content
	refused string
}

// walk collects the manifests below one folder.
type walk struct {
	store     storer.EncodedObjectStorer
	limits    Limits
	entries   int
	bytes     int64
	manifests []manifest
	refused   []Refused
}

// from descends to the path, which is a folder or one file, and reads everything below it.
func (w *walk) from(root plumbing.Hash, dir string) error {
	at := object.TreeEntry{Mode: filemode.Dir, Hash: root}
	dir = strings.Trim(path.Clean("/"+dir), "/")
	for name := range strings.SplitSeq(dir, "/") {
		if name == "" {
			continue
		}
		next, err := w.child(at, name)
		if err != nil {
			return fmt.Errorf("%w: %s", err, dir)
		}
		at = next
	}
	if at.Mode == filemode.Dir {
		return w.folder(at.Hash, dir, 0)
	}
	return w.entry(at, dir, 0)
}

func (w *walk) child(of object.TreeEntry, name string) (object.TreeEntry, error) {
	if of.Mode != filemode.Dir {
		return of, ErrPathMissing
	}
	entries, err := w.tree(of.Hash)
	if err != nil {
		return of, err
	}
	for _, e := range entries {
		if e.Name == name {
			return e, nil
		}
	}
	return of, ErrPathMissing
}

func (w *walk) folder(hash plumbing.Hash, dir string, depth int) error {
	if depth > w.limits.Depth {
		return fmt.Errorf("%w: folders nested deeper than %d at %s", ErrTooLarge, w.limits.Depth, dir)
	}
	entries, err := w.tree(hash)
	if err != nil {
		return err
	}
	for _, e := range entries {
		if w.entries++; w.entries > w.limits.Entries {
			return fmt.Errorf("%w: more than %d files and folders", ErrTooLarge, w.limits.Entries)
		}
		if !plainName(e.Name) {
			w.misnamed(e, path.Join(dir, quoted(e.Name)))
			continue
		}
		if err := w.entry(e, path.Join(dir, e.Name), depth); err != nil {
			return err
		}
	}
	return nil
}

// misnamed sets aside what may hold instance groups as part of its cluster, which must not be planned without.
func (w *walk) misnamed(e object.TreeEntry, at string) {
	const reason = "its name is not one a file can have here"
	if e.Mode == filemode.Dir || isYAML(e.Name) {
		w.manifests = append(w.manifests, manifest{path: at, hash: e.Hash, refused: reason})
		return
	}
	w.refuse(at, reason)
}

// entry never follows a link and never enters a submodule: both lead out of the commit.
func (w *walk) entry(e object.TreeEntry, at string, depth int) error {
	switch e.Mode {
	case filemode.Dir:
		return w.folder(e.Hash, at, depth+1)
	case filemode.Submodule:
		w.refuse(at, "submodules are not read")
		return nil
	case filemode.Symlink:
		if isYAML(at) {
			w.manifests = append(w.manifests, manifest{path: at, hash: e.Hash, refused: "symbolic links are not followed"})
			return nil
		}
		w.refuse(at, "symbolic links are not followed")
		return nil
	}
	if !isYAML(at) {
		return nil
	}
	return w.file(e.Hash, at)
}

func (w *walk) file(hash plumbing.Hash, at string) error {
	data, err := readBlob(w.store, hash, w.limits.FileBytes)
	m := manifest{path: at, hash: hash, data: data, content: contents(data)}
	if errors.Is(err, ErrTooLarge) {
		m.refused = fmt.Sprintf("the file is larger than %d bytes", w.limits.FileBytes)
	} else if err != nil {
		return fmt.Errorf("read %s: %w", at, err)
	}
	if w.bytes += int64(len(data)); w.bytes > w.limits.TotalBytes {
		return fmt.Errorf("%w: manifests of more than %d bytes", ErrTooLarge, w.limits.TotalBytes)
	}
	w.manifests = append(w.manifests, m)
	return nil
}

func (w *walk) refuse(at, reason string) {
	w.refused = append(w.refused, Refused{at, reason})
}

// tree asks for the size before it decodes.
func (w *walk) tree(hash plumbing.Hash) ([]object.TreeEntry, error) {
	if size, err := w.store.EncodedObjectSize(hash); err == nil && size > maxTree {
		return nil, fmt.Errorf("%w: a folder listing of %d bytes", ErrTooLarge, size)
	}
	t, err := object.GetTree(w.store, hash)
	if err != nil {
		return nil, fmt.Errorf("%w: tree %s: %w", ErrCorrupt, hash, err)
	}
	return t.Entries, nil
}

// readBlob reads at most limit bytes; a larger blob is ErrTooLarge and is not loaded.
func readBlob(store storer.EncodedObjectStorer, hash plumbing.Hash, limit int64) ([]byte, error) {
	size, err := store.EncodedObjectSize(hash)
	if err != nil {
		return nil, fmt.Errorf("%w: blob %s: %w", ErrCorrupt, hash, err)
	}
	if size > limit {
		return nil, fmt.Errorf("%w: blob %s has %d bytes", ErrTooLarge, hash, size)
	}
	data, err := blobData(store, hash)
	if err != nil {
		return nil, fmt.Errorf("%w: blob %s: %w", ErrCorrupt, hash, err)
	}
	return data, nil
}

func blobData(store storer.EncodedObjectStorer, hash plumbing.Hash) ([]byte, error) {
	blob, err := object.GetBlob(store, hash)
	if err != nil {
		return nil, err
	}
	r, err := blob.Reader()
	if err != nil {
		return nil, err
	}
	data, err := io.ReadAll(r)
	return data, errors.Join(err, r.Close())
}

// plainName refuses names that Git itself would not check out, that could forge a log line, or that look like another.
func plainName(name string) bool {
	if name == "" || name == "." || name == ".." || strings.EqualFold(name, ".git") || !utf8.ValidString(name) {
		return false
	}
	return !strings.ContainsFunc(name, func(c rune) bool { return c == '/' || c == '\\' || !printable.Rune(c) })
}

// quoted is a name that is no plain one, as it may be shown: one name still, whatever is in it.
func quoted(name string) string {
	const most = 200
	if len(name) > most {
		name = name[:most] + "…"
	}
	return strings.ReplaceAll(strconv.QuoteToASCII(name), "/", `\x2f`)
}

func isYAML(name string) bool {
	ext := path.Ext(name)
	return strings.EqualFold(ext, ".yaml") || strings.EqualFold(ext, ".yml")
}
