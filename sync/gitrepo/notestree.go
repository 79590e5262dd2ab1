package gitrepo

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// maxNotesFile bounds one file beside the notes.
const maxNotesFile = 4 << 20

// Notes is a notes ref at one moment: the notes of commits, and files beside them, which git keeps
// when it writes notes and does not show. It may be changed only while WriteNotes says so.
type Notes struct {
	objects *staging
	root    plumbing.Hash
}

// Note is the note of a commit, "" if there is none.
func (n *Notes) Note(commit string) (string, error) {
	tree, key := n.root, commit
	for {
		entries, err := n.objects.entries(tree)
		if err != nil {
			return "", err
		}
		at := slices.IndexFunc(entries, func(e object.TreeEntry) bool { return holdsNote(e, key) })
		if at < 0 {
			return "", nil
		}
		if entries[at].Mode != filemode.Dir {
			return n.objects.text(entries[at].Hash)
		}
		tree, key = entries[at].Hash, key[2:]
	}
}

// Annotated lists the commits that have a note, sorted.
func (n *Notes) Annotated() ([]string, error) {
	commits, err := n.annotated(n.root, "")
	slices.Sort(commits)
	return commits, err
}

func (n *Notes) annotated(tree plumbing.Hash, prefix string) ([]string, error) {
	entries, err := n.objects.entries(tree)
	if err != nil {
		return nil, err
	}
	var commits []string
	for _, e := range entries {
		switch name := prefix + e.Name; {
		case e.Mode == filemode.Dir && len(e.Name) == 2:
			below, err := n.annotated(e.Hash, name)
			if err != nil {
				return nil, err
			}
			commits = append(commits, below...)
		case e.Mode != filemode.Dir && plumbing.IsHash(name):
			commits = append(commits, name)
		}
	}
	return commits, nil
}

// EditNote changes the note of a commit.
func (n *Notes) EditNote(commit string, edit NoteEdit) error {
	if !plumbing.IsHash(commit) {
		return fmt.Errorf("%q is no commit hash", commit)
	}
	next, err := n.objects.editNote(n.root, commit, edit)
	if err != nil {
		return err
	}
	n.root = next
	return nil
}

// Names lists what is in a folder beside the notes, sorted; nothing if there is no such folder.
func (n *Notes) Names(dir string) ([]string, error) {
	e, found, err := n.find(dir)
	if err != nil || !found || e.Mode != filemode.Dir {
		return nil, err
	}
	entries, err := n.objects.entries(e.Hash)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name)
	}
	slices.Sort(names)
	return names, nil
}

// Read is a file beside the notes; fs.ErrNotExist if there is none, ErrTooLarge beyond 4 MiB.
func (n *Notes) Read(path string) ([]byte, error) {
	e, found, err := n.find(path)
	if err != nil {
		return nil, err
	}
	if !found || !e.Mode.IsFile() {
		return nil, fmt.Errorf("%s beside the notes: %w", path, fs.ErrNotExist)
	}
	return readBlob(n.objects.holder(e.Hash), e.Hash, maxNotesFile)
}

func (n *Notes) find(path string) (object.TreeEntry, bool, error) {
	at := object.TreeEntry{Mode: filemode.Dir, Hash: n.root}
	for name := range strings.SplitSeq(path, "/") {
		if at.Mode != filemode.Dir {
			return at, false, nil
		}
		entries, err := n.objects.entries(at.Hash)
		if err != nil {
			return at, false, err
		}
		i := slices.IndexFunc(entries, func(e object.TreeEntry) bool { return e.Name == name })
		if i < 0 {
			return at, false, nil
		}
		at = entries[i]
	}
	return at, true, nil
}

// Put writes a file beside the notes. The first folder of its path must not look like the folders
// in which git spreads notes, which have names of two letters.
func (n *Notes) Put(path string, data []byte) error {
	names := strings.Split(path, "/")
	if len(names) < 2 || len(names[0]) <= 2 || slices.ContainsFunc(names, func(s string) bool { return !plainName(s) }) {
		return fmt.Errorf("%q cannot be a file beside notes", path)
	}
	root, err := n.put(n.root, names, data)
	if err != nil {
		return fmt.Errorf("write %s beside the notes: %w", path, err)
	}
	n.root = root
	return nil
}

func (n *Notes) put(tree plumbing.Hash, names []string, data []byte) (plumbing.Hash, error) {
	entries, err := n.objects.entries(tree)
	if err != nil {
		return tree, err
	}
	at := slices.IndexFunc(entries, func(e object.TreeEntry) bool { return e.Name == names[0] })
	if at < 0 {
		at = len(entries)
		entries = append(entries, object.TreeEntry{Name: names[0]})
	}
	entry := &entries[at]
	if len(names) == 1 {
		entry.Mode = filemode.Regular
		entry.Hash, err = n.objects.blob(string(data))
	} else {
		if entry.Mode != filemode.Dir {
			entry.Hash = plumbing.ZeroHash
		}
		entry.Mode = filemode.Dir
		entry.Hash, err = n.put(entry.Hash, names[1:], data)
	}
	if err != nil {
		return tree, err
	}
	slices.SortFunc(entries, byTreeOrder)
	return n.objects.add(&object.Tree{Entries: entries})
}
