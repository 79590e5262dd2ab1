package gitrepo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/object"
)

const (
	maxSince  = 2000    // commits that are looked at one by one
	maxCommit = 1 << 20 // bytes of one commit object
)

// Addition is one commit that came in, with what it changes itself.
type Addition struct {
	Hash    string
	Author  string
	Subject string
	When    time.Time // committer's
	// Signed is the commit object without its signature, and Signature its armored text, empty if
	// there is none.
	Signed    []byte
	Signature string
	// Paths are the files that the commit changes, sorted. Those of a merge are the ones that are
	// not simply as one of its parents has them where the other did not touch them: conflicts that
	// were resolved, both sides joined in one file, and whatever was slipped in or left out.
	Paths []string
}

// History is what lies between two commits.
type History struct {
	// Descends reports that the newer commit was made on top of the older one.
	Descends  bool
	Additions []Addition // reachable from the newer and not from the older one, oldest first
}

// Since lists what came to a commit since another one. If it was not made on top of that, only this
// is said. It reads the mirror; more than 2000 commits are ErrTooLarge.
func (r *Repo) Since(older, newer string) (History, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	h, err := r.since(plumbing.NewHash(older), plumbing.NewHash(newer))
	if err != nil {
		r.corrupt = r.corrupt || errors.Is(err, ErrCorrupt)
		return History{}, fmt.Errorf("history of %.12s: %w", newer, err)
	}
	return h, nil
}

// Holds reports whether a commit was made on top of another one, or is it. What is not in the mirror is held by
// nothing that is.
func (r *Repo) Holds(commit, older string) (bool, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := object.GetCommit(r.store, plumbing.NewHash(commit))
	if err == nil {
		var holds bool
		if holds, err = descendsFrom(c, plumbing.NewHash(older)); err == nil {
			return holds, nil
		}
	}
	r.corrupt = true
	return false, fmt.Errorf("history of %.12s: %w: %w", commit, ErrCorrupt, err)
}

