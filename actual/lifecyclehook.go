package actual

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type lifecycleHookReader interface {
	DescribeLifecycleHooks(context.Context, *autoscaling.DescribeLifecycleHooksInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeLifecycleHooksOutput, error)
}

type lifecycleHookAnswers struct{ found []asgtypes.LifecycleHook }

// lookLifecycleHooks asks group by group, as AWS has no other way, and only where kops
// puts hooks: on every group while there is a queue that they tell of machines, and on
// those with a warm pool. The hooks go before both.
func lookLifecycleHooks(ctx context.Context, o *observation) error {
	asked := slices.DeleteFunc(slices.Clone(o.groups.found), func(g asgtypes.AutoScalingGroup) bool {
		return o.queues.url == "" && !hadWarmPool(g)
	})
	answers, err := each(ctx, asked, func(ctx context.Context, g asgtypes.AutoScalingGroup) ([]asgtypes.LifecycleHook, error) {
		out, err := o.clients.AutoScaling.DescribeLifecycleHooks(ctx, &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: g.AutoScalingGroupName})
		if awsapi.NotFound(err) {
			return nil, nil // the group vanished meanwhile
		}
		if err != nil {
			return nil, err
		}
		return out.LifecycleHooks, nil
	})
	o.hooks.found = slices.Concat(answers...)
	return err
}

// hadWarmPool knows a pool by itself, or by its metrics: somebody may have removed the
// pool alone, and its hook would hold every new machine.
func hadWarmPool(g asgtypes.AutoScalingGroup) bool {
	return g.WarmPoolConfiguration != nil || slices.ContainsFunc(g.EnabledMetrics, func(m asgtypes.EnabledMetric) bool {
		return strings.HasPrefix(aws.ToString(m.Metric), "WarmPool")
	})
}

// convertLifecycleHooks takes the hooks with a name that kops gives. Others are not
// the cluster's: hooks carry no tags, and who made one cannot be told.
func convertLifecycleHooks(o *observation) error {
	for _, h := range o.hooks.found {
		group := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: aws.ToString(h.AutoScalingGroupName)}
		owner, ours := o.resources[group]
		if !ours || !kopsHook(aws.ToString(h.LifecycleHookName), owner.Labels()[topology.TagGroup]) {
			continue
		}
		hook := topology.LifecycleHook{
			Name: aws.ToString(h.LifecycleHookName), Group: group, Transition: aws.ToString(h.LifecycleTransition),
			DefaultResult: aws.ToString(h.DefaultResult), Heartbeat: int(aws.ToInt32(h.HeartbeatTimeout)), Ownership: topology.Owned,
		}
		o.add(hook.Ref().Name, hook)
	}
	return nil
}

func kopsHook(name, instanceGroup string) bool {
	return name == topology.TerminationHookName(instanceGroup) || name == topology.WarmPoolHookName
}
