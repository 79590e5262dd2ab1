package commitstatus

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/internal/durable"
)

func newLedger(t *testing.T, next Poster) *Ledger {
	t.Helper()
	return ledgerIn(t, t.TempDir(), next)
}

func ledgerIn(t *testing.T, dir string, next Poster) *Ledger {
	t.Helper()
	l, err := NewLedger(dir, next)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestTheSameIsNotSaidTwiceAlsoAfterARestart(t *testing.T) {
	b, dir := &board{}, t.TempDir()
	later := applying("ha", Pending, "waiting for zone a")
	later.At = noon.Add(time.Hour)
	other := applying("ha", Pending, "waiting for zone a")
	other.Commit = strings.Repeat("2", 40)
	for _, s := range []struct {
		Status
		posts int
	}{
		{applying("ha", Pending, "waiting for zone a"), 1},
		{applying("ha", Pending, "waiting for zone a"), 1},
		{later, 1},
		{applying("ha", Pending, "waiting  for\nzone a"), 1},
		{applying("b", Pending, "waiting for zone a"), 2},
		{other, 3},
		{applying("ha", Success, "converged"), 4},
		{applying("ha", Pending, "waiting for zone a"), 5},
	} {
		if err := ledgerIn(t, dir, b).Post(t.Context(), s.Status); err != nil {
			t.Fatal(err)
		}
		if b.posts != s.posts {
			t.Errorf("after %+v: %d posts, want %d", s.Status, b.posts, s.posts)
		}
	}
}

func TestAFirstWordIsNotSaidLater(t *testing.T) {
	b, dir := &board{}, t.TempDir()
	first := applying("ha", Pending, "looking at AWS")
	first.First = true
	for _, s := range []Status{first, applying("ha", Success, "converged"), first, applying("ha", Success, "converged")} {
		if err := ledgerIn(t, dir, b).Post(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	if b.posts != 2 || b.shown[first.key()].State != Success {
		t.Errorf("%d posts, at last %+v", b.posts, b.shown[first.key()])
	}
}

func TestAFailedPostIsNotTakenAsSaid(t *testing.T) {
	b := &board{away: errAway}
	l := newLedger(t, b)
	if err := l.Post(t.Context(), applying("ha", Success, "converged")); !errors.Is(err, errAway) {
		t.Fatalf("error = %v", err)
	}
	b.away = nil
	if err := l.Post(t.Context(), applying("ha", Success, "converged")); err != nil || b.posts != 1 {
		t.Errorf("error = %v after %d posts", err, b.posts)
	}
}

// TestTextsArePacedAndTheLastOneArrives lets a roll tell something new each second.
func TestTextsArePacedAndTheLastOneArrives(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, dir := &board{}, t.TempDir()
		spool := newSpool(t, dir, newLedger(t, b))
		var last Status
		for n := range fluently + 30 {
			last = applying("ha", Pending, fmt.Sprintf("waiting %d s for zone a", n))
			if err := spool.Post(t.Context(), last); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if b.posts != fluently+3 { // the first and two more of the last thirty
			t.Errorf("%d posts", b.posts)
		}
		if err := spool.Flush(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := b.shown[last.key()].Description; got != last.Description || len(files(t, dir)) != 0 {
			t.Errorf("shown at the end: %q, spooled: %v", got, files(t, dir))
		}
		if err := spool.Post(t.Context(), applying("ha", Success, "converged")); err != nil {
			t.Fatal(err)
		}
		if got := b.shown[last.key()].State; got != Success {
			t.Errorf("a new state waits: %s is shown", got)
		}
	})
}

// TestNoCommitComesNearTheLimitOfGitHub says something new every 5 s for a week, and changes between two
// states every ten minutes for half a year.
func TestNoCommitComesNearTheLimitOfGitHub(t *testing.T) {
	for name, tt := range map[string]struct {
		every, during time.Duration
		states        []State
	}{
		"a week of texts":      {5 * time.Second, 7 * 24 * time.Hour, []State{Pending}},
		"half a year of drift": {10 * time.Minute, 180 * 24 * time.Hour, []State{Failure, Success}},
	} {
		t.Run(name, func(t *testing.T) {
			start, e := noon, entry{}
			for at := start; at.Before(start.Add(tt.during)); at = at.Add(tt.every) {
				s := applying("ha", tt.states[e.Posts%len(tt.states)], fmt.Sprint(at))
				if at.Before(e.Latest.Add(e.pause(s, at))) {
					continue
				}
				if e.Posts == 0 {
					e.First = at
				}
				e.Last, e.Latest, e.Posts = s, at, e.Posts+1
			}
			if e.Posts < 100 || e.Posts >= 1000 {
				t.Errorf("%d statuses", e.Posts)
			}
		})
	}
}

func TestALedgerForgetsOldCommitsAndHalfWrittenFiles(t *testing.T) {
	b, dir := &board{}, t.TempDir()
	for _, cluster := range []string{"old", "new"} {
		if err := ledgerIn(t, dir, b).Post(t.Context(), applying(cluster, Success, "converged")); err != nil {
			t.Fatal(err)
		}
	}
	long := time.Now().Add(-ledgerKept - time.Hour)
	if err := os.Chtimes(filepath.Join(dir, fileName(applying("old", Success, ""))), long, long); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "1.json"+durable.Unfinished), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	ledgerIn(t, dir, b)
	if got := files(t, dir); len(got) != 1 || got[0] != fileName(applying("new", Success, "")) {
		t.Errorf("kept %v", got)
	}
}

func TestADamagedLedgerPostsAgain(t *testing.T) {
	b, dir := &board{}, t.TempDir()
	s := applying("ha", Success, "converged")
	if err := os.WriteFile(filepath.Join(dir, fileName(s)), []byte(`{"last":{"com`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := ledgerIn(t, dir, b).Post(t.Context(), s); err != nil || b.posts != 1 {
		t.Errorf("error = %v after %d posts", err, b.posts)
	}
}

func TestWhatIsPendingIsKnownAlsoAfterARestart(t *testing.T) {
	dir, b := t.TempDir(), &board{}
	l := ledgerIn(t, dir, b)
	for _, s := range []Status{applying("one", Pending, "waiting"), applying("two", Pending, "waiting"), applying("two", Success, "done"), applying("three", Failure, "no")} {
		if err := l.Post(t.Context(), s); err != nil {
			t.Fatal(err)
		}
	}
	b.away = errAway
	if err := l.Post(t.Context(), applying("four", Pending, "waiting")); !errors.Is(err, errAway) {
		t.Fatal(err)
	}
	for name, l := range map[string]*Ledger{"before": l, "after": ledgerIn(t, dir, b)} {
		if got := l.Pending(); len(got) != 1 || got[0].Context != applying("one", Pending, "").Context {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
