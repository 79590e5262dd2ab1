package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

type lifecycleHookWriter interface {
	PutLifecycleHook(context.Context, *autoscaling.PutLifecycleHookInput, ...func(*autoscaling.Options)) (*autoscaling.PutLifecycleHookOutput, error)
	DeleteLifecycleHook(context.Context, *autoscaling.DeleteLifecycleHookInput, ...func(*autoscaling.Options)) (*autoscaling.DeleteLifecycleHookOutput, error)
}

// lifecycleHooks have no AWS id: they are bound to their own reference's name. They
// carry no tags: whose the group is, his are the hooks with kops's names.
type lifecycleHooks struct{ api lifecycleHookWriter }

func (h lifecycleHooks) Create(ctx context.Context, want topology.LifecycleHook, ids topology.Bindings) (topology.Bindings, error) {
	if err := h.put(ctx, want, ids); err != nil {
		return nil, err
	}
	return topology.Bindings{want.Ref(): want.Ref().Name}, nil
}

// put makes the hook, or changes it; machines that wait already are not touched.
func (h lifecycleHooks) put(ctx context.Context, want topology.LifecycleHook, ids topology.Bindings) error {
	group, err := idOf(ids, want.Group)
	if err != nil {
		return err
	}
	_, err = h.api.PutLifecycleHook(ctx, &autoscaling.PutLifecycleHookInput{
		AutoScalingGroupName: aws.String(group), LifecycleHookName: aws.String(want.Name), LifecycleTransition: aws.String(want.Transition),
		DefaultResult: aws.String(want.DefaultResult), HeartbeatTimeout: aws.Int32(int32(want.Heartbeat)),
	})
	return settling(err, groupNew)
}

func (h lifecycleHooks) Update(ctx context.Context, _, want topology.LifecycleHook, _ diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	return nil, h.put(ctx, want, ids)
}

// Delete lets the machines go that wait for the hook.
func (h lifecycleHooks) Delete(ctx context.Context, have topology.LifecycleHook, _ topology.Bindings) error {
	_, err := h.api.DeleteLifecycleHook(ctx, &autoscaling.DeleteLifecycleHookInput{
		AutoScalingGroupName: aws.String(have.Group.Name), LifecycleHookName: aws.String(have.Name),
	})
	return removed(err, groupBusy)
}
