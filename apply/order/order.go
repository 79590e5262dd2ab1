// Package order answers: in which order do the changes of a plan happen, and why?
//
// [Steps] is a pure function from a plan to steps. References give parents before
// children; machines come after everything around them, and what is put on their
// groups after these, before any machine is replaced; control-plane zones are
// chained one behind the other, so that a reviewer sees on the pull request what the
// gate will ask again at run time; workers follow; removals come last, children
// first. What a control plane that grows or shrinks adds to this is in growing.go.
// Whatever is not ordered by these rules may happen side by side. The end of a
// cluster has an order of its own (ending.go): machines, surroundings, etcd's volumes.
//
// It imports diff and topology.
package order

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// A Step is one change with its place.
type Step struct {
	Change diff.Change
	// After lists the changes that must be done first, sorted.
	After []topology.Ref
	// Why is a sentence: the reason the step stands where it stands.
	Why string
	// Zone is set if the step takes control-plane machines of that zone out.
	Zone string
	// Takeover is set if the step gives the work of something to a load balancer: the one that must be able
	// to do it by then.
	Takeover topology.Ref
}

// Steps orders the changes of a plan so that every step stands behind all that it
// waits for. Forbidden changes are no steps. Any order of plan.Changes gives the
// same steps. What is known of the control plane decides which of its machines goes
// first; whoever knows nothing gets them by zone.
func Steps(plan diff.Plan, now Standing) []Step {
	changes := slices.DeleteFunc(slices.Clone(plan.Changes), func(c diff.Change) bool { return c.Effect == diff.Forbid })
	slices.SortFunc(changes, func(a, b diff.Change) int { return topology.CompareRefs(a.Ref, b.Ref) })

	if plan.EndsCluster() {
		return ending(changes)
	}
	in := sorted(changes)
	steps := append(behind(in.detached, nil, ""), behindNewVolumes(byNeed(newVolumesFirst(in.surroundings), nil))...)
	steps = append(steps, behind(in.groups, steps, "machines start only when everything around them is in place")...)
	steps = append(steps, byNeed(in.attached, steps)...)
	// Machines need not wait for names: a broken one may be what a name waits for.
	steps = slices.Concat(steps, moving(in.moves, steps), growing(in.resizing, in.rolls, steps, now))
	steps = append(steps, behind(in.late, steps, "machines that do not know of the hook would wait at it in vain")...)
	return append(steps, clearing(in.removals, steps)...)
}

// parts are the changes of a plan by the part of it in which they have their place, in the order of the parts.
type parts struct {
	detached     []diff.Change // hooks at which machines would wait in vain
	surroundings []diff.Change
	groups       []diff.Change
	attached     []diff.Change // what is put on groups
	moves        []diff.Change // clients that are led elsewhere
	resizing     []diff.Change // the control plane's members, and groups that leave it
	rolls        []diff.Change
	late         []diff.Change // hooks of which the new machines know
	removals     []diff.Change
}

// sorted puts each change into the first part whose rule it meets.
func sorted(changes []diff.Change) parts {
	var in parts
	retiring := slices.ContainsFunc(changes, retires)
	for _, c := range changes {
		part := &in.surroundings
		switch {
		case changesMembers(c) || leavesControlPlane(c, changes):
			part = &in.resizing
		case takesOver(c, retiring) || leadsToNewcomers(c, changes):
			part = &in.moves
		case holdsNewMachines(c) && c.Effect == diff.Delete:
			part = &in.detached
		case holdsNewMachines(c):
			part = &in.late
		case c.Effect == diff.Delete:
			part = &in.removals
		case c.Effect == diff.Roll:
			part = &in.rolls
		case c.Ref.Kind == topology.KindAutoScalingGroup:
			part = &in.groups
		case attachedKinds[c.Ref.Kind]:
			part = &in.attached
		}
		*part = append(*part, c)
	}
	return in
}

// moving leads clients elsewhere.
func moving(moves []diff.Change, earlier []Step) []Step {
	steps := behind(moves, earlier, "a name moves only when the machines are behind the load balancer that it moves to")
	for i := range steps {
		steps[i].Takeover = aliasOf(steps[i].Change)
	}
	return steps
}

// clearing removes what nobody wants any more. A Classic load balancer goes when the one of its name does its
// work.
func clearing(removals []diff.Change, earlier []Step) []Step {
	steps := removing(removals, earlier, "removals come last")
	for i, s := range steps {
		if retires(s.Change) {
			steps[i].Takeover = topology.Ref{Kind: topology.KindLoadBalancer, Name: s.Change.Ref.Name}
		}
	}
	return steps
}

// retires reports whether a change is the end of a Classic load balancer.
func retires(c diff.Change) bool {
	return c.Effect == diff.Delete && c.Ref.Kind == topology.KindClassicELB
}

// takesOver reports whether a change leads clients to a load balancer that did without them before: it moves
// a name there, or makes one while the machines are still behind a Classic one.
func takesOver(c diff.Change, retiring bool) bool {
	return aliasOf(c).Kind == topology.KindLoadBalancer && (c.Effect == diff.InPlace || c.Effect == diff.Create && retiring)
}

// leadsToNewcomers reports whether a change makes a listener forward to a target group that machines have yet
// to join. Where they have joined already it comes before they leave the other one.
func leadsToNewcomers(c diff.Change, changes []diff.Change) bool {
	listener, is := c.Want.(topology.Listener)
	if !is || c.Effect != diff.InPlace || !c.Has("targetGroup") {
		return false
	}
	return slices.ContainsFunc(changes, func(other diff.Change) bool {
		want, _ := other.Want.(topology.AutoScalingGroup)
		have, _ := other.Have.(topology.AutoScalingGroup)
		return slices.Contains(want.TargetGroups, listener.TargetGroup) && !slices.Contains(have.TargetGroups, listener.TargetGroup)
	})
}

