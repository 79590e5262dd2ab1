package awssim_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/internal/awssim"
)

func TestManualClockRunsWhatFallsDueInOrder(t *testing.T) {
	c := awssim.NewManualClock(start)
	var ran []string
	note := func(name string) func() {
		return func() { ran = append(ran, name+" at "+c.Now().Sub(start).String()) }
	}
	c.AfterFunc(2*time.Second, note("late"))
	c.AfterFunc(time.Second, func() {
		note("early")()
		c.AfterFunc(500*time.Millisecond, note("consequence"))
	})
	c.AfterFunc(time.Second, note("same moment, later in line"))
	c.AfterFunc(time.Hour, note("never"))
	c.Advance(2 * time.Second)
	want := []string{"early at 1s", "same moment, later in line at 1s", "consequence at 1.5s", "late at 2s"}
	if !slices.Equal(ran, want) {
		t.Errorf("ran %q, want %q", ran, want)
	}
	if got := c.Now(); !got.Equal(start.Add(2 * time.Second)) {
		t.Errorf("now %s", got)
	}
}

func TestScaledClockRunsFasterThanTheWall(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := awssim.NewScaledClock(60)
		begin := c.Now()
		fired := make(chan time.Time, 1)
		c.AfterFunc(time.Minute, func() { fired <- c.Now() })
		time.Sleep(999 * time.Millisecond)
		select {
		case <-fired:
			t.Error("a minute passed in less than a second")
		default:
		}
		time.Sleep(time.Millisecond)
		if got := (<-fired).Sub(begin); got != time.Minute {
			t.Errorf("fired after %s of simulated time", got)
		}
	})
}
