package awssim_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	cw "github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"
	"github.com/google/go-cmp/cmp"
)

const topic = "arn:aws:sns:us-east-1:123456789012:alarms"

// watched is a fleet with an alarm for fewer than two machines in its group, two minutes of three.
type watched struct {
	*fleet
	cw *cw.Client
}

func newWatched(t *testing.T, metrics ...string) watched {
	t.Helper()
	f := newFleet(t)
	w := watched{f, cw.NewFromConfig(f.aws)}
	f.group(t, "masters", 2, 2)
	if len(metrics) > 0 {
		call(f.asg.EnableMetricsCollection(t.Context(), &asg.EnableMetricsCollectionInput{
			AutoScalingGroupName: aws.String("masters"), Granularity: aws.String("1Minute"), Metrics: metrics,
		})).must(t)
	}
	w.put(t, w.lost())
	return w
}

func (w watched) lost() *cw.PutMetricAlarmInput {
	return &cw.PutMetricAlarmInput{
		AlarmName: aws.String("lost"), Namespace: aws.String("AWS/AutoScaling"), MetricName: aws.String("GroupInServiceInstances"),
		Dimensions: []cwtypes.Dimension{{Name: aws.String("AutoScalingGroupName"), Value: aws.String("masters")}},
		Statistic:  cwtypes.StatisticMinimum, ComparisonOperator: cwtypes.ComparisonOperatorLessThanThreshold, Threshold: aws.Float64(2),
		Period: aws.Int32(60), EvaluationPeriods: aws.Int32(3), DatapointsToAlarm: aws.Int32(2), TreatMissingData: aws.String("breaching"),
		AlarmActions: []string{topic}, OKActions: []string{topic}, Tags: []cwtypes.Tag{{Key: aws.String("team"), Value: aws.String("blue")}},
	}
}

func (w watched) put(t *testing.T, in *cw.PutMetricAlarmInput) {
	t.Helper()
	call(w.cw.PutMetricAlarm(t.Context(), in)).must(t)
}

func (w watched) alarm(t *testing.T) cwtypes.MetricAlarm {
	t.Helper()
	out := call(w.cw.DescribeAlarms(t.Context(), &cw.DescribeAlarmsInput{AlarmNames: []string{"lost"}})).must(t)
	if len(out.MetricAlarms) != 1 {
		t.Fatalf("%d alarms", len(out.MetricAlarms))
	}
	return out.MetricAlarms[0]
}

func (w watched) wantState(t *testing.T, want cwtypes.StateValue) {
	t.Helper()
	if got := w.alarm(t).StateValue; got != want {
		t.Errorf("at %s the alarm is %s, want %s", w.clock.Now().Format(time.TimeOnly), got, want)
	}
}

func TestAlarmOfALostMachineFiresAndEnds(t *testing.T) {
	w := newWatched(t, "GroupInServiceInstances")
	w.wantState(t, cwtypes.StateValueInsufficientData)
	w.clock.Advance(time.Minute)
	w.wantState(t, cwtypes.StateValueOk)

	call(w.asg.SuspendProcesses(t.Context(), &asg.SuspendProcessesInput{AutoScalingGroupName: aws.String("masters"), ScalingProcesses: []string{"Launch"}})).must(t)
	machine := w.describe(t, "masters").Instances[0].InstanceId
	call(w.asg.TerminateInstanceInAutoScalingGroup(t.Context(), &asg.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: machine, ShouldDecrementDesiredCapacity: aws.Bool(false),
	})).must(t)
	w.clock.Advance(time.Minute)
	w.wantState(t, cwtypes.StateValueOk) // one bad minute is none
	w.clock.Advance(time.Minute)
	w.wantState(t, cwtypes.StateValueAlarm)

	call(w.asg.ResumeProcesses(t.Context(), &asg.ResumeProcessesInput{AutoScalingGroupName: aws.String("masters"), ScalingProcesses: []string{"Launch"}})).must(t)
	w.clock.Advance(5 * time.Minute)
	w.wantState(t, cwtypes.StateValueOk)
	var told []string
	for _, n := range w.Notifications() {
		told = append(told, n.Topic+" "+n.Alarm+" "+n.State)
	}
	if diff := cmp.Diff([]string{topic + " lost OK", topic + " lost ALARM", topic + " lost OK"}, told); diff != "" {
		t.Error(diff)
	}
}

func TestAlarmWithoutItsMetricTakesItsMissingDataAsTold(t *testing.T) {
	for treat, want := range map[string]cwtypes.StateValue{
		"breaching": cwtypes.StateValueAlarm, "notBreaching": cwtypes.StateValueOk,
		"missing": cwtypes.StateValueInsufficientData, "ignore": cwtypes.StateValueInsufficientData,
	} {
		t.Run(treat, func(t *testing.T) {
			w := newWatched(t) // the group collects nothing
			in := w.lost()
			in.TreatMissingData = &treat
			w.put(t, in)
			w.clock.Advance(5 * time.Minute)
			w.wantState(t, want)
		})
	}
}

func TestSilencedAlarmTellsNobody(t *testing.T) {
	w := newWatched(t)
	call(w.cw.DisableAlarmActions(t.Context(), &cw.DisableAlarmActionsInput{AlarmNames: []string{"lost"}})).must(t)
	w.clock.Advance(5 * time.Minute)
	w.wantState(t, cwtypes.StateValueAlarm)
	if told := w.Notifications(); len(told) > 0 {
		t.Errorf("told: %v", told)
	}
}

