package order

import (
	"slices"
	"testing"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

func etcdVolume(member string, members ...string) topology.Volume {
	return topology.Volume{Name: member + ".etcd-main", EtcdCluster: "main", Member: member, Members: members}
}

// listing is the change of the member list on a volume.
func listing(member string, members ...string) diff.Change {
	c := change(diff.InPlace, etcdVolume(member, members...))
	c.Fields = []diff.FieldChange{{Path: "members", Effect: diff.InPlace}}
	return c
}

// before asks that each of the steps waits for the one before it, by whatever way.
func before(t *testing.T, steps []Step, names ...string) {
	t.Helper()
	var waits func(from, to int) bool
	waits = func(from, to int) bool {
		return slices.ContainsFunc(steps[from].After, func(ref topology.Ref) bool {
			at := position(t, steps, ref.String())
			return at == to || waits(at, to)
		})
	}
	for i := range names[1:] {
		if first, then := position(t, steps, names[i]), position(t, steps, names[i+1]); !waits(then, first) {
			t.Errorf("%s does not wait for %s, but for %v", names[i+1], names[i], steps[then].After)
		}
	}
}

func TestAControlPlaneGrowsMachinesFirst(t *testing.T) {
	steps := Steps(diff.Plan{Changes: []diff.Change{
		change(diff.InPlace, template("master-a")), change(diff.Roll, master("a")), change(diff.Roll, workers()), listing("a", "a", "b", "c"),
		change(diff.Create, template("master-b")), change(diff.Create, master("b")), change(diff.Create, etcdVolume("b", "a", "b", "c")),
		change(diff.Create, template("master-c")), change(diff.Create, master("c")), change(diff.Create, etcdVolume("c", "a", "b", "c")),
	}}, Standing{})
	before(t, steps, "volume/b.etcd-main", "launch-template/master-a", "autoscaling-group/master-b", "volume/a.etcd-main", "autoscaling-group/master-a", "autoscaling-group/nodes")
	before(t, steps, "volume/c.etcd-main", "autoscaling-group/master-c", "volume/a.etcd-main")
}

func TestAControlPlaneShrinksMembersFirst(t *testing.T) {
	hook := topology.LifecycleHook{Name: "hook", Group: master("d").Ref(), Transition: topology.Terminating}
	steps := Steps(diff.Plan{Changes: []diff.Change{
		listing("a", "a", "b", "c"), listing("b", "a", "b", "c"), listing("c", "a", "b", "c"),
		change(diff.Delete, master("d")), change(diff.Delete, template("master-d")), change(diff.Delete, subnet("d")), change(diff.Delete, hook),
		change(diff.Delete, master("e")), change(diff.Delete, template("master-e")),
		change(diff.Roll, master("a")),
	}}, Standing{})
	before(t, steps, "volume/a.etcd-main", "volume/b.etcd-main", "volume/c.etcd-main", "autoscaling-group/master-e", "autoscaling-group/master-d", "autoscaling-group/master-a", "subnet/d")
	before(t, steps, hook.Ref().String(), "autoscaling-group/master-d", "launch-template/master-d")
	if zone := steps[position(t, steps, "autoscaling-group/master-d")].Zone; zone != "d" {
		t.Errorf("the plan does not say that zone d is taken out, but %q", zone)
	}
}

// Nobody lets a single master go, so it rolls while the others are still there.
func TestTheLastMasterRollsWhileItIsNotAlone(t *testing.T) {
	steps := Steps(diff.Plan{Changes: []diff.Change{
		listing("a", "a"), change(diff.Roll, master("a")), change(diff.Roll, workers()),
		change(diff.Delete, master("b")), change(diff.Delete, master("c")),
	}}, Standing{})
	before(t, steps, "autoscaling-group/master-a", "volume/a.etcd-main", "autoscaling-group/master-c", "autoscaling-group/master-b")
	if slices.Contains(steps[position(t, steps, "volume/a.etcd-main")].After, workers().Ref()) {
		t.Error("a member waits for workers")
	}
}

func TestATakenBackDeletionMakesVolumesBeforeItForgetsTheOthers(t *testing.T) {
	steps := Steps(diff.Plan{Changes: []diff.Change{change(diff.InPlace, etcdVolume("a", "a", "b")), change(diff.Create, etcdVolume("b", "a", "b"))}}, Standing{})
	before(t, steps, "volume/b.etcd-main", "volume/a.etcd-main")
}
