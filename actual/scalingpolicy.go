package actual

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type scalingPolicyReader interface {
	DescribePolicies(context.Context, *autoscaling.DescribePoliciesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribePoliciesOutput, error)
}

type scalingPolicyAnswers struct{ found []asgtypes.ScalingPolicy }

// scaledGroups are the names of the groups that have, or may have, policies and
// scheduled actions of ours: AWS lets nobody ask for several groups at once, and most
// groups have none.
func (o *observation) scaledGroups() []*string {
	var names []*string
	for _, g := range o.groups.found {
		if _, marked := groupTags(g.Tags)[topology.TagScaling]; marked {
			names = append(names, g.AutoScalingGroupName)
		}
	}
	return names
}

func lookScalingPolicies(ctx context.Context, o *observation) error {
	answers, err := each(ctx, o.scaledGroups(), func(ctx context.Context, group *string) ([]asgtypes.ScalingPolicy, error) {
		pages := autoscaling.NewDescribePoliciesPaginator(o.clients.AutoScaling, &autoscaling.DescribePoliciesInput{
			AutoScalingGroupName: group, MaxRecords: page100,
		})
		found, err := everything(ctx, pages, func(p *autoscaling.DescribePoliciesOutput) []asgtypes.ScalingPolicy { return p.ScalingPolicies })
		if awsapi.NotFound(err) {
			return nil, nil // the group vanished meanwhile
		}
		return found, err
	})
	o.policies.found = slices.Concat(answers...)
	return err
}

// convertScalingPolicies takes the policies with our names. Those that people and other
// tools put on our groups are theirs.
func convertScalingPolicies(o *observation) error {
	for _, p := range o.policies.found {
		group := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: aws.ToString(p.AutoScalingGroupName)}
		if _, ours := o.resources[group]; !ours || !topology.IsScalingName(aws.ToString(p.PolicyName)) {
			continue
		}
		policy := topology.ScalingPolicy{
			Name: aws.ToString(p.PolicyName), Group: group, Type: aws.ToString(p.PolicyType),
			Enabled: p.Enabled == nil || *p.Enabled, Ownership: topology.Owned,
		}
		if tracking := p.TargetTrackingConfiguration; tracking != nil {
			policy.Target, policy.ScaleIn = aws.ToFloat64(tracking.TargetValue), !aws.ToBool(tracking.DisableScaleIn)
			policy.Metric = trackedMetric(tracking)
		}
		o.add(policy.Ref().Name, policy)
	}
	return nil
}

// trackedMetric tells a metric that somebody put together himself by a word that no
// manifest has.
func trackedMetric(t *asgtypes.TargetTrackingConfiguration) string {
	if t.PredefinedMetricSpecification == nil {
		return "customized"
	}
	return string(t.PredefinedMetricSpecification.PredefinedMetricType)
}
