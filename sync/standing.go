package sync

import (
	"context"
	"fmt"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// Standing looks at the control plane of a cluster as it is now; [apply.Watcher] does.
type Standing func(ctx context.Context, c desired.Cluster, ids topology.Bindings) (apply.Standing, error)

// order puts the steps of a plan in their order. Only a plan that replaces masters costs a look at them:
// any other has the same order whatever they are like.
func (p Planner) order(ctx context.Context, planned *Planned) {
	masters := 0
	for _, c := range planned.Plan.Changes {
		if group, ok := c.Want.(topology.AutoScalingGroup); ok && group.Role == topology.ControlPlane && c.Effect == diff.Roll {
			masters++
		}
	}
	var now order.Standing
	if masters > 0 {
		seen, doubt := p.standing(ctx, *planned)
		if doubt == "" {
			planned.Standing, now = &seen, seen.Order()
		} else if masters > 1 {
			planned.Warnings = append(planned.Warnings, "masters are ordered by zone, and not sick ones first and leaders last: "+doubt)
		}
	}
	planned.Steps = order.Steps(planned.Plan, now)
}

// standing says how the masters are, or why nobody knows.
func (p Planner) standing(ctx context.Context, planned Planned) (seen apply.Standing, doubt string) {
	if p.Standing == nil {
		return seen, "there is no access to etcd"
	}
	seen, err := p.Standing(ctx, planned.Cluster, planned.State.Bindings)
	switch {
	case err != nil:
		return seen, fmt.Sprintf("the control plane cannot be looked at: %v", err)
	case !seen.Reached():
		return seen, "no member of etcd can be reached from here"
	}
	return seen, ""
}
