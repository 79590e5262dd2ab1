package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/topology"
)

type autoScalingGroupWriter interface {
	UpdateAutoScalingGroup(context.Context, *autoscaling.UpdateAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.UpdateAutoScalingGroupOutput, error)
	TerminateInstanceInAutoScalingGroup(context.Context, *autoscaling.TerminateInstanceInAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.TerminateInstanceInAutoScalingGroupOutput, error)
}

type autoScalingGroups struct{ api autoScalingGroupWriter }

func newGroupWriter(e env) groupWriter { return autoScalingGroups{e.clients.AutoScaling} }

func (h autoScalingGroups) pin(ctx context.Context, group topology.AutoScalingGroup, ids topology.Bindings) error {
	id, hasID := ids.ID(group.LaunchTemplate)
	version, hasVersion := ids.ID(topology.Ref{Kind: topology.KindTemplateVersion, Name: group.LaunchTemplate.Name})
	if !hasID || !hasVersion {
		return fmt.Errorf("%s has no version to pin to", group.LaunchTemplate)
	}
	_, err := h.api.UpdateAutoScalingGroup(ctx, &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(group.Name),
		LaunchTemplate:       &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: aws.String(id), Version: aws.String(version)},
	})
	return err
}

func (h autoScalingGroups) terminate(ctx context.Context, machine string) error {
	_, err := h.api.TerminateInstanceInAutoScalingGroup(ctx, &autoscaling.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: aws.String(machine), ShouldDecrementDesiredCapacity: aws.Bool(false),
	})
	return err
}
