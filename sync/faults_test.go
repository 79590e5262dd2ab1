package sync_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awssim"
)

// TestFaultsEndHealthyOrWithASentence breaks one thing each, and lets the service look every minute.
func TestFaultsEndHealthyOrWithASentence(t *testing.T) {
	for _, c := range []struct {
		name   string
		breaks func(*night)
		// within is how long it may take until the cluster is well again, or until what was wrong has
		// been said; mend then takes the fault away where only people or AWS can.
		within time.Duration
		says   string
		mend   func(*night)
	}{
		{
			name:   "a master that somebody ended comes back by its group",
			breaks: func(n *night) { n.terminate(n.machineOf(masterIn("b"))) },
			within: 10 * time.Minute,
		},
		{
			name: "volumes that hang on a dead machine are detached by force",
			breaks: func(n *night) {
				machine := n.machineOf(masterIn("b"))
				for _, v := range n.volumesOf(machine) {
					n.ground.region.StickVolume(v)
				}
				n.terminate(machine)
			},
			within: 30 * time.Minute,
			says:   "volume/b.etcd-main.ha.example.com…hangs on machine i-…which is terminated: it is detached by force, for its successor i-…waits for it",
		},
		{
			name: "a zone without room for the type is told, and comes back",
			breaks: func(n *night) {
				n.ground.region.SetLaunches(func(awssim.Launch) awssim.LaunchFate { return awssim.NoCapacity })
				n.terminate(n.machineOf(masterIn("c")))
			},
			within: 10 * time.Minute,
			says:   "autoscaling-group/master-us-east-1c…cannot make machines since…InsufficientInstanceCapacity: AWS has no t3.medium in us-east-1c now…mixedInstancesPolicy",
			mend:   func(n *night) { n.ground.region.SetLaunches(nil) },
		},
		{
			name: "a quota that is used up is named",
			breaks: func(n *night) {
				n.ground.region.SetLaunches(func(awssim.Launch) awssim.LaunchFate { return awssim.NoVCPUs })
				n.terminate(n.machineOf(workers))
			},
			within: 10 * time.Minute,
			says:   "autoscaling-group/nodes…VcpuLimitExceeded: the account may run 32 vCPUs of machines like t3.medium…Running On-Demand Standard",
			mend:   func(n *night) { n.ground.region.SetLaunches(nil) },
		},
		{
			name: "an image that was taken away is named with its field",
			breaks: func(n *night) {
				n.ground.region.SetLaunches(func(awssim.Launch) awssim.LaunchFate { return awssim.NoImage })
				n.terminate(n.machineOf(masterIn("a")))
			},
			within: 10 * time.Minute,
			says:   "InvalidAMIID.NotFound: the image ami-…does not exist any more: change spec.image of InstanceGroup master-us-east-1a",
			mend:   func(n *night) { n.ground.region.SetLaunches(nil) },
		},
		{
			name:   "a zone that is down is waited for, and no other one is touched",
			breaks: func(n *night) { n.ground.region.ZoneDown("us-east-1b") },
			within: 40 * time.Minute,
			says:   "zone us-east-1b is down, AWS says; its master comes back with it, and no other zone is touched until then",
			mend: func(n *night) {
				for range 30 { // far longer than a master may take
					n.minute()
					n.pass()
				}
				n.ground.region.ZoneUp("us-east-1b")
			},
		},
		{
			name:   "a master that hangs is ended, and its group makes another",
			breaks: func(n *night) { n.ground.region.KillMachine(n.machineOf(masterIn("b"))) },
			within: 40 * time.Minute,
			says:   "the master i-…in us-east-1b is not well…and has been so for more than 15m0s; it is ended, and autoscaling-group/master-us-east-1b",
		},
		{
			name: "a master that AWS cannot reach any more is ended even if its group may not",
			breaks: func(n *night) {
				n.suspend(masterIn("b"), "ReplaceUnhealthy")
				n.ground.region.KillMachine(n.machineOf(masterIn("b")))
			},
			within: 40 * time.Minute,
			says:   "it is ended, and",
		},
		{
			name: "a second machine in a row that hangs is left to people",
			breaks: func(n *night) {
				n.ground.region.SetBoots(func(l awssim.Launch) bool { return l.Zone != "us-east-1b" })
				n.ground.region.KillMachine(n.machineOf(masterIn("b")))
			},
			within: 90 * time.Minute,
			says:   "two machines in us-east-1b did not come back one after the other, i-…and now i-…until a commit changes the cluster, or you end the machine",
			mend: func(n *night) {
				second := n.machineOf(masterIn("b"))
				for range 60 {
					n.minute()
					n.pass()
				}
				if now := n.machineOf(masterIn("b")); now != second {
					n.Errorf("a third machine was made, %s after %s", now, second)
				}
				n.ground.region.SetBoots(nil)
				n.terminate(second)
			},
		},
		{
			name: "a volume that hangs on a machine that runs is never taken from it",
			breaks: func(n *night) {
				machine := n.machineOf(masterIn("b"))
				volumes := n.volumesOf(machine)
				n.stranger = n.machineBeside(machine)
				n.ground.region.SetLaunches(func(awssim.Launch) awssim.LaunchFate { return awssim.NoCapacity })
				n.terminate(machine)
				n.minute()
				n.attach(volumes[0], n.stranger)
				n.ground.region.SetLaunches(nil)
			},
			within: 40 * time.Minute,
			says:   "which is running and may write to it: end that machine, or detach the volume by hand",
			mend: func(n *night) {
				for range 60 {
					n.minute()
					n.pass()
				}
				if len(n.volumesOf(n.stranger)) != 1 {
					n.Error("the volume was taken from a machine that runs")
				}
				n.terminate(n.stranger)
			},
		},
		{
			name: "a worker that never joins is ended, and the next one joins",
			breaks: func(n *night) {
				n.ground.region.SetBoots(firstBootsNot(1))
				n.terminate(n.machineOf(workers))
			},
			within: 60 * time.Minute,
			says:   "machine i-…of autoscaling-group/nodes.ha.example.com did not join within 15m0s (has no node in Kubernetes); it is ended, and the group makes another",
			mend:   func(*night) {},
		},
		{
			name: "after three workers in a row people are told",
			breaks: func(n *night) {
				n.ground.region.SetBoots(func(l awssim.Launch) bool { return l.Template != workers })
				n.terminate(n.machineOf(workers))
			},
			within: 120 * time.Minute,
			says:   "never joined (has no node in Kubernetes), as 3 before it that were ended for that; nothing more is done about it",
			mend: func(n *night) {
				n.ground.region.SetBoots(nil)
				for _, id := range n.strays() {
					n.terminate(id)
				}
			},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			n := newNight(t, small)
			c.breaks(n)
			if c.mend != nil {
				n.until("it is told", c.within, func() bool { return n.heard(c.says) })
				c.mend(n)
			} else {
				n.minute() // or the first pass would find nothing amiss yet
				n.until("it is mended", c.within, n.well)
			}
			n.until("the cluster is well", c.within, n.well)
			if c.says != "" {
				n.wantHeard(c.says)
			}
			n.wantQuorum()
		})
	}
}

