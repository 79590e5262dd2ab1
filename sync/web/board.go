package web

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/quorate/quorate/apply"
	service "github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/audit"
)

// A Board keeps what passes did and do, for the pages. Its methods may be called from many goroutines at
// once.
type Board struct {
	shelf shelf
	log   *slog.Logger
	now   func() time.Time

	mu      sync.Mutex
	runs    map[string][]entry // by cluster, the newest last
	planned map[string]Run     // by cluster: of the pass that goes on
	running map[string]Run
	stands  map[string]Standing
}

// NewBoard is an empty one with a folder, of which nothing is read before Open.
func NewBoard(dir string, log *slog.Logger) *Board {
	return &Board{
		shelf: shelf{dir}, log: log, now: time.Now,
		runs: map[string][]entry{}, planned: map[string]Run{}, running: map[string]Run{}, stands: map[string]Standing{},
	}
}

// Open takes up the pages of an earlier process, which has ended. Passes that it did not end are shown as
// interrupted.
func (b *Board) Open() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	runs, err := b.shelf.open()
	if err == nil {
		b.runs = runs
	}
	return err
}

// Planned hears of the plan of a pass before anything of it happens.
func (b *Board) Planned(p service.Planned) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.planned[p.Cluster.Name] = planOf(p)
}

// Progress hears how a step ended.
func (b *Board) Progress(cluster string, o apply.Outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if run, on := b.running[cluster]; on {
		run.Record.Steps = slices.Clone(run.Record.Steps) // somebody may be reading the old ones
		run.take(o)
		b.running[cluster] = run
	}
}

// Passed hears how a pass ended.
func (b *Board) Passed(cluster, commit string, r service.Result) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.stands[cluster] = standingOf(commit, r, b.now())
}

// Trail is an auditor that the board hears with. A page that cannot be kept is logged and stops nothing: the
// trail has all of it.
func (b *Board) Trail(next service.Auditor) service.Auditor { return trail{b, next} }

type trail struct {
	board *Board
	service.Auditor
}

func (t trail) Begin(r audit.Record) error {
	r.ID = cmp.Or(r.ID, rand.Text())
	if err := t.Auditor.Begin(r); err != nil {
		return err
	}
	t.kept(r.Cluster, t.board.begin(r))
	return nil
}

func (t trail) Record(ctx context.Context, r audit.Record) error {
	r.ID = cmp.Or(r.ID, t.board.idOf(r.Cluster), rand.Text())
	t.kept(r.Cluster, t.board.end(r))
	return t.Auditor.Record(ctx, r)
}

func (t trail) Forget(cluster string) error {
	t.kept(cluster, t.board.forget(cluster))
	return t.Auditor.Forget(cluster)
}

func (t trail) Interrupt(ctx context.Context, cluster, reason string) error {
	t.kept(cluster, t.board.interrupt(cluster, reason))
	return t.Auditor.Interrupt(ctx, cluster, reason)
}

func (t trail) kept(cluster string, err error) {
	if err != nil {
		t.board.log.Warn("the page of a pass was not kept", "cluster", cluster, "error", err)
	}
}

func (b *Board) begin(r audit.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	run := b.planned[r.Cluster]
	run.Record = r
	b.running[r.Cluster] = run
	return b.shelf.write(run)
}

// idOf is that of the pass that goes on.
func (b *Board) idOf(cluster string) string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.running[cluster].Record.ID
}

// end keeps a pass that ended, unless it only repeats the one before it.
func (b *Board) end(r audit.Record) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	run, begun := b.running[r.Cluster]
	if !begun {
		run = b.planned[r.Cluster]
		run.Record.Began = r.Began
	}
	r.Began = run.Record.Began // its page keeps its name
	run.Record = r
	delete(b.running, r.Cluster)
	delete(b.planned, r.Cluster)
	if last := b.last(r.Cluster); last.id != "" {
		if before, err := b.shelf.read(r.Cluster, last); err == nil && run.repeats(before) {
			return b.shelf.remove(r.Cluster, entryOf(run))
		}
	}
	return b.keep(run)
}

// keep puts a run on the shelf, and takes the oldest away that have no place there any more.
func (b *Board) keep(run Run) error {
	cluster := run.Record.Cluster
	if err := b.shelf.write(run); err != nil {
		return err
	}
	b.runs[cluster] = append(b.runs[cluster], entryOf(run))
	var errs []error
	for len(b.runs[cluster]) > perCluster {
		errs = append(errs, b.shelf.remove(cluster, b.runs[cluster][0]))
		b.runs[cluster] = b.runs[cluster][1:]
	}
	return errors.Join(errs...)
}

func (b *Board) last(cluster string) entry {
	if n := len(b.runs[cluster]); n > 0 {
		return b.runs[cluster][n-1]
	}
	return entry{}
}

// forget lets go of a pass that neither changed nor refused anything.
func (b *Board) forget(cluster string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	run, begun := b.running[cluster]
	delete(b.running, cluster)
	delete(b.planned, cluster)
	if !begun {
		return nil
	}
	return b.shelf.remove(cluster, entryOf(run))
}

func (b *Board) interrupt(cluster, reason string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	run, begun := b.running[cluster]
	delete(b.running, cluster)
	delete(b.planned, cluster)
	if !begun {
		return nil
	}
	run.Record.Result, run.Record.Reason, run.Record.Ended = audit.Interrupted, reason, b.now()
	return b.keep(run)
}

// clusters that the board knows of, sorted.
func (b *Board) clusters() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	names := map[string]bool{}
	for name := range b.runs {
		names[name] = true
	}
	for name := range b.stands {
		names[name] = true
	}
	for name := range b.running {
		names[name] = true
	}
	return slices.Sorted(maps.Keys(names))
}
