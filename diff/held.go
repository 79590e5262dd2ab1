package diff

import (
	"slices"

	"github.com/quorate/quorate/topology"
)

// hold lets a group that is held want the template that it has, so that nothing but time makes a machine of
// it old.
func (p Policy) hold(want, have topology.Resource) topology.Resource {
	group, ok := want.(topology.AutoScalingGroup)
	now, there := have.(topology.AutoScalingGroup)
	if !ok || !there || p.Held[group.Ref()] == "" {
		return want
	}
	group.LaunchTemplate, group.Template = now.LaunchTemplate, now.Template
	return group
}

// waits reports whether a resource is not made yet: it is a group that is held, or is put on one that is
// not there either.
func (p Policy) waits(want topology.Resource, have topology.Topology) bool {
	return slices.ContainsFunc(append(want.Needs(), want.Ref()), func(ref topology.Ref) bool {
		_, there := have.Get(ref)
		return p.Held[ref] != "" && !there
	})
}

// noteHeld tells which groups stay as they are for now.
func (p Policy) noteHeld(plan *Plan, want, have topology.Topology) {
	for _, group := range topology.Of[topology.AutoScalingGroup](want) {
		now, _ := topology.Find[topology.AutoScalingGroup](have, group.Ref())
		if why := p.Held[group.Ref()]; why != "" && now.Template != group.Template {
			plan.note(group.Ref(), why)
		}
	}
}