// paused is the manifest of a cluster that somebody paused.
func paused(manifest string) string {
	return strings.Replace(manifest, "metadata:\n  name: ha.example.com\n", "metadata:\n  name: ha.example.com\n  annotations: {quorate.dev/paused: \"the auditors are here\"}\n", 1)
}

func TestNothingBeginsWhileAClusterIsPaused(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	before := n.versions(masterIn("a"), masterIn("b"), masterIn("c"), workers)
	n.commits(paused(large), "large")
	if n.want.Policy.Paused == "" {
		t.Fatal("the manifest is not paused")
	}
	n.ground.region.ResetCalls()
	for range 5 {
		n.pass()
		n.minute()
	}
	n.wantHeard("paused: the auditors are here")
	if calls := n.ground.region.MutatingCalls(); calls != 0 {
		t.Errorf("%d calls changed something", calls)
	}
	// What is down is repaired all the same.
	n.terminate(n.machineOf(masterIn("b")))
	n.minute()
	n.until("the master is back", 10*time.Minute, func() bool {
		return len(n.group(masterIn("b")).Instances) == 1 && n.ground.members("main") == 3
	})
	if d := cmp.Diff(before, n.versions(masterIn("a"), masterIn("b"), masterIn("c"), workers)); d != "" {
		t.Errorf("versions moved (-want +got):\n%s", d)
	}
	n.commits(large, "go on")
	n.until("the roll is done", 2*time.Hour, n.well)
	n.wantQuorum()
}

// TestAPauseWaitsForTheZoneUnderWay pauses when the first zone has lost its machine.
func TestAPauseWaitsForTheZoneUnderWay(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.commits(large, "large")
	n.until("the first zone is under way", time.Hour, func() bool { return slices.Contains([]string{"2 []", "2 [2]"}, n.versions(masterIn("a"))[0]) })
	n.commits(paused(large), "pause")
	n.until("it is back", 30*time.Minute, func() bool { return n.versions(masterIn("a"))[0] == "2 [2]" && n.ground.members("main") == 3 })
	for range 10 {
		n.minute()
		n.pass()
	}
	if got := n.versions(masterIn("a"), masterIn("b"), masterIn("c")); !slices.Equal(got, []string{"2 [2]", "1 [1]", "1 [1]"}) {
		t.Errorf("the zones run %v", got)
	}
	n.wantHeard("paused: the auditors are here")
	n.commits(large, "go on")
	n.until("the roll is done", 2*time.Hour, n.well)
	n.wantQuorum()
}

// firstBootsNot lets that many workers come up with nothing on them.
func firstBootsNot(count int) func(awssim.Launch) bool {
	dead := map[string]bool{}
	return func(l awssim.Launch) bool {
		if l.Template == workers && len(dead) < count {
			dead[l.Instance] = true
		}
		return !dead[l.Instance]
	}
}

// TestNoMasterIsEndedWhileAnotherOneIsAway breaks two at once, which no repair of one may make worse.
func TestNoMasterIsEndedWhileAnotherOneIsAway(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	a, b := n.machineOf(masterIn("a")), n.machineOf(masterIn("b"))
	n.ground.region.KillMachine(a)
	n.ground.region.KillMachine(b)
	for range 60 {
		n.minute()
		n.pass()
	}
	if nowA, nowB := n.machineOf(masterIn("a")), n.machineOf(masterIn("b")); nowA != a || nowB != b {
		t.Errorf("%s and %s were ended while both were away", a, b)
	}
	n.wantHeard("it is ended, and…when it may: ")
	n.ground.region.RebootMachine(b)
	n.until("the other one is mended", time.Hour, n.well)
	if n.machineOf(masterIn("a")) == a || n.machineOf(masterIn("b")) != b {
		t.Error("the one that hangs was not ended, or the one that came back was")
	}
}
