package awssim

import "slices"

type associateSubnetCIDRInput struct {
	SubnetID      string `wire:"SubnetId"`
	Ipv6CidrBlock string
}

type subnetCIDROutput struct {
	SubnetID string                 `xml:"subnetId"`
	IPv6     ipv6CIDRAssociationXML `xml:"ipv6CidrBlockAssociation"`
}

// associateSubnetCIDR gives a subnet an IPv6 block. AWS gives it one at most.
func (w *world) associateSubnetCIDR(in associateSubnetCIDRInput) (subnetCIDROutput, error) {
	s, err := w.subnet(in.SubnetID)
	if err != nil {
		return subnetCIDROutput{}, err
	}
	if len(s.IPv6) > 0 {
		return subnetCIDROutput{}, refuse("InvalidSubnet.Conflict", "The subnet '%s' already has an IPv6 CIDR block", s.ID)
	}
	v, err := w.vpc(s.VPCID)
	if err != nil {
		return subnetCIDROutput{}, err
	}
	if err := w.giveIPv6Block(v, s, in.Ipv6CidrBlock); err != nil {
		return subnetCIDROutput{}, err
	}
	x := newSubnetIPv6XML(s.IPv6[0])
	x.State = "associating" // and associated right after
	return subnetCIDROutput{s.ID, x}, nil
}

// disassociateSubnetCIDR takes the block away, unless an address of it is in use.
func (w *world) disassociateSubnetCIDR(in associationIDInput) (subnetCIDROutput, error) {
	for _, s := range w.Subnets {
		i := slices.IndexFunc(s.IPv6, func(a cidrAssociation) bool { return a.ID == in.AssociationID })
		if i < 0 {
			continue
		}
		for _, n := range w.Interfaces {
			if n.SubnetID == s.ID && n.IPv6.IsValid() {
				return subnetCIDROutput{}, refuse("InvalidCidr.InUse", "The subnet CIDR block with association ID '%s' is in use", in.AssociationID)
			}
		}
		x := newSubnetIPv6XML(s.IPv6[i])
		x.State = "disassociating"
		s.IPv6 = slices.Delete(s.IPv6, i, i+1)
		return subnetCIDROutput{s.ID, x}, nil
	}
	return subnetCIDROutput{}, refuse("InvalidSubnetCidrBlockAssociationID.NotFound", "The subnet CIDR block association ID '%s' does not exist", in.AssociationID)
}
