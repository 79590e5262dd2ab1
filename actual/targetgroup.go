package actual

import (
	"context"
	"fmt"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/topology"
)

type targetGroupReader interface {
	DescribeTargetGroups(context.Context, *elb.DescribeTargetGroupsInput, ...func(*elb.Options)) (*elb.DescribeTargetGroupsOutput, error)
	DescribeTargetGroupAttributes(context.Context, *elb.DescribeTargetGroupAttributesInput, ...func(*elb.Options)) (*elb.DescribeTargetGroupAttributesOutput, error)
}

type targetGroupAnswers struct {
	found      []elbtypes.TargetGroup
	attributes map[string]attributes // by ARN
}

func lookTargetGroups(ctx context.Context, o *observation) (err error) {
	pages := elb.NewDescribeTargetGroupsPaginator(o.clients.ELB, &elb.DescribeTargetGroupsInput{PageSize: page400})
	o.targetGroups.found, err = everything(ctx, pages, func(p *elb.DescribeTargetGroupsOutput) []elbtypes.TargetGroup { return p.TargetGroups })
	return err
}

func lookTargetGroupAttributes(ctx context.Context, o *observation) error {
	var arns []string
	for _, g := range o.targetGroups.found {
		if who, _ := o.identifyTargetGroup(g); who.name != "" {
			arns = append(arns, aws.ToString(g.TargetGroupArn))
		}
	}
	answers, err := each(ctx, arns, func(ctx context.Context, arn string) (attributes, error) {
		out, err := o.clients.ELB.DescribeTargetGroupAttributes(ctx, &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: &arn})
		if err != nil {
			return nil, err
		}
		return attributesFrom(out.Attributes, func(a elbtypes.TargetGroupAttribute) (*string, *string) { return a.Key, a.Value }), nil
	})
	o.targetGroups.attributes = zip(arns, answers)
	return err
}

// identifyTargetGroup is [observation.identify] for target groups. The controllers
// inside Kubernetes make some with the cluster's tags too, but only kops writes the
// group's AWS name into its Name tag.
func (o *observation) identifyTargetGroup(g elbtypes.TargetGroup) (who identity, reason string) {
	arn := aws.ToString(g.TargetGroupArn)
	tags := o.loadBalancers.tags[arn]
	switch {
	case o.isShared(topology.KindTargetGroup, arn):
		return identity{arn, topology.Shared}, ""
	case !o.owns(tags) || tags[tagService] != "" || tags[topology.TagName] == "":
		return identity{}, ""
	case tags[topology.TagName] != aws.ToString(g.TargetGroupName):
		return identity{}, fmt.Sprintf("the target group is named %q, unlike its Name tag", aws.ToString(g.TargetGroupName))
	}
	return identity{tags[topology.TagName], topology.Owned}, ""
}

func convertTargetGroups(o *observation) error {
	for _, g := range o.targetGroups.found {
		arn := aws.ToString(g.TargetGroupArn)
		tags := o.loadBalancers.tags[arn]
		who, reason := o.identifyTargetGroup(g)
		if reason != "" {
			o.leave(candidate{kind: topology.KindTargetGroup, id: arn, tags: tags}, reason)
		}
		if who.name == "" {
			continue
		}
		group := topology.TargetGroup{
			Name:                  who.name,
			VPC:                   o.ref(g.VpcId),
			Port:                  int(aws.ToInt32(g.Port)),
			Protocol:              string(g.Protocol),
			HealthProtocol:        string(g.HealthCheckProtocol),
			HealthInterval:        int(aws.ToInt32(g.HealthCheckIntervalSeconds)),
			HealthyThreshold:      int(aws.ToInt32(g.HealthyThresholdCount)),
			UnhealthyThreshold:    int(aws.ToInt32(g.UnhealthyThresholdCount)),
			DeregistrationDelay:   o.targetGroups.attributes[arn].number("deregistration_delay.timeout_seconds"),
			ConnectionTermination: o.targetGroups.attributes[arn].flag("deregistration_delay.connection_termination.enabled"),
			Tags:                  tags,
			Ownership:             who.owner,
		}
		if g.HealthCheckProtocol != elbtypes.ProtocolEnumTcp {
			group.HealthPath = aws.ToString(g.HealthCheckPath)
		}
		o.add(arn, group)
	}
	return nil
}

// attributes are the settings of a load balancer or target group that ELB tells as text.
type attributes map[string]string

func attributesFrom[T any](list []T, pair func(T) (key, value *string)) attributes {
	a := attributes{}
	for _, entry := range list {
		key, value := pair(entry)
		a[aws.ToString(key)] = aws.ToString(value)
	}
	return a
}

func (a attributes) flag(key string) bool { return a[key] == "true" }

func (a attributes) number(key string) int {
	n, err := strconv.Atoi(a[key])
	if err != nil {
		return 0
	}
	return n
}

// zip makes a map of keys and their values.
func zip[V any](keys []string, values []V) map[string]V {
	m := make(map[string]V, len(keys))
	for i, key := range keys {
		m[key] = values[i]
	}
	return m
}
