package apply

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/quorate/quorate/topology"
)

func TestGroupIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		subnet, group := w.surroundings(t)
		b := aSubnet("b", "172.20.64.0/19")
		b.Zone = testRegion + "b"
		other := aTargetGroup()
		other.Name = "tls-ha-example-com-80u4hk"
		template := aLaunchTemplate(group)
		want := aGroup(template, subnet)
		want.SuspendedProcesses, want.MaxInstanceLifetime, want.ProtectFromScaleIn = []string{"AZRebalance"}, 86400, true
		w.create(t, b, other, template, want)
		wantGroup(t, w, want, "1")

		want.Role, want.Min, want.Max, want.Tags = topology.Worker, 2, 4, want.Tags.With(topology.Tags{"team": "blue"})
		want.Subnets, want.Zones = append(want.Subnets, b.Ref()), append(want.Zones, b.Zone)
		want.TargetGroups, want.Metrics = []topology.Ref{other.Ref()}, append(slices.Clone(want.Metrics), "GroupMaxSize")
		want.SuspendedProcesses, want.MaxInstanceLifetime = []string{"ReplaceUnhealthy"}, 0
		want.ProtectFromScaleIn, want.CapacityRebalance = false, true
		w.update(t, want)
		wantGroup(t, w, want, "1")

		want.TargetGroups, want.SuspendedProcesses, want.Tags = nil, nil, template.Tags
		if w.simulated { // moto cannot stop a metric
			want.Metrics = nil
		}
		w.update(t, want)
		wantGroup(t, w, want, "1")

		w.removeGroup(t, want)
	})
}

func TestGroupIsPinnedToAVersionByItsNumberOnlyByPin(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		subnet, group := w.surroundings(t)
		template := aLaunchTemplate(group)
		want := aGroup(template, subnet)
		w.create(t, template, want)

		template.InstanceType = "t3.large"
		w.update(t, template)
		want.Template, want.Max = template.Digest(), 3
		w.update(t, want)
		wantGroup(t, w, want, "1")

		if err := newGroupWriter(w.env).pin(t.Context(), want, w.ids); err != nil {
			t.Fatal(err)
		}
		wantGroup(t, w, want, "2")
	})
}

func TestClassicLoadBalancersAreAttachedAndDetached(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.onlySimulated(t, "has none without calls that this product does not make")
		for _, name := range []string{"api", "web"} {
			w.region.AddClassicLoadBalancer(name)
		}
		subnet, group := w.surroundings(t)
		template := aLaunchTemplate(group)
		want := aGroup(template, subnet)
		want.ClassicLoadBalancers = []topology.Ref{topology.Given("api")}
		w.create(t, template, want)
		for _, names := range [][]topology.Ref{{topology.Given("api"), topology.Given("web")}, {topology.Given("web")}, nil} {
			want.ClassicLoadBalancers = names
			w.update(t, want)
			wantGroup(t, w, want, "1")
		}
	})
}

// Raising the minimum raises desired capacity, and nothing else touches it.
func TestDesiredCapacityBelongsToAWS(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		subnet, group := w.surroundings(t)
		template := aLaunchTemplate(group)
		want := aGroup(template, subnet)
		want.Max = 5
		w.create(t, template, want)
		_, err := w.env.clients.AutoScaling.SetDesiredCapacity(t.Context(), &autoscaling.SetDesiredCapacityInput{
			AutoScalingGroupName: aws.String(want.Name), DesiredCapacity: aws.Int32(3),
		})
		if err != nil {
			t.Fatal(err)
		}
		want.Max, want.Min = 6, 2
		w.update(t, want)
		if got := aws.ToInt32(w.groups(t)[0].DesiredCapacity); got != 3 {
			t.Errorf("desired capacity became %d", got)
		}
	})
}

func TestTerminatedMachineIsReplaced(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.onlySimulated(t, "replaces no machine by itself")
		subnet, group := w.surroundings(t)
		template := aLaunchTemplate(group)
		w.create(t, template, aGroup(template, subnet))
		w.settle(t)
		old := aws.ToString(w.groups(t)[0].Instances[0].InstanceId)
		for range 2 {
			if err := newGroupWriter(w.env).terminate(t.Context(), old); err != nil {
				t.Fatal(err)
			}
			w.settle(t)
		}
		found := w.groups(t)[0]
		if aws.ToInt32(found.DesiredCapacity) != 1 || len(found.Instances) != 1 || aws.ToString(found.Instances[0].InstanceId) == old {
			t.Errorf("desired %d, machines %v, old one %s", aws.ToInt32(found.DesiredCapacity), found.Instances, old)
		}
	})
}

