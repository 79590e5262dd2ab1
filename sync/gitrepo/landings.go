package gitrepo

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// A Landing is one commit of the branch's own line, which is that of first parents: a merge stands for all that
// it brought, as do pull requests that were squashed.
type Landing struct {
	Hash   string
	Parent string // the commit that the branch was at before; empty for its first
	Author string
	When   time.Time // committer's
	Paths  []string  // files that differ from the parent's, sorted
}

// Landings lists how files came to be as they are in the newer commit, newest first: those landings since the
// older one of which touches likes a path. If none does, or the older one is empty or unknown, it is the last
// that did, and none if there never was one. It reads the mirror; to look at more than 2000 is
// ErrTooLarge.
func (r *Repo) Landings(older, newer string, touches func(path string) bool) ([]Landing, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	all, err := r.landings(plumbing.NewHash(older), plumbing.NewHash(newer), touches)
	if err != nil {
		r.corrupt = r.corrupt || errors.Is(err, ErrCorrupt)
		return nil, fmt.Errorf("how commit %.12s came about: %w", newer, err)
	}
	return all, nil
}

func (r *Repo) landings(older, newer plumbing.Hash, touches func(string) bool) ([]Landing, error) {
	known, err := r.knownBy(older)
	if err != nil {
		return nil, err
	}
	var found []Landing
	for next, seen := newer, 0; !next.IsZero(); seen++ {
		if (known[next] || known == nil) && len(found) > 0 {
			break
		}
		if seen == maxSince {
			return nil, fmt.Errorf("%w: more than %d commits to look at", ErrTooLarge, maxSince)
		}
		c, err := object.GetCommit(r.store, next)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		l, parent, err := r.landing(c)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(l.Paths, touches) {
			found = append(found, l)
		}
		next = parent
	}
	return found, nil
}

// knownBy are a commit and its ancestors, nil if there is no such commit.
func (r *Repo) knownBy(hash plumbing.Hash) (map[plumbing.Hash]bool, error) {
	if hash.IsZero() {
		return nil, nil
	}
	c, err := object.GetCommit(r.store, hash)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, nil // it was rewritten away, or the mirror is new
	}
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return ancestors(c)
}

func (r *Repo) landing(c *object.Commit) (Landing, plumbing.Hash, error) {
	l := Landing{Hash: c.Hash.String(), Author: words(c.Author.Name), When: c.Committer.When}
	var parent, was plumbing.Hash
	if len(c.ParentHashes) > 0 {
		before, err := object.GetCommit(r.store, c.ParentHashes[0])
		if err != nil {
			return l, parent, fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
		parent, was, l.Parent = before.Hash, before.TreeHash, before.Hash.String()
	}
	compare := comparison{r.store, maxCompared}
	changes, err := compare.changes(was, c.TreeHash)
	if err != nil {
		return l, parent, fmt.Errorf("what commit %.12s changes: %w", l.Hash, err)
	}
	l.Paths = slices.Sorted(maps.Keys(changes))
	return l, parent, nil
}
