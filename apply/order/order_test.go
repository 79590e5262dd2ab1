package order

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

func subnet(name string) topology.Subnet {
	return topology.Subnet{Name: name, VPC: topology.VPC{Name: "ha"}.Ref()}
}

func master(zone string) topology.AutoScalingGroup {
	return topology.AutoScalingGroup{Name: "master-" + zone, Role: topology.ControlPlane, Zones: []string{zone},
		LaunchTemplate: template("master-" + zone).Ref(), Subnets: []topology.Ref{subnet(zone).Ref()}}
}

func workers() topology.AutoScalingGroup {
	return topology.AutoScalingGroup{Name: "nodes", Role: topology.Worker, Zones: []string{"a", "b", "c"}, LaunchTemplate: template("nodes").Ref()}
}

func template(name string) topology.LaunchTemplate { return topology.LaunchTemplate{Name: name} }

func change(effect diff.Effect, r topology.Resource) diff.Change {
	c := diff.Change{Ref: r.Ref(), Effect: effect, Want: r, Have: r}
	switch effect {
	case diff.Create:
		c.Have = nil
	case diff.Delete:
		c.Want = nil
	}
	return c
}

// everything is a plan with one of each kind of trouble.
func everything() diff.Plan {
	return diff.Plan{Changes: []diff.Change{
		change(diff.Create, topology.VPC{Name: "ha"}),
		change(diff.Create, subnet("a")),
		change(diff.Create, subnet("b")),
		change(diff.InPlace, template("master-a")),
		change(diff.InPlace, template("nodes")),
		change(diff.Roll, master("c")),
		change(diff.Roll, master("a")),
		change(diff.Roll, master("b")),
		change(diff.Roll, workers()),
		change(diff.InPlace, topology.AutoScalingGroup{Name: "bastions", Role: topology.Bastion}),
		change(diff.Delete, topology.VPC{Name: "old"}),
		change(diff.Delete, topology.Subnet{Name: "old", VPC: topology.VPC{Name: "old"}.Ref()}),
		change(diff.Forbid, topology.Volume{Name: "v"}),
	}}
}

func position(t *testing.T, steps []Step, name string) int {
	t.Helper()
	i := slices.IndexFunc(steps, func(s Step) bool { return s.Change.Ref.String() == name })
	if i < 0 {
		t.Fatalf("no step %s", name)
	}
	return i
}

func TestAnyShuffleGivesTheSameSteps(t *testing.T) {
	want := Steps(everything(), nil)
	source := rand.New(rand.NewPCG(1, 2))
	for range 1000 {
		plan := everything()
		source.Shuffle(len(plan.Changes), func(i, j int) { plan.Changes[i], plan.Changes[j] = plan.Changes[j], plan.Changes[i] })
		if d := cmp.Diff(want, Steps(plan, nil), cmpopts.EquateComparable(netip.Prefix{})); d != "" {
			t.Fatalf("another order of the same changes gives other steps:\n%s", d)
		}
	}
}

func TestEveryStepStandsBehindWhatItWaitsFor(t *testing.T) {
	steps := Steps(everything(), nil)
	for i, s := range steps {
		for _, earlier := range s.After {
			if position(t, steps, earlier.String()) >= i {
				t.Errorf("%s waits for %s, which does not stand before it", s.Change.Ref, earlier)
			}
		}
		if s.Why == "" {
			t.Errorf("%s does not say why it stands there", s.Change.Ref)
		}
	}
}

func TestControlPlaneZonesAreChained(t *testing.T) {
	var zones []string
	steps := Steps(everything(), nil)
	for _, s := range steps {
		if s.Zone == "" {
			continue
		}
		if len(zones) > 0 {
			before := master(zones[len(zones)-1]).Ref()
			if !slices.Equal(s.After, []topology.Ref{before}) {
				t.Errorf("zone %s waits for %v, not for %s", s.Zone, s.After, before)
			}
		}
		zones = append(zones, s.Zone)
	}
	if got := strings.Join(zones, ""); got != "abc" {
		t.Errorf("zones in the order %q", got)
	}
}

func TestWorkersFollowTheControlPlane(t *testing.T) {
	steps := Steps(everything(), nil)
	nodes := steps[position(t, steps, "autoscaling-group/nodes")]
	if !slices.Contains(nodes.After, master("c").Ref()) {
		t.Errorf("workers wait for %v", nodes.After)
	}
}

func TestMachinesStartAfterEverythingAroundThem(t *testing.T) {
	plan := diff.Plan{Changes: []diff.Change{
		change(diff.Create, master("a")),
		change(diff.Create, template("master-a")),
		change(diff.Create, topology.SecurityGroupRule{Protocol: "tcp"}),
		change(diff.Create, topology.Volume{Name: "v"}),
	}}
	steps := Steps(plan, nil)
	if last := steps[len(steps)-1]; last.Change.Ref.Kind != topology.KindAutoScalingGroup || len(last.After) != 3 {
		t.Errorf("the last step is %s after %v", last.Change.Ref, last.After)
	}
}

