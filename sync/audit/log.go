package audit

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"strings"
	"sync"

	"github.com/quorate/quorate/internal/durable"
)

// ErrDeferred says that a record is safe on disk, and will be pushed at a later call.
var ErrDeferred = errors.New("the record is kept to be pushed later")

// batch bounds the records of one push.
const batch = 32

// Config is what a [Log] works with.
type Config struct {
	// Dir is the folder for what is not pushed yet. No other process may use it.
	Dir string
	// Write changes the notes of Ref at the remote, all or nothing, and may ask for the change
	// several times; gitrepo.Repo.WriteNotes does.
	Write func(ctx context.Context, change func(Tree) error) error
	// Version of quorate, and Holder of the leases, as they are to be read.
	Version, Holder string
	// Tampered, if set, hears that something of the trail is gone that this service wrote.
	Tampered func(Finding)
}

// A Log writes the trail. Its methods may be called from several goroutines.
type Log struct {
	cfg   Config
	spool spool

	mu    sync.Mutex // guards the folder and what follows
	heads map[string]known
	push  sync.Mutex // one push at a time
}

// Open takes up what an earlier process left. A pass that it did not end becomes a record, for each
// step of it may have happened.
func Open(cfg Config) (*Log, error) {
	l := &Log{cfg: cfg}
	var err error
	if l.spool, err = openSpool(cfg.Dir); err != nil {
		return nil, fmt.Errorf("audit spool: %w", err)
	}
	// A damaged file of heads costs the memory of what was pushed, and no record.
	if l.heads, err = l.spool.readHeads(); l.heads == nil {
		return nil, fmt.Errorf("audit spool: %w", err)
	}
	if err := l.adopt(); err != nil {
		return nil, fmt.Errorf("audit spool: %w", err)
	}
	return l, nil
}

