package actual

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatch"
	cwtypes "github.com/aws/aws-sdk-go-v2/service/cloudwatch/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type alarmReader interface {
	DescribeAlarms(context.Context, *cloudwatch.DescribeAlarmsInput, ...func(*cloudwatch.Options)) (*cloudwatch.DescribeAlarmsOutput, error)
	ListTagsForResource(context.Context, *cloudwatch.ListTagsForResourceInput, ...func(*cloudwatch.Options)) (*cloudwatch.ListTagsForResourceOutput, error)
}

type alarmAnswers struct {
	found []cwtypes.MetricAlarm
	tags  []topology.Tags // of the alarm in the same place
}

// lookAlarms finds alarms by what their names begin with, because CloudWatch cannot be
// searched by tag; and only if a group is marked to have some, or the cluster ends, whose
// groups go first. The alarms that AWS makes for scaling policies have other names.
func lookAlarms(ctx context.Context, o *observation) error {
	marked := slices.ContainsFunc(o.groups.found, func(g asgtypes.AutoScalingGroup) bool {
		_, marked := groupTags(g.Tags)[topology.TagAlarms]
		return marked
	})
	if !marked && !o.scope.Ends {
		return nil
	}
	pages := cloudwatch.NewDescribeAlarmsPaginator(o.clients.CloudWatch, &cloudwatch.DescribeAlarmsInput{
		AlarmNamePrefix: aws.String(topology.AlarmPrefix(o.scope.Cluster)), AlarmTypes: []cwtypes.AlarmType{cwtypes.AlarmTypeMetricAlarm}, MaxRecords: page100,
	})
	var err error
	o.alarms.found, err = everything(ctx, pages, func(p *cloudwatch.DescribeAlarmsOutput) []cwtypes.MetricAlarm { return p.MetricAlarms })
	return err
}

func lookAlarmTags(ctx context.Context, o *observation) (err error) {
	o.alarms.tags, err = each(ctx, o.alarms.found, func(ctx context.Context, a cwtypes.MetricAlarm) (topology.Tags, error) {
		out, err := o.clients.CloudWatch.ListTagsForResource(ctx, &cloudwatch.ListTagsForResourceInput{ResourceARN: a.AlarmArn})
		if awsapi.NotFound(err) {
			return nil, nil // it vanished meanwhile
		}
		if err != nil {
			return nil, err
		}
		return tagsFrom(out.Tags, func(t cwtypes.Tag) (*string, *string) { return t.Key, t.Value }), nil
	})
	return err
}

// convertAlarms binds alarms to their names: nearly all calls take these.
func convertAlarms(o *observation) error {
	for i, a := range o.alarms.found {
		tags, name := o.alarms.tags[i], aws.ToString(a.AlarmName)
		if !o.owns(tags) {
			o.leave(candidate{kind: topology.KindAlarm, id: aws.ToString(a.AlarmArn), tags: tags}, foreignName)
			continue
		}
		periods := int(aws.ToInt32(a.EvaluationPeriods))
		watches, balancer := o.watched(a.Dimensions)
		o.add(name, topology.Alarm{
			Name: name, Description: aws.ToString(a.AlarmDescription), Watches: watches, LoadBalancer: balancer,
			Namespace: aws.ToString(a.Namespace), Metric: aws.ToString(a.MetricName), Statistic: string(a.Statistic),
			Comparison: string(a.ComparisonOperator), Threshold: aws.ToFloat64(a.Threshold),
			Period: int(aws.ToInt32(a.Period)), Periods: periods, Datapoints: cmp.Or(int(aws.ToInt32(a.DatapointsToAlarm)), periods),
			MissingData:  cmp.Or(aws.ToString(a.TreatMissingData), "missing"),
			AlarmActions: slices.Sorted(slices.Values(a.AlarmActions)), OKActions: slices.Sorted(slices.Values(a.OKActions)),
			NoDataActions: slices.Sorted(slices.Values(a.InsufficientDataActions)),
			Enabled:       aws.ToBool(a.ActionsEnabled), Tags: tags, Ownership: topology.Owned,
		})
	}
	return nil
}

// watched tells what a metric is of. CloudWatch names what is behind a load balancer by
// the end of its ARN.
func (o *observation) watched(dimensions []cwtypes.Dimension) (watches, balancer topology.Ref) {
	for _, d := range dimensions {
		value := aws.ToString(d.Value)
		switch aws.ToString(d.Name) {
		case "AutoScalingGroupName":
			watches = o.named(topology.KindAutoScalingGroup, value)
		case "TargetGroup":
			watches = o.endingIn(topology.KindTargetGroup, ":"+value)
		case "LoadBalancer":
			balancer = o.endingIn(topology.KindLoadBalancer, ":loadbalancer/"+value)
		}
	}
	return watches, balancer
}

// endingIn finds a resource by the end of its id; one that is not in the topology is given.
func (o *observation) endingIn(kind topology.Kind, end string) topology.Ref {
	for ref, id := range o.bindings {
		if ref.Kind == kind && strings.HasSuffix(id, end) {
			return ref
		}
	}
	return topology.Given(end)
}
