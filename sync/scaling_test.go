package sync_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/topology"
)

// scaled is the small cluster whose workers follow their CPU and the hour.
var scaled = strings.Replace(small, "  name: nodes\n", `  name: nodes
  annotations:
    quorate.dev/scaling-cpu-target: "60"
    quorate.dev/scaling-schedule: "0 6 * * MON-FRI min=2 max=9 tz=Europe/Berlin; 0 20 * * MON-FRI min=0 max=1"
`, 1)

const workersName = "nodes." + its

// scaling lists the names of the policies and scheduled actions that are there, and marks.
func (o operator) scaling() []string {
	o.Helper()
	policies, err := o.AutoScaling.DescribePolicies(o.Context(), &autoscaling.DescribePoliciesInput{})
	o.must(err)
	actions, err := o.AutoScaling.DescribeScheduledActions(o.Context(), &autoscaling.DescribeScheduledActionsInput{})
	o.must(err)
	var names []string
	for _, p := range policies.ScalingPolicies {
		names = append(names, *p.PolicyName)
	}
	for _, a := range actions.ScheduledUpdateGroupActions {
		names = append(names, *a.ScheduledActionName)
	}
	for _, t := range o.workers().Tags {
		if strings.HasPrefix(*t.Key, "quorate.dev/") {
			names = append(names, *t.Key)
		}
	}
	slices.Sort(names)
	return names
}

func (o operator) workers() asgtypes.AutoScalingGroup {
	o.Helper()
	out, err := o.AutoScaling.DescribeAutoScalingGroups(o.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{workersName}})
	o.must(err)
	return out.AutoScalingGroups[0]
}

// resize sets the sizes of the workers, as a schedule or a person does.
func (o operator) resize(low, desired, high int32) {
	o.Helper()
	_, err := o.AutoScaling.UpdateAutoScalingGroup(o.Context(), &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(workersName), MinSize: &low, DesiredCapacity: &desired, MaxSize: &high,
	})
	o.must(err)
}

func (o operator) wantSizes(low, desired, high int32) {
	o.Helper()
	if g := o.workers(); *g.MinSize != low || *g.DesiredCapacity != desired || *g.MaxSize != high {
		o.Errorf("the workers are %d ≤ %d ≤ %d, want %d ≤ %d ≤ %d", *g.MinSize, *g.DesiredCapacity, *g.MaxSize, low, desired, high)
	}
}

func TestScalingIsMadeHeldAndRemoved(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, scaled, "scaled")
	o := newOperator(t, ground)
	want := []string{"quorate-0_20_*_*_MON-FRI", "quorate-0_6_*_*_MON-FRI_Europe/Berlin", "quorate-cpu-target", "quorate.dev/scaling"}
	if diff := cmp.Diff(want, o.scaling()); diff != "" {
		t.Error(diff)
	}

	// The evening's bounds stay through a pass, although the manifest has others and the
	// group is below its minimum.
	o.resize(0, 0, 1)
	never.commit(t, ground, scaled, "scaled")
	o.wantSizes(0, 0, 1)

	// Bounds that nobody scheduled do not.
	o.resize(0, 0, 6)
	never.commit(t, ground, scaled, "scaled")
	o.wantSizes(3, 3, 6)

	never.commit(t, ground, small, "small")
	if left := o.scaling(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
}

func TestCapacityWithinTheBoundsIsNeverDriftAndNeverWritten(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, small, "small")
	o := newOperator(t, ground)
	low, high := *o.workers().MinSize, *o.workers().MaxSize
	o.resize(low, high, high)
	c := clusterOf(t, small)
	planned, err := (&life{region: ground.region}).planner(t, c).Plan(t.Context(), c)
	if err != nil || !planned.Plan.Empty() {
		t.Errorf("plan: %+v, %v", planned.Plan.Changes, err)
	}
	never.commit(t, ground, strings.Replace(small, "  role: Node\n", "  role: Node\n  maxInstanceLifetime: 48h\n", 1), "older")
	o.wantSizes(low, high, high)
}

// However a pass ends that takes the scaling away, the next one finds what is left of it.
func TestKilledWhileScalingGoesNothingIsForgotten(t *testing.T) {
	ground := newGround(t)
	for _, fate := range []awssim.Fate{awssim.DropRequest, awssim.LoseAnswer} {
		for at := 1; ; at++ {
			never.commit(t, ground, scaled, "scaled")
			m := murder{at, fate}
			m.commit(t, ground, small, "small")
			died := ground.region.MutatingCalls() >= at
			if left := newOperator(t, ground).scaling(); len(left) > 0 {
				t.Errorf("%s: left behind: %v", m, left)
			}
			if !died {
				break
			}
		}
	}
}

