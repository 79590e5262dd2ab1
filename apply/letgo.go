package apply

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

// letMastersGo is letGo for all masters, as far as the gate lets it: until the hook is answered, a member may
// still run on the machine, and be missed.
func (r *run) letMastersGo(ctx context.Context, s standing) error {
	for _, m := range s.masters {
		if s.mayGo(m.group.Ref()).Answer != quorum.Proceed {
			continue
		}
		if err := r.letGo(ctx, m.group, m.facts.groups[m.group.Name], m.facts.nodes); err != nil {
			return err
		}
	}
	return nil
}

// letGo answers the hook at which ended machines wait to be drained, for those that this service emptied
// before it ended them: what the hook waits for is done, and without an answer a machine holds its volumes
// until the hook's time is over. Machines that others ended are left to who drains them.
func (r *run) letGo(ctx context.Context, group topology.AutoScalingGroup, live asgtypes.AutoScalingGroup, nodes map[string]kube.Node) error {
	for _, i := range live.Instances {
		machine := aws.ToString(i.InstanceId)
		node, known := nodes[machine]
		if i.LifecycleState != asgtypes.LifecycleStateTerminatingWait || !known || node.Emptying.IsZero() {
			continue
		}
		left, err := r.applier.nodes.Empty(ctx, node, r.in.Rolling[group.Ref()])
		if err != nil {
			return err
		}
		if !left.Empty() {
			continue // somebody ended it while it was being emptied
		}
		for _, hook := range r.terminationHooks(group.Ref()) {
			if err := r.applier.groups.letGo(ctx, group, hook, machine); err != nil {
				return fmt.Errorf("let machine %s go, which is empty: %w", machine, err)
			}
		}
	}
	return nil
}

// terminationHooks are the cluster's own; another one on the group is about something that nobody here knows.
func (r *run) terminationHooks(group topology.Ref) []string {
	var names []string
	for _, h := range topology.Of[topology.LifecycleHook](r.in.Have) {
		if h.Group == group && h.Transition == topology.Terminating && h.Ownership == topology.Owned {
			names = append(names, h.Name)
		}
	}
	return names
}

func (g autoScalingGroups) letGo(ctx context.Context, group topology.AutoScalingGroup, hook, machine string) error {
	_, err := g.api.CompleteLifecycleAction(ctx, &autoscaling.CompleteLifecycleActionInput{
		AutoScalingGroupName: aws.String(group.Name), LifecycleHookName: aws.String(hook), InstanceId: aws.String(machine),
		LifecycleActionResult: aws.String("CONTINUE"),
	})
	if awsapi.Code(err) == "ValidationError" && strings.Contains(awsapi.Explain(err), "No active Lifecycle Action") {
		return nil // somebody else answered, or its time was over
	}
	return settling(err, groupBusy)
}
