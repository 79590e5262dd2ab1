package sync

import (
	"testing"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// TestAStatusTellsHowFarTheControlPlaneIs takes the zones from the plan, which is made anew by each pass.
func TestAStatusTellsHowFarTheControlPlaneIs(t *testing.T) {
	var masters []topology.Resource
	var steps []order.Step
	for _, zone := range []string{"a", "b", "c"} {
		g := topology.AutoScalingGroup{Name: "master-" + zone, Role: topology.ControlPlane}
		masters = append(masters, g)
		steps = append(steps, order.Step{Change: diff.Change{Ref: g.Ref(), Effect: diff.Roll, Want: g}})
	}
	workers := topology.AutoScalingGroup{Name: "nodes", Role: topology.Worker}
	steps = append(steps, order.Step{Change: diff.Change{Ref: workers.Ref(), Effect: diff.Roll, Want: workers}})
	want, err := topology.New(append(masters, workers)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name string
		left []order.Step
		want string
	}{
		{"before the first zone", steps, "control plane 0/3, waiting 40 s: autoscaling-group/nodes: not yet"},
		{"two zones are left", steps[1:], "control plane 1/3, waiting 40 s: autoscaling-group/nodes: not yet"},
		{"only workers are left", steps[3:], "1 of 2 done, waiting 40 s: autoscaling-group/nodes: not yet"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := Result{Planned: Planned{Cluster: desired.Cluster{Topology: want}, Steps: tt.left}, Report: apply.Report{Outcomes: []apply.Outcome{
				{Ref: masters[0].Ref(), State: apply.Done}, {Ref: workers.Ref(), State: apply.Waiting, Reason: "not yet"},
			}}}
			if _, got := statusOf(r, 48*time.Second); got != tt.want {
				t.Errorf("%q, want %q", got, tt.want)
			}
		})
	}
}

func TestALengthOfTimeIsToldRoughly(t *testing.T) {
	for d, want := range map[time.Duration]string{
		48 * time.Second: "40 s", 119 * time.Second: "110 s", 5*time.Minute + 50*time.Second: "5 min", 2*time.Hour + 19*time.Minute: "2 h 10 min",
	} {
		if got := inTens(d); got != want {
			t.Errorf("%s is %q, want %q", d, got, want)
		}
	}
}
