package audit

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// A ReadTree is a notes ref that is only looked at; gitrepo.Notes is one.
type ReadTree interface {
	Names(dir string) ([]string, error)
	Read(path string) ([]byte, error)
	Annotated() ([]string, error)
	Note(commit string) (string, error)
}

// Load reads all of the trail that a notes ref holds.
func Load(t ReadTree) (Trail, error) {
	trail := Trail{Files: map[string][]byte{}, Notes: map[string]string{}}
	if err := trail.files(t, Root); err != nil {
		return Trail{}, fmt.Errorf("read the audit trail: %w", err)
	}
	commits, err := t.Annotated()
	if err != nil {
		return Trail{}, fmt.Errorf("read the audit trail: %w", err)
	}
	for _, commit := range commits {
		if trail.Notes[commit], err = t.Note(commit); err != nil {
			return Trail{}, fmt.Errorf("read the audit trail: note of %s: %w", commit, err)
		}
	}
	return trail, nil
}

// files reads what is below a folder. Only a file can be read, and only a folder has names.
func (t Trail) files(from ReadTree, dir string) error {
	names, err := from.Names(dir)
	if err != nil {
		return err
	}
	for _, name := range names {
		at := path.Join(dir, name)
		data, err := from.Read(at)
		if errors.Is(err, fs.ErrNotExist) {
			err = t.files(from, at)
		} else if err == nil {
			t.Files[at] = data
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Records are the records that can be read, oldest first.
func (t Trail) Records() []Record {
	var all []Record
	for name, data := range t.Files {
		cluster, sequence, ok := place(name)
		if !ok {
			continue
		}
		r, err := decode([]byte(strings.TrimSuffix(string(data), "\n")))
		if err == nil && r.Cluster == cluster && r.Sequence == sequence {
			all = append(all, r)
		}
	}
	slices.SortFunc(all, func(a, b Record) int {
		return cmp.Or(a.Began.Compare(b.Began), cmp.Compare(a.Cluster, b.Cluster), cmp.Compare(a.Sequence, b.Sequence))
	})
	return all
}

// Heads are the newest records of the clusters: who keeps them elsewhere can tell later whether the
// trail was rewritten as a whole.
func (t Trail) Heads() []Link {
	v := verifier{trail: t, chains: map[string][]written{}, byLink: map[Link]written{}}
	v.read()
	var heads []Link
	for _, chain := range v.chains {
		heads = append(heads, *chain[len(chain)-1].link())
	}
	slices.SortFunc(heads, func(a, b Link) int { return cmp.Compare(a.Cluster, b.Cluster) })
	return heads
}
