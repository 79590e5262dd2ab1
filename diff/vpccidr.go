package diff

import "github.com/quorate/quorate/topology"

const vpcCIDRRemembered = "the VPC remembers by this tag that the range is the cluster's, which is what lets it be taken away again one day"

// A range is its own name, so that only what the VPC remembers of it can differ.
var vpcCIDRFields = []field[topology.VPCCIDR]{
	forbid("vpc", "AWS cannot move a range to another VPC", func(c topology.VPCCIDR) topology.Ref { return c.VPC }),
	{"tags", func(want, have topology.VPCCIDR) []FieldChange {
		changes := tagChanges(want.Tags, have.Tags, false)
		for i := range changes {
			changes[i].Reason = vpcCIDRRemembered
		}
		return changes
	}},
}
