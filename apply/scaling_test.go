package apply

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/topology"
)

func aScalingPolicy(group topology.AutoScalingGroup) topology.ScalingPolicy {
	return topology.ScalingPolicy{
		Name: topology.CPUPolicyName, Group: group.Ref(), Type: topology.TargetTracking, Metric: topology.AverageCPU, Target: 60,
		ScaleIn: true, Enabled: true, Ownership: topology.Owned,
	}
}

func aScheduledAction(group topology.AutoScalingGroup) topology.ScheduledAction {
	const morning = "0 6 * * 1-5"
	return topology.ScheduledAction{
		Name: topology.ScheduledActionName(morning, ""), Group: group.Ref(), Recurrence: morning, Min: 1, Max: 4,
		Desired: topology.KeepDesired, Ownership: topology.Owned,
	}
}

// scaled makes a group to put policies and actions on.
func (w *world) scaled(t *testing.T) topology.AutoScalingGroup {
	t.Helper()
	subnet, security := w.surroundings(t)
	template := aLaunchTemplate(security)
	group := aGroup(template, subnet)
	group.Role, group.Min, group.Max = topology.Worker, 1, 3
	w.create(t, template, group)
	return group
}

func (w *world) scalingPolicies(t *testing.T) []asgtypes.ScalingPolicy {
	t.Helper()
	out, err := w.env.clients.AutoScaling.DescribePolicies(t.Context(), &autoscaling.DescribePoliciesInput{})
	if err != nil {
		t.Fatal(err)
	}
	return out.ScalingPolicies
}

func (w *world) actions(t *testing.T) []asgtypes.ScheduledUpdateGroupAction {
	t.Helper()
	out, err := w.env.clients.AutoScaling.DescribeScheduledActions(t.Context(), &autoscaling.DescribeScheduledActionsInput{})
	if err != nil {
		t.Fatal(err)
	}
	return out.ScheduledUpdateGroupActions
}

func TestScalingPolicyIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aScalingPolicy(w.scaled(t))
		w.lossy(t, "PutScalingPolicy", want)
		wantScalingPolicy(t, w, want)

		want.Target, want.ScaleIn = 75.5, false
		if w.simulated { // moto enables all policies
			want.Enabled = false
		}
		w.update(t, want)
		wantScalingPolicy(t, w, want)

		w.remove(t, want)
		if left := w.scalingPolicies(t); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func wantScalingPolicy(t *testing.T, w *world, want topology.ScalingPolicy) {
	t.Helper()
	got := w.scalingPolicies(t)
	if len(got) != 1 {
		t.Fatalf("%d policies", len(got))
	}
	tracking := got[0].TargetTrackingConfiguration
	if *got[0].PolicyName != want.Name || *got[0].AutoScalingGroupName != want.Group.Name || (got[0].Enabled == nil || *got[0].Enabled) != want.Enabled ||
		*tracking.TargetValue != want.Target || aws.ToBool(tracking.DisableScaleIn) == want.ScaleIn ||
		string(tracking.PredefinedMetricSpecification.PredefinedMetricType) != want.Metric {
		t.Errorf("policy: %+v %+v", got[0], tracking)
	}
}

func TestScheduledActionIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aScheduledAction(w.scaled(t))
		w.lossy(t, "PutScheduledUpdateGroupAction", want)
		wantScheduledAction(t, w, want)

		want.Min, want.Max, want.Desired = 2, 5, 3
		w.update(t, want)
		wantScheduledAction(t, w, want)

		w.remove(t, want)
		if left := w.actions(t); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func wantScheduledAction(t *testing.T, w *world, want topology.ScheduledAction) {
	t.Helper()
	got := w.actions(t)
	if len(got) != 1 {
		t.Fatalf("%d actions", len(got))
	}
	desired := topology.KeepDesired
	if got[0].DesiredCapacity != nil {
		desired = int(*got[0].DesiredCapacity)
	}
	if *got[0].ScheduledActionName != want.Name || *got[0].AutoScalingGroupName != want.Group.Name || *got[0].Recurrence != want.Recurrence ||
		int(*got[0].MinSize) != want.Min || int(*got[0].MaxSize) != want.Max || desired != want.Desired {
		t.Errorf("action: %+v", got[0])
	}
}
