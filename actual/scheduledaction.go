package actual

import (
	"context"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type scheduledActionReader interface {
	DescribeScheduledActions(context.Context, *autoscaling.DescribeScheduledActionsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeScheduledActionsOutput, error)
}

type scheduledActionAnswers struct {
	found []asgtypes.ScheduledUpdateGroupAction
}

func lookScheduledActions(ctx context.Context, o *observation) error {
	answers, err := each(ctx, o.scaledGroups(), func(ctx context.Context, group *string) ([]asgtypes.ScheduledUpdateGroupAction, error) {
		pages := autoscaling.NewDescribeScheduledActionsPaginator(o.clients.AutoScaling, &autoscaling.DescribeScheduledActionsInput{
			AutoScalingGroupName: group, MaxRecords: page100,
		})
		found, err := everything(ctx, pages, func(p *autoscaling.DescribeScheduledActionsOutput) []asgtypes.ScheduledUpdateGroupAction {
			return p.ScheduledUpdateGroupActions
		})
		if awsapi.NotFound(err) {
			return nil, nil // the group vanished meanwhile
		}
		return found, err
	})
	o.schedule.found = slices.Concat(answers...)
	return err
}

// convertScheduledActions takes the actions with our names, as convertScalingPolicies
// does. When an action began is no matter: AWS sets it to the next time by itself.
func convertScheduledActions(o *observation) error {
	for _, a := range o.schedule.found {
		group := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: aws.ToString(a.AutoScalingGroupName)}
		if _, ours := o.resources[group]; !ours || !topology.IsScalingName(aws.ToString(a.ScheduledActionName)) {
			continue
		}
		action := topology.ScheduledAction{
			Name: aws.ToString(a.ScheduledActionName), Group: group, Recurrence: aws.ToString(a.Recurrence), TimeZone: timeZone(a.TimeZone),
			Min: orKept(a.MinSize), Max: orKept(a.MaxSize), Desired: orKept(a.DesiredCapacity), Ownership: topology.Owned,
		}
		if a.EndTime != nil {
			action.End = a.EndTime.UTC().Format(time.RFC3339)
		}
		o.add(action.Ref().Name, action)
	}
	return nil
}

// timeZone leaves out the time zone that is meant where none is named.
func timeZone(zone *string) string {
	if name := aws.ToString(zone); name != "UTC" && name != "Etc/UTC" {
		return name
	}
	return ""
}

// orKept is a size that an action sets, if it does.
func orKept(size *int32) int {
	if size == nil {
		return topology.KeepDesired
	}
	return int(*size)
}
