package diff

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestTheMachinesOfAGroupThatIsHeldStay(t *testing.T) {
	old, anew := template("t3.medium"), template("m5.large")
	have, want := group(topology.Worker, old), with(group(topology.Worker, anew), func(g *topology.AutoScalingGroup) { g.Max = 9 })
	machines := []topology.Machine{
		{ID: "i-1", Group: have.Ref(), Template: old.Digest(), State: "running", Launched: evening.Add(-time.Hour)},
		{ID: "i-2", Group: have.Ref(), Template: old.Digest(), State: "running", Launched: evening.Add(-48 * time.Hour)},
	}
	held := map[topology.Ref]string{have.Ref(): "its machines stay until the last hop"}
	policy := Policy{Now: evening, Held: held}
	plan := policy.Between(made(t, anew, want), made(t, old, have), machines)
	expected := map[string][]string{
		anew.Ref().String(): {"in-place", "instanceType"},
		have.Ref().String(): {"in-place", "max"},
	}
	if diff := cmp.Diff(expected, changes(plan)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]Note{{have.Ref(), "its machines stay until the last hop"}}, plan.Notes); diff != "" {
		t.Error(diff)
	}

	policy.Rolling = map[topology.Ref]topology.RollingUpdate{have.Ref(): {MaxAge: 24 * time.Hour}}
	plan = policy.Between(made(t, anew, want), made(t, old, have), machines)
	expected[have.Ref().String()] = []string{"roll", "max", "machines"}
	if diff := cmp.Diff(expected, changes(plan)); diff != "" {
		t.Errorf("a machine that is too old is replaced by one like it:\n%s", diff)
	}
	if rolled := plan.Changes[len(plan.Changes)-1]; len(rolled.Old) != 1 || rolled.Old[0].ID != "i-2" || rolled.Want.(topology.AutoScalingGroup).Template != old.Digest() {
		t.Errorf("%+v", rolled)
	}
}

func TestAGroupThatIsHeldIsNotMadeNorWhatIsPutOnIt(t *testing.T) {
	lt := template("t3.medium")
	g := group(topology.Worker, lt)
	hook := topology.LifecycleHook{Name: "hook", Group: g.Ref(), Ownership: topology.Owned}
	held := Policy{Held: map[topology.Ref]string{g.Ref(): "it is made when the control plane is there"}}
	plan := held.Between(made(t, lt, g, hook), made(t), nil)
	if diff := cmp.Diff(map[string][]string{lt.Ref().String(): {"create"}}, changes(plan)); diff != "" {
		t.Error(diff)
	}
	if len(plan.Notes) != 1 {
		t.Errorf("it says %v", plan.Notes)
	}
	plan = held.Between(made(t, lt, g, hook), made(t, lt, g), nil)
	if diff := cmp.Diff(map[string][]string{hook.Ref().String(): {"create"}}, changes(plan)); diff != "" {
		t.Errorf("what is put on a group that is there does not wait:\n%s", diff)
	}
}
