package notify

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	service "github.com/quorate/quorate/sync"
)

const (
	// queued bounds the notices that wait to be sent; a receiver that is away for long gets the newest.
	queued = 100
	// attempts at one notice, and pause before the second, which doubles: some 15 s in all.
	attempts   = 5
	firstPause = time.Second
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
	// File keeps what was said, over restarts.
	File string
	// Page is the address of the page about a commit of a cluster; nil if there are none.
	Page func(cluster, commit string) string
	// Told, if set, hears what became of each notice at each receiver.
	Told func(service string, sent bool)
	Log  *slog.Logger
	// Now and Pause are for tests; nil means time.Now and waiting.
	Now   func() time.Time
	Pause func(ctx context.Context, d time.Duration)
}

// A Notifier tells people. Its methods may be called from many goroutines at once.
type Notifier struct {
	cfg   Config
	queue chan Notice

	mu     sync.Mutex
	memory memory
}

// New takes up what an earlier process remembered.
func New(c Config) (*Notifier, error) {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Pause == nil {
		c.Pause = pause
	}
	if c.Told == nil {
		c.Told = func(string, bool) {}
	}
	m, err := load(c.File)
	return &Notifier{cfg: c, queue: make(chan Notice, queued), memory: m}, err
}

func pause(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// Passed hears how a pass ended. It does not wait for anybody to be told.
func (n *Notifier) Passed(cluster, commit string, r service.Result) {
	cause, ok := CauseOf(r)
	if !ok {
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	notice, tell := n.memory.hear(cluster, cause, n.cfg.Now())
	if err := n.memory.save(n.cfg.File); err != nil {
		n.cfg.Log.Warn("a restart may notify people again", "error", err)
	}
	if !tell {
		return
	}
	notice.Commit = commit
	if n.cfg.Page != nil {
		notice.URL = n.cfg.Page(cluster, commit)
	}
	n.enqueue(notice)
}

// enqueue makes place by giving up the oldest.
func (n *Notifier) enqueue(notice Notice) {
	for {
		select {
		case n.queue <- notice:
			return
		default:
		}
		select {
		case old := <-n.queue:
			n.cfg.Log.Warn("too many notifications wait; one is given up", "cluster", old.Cluster, "kind", old.Kind)
		default:
		}
	}
}

// Run sends until ctx ends, and then for ten seconds what is left.
func (n *Notifier) Run(ctx context.Context) {
	for {
		select {
		case notice := <-n.queue:
			n.tell(ctx, notice)
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastLimit)
			defer cancel()
			n.drain(last)
			return
		}
	}
}

func (n *Notifier) drain(ctx context.Context) {
	for {
		select {
		case notice := <-n.queue:
			n.tell(ctx, notice)
		default:
			return
		}
	}
}

// tell sends to all receivers side by side.
func (n *Notifier) tell(ctx context.Context, notice Notice) {
	// An attempt that began is finished also while the service stops.
	ctx = context.WithoutCancel(ctx)
	ctx, cancel := context.WithTimeout(ctx, attempts*sendLimit)
	defer cancel()
	var all sync.WaitGroup
	for _, r := range n.cfg.Receivers {
		all.Go(func() {
			err := n.send(ctx, r, notice)
			if err != nil {
				n.cfg.Log.Warn("people were not notified", "service", r.Service(), "cluster", notice.Cluster, "kind", notice.Kind, "error", err)
			}
			n.cfg.Told(r.Service(), err == nil)
		})
	}
	all.Wait()
}

func (n *Notifier) send(ctx context.Context, r Receiver, notice Notice) (err error) {
	wait := firstPause
	for i := range attempts {
		if i > 0 {
			n.cfg.Pause(ctx, wait)
			wait *= 2
		}
		attempt, cancel := context.WithTimeout(ctx, sendLimit)
		err = r.Send(attempt, notice)
		cancel()
		if err == nil || errors.Is(err, ErrRefused) || ctx.Err() != nil {
			return err
		}
	}
	return err
}

// text is the notice in one paragraph, with its first line apart.
func (n Notice) text() (title, body string) {
	title = n.Cluster + ": " + string(n.Kind)
	body = cmp.Or(n.Sentence, "no reason is known")
	if n.Kind == Recovered {
		body = "Over after " + n.Over.Sub(n.Since).Round(time.Second).String() + ": " + body
	}
	return title, body
}
