package apply

import (
	"context"
	"errors"
	"fmt"
	"slices"

	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// groupWriter is what a roll does to a group; the gate has been asked before either.
type groupWriter interface {
	// pin makes the group launch from the newest version of its template.
	pin(ctx context.Context, group topology.AutoScalingGroup, ids topology.Bindings) error
	// terminate ends a machine; the group, whose desired capacity stays, makes
	// another.
	terminate(ctx context.Context, machine string) error
	// letGo lets a machine end at once that waits at a hook of its group.
	letGo(ctx context.Context, group topology.AutoScalingGroup, hook, machine string) error
	// pool lists the machines in the group's warm pool, by id.
	pool(ctx context.Context, group topology.AutoScalingGroup) ([]string, error)
	// detach takes a machine out of its group, which makes another one.
	detach(ctx context.Context, group topology.AutoScalingGroup, machine string) error
	// end ends a machine that belongs to no group any more.
	end(ctx context.Context, machine string) error
	// live is the group as it is now.
	live(ctx context.Context, group topology.AutoScalingGroup) (asgtypes.AutoScalingGroup, error)
}

// roll takes a group further towards its wanted template: it pins the group, does what
// is next for its machines, and leaves the rest to later passes.
func (r *run) roll(ctx context.Context, s order.Step, out *Outcome) error {
	group, ok := s.Change.Want.(topology.AutoScalingGroup)
	if !ok {
		return fmt.Errorf("%s cannot roll", s.Change.Ref)
	}
	if err := r.join(ctx); err != nil {
		return err
	}
	standing, err := r.stand(ctx)
	if err != nil {
		return err
	}
	if err := errors.Join(r.noteBack(ctx, standing), r.letMastersGo(ctx, standing)); err != nil {
		return err
	}
	if group.Role == topology.ControlPlane {
		return r.rollMaster(ctx, standing, s.Change, group, out)
	}
	if err := r.giveBackAllBut(ctx, standing, topology.Ref{}); err != nil {
		return err
	}
	if err := r.gateWorker(standing); err != nil {
		return err
	}
	if err := r.begin(ctx, s.Change, group); err != nil {
		return err
	}
	out.Acted = true
	if err := r.settleGroup(ctx, s.Change, group); err != nil {
		return err
	}
	return r.rollWorkers(ctx, group, out)
}

// join puts the groups that are to roll behind their load balancers before any of them does: the gate counts
// no machine as back that is not healthy there, and the groups wait for each other.
func (r *run) join(ctx context.Context) error {
	for _, c := range r.in.Plan.Changes {
		joins := func(f diff.FieldChange) bool { return f.Path == "targetGroups" || f.Path == "classicLoadBalancers" }
		if c.Effect != diff.Roll || !slices.ContainsFunc(c.Fields, joins) {
			continue
		}
		c.Fields = slices.DeleteFunc(slices.Clone(c.Fields), func(f diff.FieldChange) bool { return !joins(f) })
		if err := r.learn(r.applier.rows[c.Ref.Kind].update(ctx, c, r.known())); err != nil {
			return fmt.Errorf("put %s behind its load balancers: %w", c.Ref, err)
		}
	}
	return nil
}

// gateWorker lets other groups roll once the whole control plane is back.
func (r *run) gateWorker(s standing) error {
	for _, m := range s.masters {
		if reasons := s.notBack(m); len(reasons) > 0 {
			w := &WaitError{Reason: "workers follow the control plane, and in " + m.zone + " " + reasons[0]}
			s.lasts(w, m, r.now())
			return w
		}
	}
	return nil
}

// strength is how many machines make a group whole: what the manifest says, unless
// nothing is to change about another number that AWS has. A schedule holds the group then.
func strength(have topology.Resource, want topology.AutoScalingGroup, c diff.Change) int {
	if now, ok := have.(topology.AutoScalingGroup); ok && !c.Has("min") {
		return now.Min
	}
	return want.Min
}

// settleGroup writes what is no matter of machines, then the pin.
func (r *run) settleGroup(ctx context.Context, c diff.Change, group topology.AutoScalingGroup) error {
	inPlace := slices.ContainsFunc(c.Fields, func(f diff.FieldChange) bool { return f.Effect == diff.InPlace })
	if inPlace {
		if err := r.learn(r.applier.rows[c.Ref.Kind].update(ctx, c, r.known())); err != nil {
			return err
		}
	}
	if c.Has("template") || c.Has("launchTemplate") || c.Has("follows") {
		return r.applier.groups.pin(ctx, group, r.known())
	}
	return nil
}

// oldest picks the machine to replace next: the one that has run longest of those that the plan replaces.
func (r *run) oldest(group topology.AutoScalingGroup) (topology.Machine, bool) {
	for _, m := range r.change(group.Ref()).Old {
		if m.Group == group.Ref() {
			return m.Machine, true
		}
	}
	return topology.Machine{}, false
}
