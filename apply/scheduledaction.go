package apply

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

type scheduledActionWriter interface {
	PutScheduledUpdateGroupAction(context.Context, *autoscaling.PutScheduledUpdateGroupActionInput, ...func(*autoscaling.Options)) (*autoscaling.PutScheduledUpdateGroupActionOutput, error)
	DeleteScheduledAction(context.Context, *autoscaling.DeleteScheduledActionInput, ...func(*autoscaling.Options)) (*autoscaling.DeleteScheduledActionOutput, error)
}

// scheduledActions are bound to their own references' names, like lifecycle hooks.
type scheduledActions struct{ api scheduledActionWriter }

func (s scheduledActions) Create(ctx context.Context, want topology.ScheduledAction, ids topology.Bindings) (topology.Bindings, error) {
	if err := s.put(ctx, want, ids); err != nil {
		return nil, err
	}
	return topology.Bindings{want.Ref(): want.Ref().Name}, nil
}

// put makes the action, or makes the one of its name what is wanted, but for what is to
// be without a value.
func (s scheduledActions) put(ctx context.Context, want topology.ScheduledAction, ids topology.Bindings) error {
	group, err := idOf(ids, want.Group)
	if err != nil {
		return err
	}
	in := &autoscaling.PutScheduledUpdateGroupActionInput{
		AutoScalingGroupName: aws.String(group), ScheduledActionName: aws.String(want.Name), Recurrence: aws.String(want.Recurrence),
		TimeZone: present(want.TimeZone), MinSize: aws.Int32(int32(want.Min)), MaxSize: aws.Int32(int32(want.Max)),
	}
	if want.Desired != topology.KeepDesired {
		in.DesiredCapacity = aws.Int32(int32(want.Desired))
	}
	if want.End != "" {
		end, err := time.Parse(time.RFC3339, want.End)
		if err != nil {
			return fmt.Errorf("end of %s: %w", want.Ref(), err)
		}
		in.EndTime = &end
	}
	_, err = s.api.PutScheduledUpdateGroupAction(ctx, in)
	return settling(err, groupNew)
}

func (s scheduledActions) Update(ctx context.Context, _, want topology.ScheduledAction, _ diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	return nil, s.put(ctx, want, ids)
}

// Delete leaves the group with the bounds it has; if those are the action's, the next
// pass sees them drift from the manifest.
func (s scheduledActions) Delete(ctx context.Context, have topology.ScheduledAction, _ topology.Bindings) error {
	_, err := s.api.DeleteScheduledAction(ctx, &autoscaling.DeleteScheduledActionInput{
		AutoScalingGroupName: aws.String(have.Group.Name), ScheduledActionName: aws.String(have.Name),
	})
	return removed(err, groupBusy)
}