func TestAlarmsAreFoundByPrefixAndKeepTheirTags(t *testing.T) {
	w := newWatched(t)
	again := w.lost()
	again.Tags = []cwtypes.Tag{{Key: aws.String("team"), Value: aws.String("red")}}
	w.put(t, again)
	for _, name := range []string{"a/2", "a/1", "b/1"} {
		in := w.lost()
		in.AlarmName = &name
		w.put(t, in)
	}
	var found []string
	pages := cw.NewDescribeAlarmsPaginator(w.cw, &cw.DescribeAlarmsInput{AlarmNamePrefix: aws.String("a/"), MaxRecords: aws.Int32(1)})
	for pages.HasMorePages() {
		for _, a := range call(pages.NextPage(t.Context())).must(t).MetricAlarms {
			found = append(found, *a.AlarmName)
		}
	}
	if diff := cmp.Diff([]string{"a/1", "a/2"}, found); diff != "" {
		t.Error(diff)
	}

	arn := w.alarm(t).AlarmArn
	call(w.cw.TagResource(t.Context(), &cw.TagResourceInput{ResourceARN: arn, Tags: []cwtypes.Tag{{Key: aws.String("a"), Value: aws.String("b")}}})).must(t)
	call(w.cw.UntagResource(t.Context(), &cw.UntagResourceInput{ResourceARN: arn, TagKeys: []string{"a"}})).must(t)
	tags := call(w.cw.ListTagsForResource(t.Context(), &cw.ListTagsForResourceInput{ResourceARN: arn})).must(t).Tags
	if len(tags) != 1 || *tags[0].Value != "blue" {
		t.Errorf("tags: %+v; those of a second PutMetricAlarm are ignored", tags)
	}
}

func TestCloudWatchRefusesWhatAWSRefuses(t *testing.T) {
	w := newWatched(t)
	put := func(change func(*cw.PutMetricAlarmInput)) error {
		in := w.lost()
		change(in)
		_, err := w.cw.PutMetricAlarm(t.Context(), in)
		return err
	}
	_, gone := w.cw.DeleteAlarms(t.Context(), &cw.DeleteAlarmsInput{AlarmNames: []string{"lost", "none"}})
	_, untagged := w.cw.ListTagsForResource(t.Context(), &cw.ListTagsForResourceInput{ResourceARN: aws.String("arn:aws:cloudwatch:us-east-1:123456789012:alarm:none")})
	_, both := w.cw.DescribeAlarms(t.Context(), &cw.DescribeAlarmsInput{AlarmNames: []string{"a"}, AlarmNamePrefix: aws.String("a")})
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"an odd period":          {put(func(in *cw.PutMetricAlarmInput) { in.Period = aws.Int32(45) }), "InvalidParameterValue"},
		"more than a day":        {put(func(in *cw.PutMetricAlarmInput) { in.EvaluationPeriods = aws.Int32(1500) }), "InvalidParameterValue"},
		"more points than looks": {put(func(in *cw.PutMetricAlarmInput) { in.DatapointsToAlarm = aws.Int32(4) }), "InvalidParameterValue"},
		"no threshold":           {put(func(in *cw.PutMetricAlarmInput) { in.Threshold = nil }), "MissingParameter"},
		"an action of no ARN":    {put(func(in *cw.PutMetricAlarmInput) { in.AlarmActions = []string{"me"} }), "InvalidParameterValue"},
		"no such alarm":          {gone, "ResourceNotFound"},
		"no such resource":       {untagged, "ResourceNotFoundException"},
		"two ways to ask":        {both, "InvalidParameterCombination"},
	} {
		if code(c.err) != c.want {
			t.Errorf("%s: %v, want %s", name, c.err, c.want)
		}
	}
	w.alarm(t) // no alarm is deleted if one of them is not there
}

// AWS makes the alarms of a policy, and takes them away.
func TestAlarmsOfAPolicyComeAndGoWithIt(t *testing.T) {
	w := newWatched(t)
	policy := &asg.PutScalingPolicyInput{AutoScalingGroupName: aws.String("masters"), PolicyName: aws.String("cpu"), PolicyType: aws.String("TargetTrackingScaling"),
		TargetTrackingConfiguration: &types.TargetTrackingConfiguration{TargetValue: aws.Float64(50),
			PredefinedMetricSpecification: &types.PredefinedMetricSpecification{PredefinedMetricType: types.MetricTypeASGAverageCPUUtilization}}}
	count := func() int {
		return len(call(w.cw.DescribeAlarms(t.Context(), &cw.DescribeAlarmsInput{AlarmNamePrefix: aws.String("TargetTracking-masters-")})).must(t).MetricAlarms)
	}
	call(w.asg.PutScalingPolicy(t.Context(), policy)).must(t)
	if count() != 2 {
		t.Errorf("%d alarms of a policy", count())
	}
	call(w.asg.DeletePolicy(t.Context(), &asg.DeletePolicyInput{AutoScalingGroupName: aws.String("masters"), PolicyName: aws.String("cpu")})).must(t)
	if count() != 0 {
		t.Errorf("%d alarms after the policy", count())
	}
	call(w.asg.PutScalingPolicy(t.Context(), policy)).must(t)
	call(w.asg.DeleteAutoScalingGroup(t.Context(), &asg.DeleteAutoScalingGroupInput{AutoScalingGroupName: aws.String("masters"), ForceDelete: aws.Bool(true)})).must(t)
	w.clock.Advance(10 * time.Minute)
	if count() != 0 {
		t.Errorf("%d alarms after the group", count())
	}
}
