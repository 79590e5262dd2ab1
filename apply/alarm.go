package apply

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

type alarmWriter interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
	ListTagsForResource(context.Context, *cloudwatch.ListTagsForResourceInput, ...func(*cloudwatch.Options)) (*cloudwatch.ListTagsForResourceOutput, error)
	PutMetricAlarm(context.Context, *cloudwatch.PutMetricAlarmInput, ...func(*cloudwatch.Options)) (*cloudwatch.PutMetricAlarmOutput, error)
	TagResource(context.Context, *cloudwatch.TagResourceInput, ...func(*cloudwatch.Options)) (*cloudwatch.TagResourceOutput, error)
	DeleteAlarms(context.Context, *cloudwatch.DeleteAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DeleteAlarmsOutput, error)
}

// alarms are bound to their names.
type alarms struct {
	api     alarmWriter
	cluster string
}

const alarmBusy = "CloudWatch is busy with the alarm"

// Create looks first, because PutMetricAlarm would take over a stranger's alarm.
func (a alarms) Create(ctx context.Context, want topology.Alarm, ids topology.Bindings) (topology.Bindings, error) {
	if err := a.free(ctx, want); err != nil {
		return nil, err
	}
	if err := a.put(ctx, want, want.Tags, ids); err != nil {
		return nil, err
	}
	return topology.Bindings{want.Ref(): want.Name}, nil
}

// free asks that nobody else has an alarm of the name.
func (a alarms) free(ctx context.Context, want topology.Alarm) error {
	arn, err := a.arn(ctx, want)
	if err != nil || arn == nil {
		return err
	}
	tags, err := a.api.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: arn})
	if err != nil {
		return settling(err, tagsLate)
	}
	if !slices.ContainsFunc(tags.Tags, func(t cwtypes.Tag) bool { return owns(a.cluster, t.Key, t.Value) }) {
		return strange(want.Ref(), errors.New("CloudWatch has an alarm of that name"))
	}
	return nil
}

// arn is nil if there is no such alarm.
func (a alarms) arn(ctx context.Context, alarm topology.Alarm) (*string, error) {
	out, err := a.api.DescribeAlarms(ctx, &cloudwatch.DescribeAlarmsInput{AlarmNames: []string{alarm.Name}})
	if err != nil || len(out.MetricAlarms) == 0 {
		return nil, err
	}
	return out.MetricAlarms[0].AlarmArn, nil
}

// put makes the alarm, or makes the one of its name what is wanted; AWS takes the tags
// for a new one only.
func (a alarms) put(ctx context.Context, want topology.Alarm, tags topology.Tags, ids topology.Bindings) error {
	dimensions, err := dimensionsOf(want, ids)
	if err != nil {
		return err
	}
	_, err = a.api.PutMetricAlarm(ctx, &cloudwatch.PutMetricAlarmInput{
		AlarmName: aws.String(want.Name), AlarmDescription: present(want.Description), Tags: alarmTags(tags),
		Namespace: aws.String(want.Namespace), MetricName: aws.String(want.Metric), Dimensions: dimensions, Statistic: cwtypes.Statistic(want.Statistic),
		ComparisonOperator: cwtypes.ComparisonOperator(want.Comparison), Threshold: aws.Float64(want.Threshold), Period: aws.Int32(int32(want.Period)),
		EvaluationPeriods: aws.Int32(int32(want.Periods)), DatapointsToAlarm: aws.Int32(int32(want.Datapoints)), TreatMissingData: aws.String(want.MissingData),
		AlarmActions: want.AlarmActions, OKActions: want.OKActions, InsufficientDataActions: want.NoDataActions, ActionsEnabled: aws.Bool(want.Enabled),
	})
	return settling(err, alarmBusy)
}

// dimensionsOf names what is watched as CloudWatch does: a group by its name, what is
// behind a load balancer by the end of its ARN.
func dimensionsOf(alarm topology.Alarm, ids topology.Bindings) ([]cwtypes.Dimension, error) {
	watched, err := idOf(ids, alarm.Watches)
	if err != nil {
		return nil, err
	}
	if alarm.Watches.Kind == topology.KindAutoScalingGroup {
		return []cwtypes.Dimension{{Name: aws.String("AutoScalingGroupName"), Value: aws.String(watched)}}, nil
	}
	balancer, err := idOf(ids, alarm.LoadBalancer)
	if err != nil {
		return nil, err
	}
	_, balancer, _ = strings.Cut(balancer, ":loadbalancer/")
	return []cwtypes.Dimension{
		{Name: aws.String("TargetGroup"), Value: aws.String(watched[strings.LastIndex(watched, ":")+1:])},
		{Name: aws.String("LoadBalancer"), Value: aws.String(balancer)},
	}, nil
}

func (a alarms) Update(ctx context.Context, _, want topology.Alarm, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	tags := tagChangeOf(change).set
	if len(tags) > 0 {
		arn, err := a.arn(ctx, want)
		if err != nil {
			return nil, err
		}
		if arn == nil {
			return nil, &WaitError{Reason: "CloudWatch does not show the alarm"}
		}
		if _, err := a.api.TagResource(ctx, &cloudwatch.TagResourceInput{ResourceARN: arn, Tags: alarmTags(tags)}); err != nil {
			return nil, settling(err, tagsLate)
		}
	}
	if len(change.Fields) == len(tags) {
		return nil, nil
	}
	return nil, a.put(ctx, want, nil, ids)
}

func (a alarms) Delete(ctx context.Context, have topology.Alarm, _ topology.Bindings) error {
	_, err := a.api.DeleteAlarms(ctx, &cloudwatch.DeleteAlarmsInput{AlarmNames: []string{have.Name}})
	return removed(err, alarmBusy)
}

func alarmTags(tags topology.Tags) []cwtypes.Tag {
	return tagList(tags, func(key, value string) cwtypes.Tag {
		return cwtypes.Tag{Key: aws.String(key), Value: aws.String(value)}
	})
}
