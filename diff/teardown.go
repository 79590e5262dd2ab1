package diff

import (
	"github.com/quorate/quorate/topology"
)

const (
	ended         = "the cluster ends"
	retired       = "the cluster ends; the volume goes last, when a snapshot of it is completed, and the snapshot is kept"
	machinesEnd   = "the cluster ends, and its machines with it; etcd is asked nothing, for no quorum has to stand"
	takenBackUsed = "the deletion of the cluster had begun and was taken back: the volume is used again as it is"
	takenBackMade = "the deletion of the cluster had begun and was taken back when this volume was gone: an empty one is made; " +
		"what was on the old one is in a snapshot with the tag " + topology.TagRetired
)

// Teardown plans the end of a cluster: everything that it owns goes. What it was given
// stays, and so does a snapshot of each etcd volume: this is the only plan that takes
// such a volume away.
func Teardown(have topology.Topology, machines []topology.Machine) Plan {
	plan := Plan{Machines: machines, ends: true}
	for ref, h := range have.All() {
		if h.Owner() == topology.Shared {
			continue
		}
		c := Change{Ref: ref, Effect: Delete, Have: h, Reason: ended}
		switch ref.Kind {
		case topology.KindVolume:
			c.Effect, c.Reason = Retire, retired
		case topology.KindAutoScalingGroup:
			c.Reason = machinesEnd
		}
		plan.Changes = append(plan.Changes, c)
	}
	return plan
}

// explainTakenBack says what becomes of etcd's data when a volume shows that a deletion
// had begun.
func (p *Plan) explainTakenBack(have topology.Topology) {
	begun := false
	for _, v := range topology.Of[topology.Volume](have) {
		begun = begun || v.Tags[topology.TagRetired] != ""
	}
	for i := range p.Changes {
		c := &p.Changes[i]
		switch {
		case !begun || c.Ref.Kind != topology.KindVolume || c.Reason != "":
		case c.Effect == Create:
			c.Reason = takenBackMade
		case c.Effect == InPlace:
			c.Reason = takenBackUsed
		}
	}
}
