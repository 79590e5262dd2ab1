package gitrepo

import (
	"fmt"
	"path"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// version is one file as a tree has it; the zero value is no file. Whether it is a link or can be
// run is part of it.
type version struct {
	hash plumbing.Hash
	mode filemode.FileMode
}

// comparison looks for files that differ between trees. It opens only folders that differ, and
// gives up beyond its budget: whoever can push can push trees that spell billions of paths.
type comparison struct {
	store storer.EncodedObjectStorer
	left  int // entries that may still be looked at
}

// each calls differs for every file that is not the same in both trees, by its path. A folder that
// became a file, or a file a folder, is told file by file.
func (c *comparison) each(was, is plumbing.Hash, dir string, differs func(path string, was, is version) error) error {
	if was == is {
		return nil
	}
	before, err := c.entries(was)
	if err != nil {
		return err
	}
	after, err := c.entries(is)
	if err != nil {
		return err
	}
	names := map[string]bool{}
	for name := range before {
		names[name] = true
	}
	for name := range after {
		names[name] = true
	}
	for name := range names {
		if err := c.entry(before[name], after[name], path.Join(dir, name), differs); err != nil {
			return err
		}
	}
	return nil
}

func (c *comparison) entry(was, is version, at string, differs func(path string, was, is version) error) error {
	if was == is {
		return nil
	}
	if was.mode == filemode.Dir || is.mode == filemode.Dir {
		if err := c.each(folder(was), folder(is), at, differs); err != nil {
			return err
		}
		was, is = file(was), file(is)
	}
	if was == is {
		return nil
	}
	return differs(at, was, is)
}

// folder is the tree of an entry, none if the entry is no folder; file is the other half.
func folder(v version) plumbing.Hash {
	if v.mode == filemode.Dir {
		return v.hash
	}
	return plumbing.ZeroHash
}

func file(v version) version {
	if v.mode == filemode.Dir {
		return version{}
	}
	return v
}

func (c *comparison) entries(tree plumbing.Hash) (map[string]version, error) {
	if tree.IsZero() {
		return nil, nil
	}
	if size, err := c.store.EncodedObjectSize(tree); err == nil && size > maxTree {
		return nil, fmt.Errorf("%w: a folder listing of %d bytes", ErrTooLarge, size)
	}
	t, err := object.GetTree(c.store, tree)
	if err != nil {
		return nil, fmt.Errorf("%w: tree %s: %w", ErrCorrupt, tree, err)
	}
	if c.left -= len(t.Entries); c.left < 0 {
		return nil, fmt.Errorf("%w: too many files to compare", ErrTooLarge)
	}
	found := make(map[string]version, len(t.Entries))
	for _, e := range t.Entries {
		found[e.Name] = version{e.Hash, e.Mode}
	}
	return found, nil
}
