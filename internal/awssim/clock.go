package awssim

import (
	"container/heap"
	"sync"
	"time"
)

// Clock is the time of the simulated world. Everything that takes time in AWS (an instance boots, a
// NAT gateway is made) is a transition due at a moment of this clock.
type Clock interface {
	Now() time.Time
	// AfterFunc runs f once d of simulated time has passed. f runs on a goroutine of the clock's
	// choosing and never before AfterFunc has returned.
	AfterFunc(d time.Duration, f func())
}

// ScaledClock runs a fixed number of times faster than wall time.
type ScaledClock struct {
	start time.Time
	speed float64
}

// NewScaledClock starts a clock at the present moment; speed 60 makes a minute pass each second.
// A speed that is not positive means 1.
func NewScaledClock(speed float64) *ScaledClock {
	if speed <= 0 {
		speed = 1
	}
	return &ScaledClock{start: time.Now(), speed: speed}
}

// Now is the simulated time.
func (c *ScaledClock) Now() time.Time {
	return c.start.Add(time.Duration(float64(time.Since(c.start)) * c.speed)).UTC()
}

// AfterFunc waits d/speed of wall time.
func (c *ScaledClock) AfterFunc(d time.Duration, f func()) {
	time.AfterFunc(time.Duration(float64(d)/c.speed), f)
}

// ManualClock stands still until a test moves it.
type ManualClock struct {
	mu    sync.Mutex
	now   time.Time
	seq   int
	queue dueQueue
}

// NewManualClock starts a clock at the given moment.
func NewManualClock(start time.Time) *ManualClock {
	return &ManualClock{now: start.UTC()}
}

// Now is the moment of the last Advance, or within a transition the moment it was due.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// AfterFunc queues f for the Advance that reaches it.
func (c *ManualClock) AfterFunc(d time.Duration, f func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seq++
	heap.Push(&c.queue, due{at: c.now.Add(max(d, 0)), seq: c.seq, run: f})
}

// Advance moves the clock by d, running what falls due on the caller's goroutine in order of time
// (and of arrival within one moment), including what those transitions schedule in turn.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	end := c.now.Add(d)
	for len(c.queue) > 0 && !c.queue[0].at.After(end) {
		next := heap.Pop(&c.queue).(due)
		c.now = next.at
		c.mu.Unlock()
		next.run()
		c.mu.Lock()
	}
	c.now = end
	c.mu.Unlock()
}

// due is one queued transition of a ManualClock.
type due struct {
	at  time.Time
	seq int
	run func()
}

// dueQueue is a heap by time, then arrival.
type dueQueue []due

func (q dueQueue) Len() int      { return len(q) }
func (q dueQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q dueQueue) Less(i, j int) bool {
	if !q[i].at.Equal(q[j].at) {
		return q[i].at.Before(q[j].at)
	}
	return q[i].seq < q[j].seq
}
func (q *dueQueue) Push(x any) { *q = append(*q, x.(due)) }
func (q *dueQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
