package actual_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func (w *world) warmPool(group string, least int32, most *int32) {
	w.t.Helper()
	must[*autoscaling.PutWarmPoolOutput](w)(w.AutoScaling.PutWarmPool(w.t.Context(), &autoscaling.PutWarmPoolInput{
		AutoScalingGroupName: &group, MinSize: &least, MaxGroupPreparedCapacity: most,
	}))
}

// Only simulated: moto's pools hold no machines.
func TestMachinesOfAWarmPoolDoNoWork(t *testing.T) {
	g := newWorkers(simulator(t), "1")
	g.warmPool(workersName, 1, aws.Int32(3))
	g.settle()
	_, group, machines, _ := g.seen()
	want := topology.WarmPool{State: topology.WarmPoolStopped, MinSize: 1, MaxPrepared: 3}
	if diff := cmp.Diff(want, group.WarmPool); diff != "" {
		t.Errorf("pool (-want +got):\n%s", diff)
	}
	warm, serving := 0, 0
	for _, m := range machines {
		if m.Group != group.Ref() || m.Template != group.Template || m.Gone() {
			t.Errorf("got machine %+v", m)
		}
		if m.Warm() {
			warm++
		}
		if m.InService() {
			serving++
		}
		if m.Warm() == m.InService() {
			t.Errorf("machine %s is both or neither: %+v", m.ID, m)
		}
	}
	if warm != 1 || serving != 2 {
		t.Errorf("%d machines wait and %d serve, want 1 and 2", warm, serving)
	}
}

func TestAWarmPoolThatGoesIsSeenGoing(t *testing.T) {
	g := newWorkers(simulator(t), "1")
	g.warmPool(workersName, 1, nil)
	g.settle()
	must[*autoscaling.DeleteWarmPoolOutput](g.world)(g.AutoScaling.DeleteWarmPool(t.Context(), &autoscaling.DeleteWarmPoolInput{AutoScalingGroupName: aws.String(workersName)}))
	_, group, _, _ := g.seen()
	if want := (topology.WarmPool{State: topology.WarmPoolStopped, MinSize: 1, MaxPrepared: topology.GroupMaximum, Removing: true}); group.WarmPool != want {
		t.Errorf("got %+v", group.WarmPool)
	}
	g.settle()
	if _, group, _, _ = g.seen(); !group.WarmPool.IsZero() {
		t.Errorf("it is still there: %+v", group.WarmPool)
	}
}

func TestOnlyGroupsWithAPoolCostACallForIt(t *testing.T) {
	g := newWorkers(simulator(t), "1")
	g.seen()
	for operation := range g.calls.ByOperation() {
		if strings.Contains(operation, "DescribeWarmPool") {
			t.Errorf("called %s", operation)
		}
	}
}
