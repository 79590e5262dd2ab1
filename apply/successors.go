package apply

import (
	"slices"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// afterSuccessors lets a group of workers go, and what hangs on it, only when the groups
// that stay are up: a group that was given another name is two, and its work has to go
// somewhere.
func (r *run) afterSuccessors(c diff.Change) error {
	if c.Effect != diff.Delete || r.in.Plan.EndsCluster() || !r.leaves(c) {
		return nil
	}
	if short := r.shortGroups(); len(short) > 0 {
		return &WaitError{Reason: "the workers that stay come first: " + short[0], Idle: true}
	}
	return nil
}

// leaves reports whether a change takes away a group of workers, or something of such a
// group that goes.
func (r *run) leaves(c diff.Change) bool {
	worker := func(have topology.Resource) bool {
		group, ok := have.(topology.AutoScalingGroup)
		return ok && group.Role != topology.ControlPlane
	}
	return worker(c.Have) || slices.ContainsFunc(c.Have.Needs(), func(ref topology.Ref) bool {
		parent := r.change(ref)
		return parent.Effect == diff.Delete && worker(parent.Have)
	})
}
