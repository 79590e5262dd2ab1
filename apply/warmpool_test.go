package apply

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

func TestAWarmPoolIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		subnet, group := w.surroundings(t)
		template := aLaunchTemplate(group)
		want := aGroup(template, subnet)
		want.Role, want.Max = topology.Worker, 3
		want.WarmPool = topology.WarmPool{State: topology.WarmPoolStopped, MinSize: 1, MaxPrepared: 2}
		w.create(t, template, want)
		w.settle(t)
		wantPool(t, w, want, 1)

		want.WarmPool.MinSize, want.WarmPool.MaxPrepared = 2, topology.GroupMaximum
		w.update(t, want)
		w.settle(t)
		wantPool(t, w, want, 2)

		want.WarmPool = topology.WarmPool{}
		w.removePool(t, want)
		wantPool(t, w, want, 0)
		w.removeGroup(t, want)
	})
}

// removePool asks as often as AWS needs to end the pool's machines.
func (w *world) removePool(t *testing.T, want topology.AutoScalingGroup) {
	t.Helper()
	c := w.change(t, want)
	_, err := rowsFor(w.env)[topology.KindAutoScalingGroup].update(t.Context(), c, w.ids)
	if _, waits := errors.AsType[*WaitError](err); !waits {
		t.Fatalf("the pool went at once: %v", err)
	}
	w.settle(t)
	w.have[want.Ref()] = want
}

func wantPool(t *testing.T, w *world, want topology.AutoScalingGroup, machines int) {
	t.Helper()
	out, err := w.env.clients.AutoScaling.DescribeWarmPool(t.Context(), &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: &want.Name})
	if err != nil {
		t.Fatal(err)
	}
	c := out.WarmPoolConfiguration
	if want.WarmPool.IsZero() {
		if c != nil {
			t.Errorf("the pool is still there: %+v", c)
		}
		return
	}
	if c == nil {
		t.Fatal("there is no pool")
	}
	most := topology.GroupMaximum
	if c.MaxGroupPreparedCapacity != nil {
		most = int(*c.MaxGroupPreparedCapacity)
	}
	got := topology.WarmPool{State: string(c.PoolState), MinSize: int(aws.ToInt32(c.MinSize)), MaxPrepared: most}
	if got != want.WarmPool {
		t.Errorf("got %+v, want %+v", got, want.WarmPool)
	}
	if w.simulated && len(out.Instances) != machines {
		t.Errorf("%d machines wait, want %d", len(out.Instances), machines)
	}
}

func TestAPoolThatGoesIsWaitedFor(t *testing.T) {
	g := autoScalingGroups{} // nothing is called
	have := topology.AutoScalingGroup{WarmPool: topology.WarmPool{State: topology.WarmPoolStopped, Removing: true}}
	for _, want := range []topology.AutoScalingGroup{{}, {WarmPool: topology.WarmPool{State: topology.WarmPoolStopped}}} {
		if _, waits := errors.AsType[*WaitError](g.removeWarmPool(t.Context(), have, want)); !waits {
			t.Error("nobody waits for the pool to be gone")
		}
	}
}

func TestMachinesOfAWarmPoolAreMadeAnewAtOnce(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.onlySimulated(t, "keeps no machines in its pools")
		subnet, group := w.surroundings(t)
		template := aLaunchTemplate(group)
		want := aGroup(template, subnet)
		want.Role, want.Max = topology.Worker, 3
		want.WarmPool = topology.WarmPool{State: topology.WarmPoolStopped, MinSize: 2, MaxPrepared: topology.GroupMaximum}
		w.create(t, template, want)
		w.settle(t)
		template.InstanceType = "t3.large"
		w.update(t, template)
		groups := newGroupWriter(w.env)
		if err := groups.pin(t.Context(), want, w.ids); err != nil {
			t.Fatal(err)
		}
		r := run{applier: &Applier{groups: groups}}
		old := want.Template
		want.Template = template.Digest()
		serving := topology.Machine{ID: "i-serving", Group: want.Ref(), Template: old, State: "running", Lifecycle: "InService", Healthy: true}
		machines := append(w.warm(t, want, old), serving)
		served := topology.Machine{ID: "i-taken", Group: want.Ref(), Template: old, State: "running", Lifecycle: "Warmed:Stopped"}
		machines = append(machines, served) // AWS took it since
		r.in.Plan = diff.Between(alone(t, want), alone(t, want), machines)
		if told, err := r.renewWarm(t.Context(), want); err != nil || !strings.Contains(strings.Join(told, ""), "machines of the warm pool") {
			t.Errorf("got %v, %v", told, err)
		}
		w.settle(t)
		w.settle(t)
		for _, m := range w.pool(t, want) {
			if aws.ToString(m.LaunchTemplate.Version) != "2" || m.LifecycleState != asgtypes.LifecycleStateWarmedStopped {
				t.Errorf("%s is %s and of version %s", aws.ToString(m.InstanceId), m.LifecycleState, aws.ToString(m.LaunchTemplate.Version))
			}
		}
	})
}

// alone is a group without what it needs.
func alone(t *testing.T, group topology.AutoScalingGroup) topology.Topology {
	t.Helper()
	group.LaunchTemplate, group.Subnets, group.TargetGroups = topology.Ref{}, nil, nil
	only, err := topology.New(group)
	if err != nil {
		t.Fatal(err)
	}
	return only
}

func (w *world) pool(t *testing.T, group topology.AutoScalingGroup) []asgtypes.Instance {
	t.Helper()
	out, err := w.env.clients.AutoScaling.DescribeWarmPool(t.Context(), &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: &group.Name})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.Instances) != group.WarmPool.MinSize {
		t.Fatalf("%d machines wait", len(out.Instances))
	}
	return out.Instances
}

// warm are the machines of the pool, as observed.
func (w *world) warm(t *testing.T, group topology.AutoScalingGroup, template string) []topology.Machine {
	t.Helper()
	var machines []topology.Machine
	for _, i := range w.pool(t, group) {
		machines = append(machines, topology.Machine{
			ID: aws.ToString(i.InstanceId), Group: group.Ref(), Template: template, State: "stopped", Lifecycle: string(i.LifecycleState), Healthy: true,
		})
	}
	return machines
}