// aliasOf is the load balancer that a wanted record leads to.
func aliasOf(c diff.Change) topology.Ref {
	record, _ := c.Want.(topology.DNSRecord)
	return record.Alias
}

// attachedKinds are put on groups, which come after everything else.
var attachedKinds = map[topology.Kind]bool{
	topology.KindLifecycleHook: true, topology.KindScalingPolicy: true, topology.KindScheduledAction: true,
	topology.KindAlarm: true,
}

// holdsNewMachines tells whether a change is about a hook at which new machines wait
// until they say that they are ready. It may only be there while they know of it: it
// comes after the machines were replaced, and goes before.
func holdsNewMachines(c diff.Change) bool {
	hook, ok := c.Want.(topology.LifecycleHook)
	if !ok {
		hook, ok = c.Have.(topology.LifecycleHook)
	}
	return ok && hook.Transition == topology.Launching
}

// unnamed are needs that AWS has and that no field of the resource tells: what faces
// the internet is refused by AWS until the VPC has its gateway attached, and holds
// the gateway until it is gone; a subnet lies in one of the VPC's ranges. What feeds the
// queue goes before it, for it is only looked for while the queue is there.
var unnamed = map[topology.Kind]topology.Kind{
	topology.KindNATGateway:   topology.KindInternetGateway,
	topology.KindLoadBalancer: topology.KindInternetGateway,
	topology.KindSubnet:       topology.KindVPCCIDR,
	topology.KindClassicELB:   topology.KindInternetGateway,

	topology.KindEventRule:     topology.KindQueue,
	topology.KindLifecycleHook: topology.KindQueue,
}

// waitsFor reports whether a resource needs the other one, by a field or unnamed.
func waitsFor(r topology.Resource, other topology.Ref) bool {
	return slices.Contains(r.Needs(), other) || unnamed[r.Ref().Kind] == other.Kind
}

// byNeed puts each change behind the changes of what it needs, among them and among
// the earlier steps. The changes come sorted by kind, parents first, so they are in
// order already.
func byNeed(changes []diff.Change, earlier []Step) []Step {
	steps := make([]Step, 0, len(changes))
	for _, c := range changes {
		var after []topology.Ref
		for _, s := range earlier {
			if waitsFor(c.Want, s.Change.Ref) {
				after = append(after, s.Change.Ref)
			}
		}
		for _, other := range changes {
			if waitsFor(c.Want, other.Ref) {
				after = append(after, other.Ref)
			}
		}
		why := "nothing that it needs has to change first"
		if len(after) > 0 {
			why = "it needs " + listed(after)
		}
		steps = append(steps, Step{Change: c, After: after, Why: why})
	}
	return steps
}

// behind puts every change behind all earlier steps.
func behind(changes []diff.Change, earlier []Step, why string) []Step {
	ends := last(earlier)
	if len(ends) == 0 {
		why = "nothing has to change first"
	}
	steps := make([]Step, 0, len(changes))
	for _, c := range changes {
		steps = append(steps, Step{Change: c, After: ends, Why: why})
	}
	return steps
}

// removing turns the order of needs around: a resource goes when all that needs it
// has gone.
func removing(changes []diff.Change, earlier []Step, why string) []Step {
	ends := last(earlier)
	slices.Reverse(changes)
	steps := make([]Step, 0, len(changes))
	for _, c := range changes {
		children := needing(c.Ref, changes)
		step := Step{Change: c, After: topology.SortRefs(append(slices.Clone(ends), children...)), Why: why}
		if len(children) > 0 {
			step.Why = why + ", and " + listed(children) + " must be gone first"
		}
		steps = append(steps, step)
	}
	return steps
}

func needing(ref topology.Ref, changes []diff.Change) []topology.Ref {
	var children []topology.Ref
	for _, c := range changes {
		if c.Ref != ref && waitsFor(c.Have, ref) {
			children = append(children, c.Ref)
		}
	}
	return topology.SortRefs(children)
}

// last lists the steps that no other step waits for: to stand behind these is to
// stand behind all.
func last(steps []Step) []topology.Ref {
	waitedFor := map[topology.Ref]bool{}
	for _, s := range steps {
		for _, ref := range s.After {
			waitedFor[ref] = true
		}
	}
	var ends []topology.Ref
	for _, s := range steps {
		if !waitedFor[s.Change.Ref] {
			ends = append(ends, s.Change.Ref)
		}
	}
	return topology.SortRefs(ends)
}

// roleOf is that of the group that is wanted, or else of the one that goes.
func roleOf(c diff.Change) topology.Role {
	for _, r := range []topology.Resource{c.Want, c.Have} {
		if group, ok := r.(topology.AutoScalingGroup); ok {
			return group.Role
		}
	}
	return ""
}

func zoneOf(c diff.Change) string {
	group, _ := c.Want.(topology.AutoScalingGroup)
	return strings.Join(group.Zones, ",")
}

// listed names up to three references.
func listed(refs []topology.Ref) string {
	const most = 3
	var names []string
	for _, r := range refs[:min(most, len(refs))] {
		names = append(names, r.String())
	}
	if more := len(refs) - most; more > 0 {
		names = append(names, fmt.Sprintf("%d more", more))
	}
	return strings.Join(names, ", ")
}
