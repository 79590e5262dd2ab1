package sync

import (
	"context"
	"strings"

	"github.com/quorate/quorate/actual/preflight"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// Preflight asks AWS whether a plan can happen; it can change nothing.
type Preflight func(ctx context.Context, in preflight.Input) (preflight.Findings, error)

// preflight refuses what AWS would not let happen, so that nothing of the plan is begun. A plan without
// changes is not asked about.
func (p Planner) preflight(ctx context.Context, planned *Planned) error {
	in := preflight.Input{Region: planned.Cluster.Region, Changes: coming(planned.Plan), Want: planned.Cluster.Topology, Have: planned.State}
	if p.Preflight == nil || len(in.Changes) == 0 {
		return nil
	}
	found, err := p.Preflight(ctx, in)
	if err != nil {
		return err
	}
	planned.Warnings = found.Warnings
	for ref, reasons := range byRef(found.Problems) {
		planned.Plan.Refuse(ref, strings.Join(reasons, "; "))
	}
	return nil
}

func byRef(problems []preflight.Finding) map[topology.Ref][]string {
	reasons := map[topology.Ref][]string{}
	for _, f := range problems {
		reasons[f.Ref] = append(reasons[f.Ref], f.Reason)
	}
	return reasons
}

// coming is what would happen: a replacement is a removal and a creation, and what is forbidden never
// happens.
func coming(plan diff.Plan) []preflight.Change {
	var changes []preflight.Change
	for _, c := range plan.Changes {
		change := preflight.Change{Ref: c.Ref, Want: c.Want, Have: c.Have}
		for _, f := range c.Fields {
			change.Fields = append(change.Fields, f.Path)
		}
		switch c.Effect {
		case diff.None, diff.Forbid:
		case diff.Replace:
			changes = append(changes, preflight.Change{Ref: c.Ref, Have: c.Have}, preflight.Change{Ref: c.Ref, Want: c.Want})
		default:
			changes = append(changes, change)
		}
	}
	return changes
}
