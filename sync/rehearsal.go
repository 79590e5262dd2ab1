package sync

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

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

// nodesLimit bounds the question for nodes: a Kubernetes that is down must not hold up its own repair.
const nodesLimit = 20 * time.Second

// nodes are what Kubernetes knows of the machines, or why nobody can tell.
type nodes struct {
	known map[string]kube.Node
	err   error
}

// nodes asks once for a plan. There is nothing to ask about a cluster without machines, or one
// that ends.
func (p Planner) nodes(ctx context.Context, c desired.Cluster, machines []topology.Machine) nodes {
	if p.Kubernetes == nil || len(machines) == 0 || c.Policy.Deletion {
		return nodes{}
	}
	ctx, cancel := context.WithTimeout(ctx, nodesLimit)
	defer cancel()
	known, err := p.Kubernetes.Nodes(ctx)
	return nodes{known, err}
}

// marked are the machines whose nodes ask to be replaced.
func (n nodes) marked() map[string]bool {
	marked := map[string]bool{}
	for machine, node := range n.known {
		marked[machine] = node.Marked
	}
	return marked
}

// versions fills in which Kubernetes a machine runs where its template does not tell.
func (n nodes) versions(machines []topology.Machine) []topology.Machine {
	machines = slices.Clone(machines)
	for i, m := range machines {
		machines[i].KubernetesVersion = cmp.Or(m.KubernetesVersion, n.known[m.ID].Version)
	}
	return machines
}

// rehearse says what people should know before machines are replaced: which pods could not be moved from
// them, or that none will be. A Kubernetes that does not answer is no reason to have no plan.
func (p Planner) rehearse(ctx context.Context, planned Planned, n nodes) []string {
	var notes []string
	if n.err != nil {
		notes = append(notes, fmt.Sprintf("whether nodes ask to be replaced, and whether machines can be emptied, is unknown: %v", n.err))
	}
	for _, change := range planned.Plan.Changes {
		group, ok := change.Want.(topology.AutoScalingGroup)
		if !ok || change.Effect != diff.Roll || group.Role == topology.ControlPlane || group.Role == topology.Bastion {
			continue
		}
		if p.Kubernetes == nil {
			notes = append(notes, fmt.Sprintf("the machines of %s are replaced without moving their pods first: there is no access to Kubernetes (--kubeconfig)", group.Name))
			continue
		}
		notes = append(notes, p.rehearseGroup(ctx, change, planned.Cluster.Rolling[group.Ref()], n)...)
	}
	return notes
}

// rehearseGroup tries to empty the machines of one group that go.
func (p Planner) rehearseGroup(ctx context.Context, change diff.Change, pace topology.RollingUpdate, n nodes) []string {
	var going []kube.Node
	for _, m := range change.Old {
		if node, known := n.known[m.ID]; known {
			going = append(going, node)
		}
	}
	if len(going) == 0 {
		return nil
	}
	obstacles, err := p.Kubernetes.Rehearse(ctx, going, pace)
	if err != nil {
		return []string{fmt.Sprintf("whether the machines of %s can be emptied is unknown: %v", change.Ref.Name, err)}
	}
	var notes []string
	for _, o := range obstacles {
		verb := "would be held up now"
		if o.Never {
			verb = "can never end"
		}
		notes = append(notes, fmt.Sprintf("the roll of %s %s: %s", change.Ref.Name, verb, o))
	}
	return notes
}
