package topology

import "net/netip"

// VPCCIDR is an additional IPv4 range of a VPC. It is a kind and no field of [VPC]
// because subnets stand between: those that lie in the range are made after it, and
// it goes only after them.
type VPCCIDR struct {
	VPC  Ref          `json:"vpc"`
	CIDR netip.Prefix `json:"cidr"`
	// Tags are on the VPC, as AWS has none for ranges: see [VPCCIDRTag].
	Tags      Tags      `json:"tags,omitempty"`
	Ownership Ownership `json:"ownership"`
}

func (c VPCCIDR) Ref() Ref         { return Ref{KindVPCCIDR, c.CIDR.String()} }
func (c VPCCIDR) Needs() []Ref     { return present(c.VPC) }
func (c VPCCIDR) Owner() Ownership { return c.Ownership }
func (c VPCCIDR) Labels() Tags     { return c.Tags }
func (VPCCIDR) resource()          {}

// VPCCIDRTag is the key of the tag by which a VPC remembers that a range was added for
// its cluster. Without it nobody could tell such a range from one that somebody else
// added, a network plugin for instance, and that is not the cluster's to take away.
func VPCCIDRTag(cidr netip.Prefix) string { return "quorate.dev/network-cidr/" + cidr.String() }
