package diff

import (
	"cmp"
	"time"

	"github.com/quorate/quorate/topology"
)

// Policy is what a cluster's people have decided about its plans. The zero value is the
// default.
type Policy struct {
	// KeepUnwanted leaves what is ours and no longer wanted where it is, and tells it.
	KeepUnwanted bool
	// Now is when AWS was looked at. Without it no machine is too old.
	Now time.Time
	// Rolling says from when on, and up to which age, machines of a group may stay.
	Rolling map[topology.Ref]topology.RollingUpdate
	// Marked are the ids of machines whose nodes ask to be replaced.
	Marked map[string]bool
	// Held are groups whose machines keep the template that they have for now, or that are not made yet,
	// each with the reason. What else differs in them is a change all the same.
	Held map[topology.Ref]string
}

const unwantedKept = "it is ours, and the manifest no longer asks for it, but quorate.dev/prune is \"false\"; remove it by hand, or the annotation"

// keeps is why a resource that nobody wants stays; empty if it goes.
func (p Policy) keeps(want topology.Topology, have topology.Resource) string {
	keep := cmp.Or(rows[have.Ref().Kind].keep, recordKept(have))
	if keep == "" && p.KeepUnwanted && !isSetting(want, have) {
		keep = unwantedKept
	}
	return keep
}

// isSetting reports whether a resource is no more than a setting of one that is wanted. A
// narrowed access list must narrow under every policy.
func isSetting(want topology.Topology, have topology.Resource) bool {
	var of topology.Ref
	switch have := have.(type) {
	case topology.SecurityGroupRule:
		of = have.Group
	case topology.Listener:
		of = have.LoadBalancer
	case topology.LifecycleHook:
		of = have.Group
	case topology.ScalingPolicy:
		of = have.Group
	case topology.ScheduledAction:
		of = have.Group
	default:
		return false
	}
	_, wanted := want.Get(of)
	return wanted || of.Kind == topology.KindGiven
}
