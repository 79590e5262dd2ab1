package sync_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
)

// waits reports whether a machine waits at a hook for its end.
func (n *night) waits(group, machine string) bool {
	n.Helper()
	for _, i := range n.group(group).Instances {
		if aws.ToString(i.InstanceId) == machine {
			return i.LifecycleState == "Terminating:Wait"
		}
	}
	return false
}

// seconds lets a little time pass, and one pass after it.
func (n *night) seconds(count int) {
	n.Helper()
	n.clock.Advance(time.Duration(count) * time.Second)
	n.ground.settle(n.TB)
	n.pass()
}

// ends makes passes until the master of a zone waits at its hook for its end.
func (n *night) ends(zone string) (machine string) {
	n.Helper()
	machine = n.machineOf(masterIn(zone))
	for range 100 {
		n.pass()
		n.clock.Advance(5 * time.Second)
		n.ground.settle(n.TB)
		if n.waits(masterIn(zone), machine) {
			return machine
		}
	}
	n.Fatalf("the master in %s was not ended", zone)
	return ""
}

func TestAMachineThatWasEmptiedDoesNotWaitToBeDrained(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.commits(large, "large")
	machine := n.ends("a")
	n.seconds(5)
	n.seconds(5)
	if n.waits(masterIn("a"), machine) {
		t.Error("it holds its volumes although nothing is left to drain")
	}
	n.until("the roll is done", time.Hour, n.well)
	n.ground.check(t, rolledZones...)
}

// The node termination handler drains it, and answers the hook.
func TestAMachineThatOthersEndedIsLeftToWhoDrainsIt(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	machine := n.machineOf(workers)
	_, err := n.AutoScaling.TerminateInstanceInAutoScalingGroup(t.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: &machine, ShouldDecrementDesiredCapacity: aws.Bool(false),
	})
	n.must(err)
	n.commits(whole, "large")
	for range 20 {
		n.seconds(10)
	}
	if !n.waits(workers, machine) {
		t.Error("its hook was answered before it was drained")
	}
}

// A member on a machine that waits for its end may be the one that keeps the majority.
func TestAMachineThatWasEmptiedWaitsOnIfAnotherMemberIsLost(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.commits(large, "large")
	machine := n.ends("a")
	n.ground.mu.Lock()
	lost := n.ground.up["main/c"]
	delete(n.ground.up, "main/c")
	n.ground.mu.Unlock()
	for range 10 {
		n.seconds(10)
	}
	if !n.waits(masterIn("a"), machine) {
		t.Error("its hook was answered while the member of another zone was lost")
	}
	n.ground.mu.Lock()
	n.ground.up["main/c"] = lost
	n.ground.mu.Unlock()
	n.until("the roll is done", time.Hour, n.well)
}
