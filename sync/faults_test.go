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
	n.until("the first zone is under way", time.Hour, func() bool { return strings.HasPrefix(n.versions(masterIn("a"))[0], "2 [1 2") })
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
