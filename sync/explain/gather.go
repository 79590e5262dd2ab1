package explain

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

// Sources are where facts come from. None of them changes anything.
type Sources struct {
	// Plan looks at AWS and compares; [sync.Planner.Plan] does.
	Plan func(context.Context, desired.Cluster) (sync.Planned, error)
	// Advise looks at the control plane and at what is wrong; [apply.Watcher.Advise] does.
	Advise func(context.Context, apply.Input) (apply.Standing, []repair.Advice, error)
	// Kubernetes is nil without access to it; drains are not told then.
	Kubernetes Kubernetes
	// Holder says which process is at work on the cluster.
	Holder func(cluster string) int
	Now    func() time.Time
}

// Kubernetes is what is asked about drains; [kube.Cluster] answers.
type Kubernetes interface {
	Nodes(ctx context.Context) (map[string]kube.Node, error)
	Rehearse(ctx context.Context, nodes []kube.Node, pace topology.RollingUpdate) ([]kube.Obstacle, error)
	Owners(ctx context.Context, pods []string) ([]string, error)
}

// Gather looks at everything. What cannot be seen is said in the facts; without AWS there are none.
func (s Sources) Gather(ctx context.Context, c desired.Cluster) (Facts, error) {
	planned, err := s.Plan(ctx, c)
	if err != nil {
		return Facts{}, err
	}
	f := Facts{Cluster: c, State: planned.State, Plan: planned.Plan, Steps: planned.Steps, Holder: s.Holder(c.Name)}
	if !planned.Plan.EndsCluster() {
		if f.Standing, f.Advice, err = s.Advise(ctx, planned.Input(c)); err != nil {
			f.Unseen = apply.Explain(err)
		}
	}
	if s.Kubernetes != nil {
		f.Drains = s.drains(ctx, f)
	}
	f.At = s.Now()
	return f, nil
}

func (s Sources) drains(ctx context.Context, f Facts) []Drain {
	nodes, err := s.Kubernetes.Nodes(ctx)
	if err != nil {
		return []Drain{{Node: kube.Node{Name: "of every machine"}, Unseen: err.Error()}}
	}
	var all []Drain
	for _, m := range f.State.Machines {
		node, known := nodes[m.ID]
		if !known || node.Emptying.IsZero() && !node.SetAside {
			continue
		}
		group := m.Group
		if group.IsZero() {
			group = m.Detached
		}
		all = append(all, s.drain(ctx, node, group, f.Cluster.Rolling[group]))
	}
	slices.SortFunc(all, func(a, b Drain) int { return cmp.Compare(a.Node.Name, b.Node.Name) })
	return all
}

func (s Sources) drain(ctx context.Context, node kube.Node, group topology.Ref, pace topology.RollingUpdate) Drain {
	d := Drain{Node: node, Group: group}
	var err error
	if d.Obstacles, err = s.Kubernetes.Rehearse(ctx, []kube.Node{node}, pace); err != nil {
		d.Unseen = err.Error()
		return d
	}
	if len(d.Obstacles) > 0 {
		d.Owners, err = s.Kubernetes.Owners(ctx, d.Obstacles[0].Pods)
	}
	if err != nil {
		d.Unseen = err.Error()
	}
	return d
}
