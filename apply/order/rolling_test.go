package order

import (
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// rolled is the order in which the groups of a plan roll, by name.
func rolled(steps []Step) []string {
	var names []string
	for _, s := range steps {
		if s.Change.Effect == diff.Roll {
			names = append(names, s.Change.Ref.Name)
		}
	}
	return names
}

func TestWhichMasterGoesFirst(t *testing.T) {
	a, b, c := master("a"), master("b"), master("c")
	for name, tc := range map[string]struct {
		now  Standing
		want []*topology.AutoScalingGroup
		why  string // of the last
	}{
		"whoever knows nothing goes by zone":      {nil, []*topology.AutoScalingGroup{&a, &b, &c}, "comes after"},
		"equals go by zone":                       {Standing{a.Ref(): {}, b.Ref(): {}, c.Ref(): {}}, []*topology.AutoScalingGroup{&a, &b, &c}, "comes after"},
		"a leader goes last":                      {Standing{a.Ref(): {Leads: []string{"main"}}}, []*topology.AutoScalingGroup{&b, &c, &a}, "; it leads etcd main"},
		"leaders of both go last, by zone":        {Standing{b.Ref(): {Leads: []string{"main"}}, a.Ref(): {Leads: []string{"events"}}}, []*topology.AutoScalingGroup{&c, &a, &b}, "; it leads etcd main"},
		"a sick one goes first":                   {Standing{c.Ref(): {Sick: "no volume"}}, []*topology.AutoScalingGroup{&c, &a, &b}, "comes after"},
		"even if it leads":                        {Standing{c.Ref(): {Sick: "an alarm", Leads: []string{"main"}}}, []*topology.AutoScalingGroup{&c, &a, &b}, "comes after"},
		"what was begun goes on":                  {Standing{b.Ref(): {Begun: true, Leads: []string{"main"}}}, []*topology.AutoScalingGroup{&b, &a, &c}, "comes after"},
		"a sick one before the one that is begun": {Standing{b.Ref(): {Begun: true}, c.Ref(): {Sick: "gone"}}, []*topology.AutoScalingGroup{&c, &b, &a}, "comes after"},
	} {
		t.Run(name, func(t *testing.T) {
			steps := Steps(diff.Plan{Changes: []diff.Change{change(diff.Roll, b), change(diff.Roll, c), change(diff.Roll, a)}}, tc.now)
			var want []string
			for _, g := range tc.want {
				want = append(want, g.Name)
			}
			if got := rolled(steps); !slices.Equal(got, want) {
				t.Errorf("%v, want %v", got, want)
			}
			if why := steps[2].Why; !strings.Contains(why, tc.why) {
				t.Errorf("the last says %q", why)
			}
			for i := 1; i < 3; i++ {
				if !slices.Equal(steps[i].After, []topology.Ref{steps[i-1].Change.Ref}) {
					t.Errorf("%s is not chained: %v", steps[i].Change.Ref, steps[i].After)
				}
			}
		})
	}
}

func TestTheReasonOfASickMasterIsInThePlan(t *testing.T) {
	a, b := master("a"), master("b")
	steps := Steps(diff.Plan{Changes: []diff.Change{change(diff.Roll, a), change(diff.Roll, b)}}, Standing{b.Ref(): {Sick: "its volume is gone"}})
	if !strings.Contains(steps[0].Why, "it is sick: its volume is gone") {
		t.Errorf("%q", steps[0].Why)
	}
}

func TestRolesFollowEachOther(t *testing.T) {
	group := func(name string, role topology.Role) topology.AutoScalingGroup {
		return topology.AutoScalingGroup{Name: name, Role: role}
	}
	bastions, api := group("bastions", topology.Bastion), group("api", topology.APIServer)
	one, two := group("nodes-1", topology.Worker), group("nodes-2", topology.Worker)
	all := []diff.Change{change(diff.Roll, bastions), change(diff.Roll, two), change(diff.Roll, api), change(diff.Roll, one), change(diff.Roll, master("a"))}
	steps := Steps(diff.Plan{Changes: all}, nil)
	if got, want := rolled(steps), []string{master("a").Name, "api", "nodes-1", "nodes-2", "bastions"}; !slices.Equal(got, want) {
		t.Fatalf("%v, want %v", got, want)
	}
	for i, after := range [][]topology.Ref{nil, {master("a").Ref()}, {api.Ref()}, {api.Ref()}, {one.Ref(), two.Ref()}} {
		if !slices.Equal(steps[i].After, after) {
			t.Errorf("%s comes after %v, want %v", steps[i].Change.Ref, steps[i].After, after)
		}
	}
	for i, why := range []string{"nothing has to change first", "API servers follow the control plane", "workers follow API servers", "workers follow API servers", "bastions follow workers"} {
		if steps[i].Why != why {
			t.Errorf("%s: %q, want %q", steps[i].Change.Ref, steps[i].Why, why)
		}
	}
}

func TestTwoMastersOfOneZoneGoOneByOne(t *testing.T) {
	a, other, b := master("a"), master("a"), master("b")
	other.Name = "master-a-2.ha"
	steps := Steps(diff.Plan{Changes: []diff.Change{change(diff.Roll, a), change(diff.Roll, other), change(diff.Roll, b)}}, Standing{a.Ref(): {Leads: []string{"main"}}})
	if got := rolled(steps); !slices.Equal(got, []string{other.Name, b.Name, a.Name}) {
		t.Errorf("%v", got)
	}
	steps = Steps(diff.Plan{Changes: []diff.Change{change(diff.Roll, a), change(diff.Roll, other)}}, nil)
	if len(steps[1].After) != 1 || !strings.Contains(steps[1].Why, "one control-plane machine at a time") {
		t.Errorf("%+v", steps[1])
	}
}