func TestLostAnswerNeverMakesASecondGroup(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.onlySimulated(t, "overwrites a group by another of its name")
		subnet, group := w.surroundings(t)
		template := aLaunchTemplate(group)
		want := aGroup(template, subnet)
		w.create(t, template)
		w.wire.loseNext("CreateAutoScalingGroup")
		if err := w.tryCreate(t, want); err == nil {
			t.Fatal("the answer was not lost")
		}
		err := w.tryCreate(t, want)
		if _, waits := errors.AsType[*WaitError](err); !waits {
			t.Errorf("got %v", err)
		}
		if n := len(w.groups(t)); n != 1 {
			t.Errorf("there are %d groups", n)
		}
	})
}

func TestStrangersGroupIsNotTaken(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.onlySimulated(t, "overwrites a group by another of its name")
		subnet, group := w.surroundings(t)
		template := aLaunchTemplate(group)
		strangers := aGroup(template, subnet)
		strangers.Tags = topology.Tags{"team": "red"}
		w.create(t, template, strangers)
		err := w.tryCreate(t, aGroup(template, subnet))
		if _, waits := errors.AsType[*WaitError](err); waits || err == nil {
			t.Errorf("got %v", err)
		}
	})
}

// removeGroup deletes a group, as many passes as AWS needs to end its machines.
func (w *world) removeGroup(t *testing.T, group topology.AutoScalingGroup) {
	t.Helper()
	for range 3 {
		err := rowsFor(w.env)[topology.KindAutoScalingGroup].remove(t.Context(), group, w.ids)
		if _, waits := errors.AsType[*WaitError](err); err != nil && !waits {
			t.Fatal(err)
		}
		w.settle(t)
	}
	if left := w.groups(t); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
	delete(w.have, group.Ref())
}

func (w *world) groups(t *testing.T) []asgtypes.AutoScalingGroup {
	t.Helper()
	out, err := w.env.clients.AutoScaling.DescribeAutoScalingGroups(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.AutoScalingGroups
}

// wantGroup reads the one group back and compares it.
func wantGroup(t *testing.T, w *world, want topology.AutoScalingGroup, version string) {
	t.Helper()
	found := w.groups(t)
	if len(found) != 1 {
		t.Fatalf("there are %d groups", len(found))
	}
	g, refs := found[0], w.refs()
	got := want
	got.Min, got.Max, got.MaxInstanceLifetime = int(aws.ToInt32(g.MinSize)), int(aws.ToInt32(g.MaxSize)), int(aws.ToInt32(g.MaxInstanceLifetime))
	got.ProtectFromScaleIn, got.CapacityRebalance = aws.ToBool(g.NewInstancesProtectedFromScaleIn), aws.ToBool(g.CapacityRebalance)
	got.ClassicLoadBalancers = nil
	for _, name := range g.LoadBalancerNames {
		got.ClassicLoadBalancers = append(got.ClassicLoadBalancers, topology.Given(name))
	}
	got.Subnets, got.TargetGroups, got.Metrics, got.SuspendedProcesses, got.Tags = nil, nil, nil, nil, topology.Tags{}
	for subnet := range strings.SplitSeq(aws.ToString(g.VPCZoneIdentifier), ",") {
		got.Subnets = append(got.Subnets, refs[subnet])
	}
	for _, arn := range g.TargetGroupARNs {
		got.TargetGroups = append(got.TargetGroups, refs[arn])
	}
	for _, m := range g.EnabledMetrics {
		got.Metrics = append(got.Metrics, aws.ToString(m.Metric))
	}
	for _, p := range g.SuspendedProcesses {
		got.SuspendedProcesses = append(got.SuspendedProcesses, aws.ToString(p.ProcessName))
	}
	for _, tag := range g.Tags {
		got.Tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		if !aws.ToBool(tag.PropagateAtLaunch) {
			t.Errorf("tag %s is not passed on to machines", aws.ToString(tag.Key))
		}
	}
	slices.Sort(got.Metrics)
	if !w.simulated { // moto forgets these, and all metrics but the last
		got.MaxInstanceLifetime, got.CapacityRebalance, got.Metrics = want.MaxInstanceLifetime, want.CapacityRebalance, want.Metrics
	}
	got.Subnets = topology.SortRefs(got.Subnets)
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("group (-want +got):\n%s", diff)
	}
	spec := g.LaunchTemplate
	if !want.Mixed.IsZero() {
		spec = g.MixedInstancesPolicy.LaunchTemplate.LaunchTemplateSpecification
	}
	if aws.ToString(spec.LaunchTemplateId) != w.ids[want.LaunchTemplate] || aws.ToString(spec.Version) != version {
		t.Errorf("it is pinned to %s version %s, want %s", aws.ToString(spec.LaunchTemplateId), aws.ToString(spec.Version), version)
	}
}
