package sync_test

import (
	"slices"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awssim"
)

// Manifests of the same cluster with other images: newer machines are made from template version 2, and
// newest ones from version 3.
var (
	newer  = strings.ReplaceAll(small, "server-20251001", "server-20260601")
	newest = strings.ReplaceAll(small, "server-20251001", "server-20260801")
)

// resumed is the manifest with the annotation that lets a roll that halted go on.
func resumed(manifest string) string {
	return strings.Replace(manifest, "metadata:\n  name: ha.example.com\n", "metadata:\n  name: ha.example.com\n  annotations: {quorate.dev/resume: \"the mirror works again\"}\n", 1)
}

// notVersion lets no machine of a template version boot.
func notVersion(version int, of ...string) func(awssim.Launch) bool {
	return func(l awssim.Launch) bool {
		return l.Version != version || len(of) > 0 && !slices.Contains(of, l.Template)
	}
}

var allGroups = []string{masterIn("a"), masterIn("b"), masterIn("c"), workers}

// wantVersions compares what groups make machines from, and what their machines are.
func (n *night) wantVersions(want ...string) {
	n.Helper()
	if d := cmp.Diff(want, n.versions(allGroups...)); d != "" {
		n.Errorf("the groups run (-want +got):\n%s", d)
	}
}

// stopped reports that the roll halted, and that everything that is done about it by itself is done.
func (n *night) stopped() bool { return n.last.Report.Stopped() && !n.last.Report.Acted() }

func TestABadImageStopsAtTheFirstZone(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.ground.region.SetBoots(notVersion(2))
	n.commits(newer, "newer")
	n.until("the roll halts and steps back", 2*time.Hour, n.stopped)
	n.wantVersions("1 [1]", "1 [1]", "1 [1]", "1 [1 1 1]")
	n.wantHeard("halted: us-east-1a did not come back within 15m0s with template version 2 (image ami-…); it runs version 1 again, us-east-1b runs version 1, us-east-1c runs version 1; nothing else is touched: commit a fix, or set quorate.dev/resume")
	lost := len(n.ground.lost)
	for range 60 {
		n.minute()
		n.pass()
	}
	if !n.stopped() || len(n.ground.lost) != lost {
		t.Errorf("it went on: %s", n.last.Report.Reason())
	}
	n.wantVersions("1 [1]", "1 [1]", "1 [1]", "1 [1 1 1]")

	n.commits(newest, "newest")
	n.until("the next commit rolls", 3*time.Hour, n.well)
	n.wantVersions("3 [3]", "3 [3]", "3 [3]", "3 [3 3 3]")
	n.wantQuorum()
	if marks := n.last.Planned.State.Facts.Marks; len(marks) != 0 {
		t.Errorf("marks are left: %v", marks)
	}
}

func TestResumeLetsTheSameTemplateRollAgain(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.ground.region.SetBoots(notVersion(2))
	n.commits(newer, "newer")
	n.until("the roll halts and steps back", 2*time.Hour, n.stopped)
	n.ground.region.SetBoots(nil)
	for range 20 {
		n.minute()
		n.pass()
	}
	n.wantVersions("1 [1]", "1 [1]", "1 [1]", "1 [1 1 1]")
	n.commits(resumed(newer), "resume")
	n.until("it rolls", 3*time.Hour, n.well)
	n.wantVersions("2 [2]", "2 [2]", "2 [2]", "2 [2 2 2]")
	n.wantQuorum()
}

// TestAMachineThatComesBackLateChangesNothing lets the machine boot when the roll has halted already.
func TestAMachineThatComesBackLateChangesNothing(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.ground.region.SetBoots(notVersion(2))
	n.commits(newer, "newer")
	n.until("the roll halts", 2*time.Hour, func() bool { return n.heard("the roll halts") })
	n.ground.region.SetBoots(nil)
	n.ground.region.RebootMachine(n.machineOf(masterIn("a")))
	n.until("it steps back all the same", time.Hour, n.stopped)
	n.wantVersions("1 [1]", "1 [1]", "1 [1]", "1 [1 1 1]")
	n.wantQuorum()
}

