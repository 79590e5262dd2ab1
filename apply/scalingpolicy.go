package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

type scalingPolicyWriter interface {
	PutScalingPolicy(context.Context, *autoscaling.PutScalingPolicyInput, ...func(*autoscaling.Options)) (*autoscaling.PutScalingPolicyOutput, error)
	DeletePolicy(context.Context, *autoscaling.DeletePolicyInput, ...func(*autoscaling.Options)) (*autoscaling.DeletePolicyOutput, error)
}

// scalingPolicies are bound to their own references' names, like lifecycle hooks. The
// alarms that AWS makes for a policy are AWS's, and go with it.
type scalingPolicies struct{ api scalingPolicyWriter }

func (s scalingPolicies) Create(ctx context.Context, want topology.ScalingPolicy, ids topology.Bindings) (topology.Bindings, error) {
	if err := s.put(ctx, want, ids); err != nil {
		return nil, err
	}
	return topology.Bindings{want.Ref(): want.Ref().Name}, nil
}

// put makes the policy, or makes the one of its name what is wanted.
func (s scalingPolicies) put(ctx context.Context, want topology.ScalingPolicy, ids topology.Bindings) error {
	group, err := idOf(ids, want.Group)
	if err != nil {
		return err
	}
	_, err = s.api.PutScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: aws.String(group), PolicyName: aws.String(want.Name), PolicyType: aws.String(want.Type), Enabled: aws.Bool(want.Enabled),
		TargetTrackingConfiguration: &asgtypes.TargetTrackingConfiguration{
			PredefinedMetricSpecification: &asgtypes.PredefinedMetricSpecification{PredefinedMetricType: asgtypes.MetricType(want.Metric)},
			TargetValue:                   aws.Float64(want.Target), DisableScaleIn: aws.Bool(!want.ScaleIn),
		},
	})
	return settling(err, groupNew)
}

func (s scalingPolicies) Update(ctx context.Context, _, want topology.ScalingPolicy, _ diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	return nil, s.put(ctx, want, ids)
}

// Delete leaves the group at the capacity it has.
func (s scalingPolicies) Delete(ctx context.Context, have topology.ScalingPolicy, _ topology.Bindings) error {
	_, err := s.api.DeletePolicy(ctx, &autoscaling.DeletePolicyInput{
		AutoScalingGroupName: aws.String(have.Group.Name), PolicyName: aws.String(have.Name),
	})
	return removed(err, groupBusy)
}
