package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

type warmPoolWriter interface {
	DescribeWarmPool(context.Context, *autoscaling.DescribeWarmPoolInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeWarmPoolOutput, error)
	PutWarmPool(context.Context, *autoscaling.PutWarmPoolInput, ...func(*autoscaling.Options)) (*autoscaling.PutWarmPoolOutput, error)
	DeleteWarmPool(context.Context, *autoscaling.DeleteWarmPoolInput, ...func(*autoscaling.Options)) (*autoscaling.DeleteWarmPoolOutput, error)
}

const poolLeaving = "AWS is ending the machines of the group's warm pool"

// putWarmPool makes the pool, or gives it its sizes; nothing happens for a group that
// wants none. All is said each time, as AWS keeps what a call leaves out.
func (g autoScalingGroups) putWarmPool(ctx context.Context, want topology.AutoScalingGroup) error {
	p := want.WarmPool
	if p.IsZero() {
		return nil
	}
	_, err := g.api.PutWarmPool(ctx, &autoscaling.PutWarmPoolInput{
		AutoScalingGroupName: aws.String(want.Name), PoolState: asgtypes.WarmPoolState(p.State),
		MinSize: aws.Int32(int32(p.MinSize)), MaxGroupPreparedCapacity: aws.Int32(int32(p.MaxPrepared)),
		InstanceReusePolicy: &asgtypes.InstanceReusePolicy{ReuseOnScaleIn: aws.Bool(p.Reuse)},
	})
	return settling(err, groupBusy)
}

// removeWarmPool begins to remove the pool, which is gone when its machines are, some
// passes later. It goes before anything else changes: AWS takes no mixed-instances
// policy beside a pool, and makes no new pool while it ends the old one.
func (g autoScalingGroups) removeWarmPool(ctx context.Context, have, want topology.AutoScalingGroup) error {
	switch {
	case have.WarmPool.Removing:
		return &WaitError{Reason: poolLeaving}
	case have.WarmPool.IsZero() || !want.WarmPool.IsZero():
		return nil
	}
	_, err := g.api.DeleteWarmPool(ctx, &autoscaling.DeleteWarmPoolInput{AutoScalingGroupName: aws.String(want.Name)})
	if err := removed(err, groupBusy); err != nil {
		return err
	}
	return &WaitError{Reason: poolLeaving}
}

// renewWarm ends the machines of a group's warm pool that the plan replaces. Nothing runs on them, so all go at once, and AWS makes others from what the
// group is pinned to. It looks again first, for AWS may have taken one into service.
func (r *run) renewWarm(ctx context.Context, group topology.AutoScalingGroup) (sentences []string, err error) {
	old := slices.DeleteFunc(slices.Clone(r.change(group.Ref()).Old), func(m diff.OldMachine) bool { return !m.Warm() })
	if len(old) == 0 {
		return nil, nil
	}
	waiting, err := r.applier.groups.pool(ctx, group)
	if err != nil {
		return nil, err
	}
	for _, m := range old {
		if !slices.Contains(waiting, m.ID) {
			continue
		}
		if err := r.applier.groups.terminate(ctx, m.ID); err != nil {
			return nil, fmt.Errorf("end %s of the warm pool: %w", m.ID, err)
		}
	}
	return []string{fmt.Sprintf("%d machines of the warm pool are made anew", len(old))}, nil
}

// pool lists the machines that wait in a group's pool now.
func (g autoScalingGroups) pool(ctx context.Context, group topology.AutoScalingGroup) ([]string, error) {
	var ids []string
	in := &autoscaling.DescribeWarmPoolInput{AutoScalingGroupName: aws.String(group.Name)}
	for {
		out, err := g.api.DescribeWarmPool(ctx, in)
		if err != nil {
			return nil, settling(err, groupBusy)
		}
		for _, i := range out.Instances {
			ids = append(ids, aws.ToString(i.InstanceId))
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return ids, nil
		}
	}
}
