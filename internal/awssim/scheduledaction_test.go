package awssim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

func (f *fleet) schedule(t *testing.T, name, recurrence, zone string, low, high int32) error {
	t.Helper()
	in := &asg.PutScheduledUpdateGroupActionInput{
		AutoScalingGroupName: aws.String("nodes"), ScheduledActionName: &name, Recurrence: &recurrence, MinSize: &low, MaxSize: &high,
	}
	if zone != "" {
		in.TimeZone = &zone
	}
	_, err := f.asg.PutScheduledUpdateGroupAction(t.Context(), in)
	return err
}

func (f *fleet) wantSizes(t *testing.T, low, desired, high int32) {
	t.Helper()
	if g := f.describe(t, "nodes"); *g.MinSize != low || *g.DesiredCapacity != desired || *g.MaxSize != high {
		t.Errorf("at %s the group is %d ≤ %d ≤ %d, want %d ≤ %d ≤ %d", f.clock.Now().Format(time.RFC3339),
			*g.MinSize, *g.DesiredCapacity, *g.MaxSize, low, desired, high)
	}
}

// The world begins at noon UTC on Saturday, the 1st of August 2026.
func TestScheduledActionsFireAgainAndAgain(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 2, 4)
	for _, err := range []error{f.schedule(t, "day", "0 6 * * MON-FRI", "Europe/Berlin", 3, 6), f.schedule(t, "night", "30 19 * * *", "", 1, 1)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f.wantSizes(t, 2, 2, 4)
	f.clock.Advance(8 * time.Hour) // 20:01
	f.wantSizes(t, 1, 1, 1)
	f.clock.Advance(24 * time.Hour)
	f.wantSizes(t, 1, 1, 1)
	f.clock.Advance(8*time.Hour + time.Minute) // Monday, 04:02 UTC, 06:02 in Berlin
	f.wantSizes(t, 3, 3, 6)
	f.clock.Advance(16 * time.Hour)
	f.wantSizes(t, 1, 1, 1)

	out := call(f.asg.DescribeScheduledActions(t.Context(), &asg.DescribeScheduledActionsInput{AutoScalingGroupName: aws.String("nodes")})).must(t)
	if next := out.ScheduledUpdateGroupActions[0].StartTime; !next.Equal(time.Date(2026, 8, 4, 4, 0, 0, 0, time.UTC)) {
		t.Errorf("the day begins next at %s", next)
	}
	call(f.asg.DeleteScheduledAction(t.Context(), &asg.DeleteScheduledActionInput{AutoScalingGroupName: aws.String("nodes"), ScheduledActionName: aws.String("day")})).must(t)
	f.clock.Advance(24 * time.Hour)
	f.wantSizes(t, 1, 1, 1)
}

func TestASuspendedScheduleRests(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 2, 4)
	call(f.asg.SuspendProcesses(t.Context(), &asg.SuspendProcessesInput{AutoScalingGroupName: aws.String("nodes"), ScalingProcesses: []string{"ScheduledActions"}})).must(t)
	if err := f.schedule(t, "night", "30 19 * * *", "", 1, 1); err != nil {
		t.Fatal(err)
	}
	f.clock.Advance(24 * time.Hour)
	f.wantSizes(t, 2, 2, 4)
}

func TestAnActionPutAgainFiresOnceWithItsNewNumbers(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 2, 4)
	for _, size := range []int32{1, 3} {
		if err := f.schedule(t, "night", "30 19 * * *", "", size, size); err != nil {
			t.Fatal(err)
		}
	}
	f.clock.Advance(24 * time.Hour)
	f.wantSizes(t, 3, 3, 3)
}

func TestScalingRefusesWhatAWSRefuses(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 1, 2)
	if err := f.schedule(t, "first", "0 6 * * *", "", 1, 2); err != nil {
		t.Fatal(err)
	}
	policy := func(change func(*asg.PutScalingPolicyInput)) error {
		in := &asg.PutScalingPolicyInput{AutoScalingGroupName: aws.String("nodes"), PolicyName: aws.String("cpu"), PolicyType: aws.String("TargetTrackingScaling"),
			TargetTrackingConfiguration: &types.TargetTrackingConfiguration{TargetValue: aws.Float64(50),
				PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricTypeASGAverageCPUUtilization}}}
		change(in)
		_, err := f.asg.PutScalingPolicy(t.Context(), in)
		return err
	}
	_, noPolicy := f.asg.DeletePolicy(t.Context(), &asg.DeletePolicyInput{AutoScalingGroupName: aws.String("nodes"), PolicyName: aws.String("cpu")})
	_, noAction := f.asg.DeleteScheduledAction(t.Context(), &asg.DeleteScheduledActionInput{AutoScalingGroupName: aws.String("nodes"), ScheduledActionName: aws.String("x")})
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a time of four fields":   {f.schedule(t, "x", "0 6 * *", "", 1, 2), "ValidationError"},
		"an hour that is none":    {f.schedule(t, "x", "0 24 * * *", "", 1, 2), "ValidationError"},
		"a zone that is none":     {f.schedule(t, "x", "0 7 * * *", "Mars/North", 1, 2), "ValidationError"},
		"min above max":           {f.schedule(t, "x", "0 7 * * *", "", 3, 2), "ValidationError"},
		"a colon in the name":     {f.schedule(t, "x:y", "0 7 * * *", "", 1, 2), "ValidationError"},
		"two actions of one time": {f.schedule(t, "x", "0 6 * * *", "", 1, 2), "AlreadyExists"},
		"no such group":           {policy(func(in *asg.PutScalingPolicyInput) { in.AutoScalingGroupName = aws.String("none") }), "ValidationError"},
		"a policy without metric": {policy(func(in *asg.PutScalingPolicyInput) {
			in.TargetTrackingConfiguration.PredefinedMetricSpecification = nil
		}), "ValidationError"},
		"no such policy": {noPolicy, "ValidationError"},
		"no such action": {noAction, "ValidationError"},
	} {
		if code(c.err) != c.want {
			t.Errorf("%s: %v, want %s", name, c.err, c.want)
		}
	}
}

func TestTargetTrackingPolicyKeepsItsAlarms(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 1, 2)
	in := &asg.PutScalingPolicyInput{AutoScalingGroupName: aws.String("nodes"), PolicyName: aws.String("cpu"), PolicyType: aws.String("TargetTrackingScaling"),
		TargetTrackingConfiguration: &types.TargetTrackingConfiguration{TargetValue: aws.Float64(50),
			PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricTypeASGAverageCPUUtilization}}}
	first := call(f.asg.PutScalingPolicy(t.Context(), in)).must(t)
	in.TargetTrackingConfiguration.TargetValue = aws.Float64(70)
	second := call(f.asg.PutScalingPolicy(t.Context(), in)).must(t)
	if *first.PolicyARN != *second.PolicyARN || len(first.Alarms) != 2 || !strings.HasPrefix(*first.Alarms[0].AlarmName, "TargetTracking-nodes-AlarmHigh-") {
		t.Errorf("first %+v, then %+v", first, second)
	}
	found := call(f.asg.DescribePolicies(t.Context(), &asg.DescribePoliciesInput{AutoScalingGroupName: aws.String("nodes")})).must(t).ScalingPolicies
	if len(found) != 1 || *found[0].TargetTrackingConfiguration.TargetValue != 70 || !*found[0].Enabled || len(found[0].Alarms) != 2 {
		t.Errorf("policies: %+v", found)
	}
}