func TestScalingCostsNoCallWhereItIsNotUsed(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, small, "small")
	c := clusterOf(t, small)
	looking := &life{region: ground.region}
	if _, err := looking.planner(t, c).Plan(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	for operation, n := range looking.calls.ByOperation() {
		if strings.Contains(operation, "DescribePolicies") || strings.Contains(operation, "DescribeAlarms") || strings.Contains(operation, "DescribeScheduledActions") {
			t.Errorf("%d calls of %s", n, operation)
		}
	}
}

// watched is the small cluster with alarms.
var watched = strings.Replace(small, "  name: "+its+"\n", "  name: "+its+"\n  annotations: {quorate.dev/alarms-topic: \"arn:aws:sns:us-east-1:123456789012:alarms\"}\n", 1)

// alarms lists the alarms with our names, with their states.
func (o operator) alarms() map[string]string {
	o.Helper()
	out, err := o.CloudWatch.DescribeAlarms(o.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String(topology.AlarmPrefix(its))})
	o.must(err)
	states := map[string]string{}
	for _, a := range out.MetricAlarms {
		name := strings.TrimPrefix(*a.AlarmName, topology.AlarmPrefix(its))
		if i := strings.Index(name, "/tcp-"); i > 0 {
			name = name[:i] // the rest is a digest
		}
		states[name] = string(a.StateValue)
	}
	return states
}

// becomes waits until the alarms are in these states.
func (o operator) becomes(want map[string]string) {
	o.Helper()
	deadline := time.Now().Add(crashLimit)
	for !maps.Equal(want, o.alarms()) {
		if time.Now().After(deadline) {
			o.Fatalf("the alarms are %v, want %v", o.alarms(), want)
		}
		<-time.After(crashPause)
	}
}

// TestAlarmsTellOfALostMaster ends a master whose group makes no other, and lets it come back.
func TestAlarmsTellOfALostMaster(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, watched, "watched")
	o := newOperator(t, ground)
	quiet := map[string]string{
		"machines-lost/master-us-east-1a": "OK", "machines-lost/master-us-east-1b": "OK", "machines-lost/master-us-east-1c": "OK",
		"api-unhealthy": "OK", "api-down": "OK",
	}
	o.becomes(quiet)

	group := aws.String("master-us-east-1b.masters." + its)
	_, err := o.AutoScaling.SuspendProcesses(o.Context(), &autoscaling.SuspendProcessesInput{AutoScalingGroupName: group, ScalingProcesses: []string{"Launch"}})
	o.must(err)
	groups, err := o.AutoScaling.DescribeAutoScalingGroups(o.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{*group}})
	o.must(err)
	_, err = o.AutoScaling.TerminateInstanceInAutoScalingGroup(o.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: groups.AutoScalingGroups[0].Instances[0].InstanceId, ShouldDecrementDesiredCapacity: aws.Bool(false),
	})
	o.must(err)
	alarmed := maps.Clone(quiet)
	alarmed["machines-lost/master-us-east-1b"] = "ALARM"
	o.becomes(alarmed)
	told := ground.region.Notifications()
	if last := told[len(told)-1]; last.State != "ALARM" || last.Topic != "arn:aws:sns:us-east-1:123456789012:alarms" {
		t.Errorf("told last: %+v", last)
	}

	_, err = o.AutoScaling.ResumeProcesses(o.Context(), &autoscaling.ResumeProcessesInput{AutoScalingGroupName: group, ScalingProcesses: []string{"Launch"}})
	o.must(err)
	o.becomes(quiet)

	never.commit(t, ground, small, "small")
	if left := o.alarms(); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if mark := items(ground, "auto-scaling-group")[*group].Tags[topology.TagAlarms]; mark != "" {
		t.Errorf("the mark is left behind: %q", mark)
	}
}

func TestKilledWhileAlarmsGoNothingIsForgotten(t *testing.T) {
	ground := newGround(t)
	for _, fate := range []awssim.Fate{awssim.DropRequest, awssim.LoseAnswer} {
		for at := 1; ; at++ {
			never.commit(t, ground, watched, "watched")
			m := murder{at, fate}
			m.commit(t, ground, small, "small")
			died := ground.region.MutatingCalls() >= at
			if left := newOperator(t, ground).alarms(); len(left) > 0 {
				t.Errorf("%s: left behind: %v", m, left)
			}
			if !died {
				break
			}
		}
	}
}