func (l *Log) adopt() error {
	left, err := l.spool.list("open-*.json")
	if err != nil {
		return err
	}
	ended, err := l.spool.list("wait-*.json")
	if err != nil {
		return err
	}
	done := map[string]bool{}
	for _, r := range ended {
		done[r.ID] = true
	}
	for _, r := range left {
		if done[r.ID] {
			err = l.spool.remove(l.spool.open(r.Cluster))
		} else {
			err = l.interrupt(r, "the service ended in the middle of this pass; each of its steps may have happened")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// interrupt makes a record of a pass that was begun.
func (l *Log) interrupt(r Record, reason string) error {
	r.Result, r.Reason, r.Ended = Interrupted, reason, r.Began
	r = r.tidy()
	if err := durable.WriteJSON(l.spool.waiting(r.ID), r); err != nil {
		return err
	}
	return l.spool.remove(l.spool.open(r.Cluster))
}

// Interrupt ends a pass of which nobody knows how far it came. One that had begun nothing leaves no
// record.
func (l *Log) Interrupt(ctx context.Context, cluster, reason string) error {
	l.mu.Lock()
	begun, err := l.spool.list(filepath.Base(l.spool.open(cluster)))
	for _, r := range begun {
		err = errors.Join(err, l.interrupt(r, reason))
	}
	l.mu.Unlock()
	if err != nil {
		return fmt.Errorf("audit spool: %w", err)
	}
	if len(begun) == 0 {
		return nil
	}
	return l.Flush(ctx)
}

// Begin notes durably that a pass is about to change its cluster, so that it leaves a record even if
// the process is killed in the middle. Record or Forget ends it.
func (l *Log) Begin(r Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	r = l.complete(r)
	if err := durable.WriteJSON(l.spool.open(r.Cluster), r); err != nil {
		return fmt.Errorf("audit spool: %w", err)
	}
	return nil
}

// Forget ends a pass that neither changed nor refused anything.
func (l *Log) Forget(cluster string) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err := l.spool.remove(l.spool.open(cluster)); err != nil {
		return fmt.Errorf("audit spool: %w", err)
	}
	return nil
}

// Record ends a pass with its record, which is durable when it returns; if it could not be pushed the
// error is ErrDeferred with the cause. What was refused word for word as by the cluster's last record
// is not recorded again: it would be, at every look for drift.
func (l *Log) Record(ctx context.Context, r Record) error {
	if err := l.keep(r); err != nil {
		return err
	}
	return l.Flush(ctx)
}

// Tell puts something on record that is no pass, as Record does, whether or not a pass goes on meanwhile.
func (l *Log) Tell(ctx context.Context, r Record) error {
	l.mu.Lock()
	r = l.complete(r)
	err := r.addressed()
	if err == nil {
		if err = durable.WriteJSON(l.spool.waiting(r.ID), r); err != nil {
			err = fmt.Errorf("audit spool: %w", err)
		}
	}
	l.mu.Unlock()
	if err != nil {
		return err
	}
	return l.Flush(ctx)
}

// addressed says why there is no place for the record.
func (r Record) addressed() error {
	if !clusterName.MatchString(r.Cluster) || len(r.Cluster) > 253 {
		return fmt.Errorf("record of %q: not the name of a cluster", r.Cluster)
	}
	if len(r.Commit) != 40 || strings.Trim(r.Commit, "0123456789abcdef") != "" {
		return fmt.Errorf("record of %s: %q is no commit hash", r.Cluster, r.Commit)
	}
	return nil
}

func (l *Log) keep(r Record) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if begun, err := l.spool.list(filepath.Base(l.spool.open(r.Cluster))); err == nil && len(begun) > 0 {
		r.ID = begun[0].ID // whoever finds both after a crash knows them for one
	}
	r = l.complete(r)
	if err := r.addressed(); err != nil {
		return err
	}
	if essence := r.essence(); r.changed() || l.heads[r.Cluster].Essence != essence {
		if err := durable.WriteJSON(l.spool.waiting(r.ID), r); err != nil {
			return fmt.Errorf("audit spool: %w", err)
		}
		was := l.heads[r.Cluster]
		l.heads[r.Cluster] = known{was.Link, essence}
	}
	if err := l.spool.remove(l.spool.open(r.Cluster)); err != nil {
		return fmt.Errorf("audit spool: %w", err)
	}
	return nil
}

// complete fills in what the caller need not know.
func (l *Log) complete(r Record) Record {
	if r.ID == "" {
		r.ID = rand.Text()
	}
	r.Version, r.Holder = l.cfg.Version, l.cfg.Holder
	return r.tidy()
}

// Flush pushes what waits; ErrDeferred with the cause if it cannot be pushed now.
func (l *Log) Flush(ctx context.Context) error {
	l.push.Lock()
	defer l.push.Unlock()
	for {
		l.mu.Lock()
		waiting, err := l.spool.list("wait-*.json")
		l.mu.Unlock()
		if err != nil {
			return fmt.Errorf("audit spool: %w", err)
		}
		if len(waiting) == 0 {
			return nil
		}
		if err := l.send(ctx, waiting[:min(len(waiting), batch)]); err != nil {
			return err
		}
	}
}

// send pushes the records in one commit of the notes, and only then forgets them here.
func (l *Log) send(ctx context.Context, waiting []Record) error {
	l.mu.Lock()
	heads := map[string]Link{}
	for cluster, k := range l.heads {
		heads[cluster] = k.Link
	}
	l.mu.Unlock()
	var sent []written
	var gone []Finding
	err := l.cfg.Write(ctx, func(t Tree) (err error) {
		sent, gone, err = seal(t, waiting, heads)
		return err
	})
	if err != nil {
		return fmt.Errorf("%w: %w", ErrDeferred, err)
	}
	if l.cfg.Tampered != nil {
		for _, f := range gone {
			l.cfg.Tampered(f)
		}
	}
	return l.settle(sent)
}

// seal puts the records into the tree, each behind the cluster's others.
func seal(t Tree, waiting []Record, heads map[string]Link) (sent []written, gone []Finding, err error) {
	heads = maps.Clone(heads)
	for _, r := range waiting {
		var newest *Link
		if l, ok := heads[r.Cluster]; ok && l.Sequence > 0 {
			newest = &l
			if old, err := readRecord(t, recordPath(l.Cluster, l.Sequence)); err != nil || old.SHA256 != l.SHA256 {
				gone = append(gone, Finding{l.Cluster, l.Sequence, fmt.Sprintf("record %d of %s, which this service wrote, is gone from the notes or was edited", l.Sequence, l.Cluster)})
			}
		}
		w, err := appendRecord(t, r, newest)
		if err != nil {
			return nil, nil, fmt.Errorf("append to the trail of %s: %w", r.Cluster, err)
		}
		sent = append(sent, w)
		heads[r.Cluster] = *w.link()
	}
	return sent, gone, nil
}

// settle remembers what was pushed, and takes it out of the folder.
func (l *Log) settle(sent []written) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, w := range sent {
		l.heads[w.Cluster] = known{*w.link(), l.heads[w.Cluster].Essence}
	}
	if err := durable.WriteJSON(l.spool.heads(), l.heads); err != nil {
		return fmt.Errorf("audit spool: %w", err)
	}
	for _, w := range sent {
		if err := l.spool.remove(l.spool.waiting(w.ID)); err != nil {
			return fmt.Errorf("audit spool: %w", err)
		}
	}
	return nil
}
