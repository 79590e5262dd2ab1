package actual

import (
	"cmp"
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type warmPoolReader interface {
	DescribeWarmPool(context.Context, *autoscaling.DescribeWarmPoolInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeWarmPoolOutput, error)
}

// lookWarmPools asks for the machines of pools, which AWS does not list with those of
// their groups. Groups without a pool, which is most, cost no call.
func lookWarmPools(ctx context.Context, o *observation) error {
	var names []string
	for _, g := range o.groups.found {
		if g.WarmPoolConfiguration != nil {
			names = append(names, aws.ToString(g.AutoScalingGroupName))
		}
	}
	answers, err := each(ctx, names, func(ctx context.Context, name string) ([]asgtypes.Instance, error) {
		pages := autoscaling.NewDescribeWarmPoolPaginator(o.clients.AutoScaling, &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: &name})
		found, err := everything(ctx, pages, func(p *autoscaling.DescribeWarmPoolOutput) []asgtypes.Instance { return p.Instances })
		if awsapi.NotFound(err) {
			return nil, nil // the group vanished meanwhile
		}
		return found, err
	})
	o.groups.warm = zip(names, answers)
	return err
}

func warmPool(c *asgtypes.WarmPoolConfiguration) topology.WarmPool {
	if c == nil {
		return topology.WarmPool{}
	}
	pool := topology.WarmPool{
		State:       string(cmp.Or(c.PoolState, asgtypes.WarmPoolStateStopped)),
		MinSize:     int(aws.ToInt32(c.MinSize)),
		MaxPrepared: topology.GroupMaximum,
		Reuse:       c.InstanceReusePolicy != nil && aws.ToBool(c.InstanceReusePolicy.ReuseOnScaleIn),
		Removing:    c.Status == asgtypes.WarmPoolStatusPendingDelete,
	}
	if c.MaxGroupPreparedCapacity != nil {
		pool.MaxPrepared = int(*c.MaxGroupPreparedCapacity)
	}
	return pool
}
