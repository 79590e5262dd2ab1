package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/quorate/quorate/topology"
)

// groupMachines is what a roll does to groups and their machines.
type groupMachines struct {
	autoScalingGroups
	asg machineDetacher
	ec2 machineEnder
}

type machineDetacher interface {
	DetachInstances(context.Context, *autoscaling.DetachInstancesInput, ...func(*autoscaling.Options)) (*autoscaling.DetachInstancesOutput, error)
}

type machineEnder interface {
	ec2Tagger
	TerminateInstances(context.Context, *ec2.TerminateInstancesInput, ...func(*ec2.Options)) (*ec2.TerminateInstancesOutput, error)
}

func newGroupWriter(e env) groupWriter {
	return groupMachines{autoScalingGroups{e.clients.AutoScaling, e.cluster}, e.clients.AutoScaling, e.clients.EC2}
}

// detach tags the machine first: one that left its group without a tag would run on and nobody would
// know why.
func (g groupMachines) detach(ctx context.Context, group topology.AutoScalingGroup, machine string) error {
	if err := addTags(ctx, g.ec2, machine, topology.Tags{topology.TagDetachedFrom: group.Name}); err != nil {
		return err
	}
	_, err := g.asg.DetachInstances(ctx, &autoscaling.DetachInstancesInput{
		AutoScalingGroupName: aws.String(group.Name), InstanceIds: []string{machine}, ShouldDecrementDesiredCapacity: aws.Bool(false),
	})
	return settling(err, groupBusy)
}

func (g groupMachines) end(ctx context.Context, machine string) error {
	_, err := g.ec2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{machine}})
	return removed(err, "AWS is still busy with the machine")
}

func (g groupMachines) live(ctx context.Context, group topology.AutoScalingGroup) (asgtypes.AutoScalingGroup, error) {
	found, err := g.find(ctx, group.Name)
	if err != nil {
		return asgtypes.AutoScalingGroup{}, err
	}
	if len(found) == 0 {
		return asgtypes.AutoScalingGroup{}, &WaitError{Reason: "AWS does not show the group yet"}
	}
	return found[0], nil
}

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
