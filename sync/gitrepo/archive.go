package gitrepo

import (
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// ErrNoNotes says that a clone holds no such notes: git does not fetch them unless it is told to.
var ErrNoNotes = errors.New("the clone has no such notes; fetch them: git fetch origin 'refs/notes/*:refs/notes/*'")

// An Archive is a clone on this disk that is only read, without any remote.
type Archive struct {
	dir   string
	store storer.Storer
}

// OpenArchive opens a bare repository, or the one that a working copy at or above the folder has.
func OpenArchive(dir string) (*Archive, error) {
	at, err := filepath.Abs(dir)
	if err != nil {
		return nil, fmt.Errorf("open clone %s: %w", dir, err)
	}
	for {
		repo, err := git.PlainOpenWithOptions(at, &git.PlainOpenOptions{EnableDotGitCommonDir: true})
		if err == nil {
			return &Archive{dir, repo.Storer}, nil
		}
		if !errors.Is(err, git.ErrRepositoryNotExists) {
			return nil, fmt.Errorf("open clone %s: %w", dir, err)
		}
		if at == filepath.Dir(at) {
			return nil, fmt.Errorf("%s: there is no clone of a Git repository here", dir)
		}
		at = filepath.Dir(at)
	}
}

// Has reports whether the clone holds the commit.
func (a *Archive) Has(commit string) bool {
	_, err := object.GetCommit(a.store, plumbing.NewHash(commit))
	return err == nil
}

// Notes are the notes of a ref as they are now; ErrNoNotes if there is no such ref.
func (a *Archive) Notes(ref string) (*Notes, error) {
	tip, err := a.tip(ref)
	if err != nil {
		return nil, err
	}
	return newStaging(a.store).notes(tip)
}

func (a *Archive) tip(ref string) (plumbing.Hash, error) {
	tip, err := a.store.Reference(plumbing.ReferenceName(ref))
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return plumbing.ZeroHash, fmt.Errorf("%s in %s: %w", ref, a.dir, ErrNoNotes)
	}
	if err != nil {
		return plumbing.ZeroHash, fmt.Errorf("read %s in %s: %w", ref, a.dir, err)
	}
	return tip.Hash(), nil
}

// Loss is a file beside the notes that a later commit of the notes took away or wrote anew.
type Loss struct {
	Path    string
	Changed bool   // there is still a file of that name
	Commit  string // of the notes ref
	By      string
	When    time.Time
}

// Losses finds, in the whole history of a notes ref, what was changed or taken away below a folder
// that only ever grows.
func (a *Archive) Losses(ref, dir string) ([]Loss, error) {
	tip, err := a.tip(ref)
	if err != nil {
		return nil, err
	}
	head, err := object.GetCommit(a.store, tip)
	if err != nil {
		return nil, fmt.Errorf("%w: notes %s: %w", ErrCorrupt, tip, err)
	}
	var all []Loss
	err = object.NewCommitPreorderIter(head, nil, nil).ForEach(func(c *object.Commit) error {
		return c.Parents().ForEach(func(parent *object.Commit) error {
			found, err := a.lost(parent, c, dir)
			all = append(all, found...)
			return err
		})
	})
	if err != nil {
		return nil, fmt.Errorf("history of %s: %w", ref, err)
	}
	return all, nil
}

func (a *Archive) lost(parent, c *object.Commit, dir string) ([]Loss, error) {
	was, err := a.below(parent, dir)
	if err != nil {
		return nil, err
	}
	is, err := a.below(c, dir)
	if err != nil {
		return nil, err
	}
	var all []Loss
	compare := comparison{a.store, maxCompared}
	err = compare.each(was, is, dir, func(path string, was, is version) error {
		if was != (version{}) {
			all = append(all, Loss{path, is != (version{}), c.Hash.String(), words(c.Author.Name), c.Author.When})
		}
		return nil
	})
	return all, err
}

// maxCompared bounds one comparison of trees; a year of a busy fleet is far below it.
const maxCompared = 1_000_000

// below is the tree of a folder in a commit, zero if it has none.
func (a *Archive) below(c *object.Commit, dir string) (plumbing.Hash, error) {
	notes := Notes{newStaging(a.store), c.TreeHash}
	e, found, err := notes.find(dir)
	if err != nil || !found || e.Mode != filemode.Dir {
		return plumbing.ZeroHash, err
	}
	return e.Hash, nil
}
