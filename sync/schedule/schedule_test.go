package schedule

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// calm has no jitter and nothing but what the test adds to it.
func calm() Config {
	return Config{
		Poll: 1000 * time.Hour, Drift: "0 0 1 1 *", DriftJitter: time.Nanosecond,
		Soon: 5 * time.Second, FirstRetry: 10 * time.Second, MaxRetry: time.Minute,
		Rand: func() float64 { return 0 },
	}
}

func newSchedule(t *testing.T, cfg Config) *Schedule {
	t.Helper()
	s, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// take reads n triggers, each with the time since start at which it came.
func take(t *testing.T, s *Schedule, n int, then func(Trigger)) []string {
	t.Helper()
	start := time.Now()
	var got []string
	for trigger := range s.Triggers(t.Context()) {
		got = append(got, strings.TrimSpace(fmt.Sprintf("%v %s %s", time.Since(start), trigger.Reason, trigger.Cluster)))
		if len(got) == n {
			break
		}
		then(trigger)
	}
	return got
}

func check(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("triggers (-want +got):\n%s", diff)
	}
}

func TestPollsComeAtOnceAndThenSpreadOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := calm()
		cfg.Poll, cfg.Rand = 30*time.Second, func() float64 { return 0.5 }
		check(t, take(t, newSchedule(t, cfg), 3, func(Trigger) {}), "0s poll", "31.5s poll", "1m3s poll")
	})
}

func TestDriftChecksFollowTheCronLineAndNeverServeASlotTwice(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // starts at midnight, UTC
		cfg := calm()
		cfg.Drift, cfg.DriftJitter = "*/10 * * * *", 30*time.Second
		jitter := 0.0
		cfg.Rand = func() float64 { jitter = 0.9 - jitter; return jitter }
		check(t, take(t, newSchedule(t, cfg), 5, func(Trigger) {}),
			"0s poll", "10m27s drift", "20m27s drift", "30m0s drift", "40m27s drift")
	})
}

func TestAWaitingClusterIsAskedForSoonAndAFailingOneLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSchedule(t, calm())
		step := 0
		got := take(t, s, 9, func(Trigger) {
			if step++; step <= 2 {
				s.Waits("ha")
			} else if step <= 7 {
				s.Fails("ha")
			} else {
				s.Waits("ha")
				s.Fails("ha") // the row of failures is over, so this is a first one
			}
		})
		check(t, got, "0s poll", "5s retry ha", "10s retry ha", "20s retry ha", "40s retry ha",
			"1m20s retry ha", "2m20s retry ha", "3m20s retry ha", "3m30s retry ha")
	})
}

func TestASettledClusterIsNotRetried(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSchedule(t, calm())
		s.Fails("gone")
		s.Fails("ha")
		s.Settles("gone")
		check(t, take(t, s, 2, func(Trigger) {}), "0s poll", "10s retry ha")
		if len(s.retryAt)+len(s.failures) != 1 { // the failure of ha
			t.Errorf("remembered: %v, %v", s.retryAt, s.failures)
		}
	})
}

func TestAWebhookOvertakesAndDoesNotTouchTheRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSchedule(t, calm())
		s.Waits("ha")
		time.AfterFunc(2*time.Second, func() { s.Wake("b"); s.Wake("a"); s.Wake("a"); s.Wake("") })
		check(t, take(t, s, 5, func(Trigger) {}),
			"0s poll", "2s webhook", "2s webhook a", "2s webhook b", "5s retry ha")
	})
}

func TestWhatFallsDueWhileAPassRunsIsMerged(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := calm()
		cfg.Poll, cfg.Drift = 30*time.Second, "* * * * *"
		s := newSchedule(t, cfg)
		busy := true
		got := take(t, s, 5, func(Trigger) {
			if busy {
				busy = false
				s.Waits("ha")
				time.Sleep(10 * time.Minute) // a long pass, in the bubble's time
			}
		})
		check(t, got, "0s poll", "10m0s retry ha", "10m0s poll", "10m0s drift", "10m30s poll")
	})
}

func TestJitterKeepsWithinATenth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cfg := calm()
		cfg.Rand = nil
		s := newSchedule(t, cfg)
		for range 100 {
			if d := s.Waits("ha"); d < cfg.Soon || d > cfg.Soon+cfg.Soon/10 {
				t.Fatalf("asked for after %v", d)
			}
		}
	})
}

func TestAFloodOfWebhooksBecomesOneRunOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSchedule(t, calm())
		for n := range maxWoken + 1 {
			s.Wake(fmt.Sprint("cluster-", n))
		}
		check(t, take(t, s, 2, func(Trigger) {}), "0s webhook", "0s poll")
	})
}

func TestTheStreamEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		time.AfterFunc(time.Minute, cancel)
		s, start := newSchedule(t, calm()), time.Now()
		got := slices.Collect(s.Triggers(ctx))
		if len(got) != 1 || time.Since(start) != time.Minute {
			t.Errorf("%v after %v", got, time.Since(start))
		}
	})
}

func TestTheDefaultsAreUsable(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSchedule(t, Config{})
		if d := s.Fails("ha"); d < 10*time.Second || d > 11*time.Second {
			t.Errorf("first retry after %v", d)
		}
		for range 100 {
			s.Fails("ha")
		}
		if d := s.Fails("ha"); d < 10*time.Minute || d > 11*time.Minute {
			t.Errorf("a late retry after %v", d)
		}
	})
}

func TestAWrongCronLineIsRefused(t *testing.T) {
	if _, err := New(Config{Drift: "every now and then"}); err == nil || !strings.Contains(err.Error(), `"every now and then"`) {
		t.Errorf("error = %v", err)
	}
}

func TestAClusterWithALineOfItsOwnIsLookedAtByItsOwnClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // starts at midnight, UTC, when it is one o'clock in Berlin
		s := newSchedule(t, calm())
		for _, told := range []string{"0 1 * * *", "CRON_TZ=Europe/Berlin 0 3 * * *", "CRON_TZ=Europe/Berlin 0 3 * * *"} {
			if err := s.LooksAt("ha", told); err != nil {
				t.Fatal(err)
			}
		}
		if err := s.LooksAt("dev", "30 2 * * *"); err != nil {
			t.Fatal(err)
		}
		check(t, take(t, s, 4, func(Trigger) {}), "0s poll", "2h0m0s drift ha", "2h30m0s drift dev", "26h0m0s drift ha")
		if err := s.LooksAt("ha", ""); err != nil {
			t.Fatal(err)
		}
		check(t, take(t, s, 2, func(Trigger) {}), "0s poll", "30m0s drift dev")
	})
}

func TestATroubledLineLeavesAClusterWithAllOthers(t *testing.T) {
	s := newSchedule(t, calm())
	if err := s.LooksAt("ha", "never"); err == nil {
		t.Error("it was taken")
	}
}
