package diff

import (
	"cmp"
	"slices"

	"github.com/quorate/quorate/topology"
)

// Between plans the way from what AWS has to what is wanted, under the default policy.
// The machines are looked at for one question: which of them are to be replaced, and why.
func Between(want, have topology.Topology, machines []topology.Machine) Plan {
	return Policy{}.Between(want, have, machines)
}

// Between is the function [Between] under another policy.
func (p Policy) Between(want, have topology.Topology, machines []topology.Machine) Plan {
	var plan Plan
	for ref, w := range want.All() {
		h, found := have.Get(ref)
		if !found && p.waits(w, have) {
			continue
		}
		w = p.hold(w, h)
		c, differs := p.changeOf(w, h, found, machines)
		c.refuseSkips(want, have, machines)
		c.refuseMembership(want)
		if differs && c.excuse(want, have) {
			plan.Changes = append(plan.Changes, c)
		}
	}
	for ref, h := range have.All() {
		if _, wanted := want.Get(ref); wanted {
			continue
		}
		plan.remove(h, cmp.Or(unwanted(h, want, have), oneWay(h, want)), p.keeps(want, h))
	}
	plan.explainTakenBack(have)
	slices.SortFunc(plan.Changes, func(a, b Change) int { return topology.CompareRefs(a.Ref, b.Ref) })
	plan.noteFollowers(have)
	p.noteHeld(&plan, want, have)
	p.noteRollsToCome(&plan, want, machines)
	return plan
}

func (p Policy) changeOf(want, have topology.Resource, found bool, machines []topology.Machine) (Change, bool) {
	c := Change{Ref: want.Ref(), Want: want, Have: have}
	switch {
	case want.Owner() == topology.Shared:
		return sharedChange(c, found)
	case !found:
		c.Effect, c.Have = Create, nil
		if c.Reason = unmakeable(want); c.Reason != "" {
			c.Effect = Forbid
		}
		return c, true
	}
	c.Fields = rows[c.Ref.Kind].compare(want, have)
	if group, ok := want.(topology.AutoScalingGroup); ok {
		c.Old = p.outOfDate(group, machines)
		c.Fields = append(c.Fields, oldField(group, c.Old)...)
	}
	c.settle()
	if group, ok := have.(topology.AutoScalingGroup); ok && c.Effect == Roll {
		c.Fields = append(c.Fields, followChange(want.(topology.AutoScalingGroup), group)...)
	}
	return c, c.Effect != None
}

// excuse takes away the differences of a group that something else than its own fields
// explains: bounds that a schedule holds, and marks of what is there still. It reports
// whether any difference is left.
func (c *Change) excuse(want, have topology.Topology) bool {
	group, ok := c.Have.(topology.AutoScalingGroup)
	if !ok || len(c.Fields) == 0 {
		return true
	}
	held := heldBySchedule(group, want, have)
	needed := map[string]bool{
		"tags[" + topology.TagScaling + "]": hasScaling(group.Ref(), have),
		"tags[" + topology.TagAlarms + "]":  len(topology.Of[topology.Alarm](have)) > 0,
	}
	c.Fields = slices.DeleteFunc(c.Fields, func(f FieldChange) bool {
		return held && (f.Path == "min" || f.Path == "max") || f.Want == "" && needed[f.Path]
	})
	c.Effect, c.Reason = None, ""
	c.settle()
	return c.Effect != None
}

// settle takes the strongest effect of the fields, with its sentence.
func (c *Change) settle() {
	for _, f := range c.Fields {
		if f.Effect > c.Effect {
			c.Effect, c.Reason = f.Effect, f.Reason
		}
	}
}

// remove plans the end of a resource that nobody wants, unless it is not ours, or there is
// a reason to refuse that or to keep it.
func (p *Plan) remove(have topology.Resource, refusal, keep string) {
	ref := have.Ref()
	switch {
	case have.Owner() == topology.Shared:
	case refusal != "":
		p.Changes = append(p.Changes, Change{Ref: ref, Effect: Forbid, Have: have, Reason: refusal})
	case keep != "":
		p.Kept = append(p.Kept, Kept{ref, keep})
	default:
		p.Changes = append(p.Changes, Change{Ref: ref, Effect: Delete, Have: have, Reason: "it is ours, and the manifest no longer asks for it"})
	}
}
