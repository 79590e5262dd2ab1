package awssim

import (
	"maps"
	"slices"
	"strings"
)

// networkACL is the access list a VPC comes with, which lets everything through. The simulated
// region has no others: the product makes none.
type networkACL struct {
	ID    string
	VPCID string
}

func (w *world) newDefaultNetworkACL(vpcID string) {
	a := &networkACL{w.newID("acl"), vpcID}
	w.NetworkACLs[a.ID] = a
}

var networkACLFilters = filterTable[*networkACL]{
	"network-acl-id": func(_ *world, a *networkACL) []string { return one(a.ID) },
	"vpc-id":         func(_ *world, a *networkACL) []string { return one(a.VPCID) },
	"default":        func(*world, *networkACL) []string { return flag(true) },
}

type describeNetworkACLsInput struct {
	IDs []string `wire:"NetworkAclId"`
	query
}

type describeNetworkACLsOutput struct {
	ACLs      items[networkACLXML] `xml:"networkAclSet"`
	NextToken string               `xml:"nextToken,omitempty"`
}

func (w *world) describeNetworkACLs(in describeNetworkACLsInput) (describeNetworkACLsOutput, error) {
	list, next, err := describe(w, w.NetworkACLs, in.IDs, in.query, networkACLFilters, "InvalidNetworkAclID.NotFound")
	return describeNetworkACLsOutput{itemsOf(list, w.networkACLXML), next}, err
}

type networkACLXML struct {
	ID      string                    `xml:"networkAclId"`
	VPCID   string                    `xml:"vpcId"`
	OwnerID string                    `xml:"ownerId"`
	Default bool                      `xml:"default"`
	Entries items[networkACLEntryXML] `xml:"entrySet"`
	Subnets items[aclAssociationXML]  `xml:"associationSet"`
	Tags    items[tag]                `xml:"tagSet"`
}

type aclAssociationXML struct {
	ID       string `xml:"networkAclAssociationId"`
	ACLID    string `xml:"networkAclId"`
	SubnetID string `xml:"subnetId"`
}

type networkACLEntryXML struct {
	CIDR     string `xml:"cidrBlock"`
	Egress   bool   `xml:"egress"`
	Protocol string `xml:"protocol"`
	Action   string `xml:"ruleAction"`
	Number   int    `xml:"ruleNumber"`
}

func (w *world) networkACLXML(a *networkACL) networkACLXML {
	// 100 is the number AWS gives the rule that lets all through, 32767 that of the final refusal.
	entries := []networkACLEntryXML{
		{"0.0.0.0/0", true, "-1", "allow", 100}, {"0.0.0.0/0", true, "-1", "deny", 32767},
		{"0.0.0.0/0", false, "-1", "allow", 100}, {"0.0.0.0/0", false, "-1", "deny", 32767},
	}
	x := networkACLXML{ID: a.ID, VPCID: a.VPCID, OwnerID: w.account(), Default: true, Tags: w.tagSet(a.ID)}
	x.Entries.Items = entries
	for _, id := range slices.Sorted(maps.Keys(w.Subnets)) {
		if w.Subnets[id].VPCID == a.VPCID {
			// A subnet's one association never changes here, so its id follows from the subnet's.
			x.Subnets.Items = append(x.Subnets.Items, aclAssociationXML{"aclassoc-" + strings.TrimPrefix(id, "subnet-"), a.ID, id})
		}
	}
	return x
}