func TestWhatFacesTheInternetWaitsForTheGateway(t *testing.T) {
	gateway := topology.InternetGateway{Name: "ha"}
	for _, facing := range []topology.Resource{topology.NATGateway{Name: "a"}, topology.LoadBalancer{Name: "api"}} {
		steps := Steps(diff.Plan{Changes: []diff.Change{change(diff.Create, facing), change(diff.InPlace, gateway)}}, nil)
		if last := steps[1]; last.Change.Ref != facing.Ref() || !slices.Contains(last.After, gateway.Ref()) {
			t.Errorf("%s does not wait for the gateway", facing.Ref())
		}
		steps = Steps(diff.Plan{Changes: []diff.Change{change(diff.Delete, facing), change(diff.Delete, gateway)}}, nil)
		if last := steps[1]; last.Change.Ref != gateway.Ref() {
			t.Errorf("the gateway goes before %s", facing.Ref())
		}
	}
}

func TestRemovalsComeLastAndChildrenFirst(t *testing.T) {
	steps := Steps(everything(), nil)
	child, parent := position(t, steps, "subnet/old"), position(t, steps, "vpc/old")
	if parent != len(steps)-1 || child != len(steps)-2 {
		t.Errorf("the old subnet is step %d and the old VPC step %d of %d", child, parent, len(steps))
	}
	if !slices.Contains(steps[parent].After, steps[child].Change.Ref) {
		t.Errorf("the old VPC does not wait for its subnet")
	}
}

func TestForbiddenChangesAreNoSteps(t *testing.T) {
	for _, s := range Steps(everything(), nil) {
		if s.Change.Effect == diff.Forbid {
			t.Errorf("%s is a step", s.Change.Ref)
		}
	}
}

// A machine that starts before its group has the hook ends without being drained, so
// hooks follow their groups at once, and no machine is replaced before all have one.
func TestHooksStandBetweenTheirGroupsAndTheRolls(t *testing.T) {
	hook := func(g topology.AutoScalingGroup) topology.LifecycleHook {
		return topology.LifecycleHook{Name: "nth", Group: g.Ref()}
	}
	bastions := topology.AutoScalingGroup{Name: "bastions", Role: topology.Bastion, LaunchTemplate: template("bastions").Ref()}
	steps := Steps(diff.Plan{Changes: []diff.Change{
		change(diff.Create, subnet("a")),
		change(diff.Create, bastions),
		change(diff.Create, hook(bastions)),
		change(diff.Create, hook(master("a"))),
		change(diff.Roll, master("a")),
	}}, nil)
	fresh := steps[position(t, steps, "lifecycle-hook/bastions/nth")]
	if !slices.Equal(fresh.After, []topology.Ref{bastions.Ref()}) {
		t.Errorf("the hook of a new group waits for %v", fresh.After)
	}
	roll := steps[position(t, steps, "autoscaling-group/master-a")]
	for _, h := range []topology.LifecycleHook{hook(bastions), hook(master("a"))} {
		if !slices.Contains(roll.After, h.Ref()) {
			t.Errorf("the roll waits for %v, and not for %s", roll.After, h.Ref())
		}
	}
}

// A machine that does not know of the hook would never say that it is ready.
func TestNewMachinesWaitOnlyAtHooksThatTheyKnow(t *testing.T) {
	hook := topology.LifecycleHook{Name: topology.WarmPoolHookName, Group: workers().Ref(), Transition: topology.Launching}
	made := Steps(diff.Plan{Changes: []diff.Change{change(diff.Create, hook), change(diff.Roll, workers()), change(diff.InPlace, template("nodes"))}}, nil)
	if position(t, made, hook.Ref().String()) < position(t, made, workers().Ref().String()) || !slices.Contains(made[2].After, workers().Ref()) {
		t.Errorf("the hook is made before the machines know of it: %v", made)
	}
	gone := Steps(diff.Plan{Changes: []diff.Change{change(diff.Delete, hook), change(diff.Roll, workers()), change(diff.InPlace, template("nodes"))}}, nil)
	roll := gone[position(t, gone, workers().Ref().String())]
	if !slices.Contains(roll.After, hook.Ref()) {
		t.Errorf("machines that forget the hook are made while it is there: %v", gone)
	}
}

// TestWhatFeedsTheQueueGoesBeforeIt: rules and hooks are only looked for while the queue is there, so
// whoever goes on after a crash would not find what was left of them.
func TestWhatFeedsTheQueueGoesBeforeIt(t *testing.T) {
	queue := topology.Queue{Name: "ha-nth"}
	rule := topology.EventRule{Name: "ha-spot"}
	hook := topology.LifecycleHook{Name: "ha-nth", Group: workers().Ref(), Transition: topology.Terminating}
	steps := Steps(diff.Plan{Changes: []diff.Change{change(diff.Delete, queue), change(diff.Delete, rule), change(diff.Delete, hook)}}, nil)
	for _, s := range steps {
		if s.Change.Ref == queue.Ref() && !(slices.Contains(s.After, rule.Ref()) && slices.Contains(s.After, hook.Ref())) {
			t.Errorf("the queue goes after %v", s.After)
		}
	}
	if len(steps) != 3 {
		t.Errorf("%d steps", len(steps))
	}
}
