package order

import (
	"cmp"
	"slices"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// The control plane grows and shrinks in this order: volumes, templates and groups of the newcomers; then
// etcd's member lists, one volume's tag after the other, each written when etcd's own list is the same;
// then the groups of those that left, one zone at a time; then the masters roll that have to know of each
// other. etcd is asked to take nobody in before a machine stands there to start the member, so one that
// never boots costs no margin.
//
// Only if one master is to be left it rolls first: nobody would let it go later.

// changesMembers reports whether a change is that of an etcd cluster's member list.
func changesMembers(c diff.Change) bool {
	return c.Ref.Kind == topology.KindVolume && c.Effect == diff.InPlace && c.Has("members")
}

// leavesControlPlane reports whether a change removes a control-plane group, or something on one.
func leavesControlPlane(c diff.Change, changes []diff.Change) bool {
	if c.Effect != diff.Delete {
		return false
	}
	if c.Ref.Kind == topology.KindAutoScalingGroup {
		return roleOf(c) == topology.ControlPlane
	}
	return slices.ContainsFunc(changes, func(other diff.Change) bool {
		return other.Ref.Kind == topology.KindAutoScalingGroup && leavesControlPlane(other, nil) && waitsFor(c.Have, other.Ref)
	})
}

// growing puts the changes of the control plane's members and groups, and what rolls, behind the earlier
// steps.
func growing(resizing, rolls []diff.Change, earlier []Step, now Standing) []Step {
	members := slices.DeleteFunc(slices.Clone(resizing), func(c diff.Change) bool { return !changesMembers(c) })
	leaving := slices.DeleteFunc(resizing, changesMembers)
	if oneIsLeft(members) {
		rolled := rolling(rolls, earlier, now)
		control := slices.DeleteFunc(slices.Clone(rolled), func(s Step) bool { return s.Zone == "" })
		agreed := agreeing(members, slices.Concat(earlier, control))
		return slices.Concat(rolled, agreed, dismissing(leaving, slices.Concat(earlier, control, agreed)))
	}
	agreed := agreeing(members, earlier)
	left := dismissing(leaving, slices.Concat(earlier, agreed))
	return slices.Concat(agreed, left, rolling(rolls, slices.Concat(earlier, agreed, left), now))
}

func oneIsLeft(members []diff.Change) bool {
	return slices.ContainsFunc(members, func(c diff.Change) bool {
		volume, ok := c.Want.(topology.Volume)
		return ok && len(volume.Members) == 1
	})
}

// agreeing chains the changes of member lists: the first to come brings etcd's lists about, and the others
// find them so.
func agreeing(members []diff.Change, earlier []Step) []Step {
	steps := behind(members, earlier, "a member joins etcd when its machine is there, and leaves before its machine does")
	for i := range steps[min(1, len(steps)):] {
		steps[i+1].After = []topology.Ref{steps[i].Change.Ref}
		steps[i+1].Why = "etcd's members change one at a time"
	}
	return steps
}

// dismissing removes control-plane groups, what is on them first, and one after the other.
func dismissing(leaving []diff.Change, earlier []Step) []Step {
	steps := removing(leaving, earlier, "its members must have left etcd first")
	last := topology.Ref{}
	for i, s := range steps {
		group, isGroup := s.Change.Have.(topology.AutoScalingGroup)
		if !isGroup {
			continue
		}
		if len(group.Zones) > 0 {
			steps[i].Zone = group.Zones[0]
		}
		if !last.IsZero() {
			steps[i].After = topology.SortRefs(append(s.After, last))
			steps[i].Why = "one control-plane zone at a time, and its members must have left etcd first"
		}
		last = s.Change.Ref
	}
	return steps
}

// newVolumesFirst lets everything that is known of an etcd cluster stay as it is until all its volumes are
// made: by the templates and by the marks on the volumes that are there, the applier tells whether the
// cluster exists already. Cut off halfway, it must come to the same answer.
func newVolumesFirst(changes []diff.Change) []diff.Change {
	kind := func(c diff.Change) topology.Ref { return topology.Ref{Kind: c.Ref.Kind} }
	old := func(c diff.Change) int {
		if isNewVolume(c) {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(changes, func(a, b diff.Change) int {
		return cmp.Or(topology.CompareRefs(kind(a), kind(b)), cmp.Compare(old(a), old(b)))
	})
	return changes
}

func behindNewVolumes(steps []Step) []Step {
	var volumes []topology.Ref
	for _, s := range steps {
		if isNewVolume(s.Change) {
			volumes = append(volumes, s.Change.Ref)
		}
	}
	for i, s := range steps {
		tells := s.Change.Ref.Kind == topology.KindVolume || s.Change.Ref.Kind == topology.KindLaunchTemplate
		if tells && s.Change.Effect == diff.InPlace && len(volumes) > 0 {
			steps[i].After = topology.SortRefs(slices.Concat(s.After, volumes))
			steps[i].Why = "the new etcd volumes come first"
		}
	}
	return steps
}

func isNewVolume(c diff.Change) bool {
	return c.Ref.Kind == topology.KindVolume && c.Effect == diff.Create
}
