package commitstatus

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/quorate/quorate/internal/durable"
)

// What a Ledger allows for one commit and context. GitHub takes at most 1000 statuses each, and refuses
// every further one (https://docs.github.com/en/rest/commits/statuses#create-a-commit-status).
const (
	// fluently is how many statuses are posted as soon as what they tell changes, a few minutes of passes.
	fluently = 100
	// textPace is from then on the least time between two that differ only in what they tell.
	textPace = 10 * time.Second
	// textShare makes that a share of the time since the first status: a roll of an hour tells something
	// every 72 s, and a week holds fewer than 550 texts.
	textShare = 50
	// briskly is how many statuses are posted as soon as their state changes. From then on these wait too,
	// for a smaller share of the time, so that the limit is not reached for as long again several times.
	briskly    = 500
	stateShare = 100
)

// ledgerKept is how long a commit is remembered after its last status. Forgetting means only that the
// same is posted once more.
const ledgerKept = 30 * 24 * time.Hour

// errEarly says that a status must wait, because much has been said about the commit lately.
var errEarly = errors.New("too soon after the one before")

// Ledger remembers in a folder what was said about each commit: nothing is posted twice alike, also after a
// restart, and what changes fast is posted at a pace that keeps within the limits of the hosts. It belongs
// below a [Spool], which keeps what comes too early. A post that failed is not remembered.
type Ledger struct {
	dir  string
	next Poster

	mu      sync.Mutex
	pending map[key]Status
}

// entry is what a ledger knows of one commit and context.
type entry struct {
	Last   Status    `json:"last"`
	First  time.Time `json:"first"`  // when its first status was posted
	Latest time.Time `json:"latest"` // when Last was
	Posts  int       `json:"posts"`
}

// NewLedger uses the folder, creates it if need be, and forgets old commits. No other process may use it.
func NewLedger(dir string, next Poster) (*Ledger, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("status ledger: %w", err)
	}
	l := &Ledger{dir: dir, next: next, pending: map[key]Status{}}
	if err := l.forget(time.Now().Add(-ledgerKept)); err != nil {
		return nil, fmt.Errorf("status ledger: %w", err)
	}
	return l, l.recall()
}

// recall finds what an earlier process left pending; a damaged file tells nothing.
func (l *Ledger) recall() error {
	files, err := os.ReadDir(l.dir)
	if err != nil {
		return fmt.Errorf("status ledger: %w", err)
	}
	for _, file := range files {
		var e entry
		data, err := os.ReadFile(filepath.Join(l.dir, file.Name()))
		if err == nil && json.Unmarshal(data, &e) == nil {
			l.note(e.Last)
		}
	}
	return nil
}

func (l *Ledger) note(s Status) {
	delete(l.pending, s.key())
	if s.State == Pending {
		l.pending[s.key()] = s
	}
}

// Pending are the statuses whose last word is that they are, by context and commit. Whoever posts them ends them
// when nobody works on their commits any more.
func (l *Ledger) Pending() []Status {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.SortedFunc(maps.Values(l.pending), func(a, b Status) int {
		return cmp.Or(cmp.Compare(a.Context, b.Context), cmp.Compare(a.Commit, b.Commit))
	})
}

// Post hands the status on if it says something new and its time has come.
func (l *Ledger) Post(ctx context.Context, s Status) error {
	s, err := s.Normal()
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	e, now := l.read(s), time.Now()
	switch {
	case e.Last.same(s), s.First && e.Posts > 0:
		return nil
	case now.Before(e.Latest.Add(e.pause(s, now))):
		return errEarly
	}
	if err := l.next.Post(ctx, s); err != nil {
		return err
	}
	if e.Posts == 0 {
		e.First = now
	}
	l.note(s)
	e.Last, e.Latest, e.Posts = s, now, e.Posts+1
	if err := durable.WriteJSON(filepath.Join(l.dir, fileName(s)), e); err != nil {
		return fmt.Errorf("status ledger: %w", err)
	}
	return nil
}

// pause is the least time between the last status and this one.
func (e entry) pause(s Status, now time.Time) time.Duration {
	age := now.Sub(e.First)
	switch {
	case e.Posts < fluently:
		return 0
	case s.State == e.Last.State:
		return max(textPace, age/textShare)
	case e.Posts >= briskly:
		return age / stateShare
	}
	return 0
}

// read gives what is known; damaged is as good as unknown.
func (l *Ledger) read(s Status) entry {
	var e entry
	data, err := os.ReadFile(filepath.Join(l.dir, fileName(s)))
	if err != nil || json.Unmarshal(data, &e) != nil || e.Last.key() != s.key() {
		return entry{}
	}
	return e
}

// forget removes what was not touched since, and what a killed process left half-written.
func (l *Ledger) forget(since time.Time) error {
	files, err := os.ReadDir(l.dir)
	if err != nil {
		return err
	}
	for _, file := range files {
		info, err := file.Info()
		if err != nil || info.ModTime().After(since) && filepath.Ext(file.Name()) == ".json" {
			continue
		}
		if err := os.Remove(filepath.Join(l.dir, file.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}
