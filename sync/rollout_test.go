package sync

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/diff/render"
	"github.com/quorate/quorate/topology"
)

var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// machinesOf are the groups of the example, and machines of the wanted template in each.
func machinesOf(t *testing.T, workers int, edit func(i int, m *topology.Machine)) (topology.Topology, []topology.Machine) {
	t.Helper()
	have := versioned(t, "v1.34.2", "").Topology
	var machines []topology.Machine
	for _, g := range topology.Of[topology.AutoScalingGroup](have) {
		n := 1
		if g.Role == topology.Worker {
			n = workers
		}
		for i := range n {
			m := topology.Machine{
				ID: fmt.Sprintf("i-%02d", len(machines)), Group: g.Ref(), Role: g.Role, Zone: g.Zones[i%len(g.Zones)], Template: g.Template,
				State: "running", Lifecycle: "InService", Healthy: true, Launched: noon.Add(-time.Hour),
			}
			edit(len(machines), &m)
			machines = append(machines, m)
		}
	}
	return have, machines
}

func planned(t *testing.T, annotations string, have topology.Topology, machines []topology.Machine) Planned {
	t.Helper()
	p := compare(versioned(t, "v1.34.2", annotations), actual.State{Topology: have, Machines: machines}, noon, nil)
	p.Steps = order.Steps(p.Plan, nil)
	return p
}

const rollNow = `quorate.dev/roll-at: "2026-11-21T12:00:00Z"`

// brief is what a stage is expected to be.
type brief struct {
	Role                    topology.Role
	Machines, Each, Seconds int
	Learned                 int
	Pace                    string
	Margins                 []render.Margin
}

func briefs(r render.Rollout) []brief {
	var out []brief
	for _, s := range r.Stages {
		b := brief{Role: s.Role, Machines: len(s.Machines), Each: s.Each, Seconds: s.Seconds, Learned: s.Learned, Margins: s.Margins}
		if s.Pace != nil {
			b.Pace = s.Pace.String()
		}
		out = append(out, b)
	}
	return out
}

func TestThePlanTellsTheWholeRollout(t *testing.T) {
	took := []time.Duration{4 * time.Minute, 0, 6 * time.Minute, 3 * time.Minute, 2 * time.Minute, 90 * time.Second}
	have, machines := machinesOf(t, 6, func(i int, m *topology.Machine) {
		if i < len(took) {
			m.BackAfter = took[i]
		}
	})
	p := planned(t, rollNow, have, machines)
	got := rollout(p)
	full := []render.Margin{{Etcd: "events", Voters: 3, Majority: 2, Before: 3, During: 2, After: 3}, {Etcd: "main", Voters: 3, Majority: 2, Before: 3, During: 2, After: 3}}
	master := brief{Role: topology.ControlPlane, Machines: 1, Each: 360, Seconds: 360, Learned: 2, Margins: full}
	want := []brief{master, master, master, {
		Role: topology.Worker, Machines: 6, Each: 120, Seconds: 720, Learned: 3,
		Pace: "1 beside the others at a time, 6 batches, the first machine alone",
	}}
	if diff := cmp.Diff(want, briefs(got)); diff != "" {
		t.Error(diff)
	}
	if got.Seconds != 3*360+720 {
		t.Errorf("%d seconds in all: masters come one after the other, and workers behind them", got.Seconds)
	}
	if got.Stages[0].Machines[0].Why != "launched before 2026-11-21T12:00:00Z (quorate.dev/roll-at)" || got.Stages[0].Within != 900 {
		t.Errorf("%+v", got.Stages[0])
	}
}

func TestWithoutAnythingLearnedItIsAGuess(t *testing.T) {
	have, machines := machinesOf(t, 3, func(int, *topology.Machine) {})
	for _, s := range rollout(planned(t, rollNow, have, machines)).Stages {
		if s.Each != 300 || s.Learned != 0 {
			t.Errorf("%+v", s)
		}
	}
}

func TestAPlanThatReplacesNothingHasNoRollout(t *testing.T) {
	have, machines := machinesOf(t, 3, func(int, *topology.Machine) {})
	if got := rollout(planned(t, "", have, machines)); len(got.Stages) > 0 || got.Seconds > 0 {
		t.Errorf("%+v", got)
	}
}

// A machine made anew that works already is the proof that a canary would be.
func TestAProvenTemplateNeedsNoCanary(t *testing.T) {
	have, machines := machinesOf(t, 6, func(i int, m *topology.Machine) {
		if i == 8 {
			m.Launched = noon
		}
	})
	stages := rollout(planned(t, rollNow, have, machines)).Stages
	if pace := stages[len(stages)-1].Pace; pace.Canary || pace.Batches != 5 {
		t.Errorf("%+v", pace)
	}
}

// The member that is down comes back with its machine; until then nobody else's goes.
func TestMarginsFollowTheOrder(t *testing.T) {
	group := func(zone string) topology.Ref {
		return topology.Ref{Kind: topology.KindAutoScalingGroup, Name: zone}
	}
	seen := apply.Standing{At: noon}
	for _, m := range []struct {
		zone    string
		health  quorum.Health
		learner bool
	}{{"a", quorum.Healthy, false}, {"b", quorum.Unhealthy, false}, {"c", quorum.Healthy, false}, {"d", quorum.Healthy, true}} {
		seen.Masters = append(seen.Masters, apply.Master{Group: group(m.zone), Seats: []apply.Seat{{Etcd: "main", Member: m.zone, Health: m.health, Learner: m.learner}}})
	}
	margins := seenMargins(seen)
	var got []string
	for _, zone := range []string{"b", "a", "d", "c"} {
		for _, m := range margins.takeOut(group(zone)) {
			got = append(got, zone+": "+m.String())
		}
	}
	if diff := cmp.Diff([]string{
		"b: main 2/3 → 2/3 → 3/3, majority 2",
		"a: main 3/3 → 2/3 → 3/3, majority 2",
		"c: main 3/3 → 2/3 → 3/3, majority 2",
	}, got); diff != "" {
		t.Error(diff)
	}
	if margins.source != "members as etcd answered at 12:00:00 UTC" {
		t.Error(margins.source)
	}
}
