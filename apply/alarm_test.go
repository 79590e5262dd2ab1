package apply

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/quorate/quorate/topology"
)

const testTopic = "arn:aws:sns:us-east-1:123456789012:alarms"

func anAlarm(group topology.AutoScalingGroup) topology.Alarm {
	name := topology.AlarmPrefix(testCluster) + "machines-lost/master"
	return topology.Alarm{
		Name: name, Description: "Machines are lost.", Watches: group.Ref(), Namespace: topology.NamespaceAutoScaling, Metric: "GroupInServiceInstances",
		Statistic: "Minimum", Comparison: topology.LessThan, Threshold: 1, Period: 60, Periods: 10, Datapoints: 10, MissingData: topology.Breaching,
		AlarmActions: []string{testTopic}, OKActions: []string{testTopic}, Enabled: true, Tags: base(name), Ownership: topology.Owned,
	}
}

func (w *world) alarms(t *testing.T) []cwtypes.MetricAlarm {
	t.Helper()
	out, err := w.env.clients.CloudWatch.DescribeAlarms(t.Context(), &cloudwatch.DescribeAlarmsInput{AlarmNamePrefix: aws.String("quorate/")})
	if err != nil {
		t.Fatal(err)
	}
	return out.MetricAlarms
}

func TestAlarmIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := anAlarm(w.scaled(t))
		w.lossy(t, "PutMetricAlarm", want)
		wantAlarm(t, w, want)

		want.Tags = want.Tags.With(blue)
		w.update(t, want)
		wantAlarm(t, w, want)

		want.Threshold, want.Periods, want.Datapoints, want.OKActions, want.Enabled = 2, 5, 3, nil, false
		w.update(t, want)
		wantAlarm(t, w, want)

		w.remove(t, want)
		if left := w.alarms(t); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func wantAlarm(t *testing.T, w *world, want topology.Alarm) {
	t.Helper()
	got := w.alarms(t)
	if len(got) != 1 {
		t.Fatalf("%d alarms", len(got))
	}
	a := got[0]
	if *a.AlarmName != want.Name || *a.Threshold != want.Threshold || int(*a.EvaluationPeriods) != want.Periods || int(*a.DatapointsToAlarm) != want.Datapoints ||
		*a.ActionsEnabled != want.Enabled || !slices.Equal(a.AlarmActions, want.AlarmActions) || !slices.Equal(a.OKActions, want.OKActions) ||
		*a.TreatMissingData != want.MissingData || len(a.Dimensions) != 1 || *a.Dimensions[0].Value != want.Watches.Name {
		t.Errorf("alarm: %+v", a)
	}
	out, err := w.env.clients.CloudWatch.ListTagsForResource(t.Context(), &cloudwatch.ListTagsForResourceInput{ResourceARN: a.AlarmArn})
	if err != nil {
		t.Fatal(err)
	}
	tags := topology.Tags{}
	for _, tag := range out.Tags {
		tags[*tag.Key] = *tag.Value
	}
	if !tags.Has(want.Tags) {
		t.Errorf("tags: %v", tags)
	}
}

// A target is watched by the ends of two ARNs.
func TestAlarmOfTargetsNamesThemAsCloudWatchDoes(t *testing.T) {
	ids := topology.Bindings{
		ref(topology.KindTargetGroup, "tcp"):  "arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/tcp-ha/0123456789abcdef",
		ref(topology.KindLoadBalancer, "api"): "arn:aws:elasticloadbalancing:us-east-1:123456789012:loadbalancer/net/api-ha/fedcba9876543210",
	}
	alarm := topology.Alarm{Watches: ref(topology.KindTargetGroup, "tcp"), LoadBalancer: ref(topology.KindLoadBalancer, "api")}
	got, err := dimensionsOf(alarm, ids)
	if err != nil || len(got) != 2 || *got[0].Value != "targetgroup/tcp-ha/0123456789abcdef" || *got[1].Value != "net/api-ha/fedcba9876543210" {
		t.Errorf("dimensions: %+v, %v", got, err)
	}
}

func TestStrangersAlarmIsNotTaken(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := anAlarm(w.scaled(t))
		if _, err := w.env.clients.CloudWatch.PutMetricAlarm(t.Context(), &cloudwatch.PutMetricAlarmInput{
			AlarmName: aws.String(want.Name), Namespace: aws.String("mine"), MetricName: aws.String("mine"), Statistic: cwtypes.StatisticSum, Period: aws.Int32(60),
			EvaluationPeriods: aws.Int32(1), Threshold: aws.Float64(1), ComparisonOperator: cwtypes.ComparisonOperatorLessThanThreshold,
		}); err != nil {
			t.Fatal(err)
		}
		if err := w.tryCreate(t, want); err == nil {
			t.Error("the alarm was taken")
		}
		if got := w.alarms(t); len(got) != 1 || *got[0].Namespace != "mine" {
			t.Errorf("alarms: %+v", got)
		}
	})
}
