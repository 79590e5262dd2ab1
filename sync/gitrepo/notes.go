package gitrepo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"time"

	gitconfig "github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// noteAttempts is how many pushes are tried before a busy ref is given up.
const noteAttempts = 8

// NoteEdit maps the present text of a note ("" if there is none) to its new text. It may be
// called several times, and returning the text unchanged means that nothing needs to be written.
type NoteEdit = func(old string) string

// EditNotes changes notes of the remote, all in one commit on a notes ref such as
// refs/notes/quorate; keys are commit hashes. See WriteNotes.
func (r *Repo) EditNotes(ctx context.Context, ref string, edits map[string]NoteEdit) error {
	return r.WriteNotes(ctx, ref, func(n *Notes) error {
		for _, commit := range slices.Sorted(maps.Keys(edits)) {
			if err := n.EditNote(commit, edits[commit]); err != nil {
				return err
			}
		}
		return nil
	})
}

// WriteNotes changes a notes ref of the remote in one commit. Writers do not lose each other's
// work: a push is accepted only on top of the notes it was made from, and is made again from the
// newer ones otherwise, so the change may be asked for several times. Its errors wrap one of the
// Err… sentinels where the remote is at fault.
func (r *Repo) WriteNotes(ctx context.Context, ref string, change func(*Notes) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := plumbing.ReferenceName(ref)
	if !name.IsNote() {
		return fmt.Errorf("write notes: %s is not below refs/notes/", ref)
	}
	for attempt := 1; ; attempt++ {
		err := r.writeNotesOnce(ctx, name, change)
		switch {
		case err == nil:
			return nil
		case !errors.Is(err, errRaced) || attempt == noteAttempts:
			r.corrupt = r.corrupt || errors.Is(err, ErrCorrupt)
			return fmt.Errorf("write %s of %s: %w", ref, r, err)
		}
		if err := pause(ctx, rand.N(time.Duration(attempt)*50*time.Millisecond)); err != nil {
			return err
		}
	}
}

func (r *Repo) writeNotesOnce(ctx context.Context, name plumbing.ReferenceName, change func(*Notes) error) (err error) {
	ctx, cancel := context.WithTimeout(ctx, lookTimeout)
	defer cancel()
	push, err := r.openPush(ctx)
	if err != nil {
		return err
	}
	defer func() {
		// The report has been read by now; a failing goodbye changes nothing.
		_ = push.close()
	}()
	base := push.at(name)
	if err := r.fetchNotes(ctx, name, base); err != nil {
		return err
	}
	objects := newStaging(r.store)
	next, err := objects.change(base, change, r.signature())
	if err != nil || next == base {
		return err
	}
	if err := push.swap(ctx, name, base, next, objects); err != nil {
		return err
	}
	r.remember(name, next, objects)
	return nil
}

// remember spares the next edit a fetch of what we have just sent. The remote has the notes, so
// a failure here costs that fetch and nothing else.
func (r *Repo) remember(name plumbing.ReferenceName, next plumbing.Hash, objects *staging) {
	for _, hash := range objects.hashes {
		o, err := objects.EncodedObject(plumbing.AnyObject, hash)
		if err != nil {
			return
		}
		if _, err := r.store.SetEncodedObject(o); err != nil {
			return
		}
	}
	_ = r.store.SetReference(plumbing.NewHashReference(name, next))
}

// fetchNotes makes sure that the mirror holds the notes the edit starts from.
func (r *Repo) fetchNotes(ctx context.Context, name plumbing.ReferenceName, base plumbing.Hash) error {
	if base.IsZero() || (r.local(name) == base && r.store.HasEncodedObject(base) == nil) {
		return nil
	}
	if err := r.fetch(ctx, gitconfig.RefSpec("+"+name.String()+":"+name.String())); err != nil {
		return err
	}
	if r.local(name) != base {
		return errRaced
	}
	return nil
}

func (r *Repo) signature() object.Signature {
	return object.Signature{Name: r.cfg.Author.Name, Email: r.cfg.Author.Email, When: time.Now()}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
