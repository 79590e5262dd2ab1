// Package schedule answers one question: which cluster is to be run now, and why?
//
// Polls, the drift cron, retries and webhooks become one stream; start reading at Triggers. The
// loop consumes the stream and tells each pass's outcome back through Waits, At, Fails and Settles.
// Whatever falls due while the consumer is busy is merged, so the stream never runs behind. It
// imports robfig/cron and the standard library.
package schedule

import (
	"cmp"
	"context"
	"fmt"
	"iter"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/robfig/cron/v3"
)

// Reason says where a trigger comes from.
type Reason string

// Poll asks for a cheap look at the repository; the others ask for a pass.
const (
	Poll    Reason = "poll"
	Drift   Reason = "drift"
	Retry   Reason = "retry"
	Webhook Reason = "webhook"
)

// Trigger asks for one cluster to be run, or for all of them if Cluster is empty. A look for drift of all
// leaves out those that have a line of their own.
type Trigger struct {
	Reason  Reason
	Cluster string
}

// Config holds the pace. Zero fields mean the defaults.
type Config struct {
	Poll  time.Duration // between looks at the repository; 30 s
	Drift string        // cron line of five fields, local time; every 10 minutes
	// DriftJitter spreads the drift checks of many services over the start of a slot; 30 s.
	DriftJitter time.Duration

	Soon       time.Duration // until a pass that waits is run again; 5 s
	FirstRetry time.Duration // after a first failure, doubled by each further one; 10 s
	MaxRetry   time.Duration // where doubling ends; 10 min

	// Rand returns a number in [0,1) for jitter; math/rand if nil.
	Rand func() float64
}

func (c Config) withDefaults() Config {
	c.Poll = cmp.Or(c.Poll, 30*time.Second)
	c.Drift = cmp.Or(c.Drift, "*/10 * * * *")
	c.DriftJitter = cmp.Or(c.DriftJitter, 30*time.Second)
	c.Soon = cmp.Or(c.Soon, 5*time.Second)
	c.FirstRetry = cmp.Or(c.FirstRetry, 10*time.Second)
	c.MaxRetry = cmp.Or(c.MaxRetry, 10*time.Minute)
	if c.Rand == nil {
		c.Rand = rand.Float64
	}
	return c
}

// maxWoken bounds what webhooks can pile up; beyond it one run of all clusters replaces them.
const maxWoken = 1000

// Schedule is one stream of triggers. All methods may be called from any goroutine.
type Schedule struct {
	cfg   Config
	drift cron.Schedule

	mu       sync.Mutex
	pollAt   time.Time
	driftAt  time.Time
	retryAt  map[string]time.Time
	failures map[string]int // in a row
	woken    map[string]bool
	looks    map[string]look // by cluster, of those that have a line of their own
	changed  chan struct{}   // holds one value if the earliest trigger may have changed
}

// look is when a cluster is looked at for drift.
type look struct {
	line  string
	times cron.Schedule
	at    time.Time
}

// New refuses a cron line it cannot read.
func New(cfg Config) (*Schedule, error) {
	cfg = cfg.withDefaults()
	drift, err := cron.ParseStandard(cfg.Drift)
	if err != nil {
		return nil, fmt.Errorf("drift schedule %q: %w", cfg.Drift, err)
	}
	return &Schedule{
		cfg:      cfg,
		drift:    drift,
		retryAt:  map[string]time.Time{},
		failures: map[string]int{},
		woken:    map[string]bool{},
		looks:    map[string]look{},
		changed:  make(chan struct{}, 1),
	}, nil
}

// Triggers yields until ctx ends. The first trigger is a poll, at once. It is meant to be ranged
// over by one goroutine.
func (s *Schedule) Triggers(ctx context.Context) iter.Seq[Trigger] {
	return func(yield func(Trigger) bool) {
		s.start()
		for ctx.Err() == nil {
			trigger, due := s.pop(time.Now())
			if due {
				if !yield(trigger) {
					return
				}
				continue
			}
			s.wait(ctx)
		}
	}
}

// Waits asks for the cluster soon, because its last pass waits for something; it returns how
// soon. Waiting is progress, so it ends a row of failures.
func (s *Schedule) Waits(cluster string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.failures, cluster)
	return s.retryIn(cluster, s.cfg.Soon)
}

// Fails asks for the cluster again after a delay that doubles with each failure in a row, and
// returns the delay.
func (s *Schedule) Fails(cluster string) time.Duration {
	s.mu.Lock()
	defer s.mu.Unlock()
	delay := s.cfg.FirstRetry
	for range s.failures[cluster] {
		delay = min(2*delay, s.cfg.MaxRetry)
	}
	s.failures[cluster]++
	return s.retryIn(cluster, min(delay, s.cfg.MaxRetry))
}

