package sync

import (
	"context"
	"fmt"

	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// Kubernetes is what a plan asks the Kubernetes API of a cluster; [kube.Cluster] answers.
type Kubernetes interface {
	Nodes(ctx context.Context) (map[string]kube.Node, error)
	Rehearse(ctx context.Context, nodes []kube.Node, pace topology.RollingUpdate) ([]kube.Obstacle, error)
}

// rehearse says what people should know before machines are replaced: which pods could not be moved from
// them, or that none will be. A Kubernetes that does not answer is no reason to have no plan.
func (p Planner) rehearse(ctx context.Context, c desired.Cluster, plan diff.Plan, machines []topology.Machine) []string {
	var notes []string
	for _, change := range plan.Changes {
		group, ok := change.Want.(topology.AutoScalingGroup)
		if !ok || change.Effect != diff.Roll || group.Role == topology.ControlPlane || group.Role == topology.Bastion {
			continue
		}
		if p.Kubernetes == nil {
			notes = append(notes, fmt.Sprintf("the machines of %s are replaced without moving their pods first: there is no access to Kubernetes (--kubeconfig)", group.Name))
			continue
		}
		notes = append(notes, p.rehearseGroup(ctx, group, c.Rolling[group.Ref()], machines)...)
	}
	return notes
}

func (p Planner) rehearseGroup(ctx context.Context, group topology.AutoScalingGroup, pace topology.RollingUpdate, machines []topology.Machine) []string {
	unknown := func(err error) []string {
		return []string{fmt.Sprintf("whether the machines of %s can be emptied is unknown: %v", group.Name, err)}
	}
	nodes, err := p.Kubernetes.Nodes(ctx)
	if err != nil {
		return unknown(err)
	}
	var going []kube.Node
	for _, m := range machines {
		if node, known := nodes[m.ID]; known && (m.Group == group.Ref() || m.Detached == group.Ref()) {
			going = append(going, node)
		}
	}
	obstacles, err := p.Kubernetes.Rehearse(ctx, going, pace)
	if err != nil {
		return unknown(err)
	}
	var notes []string
	for _, o := range obstacles {
		verb := "would be held up now"
		if o.Never {
			verb = "can never end"
		}
		notes = append(notes, fmt.Sprintf("the roll of %s %s: %s", group.Name, verb, o))
	}
	return notes
}
