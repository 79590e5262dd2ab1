package diff

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// evening is when plans are made here.
var evening = time.Date(2026, 11, 21, 22, 0, 0, 0, time.UTC)

func TestWhyAMachineIsOld(t *testing.T) {
	lt := template("t3.medium")
	g := group(topology.ControlPlane, lt)
	current := topology.Machine{ID: "i-1", Group: g.Ref(), Template: lt.Digest(), State: "running", Lifecycle: "InService", Launched: evening.Add(-30 * 24 * time.Hour)}
	machine := func(edit func(*topology.Machine)) topology.Machine { return with(current, edit) }
	for name, c := range map[string]struct {
		machine topology.Machine
		rolling topology.RollingUpdate
		now     time.Time
		marked  bool
		want    string
	}{
		"made from what is wanted": {machine: current, now: evening},
		"from another content":     {machine: machine(func(m *topology.Machine) { m.Template = "other" }), want: "made from an older template"},
		"from a version that is gone": {
			machine: machine(func(m *topology.Machine) { m.Template = "" }), want: "made from an older template",
		},
		"detached":                     {machine: machine(func(m *topology.Machine) { m.Group, m.Detached = topology.Ref{}, g.Ref() }), want: "detached to be replaced"},
		"of another group":             {machine: machine(func(m *topology.Machine) { m.Group.Name = "other" }), now: evening, marked: true},
		"on its way out":               {machine: machine(func(m *topology.Machine) { m.Lifecycle, m.Template = "Terminating:Wait", "other" })},
		"launched before a time":       {machine: current, now: evening, rolling: rollAt(evening), want: "launched before 2026-11-21T22:00:00Z (quorate.dev/roll-at)"},
		"the time is still to come":    {machine: current, now: evening.Add(-time.Second), rolling: rollAt(evening)},
		"launched after the time":      {machine: machine(func(m *topology.Machine) { m.Launched = evening }), now: evening.Add(time.Hour), rolling: rollAt(evening)},
		"the earlier of two times":     {machine: machine(func(m *topology.Machine) { m.Launched = evening.Add(-time.Hour) }), now: evening, rolling: rollAt(evening.Add(-2*time.Hour), evening.Add(time.Hour))},
		"the later of two times":       {machine: machine(func(m *topology.Machine) { m.Launched = evening.Add(-time.Hour) }), now: evening, rolling: rollAt(evening.Add(-2*time.Hour), evening), want: "launched before 2026-11-21T22:00:00Z (quorate.dev/roll-at)"},
		"older than it may be":         {machine: current, now: evening, rolling: topology.RollingUpdate{MaxAge: 719*time.Hour + 30*time.Minute}, want: "launched on 2026-10-22T22:00:00Z, more than 719h30m ago (quorate.dev/max-machine-age)"},
		"as old as it may be":          {machine: current, now: evening, rolling: topology.RollingUpdate{MaxAge: 720 * time.Hour}},
		"nobody says what time it is":  {machine: current, rolling: topology.RollingUpdate{MaxAge: time.Hour, RollAt: []time.Time{evening}}},
		"nobody knows its launch":      {machine: machine(func(m *topology.Machine) { m.Launched = time.Time{} }), now: evening, rolling: topology.RollingUpdate{MaxAge: time.Hour, RollAt: []time.Time{evening}}},
		"its node asks for it":         {machine: current, marked: true, want: "marked on its node (kops.k8s.io/needs-update)"},
		"AWS's own limit is no matter": {machine: current, now: evening},
	} {
		t.Run(name, func(t *testing.T) {
			policy := Policy{Now: c.now, Rolling: map[topology.Ref]topology.RollingUpdate{g.Ref(): c.rolling}, Marked: map[string]bool{"i-1": c.marked}}
			plan := policy.Between(made(t, lt, g), made(t, lt, g), []topology.Machine{c.machine})
			got := ""
			for _, change := range plan.Changes {
				if change.Effect != Roll || len(change.Old) != 1 || !strings.HasPrefix(change.Fields[0].Have, "i-1 "+change.Old[0].Why) {
					t.Fatalf("%+v", change)
				}
				got = change.Old[0].Why
			}
			if got != c.want {
				t.Errorf("it was %q, want %q", got, c.want)
			}
		})
	}
}

func rollAt(times ...time.Time) topology.RollingUpdate { return topology.RollingUpdate{RollAt: times} }

func TestTheOldestOfTheOldComesFirst(t *testing.T) {
	lt := template("t3.medium")
	g := group(topology.Worker, lt)
	var machines []topology.Machine
	for i, id := range []string{"i-4", "i-2", "i-3", "i-1"} {
		machines = append(machines, topology.Machine{ID: id, Group: g.Ref(), Template: lt.Digest(), State: "running", Launched: evening.Add(-time.Duration(i/2) * 48 * time.Hour)})
	}
	machines[0].Template = "other"
	policy := Policy{Now: evening, Rolling: map[topology.Ref]topology.RollingUpdate{g.Ref(): {MaxAge: 24 * time.Hour}}}
	plan := policy.Between(made(t, lt, g), made(t, lt, g), machines)
	var order []string
	for _, m := range plan.Changes[0].Old {
		order = append(order, m.ID)
	}
	if diff := cmp.Diff([]string{"i-1", "i-3", "i-4"}, order); diff != "" {
		t.Error(diff)
	}
	want := "i-1, i-3 launched on 2026-11-19T22:00:00Z, more than 24h ago (quorate.dev/max-machine-age); i-4 made from an older template"
	if got := plan.Changes[0].Fields[0].Have; got != want {
		t.Errorf("the plan says %q", got)
	}
}

func TestARollToComeIsToldAndIsNoChange(t *testing.T) {
	lt := template("t3.medium")
	g := group(topology.Worker, lt)
	machines := []topology.Machine{
		{ID: "i-2", Group: g.Ref(), Template: lt.Digest(), State: "running", Launched: evening.Add(-time.Hour)},
		{ID: "i-1", Group: g.Ref(), Template: lt.Digest(), State: "running", Launched: evening.Add(-time.Hour)},
	}
	for _, c := range []struct {
		now  time.Time
		want int
	}{{evening.Add(-time.Minute), 1}, {evening, 0}, {time.Time{}, 0}} {
		plan := Policy{Now: c.now, Rolling: map[topology.Ref]topology.RollingUpdate{g.Ref(): rollAt(evening)}}.Between(made(t, lt, g), made(t, lt, g), machines)
		if len(plan.Notes) != c.want || plan.Empty() == (c.now == evening) {
			t.Errorf("at %s: %v %+v", c.now, plan.Notes, plan.Changes)
		}
		if c.want == 1 && !slices.Contains(plan.Notes, Note{g.Ref(), "from 2026-11-21T22:00:00Z on its machines launched before are replaced (quorate.dev/roll-at), among them i-1, i-2"}) {
			t.Errorf("it says %v", plan.Notes)
		}
	}
}