// LooksAt gives a cluster a cron line of its own for looks for drift, in UTC if the line names no time zone.
// An empty one takes it away again: the cluster is looked at with all others. Telling it what it knows
// changes nothing.
func (s *Schedule) LooksAt(cluster, line string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.looks[cluster].line == line {
		return nil
	}
	delete(s.looks, cluster)
	if line == "" {
		return nil
	}
	zoned := line
	if !strings.Contains(line, "TZ=") {
		zoned = "CRON_TZ=UTC " + line
	}
	times, err := cron.ParseStandard(zoned)
	if err != nil {
		return fmt.Errorf("drift schedule %q: %w", line, err)
	}
	s.looks[cluster] = look{line, times, s.after(times, time.Now())}
	s.change()
	return nil
}

// At asks for the cluster at a moment, or at once if that is past, in place of any other retry:
// nothing that a pass could do comes before.
func (s *Schedule) At(cluster string, moment time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.failures, cluster)
	s.retryAt[cluster] = moment
	s.change()
}

// Settles forgets about the cluster: its last pass left nothing to do, or it is gone.
func (s *Schedule) Settles(cluster string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.failures, cluster)
	delete(s.retryAt, cluster)
}

// Wake asks for the cluster, or all of them if it is empty, right now.
func (s *Schedule) Wake(cluster string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.woken) >= maxWoken {
		clear(s.woken)
		cluster = ""
	}
	s.woken[cluster] = true
	s.change()
}

// retryIn adds up to a tenth, so that clusters that failed together do not return together.
func (s *Schedule) retryIn(cluster string, delay time.Duration) time.Duration {
	delay += s.jitter(delay / 10)
	s.retryAt[cluster] = time.Now().Add(delay)
	s.change()
	return delay
}

func (s *Schedule) change() {
	select {
	case s.changed <- struct{}{}:
	default: // the consumer has one to read already
	}
}

func (s *Schedule) start() {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	s.pollAt = now
	s.driftAt = s.nextDrift(now)
}

// pop takes the trigger that is due, the most urgent first: somebody waits for a webhook.
func (s *Schedule) pop(now time.Time) (Trigger, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cluster, ok := smallest(s.woken); ok {
		delete(s.woken, cluster)
		return Trigger{Webhook, cluster}, true
	}
	cluster, at := s.earliestRetry()
	own, ownAt := s.earliestLook()
	switch {
	case !at.IsZero() && !at.After(now):
		delete(s.retryAt, cluster)
		return Trigger{Retry, cluster}, true
	case own != "" && !ownAt.After(now):
		l := s.looks[own]
		l.at = s.after(l.times, now)
		s.looks[own] = l
		return Trigger{Drift, own}, true
	case !s.pollAt.After(now):
		s.pollAt = now.Add(s.cfg.Poll + s.jitter(s.cfg.Poll/10))
		return Trigger{Poll, ""}, true
	case !s.driftAt.After(now):
		s.driftAt = s.nextDrift(now)
		return Trigger{Drift, ""}, true
	}
	return Trigger{}, false
}

// nextDrift never lands in the slot that was just served, since jitter only ever adds.
func (s *Schedule) nextDrift(now time.Time) time.Time { return s.after(s.drift, now) }

func (s *Schedule) after(times cron.Schedule, now time.Time) time.Time {
	return times.Next(now).Add(s.jitter(s.cfg.DriftJitter))
}

// earliestLook is empty if no cluster has a line of its own.
func (s *Schedule) earliestLook() (cluster string, at time.Time) {
	for c, l := range s.looks {
		if at.IsZero() || l.at.Before(at) || (l.at.Equal(at) && c < cluster) {
			cluster, at = c, l.at
		}
	}
	return cluster, at
}

func (s *Schedule) earliestRetry() (cluster string, at time.Time) {
	for c, t := range s.retryAt {
		if at.IsZero() || t.Before(at) || (t.Equal(at) && c < cluster) {
			cluster, at = c, t
		}
	}
	return cluster, at
}

// wait returns when something may be due.
func (s *Schedule) wait(ctx context.Context) {
	t := time.NewTimer(time.Until(s.earliest()))
	defer t.Stop()
	select {
	case <-t.C:
	case <-s.changed:
	case <-ctx.Done():
	}
}

func (s *Schedule) earliest() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := s.pollAt
	if s.driftAt.Before(at) {
		at = s.driftAt
	}
	if own, look := s.earliestLook(); own != "" && look.Before(at) {
		at = look
	}
	if _, retry := s.earliestRetry(); !retry.IsZero() && retry.Before(at) {
		at = retry
	}
	return at
}

func (s *Schedule) jitter(upTo time.Duration) time.Duration {
	return time.Duration(s.cfg.Rand() * float64(upTo))
}

func smallest(set map[string]bool) (string, bool) {
	first, found := "", false
	for name := range set {
		if !found || name < first {
			first, found = name, true
		}
	}
	return first, found
}
