package awssim

import (
	"net/netip"
	"slices"
	"time"
)

type associateCIDRInput struct {
	VPCID                       string `wire:"VpcId"`
	CidrBlock                   string
	AmazonProvidedIpv6CidrBlock bool
}

// cidrOutput answers with the one association that was made or is being removed.
type cidrOutput struct {
	VPCID string                  `xml:"vpcId"`
	IPv4  *cidrAssociationXML     `xml:"cidrBlockAssociation"`
	IPv6  *ipv6CIDRAssociationXML `xml:"ipv6CidrBlockAssociation"`
}

// maxCIDRs is AWS's default quota of IPv4 blocks for each VPC.
const maxCIDRs = 5

func (w *world) associateVPCCIDR(in associateCIDRInput) (cidrOutput, error) {
	v, err := w.vpc(in.VPCID)
	if err != nil {
		return cidrOutput{}, err
	}
	if in.AmazonProvidedIpv6CidrBlock {
		a := w.amazonIPv6Block(v.ID)
		v.IPv6CIDRs = append(v.IPv6CIDRs, a)
		x := w.ipv6CIDRAssociationXML(a)
		return cidrOutput{VPCID: v.ID, IPv6: &x}, nil
	}
	block, err := parseVPCBlock(in.CidrBlock)
	if err != nil {
		return cidrOutput{}, err
	}
	if len(v.CIDRs) >= maxCIDRs {
		return cidrOutput{}, refuse("CidrLimitExceeded", "The limit of %d CIDR blocks for VPC %s has been reached", maxCIDRs, v.ID)
	}
	if slices.ContainsFunc(v.CIDRs, func(a cidrAssociation) bool { return a.CIDR.Overlaps(block) }) {
		return cidrOutput{}, refuse("CidrConflict", "The CIDR '%s' conflicts with another CIDR of VPC %s", block, v.ID)
	}
	a := w.pendingCIDR(v.ID, block)
	v.CIDRs = append(v.CIDRs, a)
	x := newCIDRAssociationXML(a)
	return cidrOutput{VPCID: v.ID, IPv4: &x}, nil
}

// cidrDelay is how long AWS takes to associate a block with a VPC, roughly.
const cidrDelay = 5 * time.Second

// pendingCIDR is an association that ends being pending after a while.
func (w *world) pendingCIDR(vpcID string, block netip.Prefix) cidrAssociation {
	a := cidrAssociation{ID: w.newID("vpc-cidr-assoc"), CIDR: block, Pending: true}
	w.after(cidrDelay, func(w *world) {
		v, exists := w.VPCs[vpcID]
		if !exists {
			return
		}
		for _, list := range [][]cidrAssociation{v.CIDRs, v.IPv6CIDRs} {
			for i := range list {
				list[i].Pending = list[i].Pending && list[i].ID != a.ID
			}
		}
	})
	return a
}

func (w *world) disassociateVPCCIDR(in associationIDInput) (cidrOutput, error) {
	is := func(a cidrAssociation) bool { return a.ID == in.AssociationID }
	for _, v := range w.VPCs {
		if i := slices.IndexFunc(v.CIDRs, is); i >= 0 {
			return w.dropCIDR(v, i)
		}
		if i := slices.IndexFunc(v.IPv6CIDRs, is); i >= 0 {
			return w.dropIPv6CIDR(v, i)
		}
	}
	return cidrOutput{}, refuse("InvalidVpcCidrBlockAssociationID.NotFound", "The vpc CIDR block association ID '%s' does not exist", in.AssociationID)
}

func (w *world) dropCIDR(v *vpc, i int) (cidrOutput, error) {
	a := v.CIDRs[i]
	if i == 0 {
		return cidrOutput{}, refuse("OperationNotPermitted", "The vpc CIDR block with association ID %s may not be disassociated. It is the primary IPv4 CIDR block of the VPC", a.ID)
	}
	if w.blockInUse(v, a.CIDR) {
		return cidrOutput{}, refuse("DependencyViolation", "The vpc CIDR block %s has dependencies and cannot be disassociated.", a.CIDR)
	}
	v.CIDRs = slices.Delete(v.CIDRs, i, i+1)
	x := newCIDRAssociationXML(a)
	x.State = "disassociating"
	return cidrOutput{VPCID: v.ID, IPv4: &x}, nil
}

func (w *world) dropIPv6CIDR(v *vpc, i int) (cidrOutput, error) {
	a := v.IPv6CIDRs[i]
	if w.blockInUse(v, a.CIDR) {
		return cidrOutput{}, refuse("DependencyViolation", "The vpc CIDR block %s has dependencies and cannot be disassociated.", a.CIDR)
	}
	v.IPv6CIDRs = slices.Delete(v.IPv6CIDRs, i, i+1)
	x := w.ipv6CIDRAssociationXML(a)
	x.State = "disassociating"
	return cidrOutput{VPCID: v.ID, IPv6: &x}, nil
}

func (w *world) blockInUse(v *vpc, block netip.Prefix) bool {
	for _, s := range w.Subnets {
		if s.VPCID == v.ID && s.overlaps(block) {
			return true
		}
	}
	return false
}