func TestATemplateThatMakesNoMachineStopsAtTheFirstZone(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.ground.region.SetLaunches(func(l awssim.Launch) awssim.LaunchFate {
		if l.Version == 2 {
			return awssim.TypeNotInZone
		}
		return awssim.Launches
	})
	n.commits(newer, "newer")
	n.until("the roll halts and steps back", 2*time.Hour, n.stopped)
	n.wantVersions("1 [1]", "1 [1]", "1 [1]", "1 [1 1 1]")
	n.wantHeard("us-east-1a did not come back within 15m0s with template version 2…Unsupported: us-east-1a has no t3.medium")
	n.wantQuorum()
}

func TestASecondZoneThatFailsLeavesTheFirstOnTheNewTemplate(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.ground.region.SetBoots(notVersion(2, masterIn("b")))
	n.commits(newer, "newer")
	n.until("the roll halts and steps back", 3*time.Hour, n.stopped)
	n.wantVersions("2 [2]", "1 [1]", "1 [1]", "1 [1 1 1]")
	n.wantHeard("halted: us-east-1b did not come back")
	n.commits(newest, "newest")
	n.until("the next commit rolls", 3*time.Hour, n.well)
	n.wantVersions("3 [3]", "3 [3]", "3 [3]", "3 [3 3 3]")
	n.wantQuorum()
}

func TestABadCanaryStopsTheRollOfTheWorkers(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.ground.region.SetBoots(notVersion(2, workers))
	n.commits(newer, "newer")
	n.until("the roll halts and steps back", 3*time.Hour, n.stopped)
	n.wantVersions("2 [2]", "2 [2]", "2 [2]", "1 [1 1 1]")
	n.wantHeard("halted: autoscaling-group/nodes.ha.example.com did not come back within 15m0s with template version 2…it runs version 1 again")
	if attached, detached := n.running(); attached != 3 || detached != 0 {
		t.Errorf("%d workers run, and %d beside them", attached, detached)
	}
	n.commits(newest, "newest")
	n.until("the next commit rolls", 3*time.Hour, n.well)
	n.wantVersions("3 [3]", "3 [3]", "3 [3]", "3 [3 3 3]")
	n.wantQuorum()
}

// TestKilledAnywhereAHaltEndsTheSame kills the service at every call by which a roll begins, halts and
// steps back.
func TestKilledAnywhereAHaltEndsTheSame(t *testing.T) {
	if testing.Short() {
		t.Skip("it plays the same hour over and over")
	}
	play := func(t *testing.T, m murder) int {
		n := newNight(t, small)
		defer n.ground.close()
		n.ground.region.SetBoots(notVersion(2))
		n.commits(newer, "newer")
		n.ground.region.ResetCalls()
		n.ground.region.SetIntercept(func(call awssim.Call) awssim.Fate {
			if !call.Mutating || call.N != m.at {
				return awssim.Proceed
			}
			n.life.killed.Store(true)
			return m.fate
		})
		heir := func() bool {
			if n.life.killed.Load() {
				n.ground.region.SetIntercept(nil)
				n.life = &life{region: n.ground.region}
				return false
			}
			return n.stopped()
		}
		n.until("the roll halts and steps back", 4*time.Hour, heir)
		n.wantVersions("1 [1]", "1 [1]", "1 [1]", "1 [1 1 1]")
		n.wantQuorum()
		return n.ground.region.MutatingCalls()
	}
	calls := play(t, never)
	var all gosync.WaitGroup
	slots := make(chan struct{}, 4)
	for _, m := range murders(calls) {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			t.Run(m.String(), func(t *testing.T) { play(t, m) })
		})
	}
	all.Wait()
	t.Logf("killed at %d calls", calls)
}