func (r *Repo) since(older, newer plumbing.Hash) (History, error) {
	head, err := object.GetCommit(r.store, newer)
	if err != nil {
		return History{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	base, err := object.GetCommit(r.store, older)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return History{}, nil // it was rewritten away, or the mirror is new
	}
	if err != nil {
		return History{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if h := (History{Descends: newer == older}); h.Descends {
		return h, nil
	}
	if descends, err := descendsFrom(head, older); err != nil || !descends {
		return History{}, err
	}
	known, err := ancestors(base)
	if err != nil {
		return History{}, err
	}
	h := History{Descends: true}
	err = object.NewCommitPostorderIter(head, slices.Collect(maps.Keys(known))).ForEach(func(c *object.Commit) error {
		if known[c.Hash] {
			return nil
		}
		if len(h.Additions) == maxSince {
			return fmt.Errorf("%w: more than %d commits at once", ErrTooLarge, maxSince)
		}
		a, err := r.addition(c)
		h.Additions = append(h.Additions, a)
		return err
	})
	slices.Reverse(h.Additions)
	return h, err
}

// ancestors are a commit and all that it was made on top of.
func ancestors(c *object.Commit) (map[plumbing.Hash]bool, error) {
	all := map[plumbing.Hash]bool{}
	err := object.NewCommitPreorderIter(c, nil, nil).ForEach(func(c *object.Commit) error {
		all[c.Hash] = true
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return all, nil
}

func (r *Repo) addition(c *object.Commit) (Addition, error) {
	a := Addition{Hash: c.Hash.String(), Author: words(c.Author.Name), Subject: subject(c.Message), When: c.Committer.When}
	raw, err := r.rawCommit(c.Hash)
	if err != nil {
		return a, err
	}
	a.Signed, a.Signature = splitSignature(raw)
	touched, err := r.touched(c)
	if err != nil {
		return a, fmt.Errorf("what commit %.12s changes: %w", a.Hash, err)
	}
	slices.Sort(touched)
	a.Paths = slices.Compact(touched)
	return a, nil
}

func (r *Repo) rawCommit(hash plumbing.Hash) ([]byte, error) {
	o, err := r.store.EncodedObject(plumbing.CommitObject, hash)
	if err != nil {
		return nil, fmt.Errorf("%w: commit %s: %w", ErrCorrupt, hash, err)
	}
	if o.Size() > maxCommit {
		return nil, fmt.Errorf("%w: commit %s has %d bytes", ErrTooLarge, hash, o.Size())
	}
	in, err := o.Reader()
	if err != nil {
		return nil, fmt.Errorf("%w: commit %s: %w", ErrCorrupt, hash, err)
	}
	raw, err := io.ReadAll(in)
	if err := errors.Join(err, in.Close()); err != nil {
		return nil, fmt.Errorf("%w: commit %s: %w", ErrCorrupt, hash, err)
	}
	return raw, nil
}

// splitSignature takes the signature out of a commit object, byte by byte as git does: what go-git
// would write anew need not be what was signed.
func splitSignature(raw []byte) (signed []byte, signature string) {
	header, message, _ := bytes.Cut(raw, []byte("\n\n"))
	var kept []string
	var text strings.Builder
	inside, counted := false, false
	for line := range strings.SplitSeq(string(header), "\n") {
		rest, continued := strings.CutPrefix(line, " ")
		name, value, _ := strings.Cut(line, " ")
		switch {
		case continued && inside:
			if counted {
				text.WriteString(rest + "\n")
			}
		case name == "gpgsig", name == "gpgsig-sha256":
			// The other one is of the same commit under its other name.
			if inside, counted = true, name == "gpgsig"; counted {
				text.WriteString(value + "\n")
			}
		default:
			inside = false
			kept = append(kept, line)
		}
	}
	return []byte(strings.Join(kept, "\n") + "\n\n" + string(message)), text.String()
}

// touched are the files that a commit itself changes.
func (r *Repo) touched(c *object.Commit) ([]string, error) {
	compare := comparison{r.store, maxCompared}
	parents := []*object.Commit{}
	err := c.Parents().ForEach(func(p *object.Commit) error {
		parents = append(parents, p)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	was := plumbing.ZeroHash
	if len(parents) > 0 {
		was = parents[0].TreeHash
	}
	if len(parents) == 2 {
		return r.merged(&compare, c, parents[0], parents[1])
	}
	// An octopus is taken for a change of all that it brings to the branch.
	changes, err := compare.changes(was, c.TreeHash)
	return slices.Collect(maps.Keys(changes)), err
}

// merged compares a merge with what a merge has to be where only one side changed a file since the
// two parted. A side that an older version wins is no such merge, whatever git calls it.
func (r *Repo) merged(compare *comparison, c, ours, theirs *object.Commit) ([]string, error) {
	bases, err := ours.MergeBase(theirs)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	if len(bases) == 0 {
		bases = []*object.Commit{{}} // histories that never met: an empty tree
	}
	result, err := compare.changes(ours.TreeHash, c.TreeHash)
	if err != nil {
		return nil, err
	}
	brought, err := compare.changes(ours.TreeHash, theirs.TreeHash)
	if err != nil {
		return nil, err
	}
	touched := map[string]bool{}
	for path, change := range result {
		touched[path] = true // unless it is what they brought
		if b, differs := brought[path]; differs && b.is == change.is {
			delete(touched, path)
		}
	}
	for _, base := range bases {
		odd, err := compare.odd(base.TreeHash, ours.TreeHash, theirs.TreeHash, result, brought)
		if err != nil {
			return nil, err
		}
		for _, path := range odd {
			touched[path] = true
		}
	}
	return slices.Collect(maps.Keys(touched)), nil
}

// odd are the files on which a merge took the side that had not changed them, or one of two that both
// had, as seen from one place where the two parted.
func (c *comparison) odd(base, ours, theirs plumbing.Hash, result, brought map[string]change) ([]string, error) {
	ourOwn, err := c.changes(base, ours)
	if err != nil {
		return nil, err
	}
	theirOwn, err := c.changes(base, theirs)
	if err != nil {
		return nil, err
	}
	var odd []string
	for path := range brought {
		_, taken := result[path]
		_, weChanged := ourOwn[path]
		_, theyChanged := theirOwn[path]
		if taken && weChanged || !taken && theyChanged {
			odd = append(odd, path)
		}
	}
	return odd, nil
}

type change struct{ was, is version }

func (c *comparison) changes(was, is plumbing.Hash) (map[string]change, error) {
	all := map[string]change{}
	err := c.each(was, is, "", func(path string, was, is version) error {
		all[path] = change{was, is}
		return nil
	})
	return all, err
}

// Author is the name of who wrote a commit, as the commit says.
func (r *Repo) Author(commit string) (string, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := r.commitOf(plumbing.NewHash(commit))
	if err != nil {
		return "", err
	}
	return words(c.Author.Name), nil
}

// File reads one file of a commit, of a megabyte at most; fs.ErrNotExist if it has none.
func (r *Repo) File(commit, path string) ([]byte, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, err := object.GetCommit(r.store, plumbing.NewHash(commit))
	if err != nil {
		r.corrupt = r.corrupt || !errors.Is(err, plumbing.ErrObjectNotFound)
		return nil, fmt.Errorf("read %s of commit %.12s: %w: %w", path, commit, ErrCorrupt, err)
	}
	at := object.TreeEntry{Mode: filemode.Dir, Hash: c.TreeHash}
	w := walk{store: r.store}
	for name := range strings.SplitSeq(path, "/") {
		if at, err = w.child(at, name); err != nil {
			break
		}
	}
	if errors.Is(err, ErrPathMissing) || err == nil && at.Mode != filemode.Regular && at.Mode != filemode.Executable {
		return nil, fmt.Errorf("%s: %w", path, fs.ErrNotExist)
	}
	if err != nil {
		return nil, err
	}
	return readBlob(r.store, at.Hash, r.cfg.Limits.FileBytes)
}
