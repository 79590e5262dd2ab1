package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	service "github.com/quorate/quorate/sync"

	"github.com/quorate/quorate/internal/printable"
)

const (
	// queued bounds the notices that wait for a receiver; one that is away for longer gets the newest.
	queued = 100
	// pauses between attempts double from the first to the longest, for as long as trying.
	firstPause   = time.Second
	longestPause = 5 * time.Minute
	trying       = 24 * time.Hour
	// sendLimit bounds one attempt, and lastLimit what is still sent when the service stops.
	sendLimit = 10 * time.Second
	lastLimit = 10 * time.Second
)

// A Receiver takes notices. Its errors name nothing secret.
type Receiver interface {
	// Service is its make in one word, such as "slack".
	Service() string
	// Send returns an error that is [ErrRefused] if trying again is of no use.
	Send(ctx context.Context, n Notice) error
}

// ErrRefused says that a receiver will never take a notice as it is sent.
var ErrRefused = errors.New("refused")

// Config is what a [Notifier] works with.
type Config struct {
	Receivers []Receiver
	// File keeps what was said and what must still be sent, over restarts.
	File string
	// Page is the address of the page about a commit of a cluster; nil if there are none.
	Page func(cluster, commit string) string
	// Told, if set, hears what became of each notice at each receiver.
	Told func(service string, sent bool)
	Log  *slog.Logger
}

// A Notifier tells people. Its methods may be called from many goroutines at once; only one [Notifier.Run] may
// run.
type Notifier struct {
	cfg  Config
	wake chan struct{} // holds one if there is something new to send

	mu   sync.Mutex
	kept kept
}

// New takes up what an earlier process remembered, and what it could not send.
func New(c Config) (*Notifier, error) {
	if c.Told == nil {
		c.Told = func(string, bool) {}
	}
	k, err := load(c.File)
	var names []string
	for i, r := range c.Receivers {
		names = append(names, name(i, r))
	}
	k.keepFor(names)
	return &Notifier{cfg: c, wake: make(chan struct{}, 1), kept: k}, err
}

// Passed hears how a pass ended. It does not wait for anybody to be told, but what people are to be told is
// on the disk when it returns.
func (n *Notifier) Passed(cluster, commit string, r service.Result) {
	cause, ok := CauseOf(r)
	if !ok {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	notice, tell := n.kept.Said.hear(cluster, cause, time.Now())
	if tell {
		notice.Commit = commit
		if n.cfg.Page != nil {
			notice.URL = n.cfg.Page(cluster, commit)
		}
		n.enqueue(notice)
	}
	n.save()
}

// enqueue makes place by giving up the oldest.
func (n *Notifier) enqueue(notice Notice) {
	p := parcel{Notice: notice, Posted: time.Now()}
	for i, r := range n.cfg.Receivers {
		p.To = append(p.To, name(i, r))
	}
	n.kept.Outbox = append(n.kept.Outbox, p)
	for len(n.kept.Outbox) > queued {
		old := n.kept.Outbox[0].Notice
		n.cfg.Log.Warn("too many notifications wait; one is given up", "cluster", old.Cluster, "kind", old.Kind)
		n.kept.Outbox = n.kept.Outbox[1:]
	}
	select {
	case n.wake <- struct{}{}:
	default:
	}
}

func (n *Notifier) save() {
	if err := n.kept.save(n.cfg.File); err != nil {
		n.cfg.Log.Warn("a restart may notify people again, or not at all", "error", err)
	}
}

// Run sends until ctx ends, and then for ten seconds what is left. What a receiver did not take by then waits
// for the next process.
func (n *Notifier) Run(ctx context.Context) {
	for wait := firstPause; ctx.Err() == nil; {
		if n.round(ctx) {
			n.rest(ctx, wait)
			wait = min(2*wait, longestPause)
			continue
		}
		wait = firstPause
		select {
		case <-n.wake:
		case <-ctx.Done():
		}
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLimit)
	defer cancel()
	n.round(last)
}

// rest ends early if there is something new: it is no reason to wait that some other receiver is away.
func (n *Notifier) rest(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	select {
	case <-n.wake:
	case <-ctx.Done():
	}
}

// round hands each receiver what waits for it, side by side, and says whether something is left.
func (n *Notifier) round(ctx context.Context) (left bool) {
	var all sync.WaitGroup
	for i, r := range n.cfg.Receivers {
		all.Go(func() { n.deliver(ctx, r, name(i, r)) })
	}
	all.Wait()
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.kept.Outbox) > 0
}

// deliver sends what waits for one receiver in its order, and stops at the first notice that it does not take:
// that something is over is not said before that it began.
func (n *Notifier) deliver(ctx context.Context, r Receiver, to string) {
	for _, p := range n.waitingFor(to) {
		// An attempt that began is finished also while the service stops.
		attempt, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendLimit)
		err := r.Send(attempt, p.Notice)
		cancel()
		final := err == nil || errors.Is(err, ErrRefused) || time.Since(p.Posted) > trying
		if err != nil {
			n.cfg.Log.Warn("people were not notified", "service", r.Service(), "cluster", p.Notice.Cluster, "kind", p.Notice.Kind, "givenUp", final, "error", err)
		}
		if !final {
			return
		}
		n.cfg.Told(r.Service(), err == nil)
		n.done(p, to)
		if ctx.Err() != nil {
			return
		}
	}
}

func (n *Notifier) waitingFor(to string) []parcel {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(n.kept.Outbox), func(p parcel) bool { return !slices.Contains(p.To, to) })
}

// done takes a notice out of what waits for a receiver. A process that is killed before that sends it twice.
func (n *Notifier) done(p parcel, to string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.kept.handed(p, to)
	n.save()
}

// name of a receiver, which holds nothing of its address: that is a secret.
func name(i int, r Receiver) string { return fmt.Sprintf("%s %d", r.Service(), i+1) }

// text is the notice in one paragraph, with its first line apart.
func (n Notice) text() (title, body string) {
	title = n.Cluster + ": " + string(n.Kind)
	body = cmp.Or(printable.Line(n.Sentence), "no reason is known")
	if n.Kind == Recovered {
		body = "Over after " + n.Over.Sub(n.Since).Round(time.Second).String() + ": " + body
	}
	return title, body
}
