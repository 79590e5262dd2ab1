package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/rollout"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// Nodes knows the machines as Kubernetes does, and empties them; [kube.Cluster] does.
type Nodes interface {
	// Nodes lists the nodes by EC2 instance id.
	Nodes(ctx context.Context) (map[string]kube.Node, error)
	// Empty takes one step in emptying a node, and says what is left.
	Empty(ctx context.Context, node kube.Node, pace topology.RollingUpdate) (kube.Progress, error)
	// SetAside gives a blocked node back for now; Release gives one back for good.
	SetAside(ctx context.Context, node kube.Node) error
	Release(ctx context.Context, node kube.Node) error
}

// worker is a machine of a group that rolls, as AWS and Kubernetes see it.
type worker struct {
	rollout.Machine
	node     kube.Node
	known    bool // Kubernetes has a node for it
	progress kube.Progress
}

// rollWorkers does what is next for one group, and waits for the rest.
func (r *run) rollWorkers(ctx context.Context, group topology.AutoScalingGroup, out *Outcome) error {
	workers, decision, err := r.decideOnWorkers(ctx, group, r.whyOld)
	if err != nil {
		return err
	}
	sentences, err := r.renewWarm(ctx, group)
	if err != nil {
		return err
	}
	return r.carry(ctx, group, workers, r.begun(decision, workers), sentences, out)
}

// decideOnWorkers looks at the machines of a group and decides what is next for them. Why says of a machine why
// it is replaced; empty for one that stays.
func (r *run) decideOnWorkers(ctx context.Context, group topology.AutoScalingGroup, why func(topology.Machine) string) ([]worker, rollout.Decision, error) {
	desired, workers, err := r.workers(ctx, group, why)
	if err != nil {
		return nil, rollout.Decision{}, err
	}
	machines := make([]rollout.Machine, 0, len(workers))
	for _, w := range workers {
		machines = append(machines, w.Machine)
	}
	return workers, rollout.Next(rollout.Group{Desired: desired, Machines: machines, Settings: r.in.Rolling[group.Ref()]}), nil
}

// carry does what was decided, and waits for the rest.
func (r *run) carry(ctx context.Context, group topology.AutoScalingGroup, workers []worker, decision rollout.Decision, sentences []string, out *Outcome) error {
	for _, action := range decision.Actions {
		i := slices.IndexFunc(workers, func(w worker) bool { return w.ID == action.Machine })
		sentence, err := r.act(ctx, group, workers[i], action.Verb)
		if err != nil {
			return fmt.Errorf("%s %s: %w", action.Verb, action.Machine, err)
		}
		out.Acted = true
		sentences = append(sentences, sentence)
	}
	if decision.Wait != "" {
		sentences = append(sentences, decision.Wait)
	}
	if len(sentences) == 0 {
		return nil
	}
	return &WaitError{Reason: strings.Join(sentences, "; ")}
}

// act carries out one action and says what is waited for.
func (r *run) act(ctx context.Context, group topology.AutoScalingGroup, w worker, verb rollout.Verb) (string, error) {
	groups, nodes := r.applier.groups, r.applier.nodes
	switch verb {
	case rollout.Detach:
		return fmt.Sprintf("machine %s is detached, and %s makes another beside it", w.ID, group.Ref()), groups.detach(ctx, group, w.ID)
	case rollout.SetAside:
		return fmt.Sprintf("machine %s is set aside: %s", w.ID, w.progress.Sentence()), nodes.SetAside(ctx, w.node)
	case rollout.Replace:
	}
	if w.known && !w.Emptying {
		progress, err := nodes.Empty(ctx, w.node, r.in.Rolling[group.Ref()])
		if err != nil {
			return "", err
		}
		w.progress = progress
	}
	if !w.progress.Empty() {
		return fmt.Sprintf("machine %s in %s is being emptied: %s", w.ID, w.Zone, w.progress.Sentence()), nil
	}
	replaced := fmt.Sprintf("machine %s in %s is being replaced", w.ID, w.Zone)
	if w.Detached {
		return replaced, groups.end(ctx, w.ID)
	}
	return replaced, groups.terminate(ctx, w.ID)
}

// workers looks at the machines of a group: the group as it is now, and each machine's node. Nodes that
// are being emptied are taken a step further, which is how it is known whether anything blocks them.
func (r *run) workers(ctx context.Context, group topology.AutoScalingGroup, why func(topology.Machine) string) (desired int, workers []worker, err error) {
	live, err := r.applier.groups.live(ctx, group)
	if err != nil {
		return 0, nil, err
	}
	nodes := map[string]kube.Node{}
	if r.applier.nodes != nil && group.Role != topology.Bastion { // bastions are no nodes
		if nodes, err = r.applier.nodes.Nodes(ctx); err != nil {
			return 0, nil, err
		}
	}
	if err := r.letGo(ctx, group, live, nodes); err != nil {
		return 0, nil, err
	}
	asked := len(nodes) > 0
	for _, m := range r.in.Machines {
		if m.Group != group.Ref() && m.Detached != group.Ref() || m.Warm() {
			continue
		}
		w := worker{Machine: asSeen(m, group, live, why(m))}
		if asked {
			w.node, w.known = nodes[m.ID]
			w.Ready = w.Ready && w.node.Ready
			w.Emptying, w.Blocked = !w.node.Emptying.IsZero(), w.node.SetAside
		}
		if w.Emptying && w.Old != "" && !w.Leaving {
			if w.progress, err = r.applier.nodes.Empty(ctx, w.node, r.in.Rolling[group.Ref()]); err != nil {
				return 0, nil, err
			}
			w.Blocked = len(w.progress.Blocked) > 0
		}
		workers = append(workers, w)
	}
	return int(aws.ToInt32(live.DesiredCapacity)), workers, nil
}

// whyOld is why the plan replaces a machine; empty for one that stays.
func (r *run) whyOld(m topology.Machine) string {
	for _, c := range r.in.Plan.Changes {
		if i := slices.IndexFunc(c.Old, func(old diff.OldMachine) bool { return old.ID == m.ID }); i >= 0 {
			return "it was " + c.Old[i].Why
		}
	}
	return ""
}

// asSeen joins what this pass saw of a machine with what its group says now.
func asSeen(m topology.Machine, group topology.AutoScalingGroup, live asgtypes.AutoScalingGroup, old string) rollout.Machine {
	seen := rollout.Machine{
		ID: m.ID, Zone: m.Zone, Launched: m.Launched, Old: old,
		Detached: m.Detached == group.Ref(), Leaving: m.Gone(), Ready: m.State == "running",
	}
	if seen.Detached {
		return seen
	}
	i := slices.IndexFunc(live.Instances, func(i asgtypes.Instance) bool { return aws.ToString(i.InstanceId) == m.ID })
	if i < 0 {
		seen.Leaving = true // it left since this pass began
		return seen
	}
	member := live.Instances[i]
	seen.Leaving = seen.Leaving || strings.HasPrefix(string(member.LifecycleState), "Terminat") || strings.HasPrefix(string(member.LifecycleState), "Detach")
	seen.Ready = seen.Ready && member.LifecycleState == asgtypes.LifecycleStateInService && aws.ToString(member.HealthStatus) == "Healthy"
	return seen
}
