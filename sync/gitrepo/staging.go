package gitrepo

import (
	"cmp"
	"fmt"
	"io"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
	"github.com/go-git/go-git/v5/storage/memory"
)

const (
	maxNote      = 1 << 20  // bytes of one note we are willing to read
	maxNotesTree = 16 << 20 // bytes of one tree of notes, some 250,000 of them
)

// staging lays new objects in memory over the mirror: they are worth keeping only if the push
// succeeds.
type staging struct {
	storer.EncodedObjectStorer // the new objects
	base                       storer.EncodedObjectStorer
	hashes                     []plumbing.Hash
}

func newStaging(base storer.EncodedObjectStorer) *staging {
	return &staging{EncodedObjectStorer: memory.NewStorage(), base: base}
}

// change applies a change to the notes at base and returns the new notes commit, or base itself
// if nothing is different.
func (s *staging) change(base plumbing.Hash, change func(*Notes) error, by object.Signature) (plumbing.Hash, error) {
	notes, err := s.notes(base)
	if err != nil {
		return base, err
	}
	before := notes.root
	if err := change(notes); err != nil || notes.root == before {
		return base, err
	}
	return s.commit(base, notes.root, by)
}

// notes are the notes at a commit of a notes ref; none if it is zero.
func (s *staging) notes(base plumbing.Hash) (*Notes, error) {
	if base.IsZero() {
		return &Notes{objects: s}, nil
	}
	c, err := object.GetCommit(s.base, base)
	if err != nil {
		return nil, fmt.Errorf("%w: notes %s: %w", ErrCorrupt, base, err)
	}
	return &Notes{objects: s, root: c.TreeHash}, nil
}

// editNote rewrites the tree below which the note named by key lives. Git spreads many notes
// over folders of two hex digits; the reader follows such folders and writes where they lead.
func (s *staging) editNote(tree plumbing.Hash, key string, edit NoteEdit) (plumbing.Hash, error) {
	entries, err := s.entries(tree)
	if err != nil {
		return tree, err
	}
	at := slices.IndexFunc(entries, func(e object.TreeEntry) bool { return holdsNote(e, key) })
	if at < 0 {
		at = len(entries)
		entries = append(entries, object.TreeEntry{Name: key, Mode: filemode.Regular})
	}
	entry := &entries[at]
	var hash plumbing.Hash
	if entry.Mode == filemode.Dir {
		hash, err = s.editNote(entry.Hash, key[2:], edit)
	} else {
		hash, err = s.editBlob(entry.Hash, edit)
	}
	if err != nil || hash == entry.Hash {
		return tree, err
	}
	entry.Hash = hash
	slices.SortFunc(entries, byTreeOrder)
	return s.add(&object.Tree{Entries: entries})
}

// holdsNote says that the entry is the note itself or the folder it belongs into.
func holdsNote(e object.TreeEntry, key string) bool {
	if e.Mode == filemode.Dir {
		return len(key) > 2 && e.Name == key[:2]
	}
	return e.Name == key
}

// byTreeOrder is Git's order: folders sort as if their name ended in a slash.
func byTreeOrder(a, b object.TreeEntry) int {
	name := func(e object.TreeEntry) string {
		if e.Mode == filemode.Dir {
			return e.Name + "/"
		}
		return e.Name
	}
	return cmp.Compare(name(a), name(b))
}

func (s *staging) editBlob(hash plumbing.Hash, edit NoteEdit) (plumbing.Hash, error) {
	old, err := s.text(hash)
	if err != nil {
		return hash, err
	}
	next := edit(old)
	if next == old {
		return hash, nil
	}
	return s.blob(next)
}

func (s *staging) blob(text string) (plumbing.Hash, error) {
	o := s.NewEncodedObject()
	o.SetType(plumbing.BlobObject)
	w, err := o.Writer()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if _, err := io.WriteString(w, text); err != nil {
		return plumbing.ZeroHash, err
	}
	if err := w.Close(); err != nil {
		return plumbing.ZeroHash, err
	}
	return s.store(o)
}

func (s *staging) commit(parent, tree plumbing.Hash, by object.Signature) (plumbing.Hash, error) {
	c := &object.Commit{Author: by, Committer: by, TreeHash: tree, Message: "Notes added by Quorate\n"}
	if !parent.IsZero() {
		c.ParentHashes = []plumbing.Hash{parent}
	}
	return s.add(c)
}

func (s *staging) entries(hash plumbing.Hash) ([]object.TreeEntry, error) {
	if hash.IsZero() {
		return nil, nil
	}
	from := s.holder(hash)
	if size, err := from.EncodedObjectSize(hash); err == nil && size > maxNotesTree {
		return nil, fmt.Errorf("%w: a notes tree of %d bytes", ErrTooLarge, size)
	}
	t, err := object.GetTree(from, hash)
	if err != nil {
		return nil, fmt.Errorf("%w: notes tree %s: %w", ErrCorrupt, hash, err)
	}
	return slices.Clone(t.Entries), nil
}

func (s *staging) text(hash plumbing.Hash) (string, error) {
	if hash.IsZero() {
		return "", nil
	}
	data, err := readBlob(s.holder(hash), hash, maxNote)
	return string(data), err
}

// holder is the store an object is in: the new ones, or else the mirror.
func (s *staging) holder(hash plumbing.Hash) storer.EncodedObjectStorer {
	if s.HasEncodedObject(hash) == nil {
		return s.EncodedObjectStorer
	}
	return s.base
}

func (s *staging) add(o object.Object) (plumbing.Hash, error) {
	encoded := s.NewEncodedObject()
	if err := o.Encode(encoded); err != nil {
		return plumbing.ZeroHash, err
	}
	return s.store(encoded)
}

func (s *staging) store(o plumbing.EncodedObject) (plumbing.Hash, error) {
	hash, err := s.SetEncodedObject(o)
	if err == nil {
		s.hashes = append(s.hashes, hash)
	}
	return hash, err
}
