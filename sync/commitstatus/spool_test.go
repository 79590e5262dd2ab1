package commitstatus

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/durable"
)

func newSpool(t *testing.T, dir string, next Poster) *Spool {
	t.Helper()
	s, err := NewSpool(dir, next)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func TestAStatusSurvivesAnUnreachableRemoteAndARestart(t *testing.T) {
	b, dir := &board{away: errAway}, t.TempDir()
	spool := newSpool(t, dir, b)
	for _, s := range []Status{
		applying("ha", Pending, "rolling zone a"),
		applying("b", Success, "converged"),
		applying("ha", Success, "converged"), // replaces the first
	} {
		if err := spool.Post(t.Context(), s); !errors.Is(err, ErrDeferred) || !errors.Is(err, errAway) {
			t.Fatalf("error = %v, want it deferred because %v", err, errAway)
		}
	}
	b.away = nil
	restarted := newSpool(t, dir, b)
	if err := restarted.Post(t.Context(), applying("c", Success, "converged")); err != nil {
		t.Fatal(err)
	}
	want := map[key]Status{}
	for _, cluster := range []string{"ha", "b", "c"} {
		s := applying(cluster, Success, "converged")
		want[s.key()] = s
	}
	if diff := cmp.Diff(want, b.shown, cmp.AllowUnexported(key{})); diff != "" {
		t.Errorf("shown (-want +got):\n%s", diff)
	}
	if b.posts != 3 {
		t.Errorf("%d posts, want 3", b.posts)
	}
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
}

func TestFlushPostsWhatWaited(t *testing.T) {
	b, dir := &board{away: errAway}, t.TempDir()
	spool := newSpool(t, dir, b)
	first, second := applying("z", Success, "converged"), applying("a", Success, "converged")
	second.At = noon.Add(time.Minute)
	for _, s := range []Status{second, first} {
		if err := spool.Post(t.Context(), s); !errors.Is(err, ErrDeferred) {
			t.Fatal(err)
		}
	}
	if err := spool.Flush(t.Context()); !errors.Is(err, ErrDeferred) {
		t.Errorf("flush to nobody: %v", err)
	}
	b.away = nil
	if err := spool.Flush(t.Context()); err != nil || b.posts != 2 {
		t.Errorf("flush: %v after %d posts", err, b.posts)
	}
}

// killed stands for a process that dies while it posts: the remote has the status, nobody here knows.
type killed struct{ *board }

func (k killed) Post(ctx context.Context, s Status) error {
	if err := k.board.Post(ctx, s); err != nil {
		return err
	}
	panic("kill -9")
}

func TestAProcessKilledWhilePostingPostsAgain(t *testing.T) {
	b, dir := &board{}, t.TempDir()
	func() {
		defer func() { _ = recover() }()
		_ = newSpool(t, dir, killed{b}).Post(t.Context(), applying("ha", Success, "converged"))
	}()
	if err := newSpool(t, dir, b).Flush(t.Context()); err != nil || b.posts != 2 {
		t.Errorf("flush: %v after %d posts", err, b.posts)
	}
}

func TestADamagedSpoolFileIsSaidOnceAndStopsNothing(t *testing.T) {
	b, dir := &board{}, t.TempDir()
	spool := newSpool(t, dir, b)
	if err := os.WriteFile(filepath.Join(dir, "abc.json"), []byte(`{"commit":`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := spool.Flush(t.Context()); err == nil || !strings.Contains(err.Error(), "abc.json.damaged") {
		t.Errorf("first flush: %v", err)
	}
	if err := spool.Post(t.Context(), applying("ha", Success, "converged")); err != nil || b.posts != 1 {
		t.Errorf("then: %v after %d posts", err, b.posts)
	}
}

func TestAHalfWrittenFileIsNoStatus(t *testing.T) {
	b, dir := &board{}, t.TempDir()
	half := filepath.Join(dir, fileName(applying("ha", Success, ""))+durable.Unfinished)
	if err := os.WriteFile(half, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := newSpool(t, dir, b).Flush(t.Context()); err != nil || b.posts != 0 {
		t.Errorf("flush: %v after %d posts", err, b.posts)
	}
}

func TestTheSpoolGivesUpTheOldestBeyondItsBoundAndSaysSo(t *testing.T) {
	b, dir := &board{away: errAway}, t.TempDir()
	spool := newSpool(t, dir, b)
	for n := range maxSpooled {
		s := applying("ha", Success, "converged")
		s.Context, s.At = fmt.Sprintf("context-%d", n), noon.Add(time.Duration(n)*time.Second)
		if err := spool.keep(s); err != nil {
			t.Fatal(err)
		}
	}
	newest := applying("newest", Success, "converged")
	newest.At = noon.Add(time.Hour)
	if err := spool.Post(t.Context(), newest); err == nil || !strings.Contains(err.Error(), "gave up 1 ") {
		t.Errorf("error = %v", err)
	}
	b.away = nil
	if err := spool.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, kept := b.shown[newest.key()]; !kept || b.posts != maxSpooled {
		t.Errorf("newest kept: %v, %d posts", kept, b.posts)
	}
	if _, kept := b.shown[key{commit, "context-0"}]; kept {
		t.Error("the oldest was kept")
	}
}

func TestAFullDiskStillPosts(t *testing.T) {
	b, dir := &board{}, filepath.Join(t.TempDir(), "spool")
	spool := newSpool(t, dir, b)
	if err := errors.Join(os.Remove(dir), os.WriteFile(dir, nil, 0o600)); err != nil { // so that nothing can be kept in it
		t.Fatal(err)
	}
	if err := spool.Post(t.Context(), applying("ha", Success, "converged")); err == nil || errors.Is(err, ErrDeferred) {
		t.Errorf("error = %v", err)
	}
	if b.posts != 1 {
		t.Errorf("%d posts", b.posts)
	}
}

// picky takes some statuses, and remembers all that it was asked for.
type picky struct {
	asked []string
	err   map[string]error // by context
}

func (p *picky) Post(_ context.Context, s Status) error {
	p.asked = append(p.asked, s.Context)
	return p.err[s.Context]
}

func TestARejectedStatusIsGivenUpAndHoldsNothingUp(t *testing.T) {
	rejected := fmt.Errorf("%w: no such commit", ErrRejected)
	away := errors.New("away")
	p := &picky{err: map[string]error{"quorate/apply/a": away, "quorate/apply/b": away, "quorate/apply/c": away}}
	dir := t.TempDir()
	spool := newSpool(t, dir, p)
	for _, cluster := range []string{"a", "b", "c"} {
		if err := spool.Post(t.Context(), applying(cluster, Success, "converged")); !errors.Is(err, ErrDeferred) {
			t.Fatal(err)
		}
	}
	p.err = map[string]error{"quorate/apply/a": rejected, "quorate/apply/b": away}
	if err := spool.Flush(t.Context()); !errors.Is(err, ErrRejected) || !errors.Is(err, ErrDeferred) {
		t.Errorf("flush: %v", err)
	}
	if left := files(t, dir); len(left) != 1 {
		t.Errorf("kept %v, want the one that was only away", left)
	}
}

func TestAStatusIsNotTriedForEver(t *testing.T) {
	p := &picky{err: map[string]error{"quorate/apply/a": errors.New("away")}}
	dir := t.TempDir()
	spool := newSpool(t, dir, p)
	if err := spool.Post(t.Context(), applying("a", Success, "converged")); !errors.Is(err, ErrDeferred) {
		t.Fatal(err)
	}
	old := time.Now().Add(-maxDeferred - time.Hour)
	if err := os.Chtimes(filepath.Join(dir, files(t, dir)[0]), old, old); err != nil {
		t.Fatal(err)
	}
	if err := spool.Flush(t.Context()); err == nil || errors.Is(err, ErrDeferred) || len(files(t, dir)) != 0 {
		t.Errorf("flush: %v, kept %v", err, files(t, dir))
	}
}
