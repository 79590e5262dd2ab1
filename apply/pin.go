package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"github.com/quorate/quorate/topology"
)

// newGroupWriter hands a roll the two things that it does to a group.
func newGroupWriter(e env) groupWriter { return autoScalingGroups{e.clients.AutoScaling, e.cluster} }

func (g autoScalingGroups) pin(ctx context.Context, group topology.AutoScalingGroup, ids topology.Bindings) error {
	template, err := pinTo(group, ids)
	if err != nil {
		return err
	}
	only, mixed := launchFrom(group, template)
	_, err = g.api.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(group.Name), LaunchTemplate: only, MixedInstancesPolicy: mixed,
	})
	if err != nil && lagging(err) {
		return &WaitError{Reason: "Auto Scaling does not know the new version of the template yet"}
	}
	return settling(err, groupBusy)
}

func (g autoScalingGroups) terminate(ctx context.Context, machine string) error {
	_, err := g.api.TerminateInstanceInAutoScalingGroup(ctx, &autoscaling.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: aws.String(machine), ShouldDecrementDesiredCapacity: aws.Bool(false),
	})
	return removed(err, groupBusy)
}
