package chaos

import (
	"sync"
	"time"
)

// clock is simulated time that can change its pace: nothing of interest happens while the cluster is
// built, so that goes fast. What was scheduled before keeps the pace of that time.
type clock struct {
	mu              sync.Mutex
	wall, simulated time.Time
	speed           float64
}

func newClock(speed float64) *clock {
	now := time.Now()
	return &clock{wall: now, simulated: now, speed: speed}
}

// Now is the simulated time.
func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return pace{c.wall, c.simulated, c.speed}.now()
}

// AfterFunc runs f after d of simulated time.
func (c *clock) AfterFunc(d time.Duration, f func()) { time.AfterFunc(c.real(d), f) }

// real is how much wall time passes during d of simulated time.
func (c *clock) real(d time.Duration) time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Duration(float64(d) / c.speed)
}

// run changes the pace.
func (c *clock) run(speed float64) pace {
	now := c.Now()
	c.mu.Lock()
	defer c.mu.Unlock()
	c.wall, c.simulated, c.speed = time.Now(), now, speed
	return pace{c.wall, c.simulated, c.speed}
}

// pace lets another process tell the same simulated time.
type pace struct {
	Wall, Simulated time.Time
	Speed           float64
}

func (p pace) now() time.Time {
	return p.Simulated.Add(time.Duration(float64(time.Since(p.Wall)) * p.Speed)).UTC()
}
