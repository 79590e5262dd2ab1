package awssim

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
)

// vpc is a virtual private cloud.
type vpc struct {
	ID            string
	CIDRs         []cidrAssociation // the first is the primary one
	IPv6CIDRs     []cidrAssociation
	DHCPOptionsID string
	DNSSupport    bool
	DNSHostnames  bool
	Tenancy       string
}

// cidrAssociation ties an address block to a VPC or a subnet.
type cidrAssociation struct {
	ID   string
	CIDR netip.Prefix
	// Pending is set until AWS has associated the block, which it does by and by.
	Pending bool
}

// contains says whether a block lies within one of the VPC's own.
func (v *vpc) contains(block netip.Prefix) bool {
	return slices.ContainsFunc(slices.Concat(v.CIDRs, v.IPv6CIDRs), func(a cidrAssociation) bool {
		return !a.Pending && a.CIDR.Bits() <= block.Bits() && a.CIDR.Contains(block.Addr())
	})
}

type createVPCInput struct {
	CidrBlock                   string
	InstanceTenancy             string
	AmazonProvidedIpv6CidrBlock bool
	tagging
}

type vpcOutput struct {
	VPC vpcXML `xml:"vpc"`
}

func (w *world) createVPC(in createVPCInput) (vpcOutput, error) {
	block, err := parseVPCBlock(in.CidrBlock)
	if err != nil {
		return vpcOutput{}, err
	}
	tags, err := in.tagsFor("vpc")
	if err != nil {
		return vpcOutput{}, err
	}
	if len(w.VPCs) >= w.limit(vpcQuota) {
		return vpcOutput{}, refuse("VpcLimitExceeded", "The maximum number of VPCs has been reached.")
	}
	v := &vpc{
		ID:         w.newID("vpc"),
		CIDRs:      []cidrAssociation{{ID: w.newID("vpc-cidr-assoc"), CIDR: block}},
		DNSSupport: true, // on for every new VPC; DNS host names are on only for the default VPC
		Tenancy:    cmp.Or(in.InstanceTenancy, "default"),

		DHCPOptionsID: w.defaultDHCPOptions(),
	}
	if in.AmazonProvidedIpv6CidrBlock {
		v.IPv6CIDRs = append(v.IPv6CIDRs, w.amazonIPv6Block(v.ID))
	}
	w.VPCs[v.ID] = v
	w.tag(v.ID, tags)
	w.newDefaultGroup(v)
	w.newMainRouteTable(v.ID)
	w.newDefaultNetworkACL(v.ID)
	answer := w.vpcXML(v)
	answer.State = "pending" // AWS answers so, and shows it available right after
	return vpcOutput{answer}, nil
}

// parseVPCBlock reads an IPv4 block of a VPC. AWS takes /16 to /28 and clears host bits.
func parseVPCBlock(s string) (netip.Prefix, error) {
	if s == "" {
		return netip.Prefix{}, missing("cidrBlock")
	}
	block, err := parseIPv4Block("cidrBlock", s)
	if err != nil {
		return block, err
	}
	if block.Bits() < 16 || block.Bits() > 28 {
		return block, refuse("InvalidVpc.Range", "The CIDR '%s' is invalid.", s)
	}
	return block, nil
}

func parseIPv4Block(parameter, s string) (netip.Prefix, error) {
	block, err := netip.ParsePrefix(s)
	if err != nil || !block.Addr().Is4() {
		return netip.Prefix{}, refuse("InvalidParameterValue",
			"Value (%s) for parameter %s is invalid. This is not a valid CIDR block.", s, parameter)
	}
	return block.Masked(), nil
}

// amazonIPv6Block makes a /56 out of a block that Amazon announces.
func (w *world) amazonIPv6Block(vpcID string) cidrAssociation {
	n := w.region.ids.rand.Uint64()
	addr := netip.AddrFrom16([16]byte{0x26, 0x00, 0x1f, 0x18, byte(n), byte(n >> 8), byte(n >> 16)})
	return w.pendingCIDR(vpcID, netip.PrefixFrom(addr, 56))
}

var vpcFilters = filterTable[*vpc]{
	"vpc-id":          func(_ *world, v *vpc) []string { return one(v.ID) },
	"cidr":            func(_ *world, v *vpc) []string { return one(v.CIDRs[0].CIDR.String()) },
	"state":           func(*world, *vpc) []string { return one("available") },
	"is-default":      func(*world, *vpc) []string { return flag(false) },
	"owner-id":        func(w *world, _ *vpc) []string { return one(w.account()) },
	"dhcp-options-id": func(_ *world, v *vpc) []string { return one(v.DHCPOptionsID) },
	"cidr-block-association.cidr-block": func(_ *world, v *vpc) []string {
		return blocks(v.CIDRs)
	},
	"ipv6-cidr-block-association.ipv6-cidr-block": func(_ *world, v *vpc) []string {
		return blocks(v.IPv6CIDRs)
	},
}

func blocks(list []cidrAssociation) []string {
	var out []string
	for _, a := range list {
		out = append(out, a.CIDR.String())
	}
	return out
}

type describeVPCsInput struct {
	VPCIDs []string `wire:"VpcId"`
	query
}

type describeVPCsOutput struct {
	VPCs      items[vpcXML] `xml:"vpcSet"`
	NextToken string        `xml:"nextToken,omitempty"`
}

func (w *world) describeVPCs(in describeVPCsInput) (describeVPCsOutput, error) {
	list, next, err := describe(w, w.VPCs, in.VPCIDs, in.query, vpcFilters, "InvalidVpcID.NotFound")
	return describeVPCsOutput{itemsOf(list, w.vpcXML), next}, err
}

func (w *world) vpc(id string) (*vpc, error) {
	return lookup(w.VPCs, id, "InvalidVpcID.NotFound")
}

type vpcIDInput struct {
	VPCID string `wire:"VpcId"`
}

func (w *world) deleteVPC(in vpcIDInput) (done, error) {
	v, err := w.vpc(in.VPCID)
	if err != nil {
		return done{}, err
	}
	if w.vpcInUse(v.ID) {
		return done{}, refuse("DependencyViolation", "The vpc '%s' has dependencies and cannot be deleted.", v.ID)
	}
	w.removeVPC(v.ID)
	return ok, nil
}

// vpcInUse says whether anything that AWS does not delete along with the VPC is still in it.
func (w *world) vpcInUse(id string) bool {
	for _, s := range w.Subnets {
		if s.VPCID == id {
			return true
		}
	}
	for _, g := range w.SecurityGroups {
		if g.VPCID == id && g.Name != defaultGroup {
			return true
		}
	}
	for _, t := range w.RouteTables {
		if t.VPCID == id && !t.main() {
			return true
		}
	}
	for _, g := range w.EgressOnlyGateways {
		if g.VPCID == id {
			return true
		}
	}
	return w.internetGatewayOf(id) != nil
}

// removeVPC deletes a VPC and what came with it.
func (w *world) removeVPC(id string) {
	w.removeSecurityGroup(w.defaultGroupOf(id))
	for tableID, t := range w.RouteTables {
		if t.VPCID == id {
			w.removeRouteTable(tableID)
		}
	}
	maps.DeleteFunc(w.NetworkACLs, func(_ string, a *networkACL) bool { return a.VPCID == id })
	delete(w.VPCs, id)
	delete(w.Tags, id)
}

type vpcXML struct {
	ID            string                        `xml:"vpcId"`
	OwnerID       string                        `xml:"ownerId"`
	State         string                        `xml:"state"`
	CIDR          string                        `xml:"cidrBlock"`
	DHCPOptionsID string                        `xml:"dhcpOptionsId"`
	CIDRs         items[cidrAssociationXML]     `xml:"cidrBlockAssociationSet"`
	IPv6CIDRs     items[ipv6CIDRAssociationXML] `xml:"ipv6CidrBlockAssociationSet"`
	Tenancy       string                        `xml:"instanceTenancy"`
	IsDefault     bool                          `xml:"isDefault"`
	Tags          items[tag]                    `xml:"tagSet"`
}

func (w *world) vpcXML(v *vpc) vpcXML {
	return vpcXML{
		ID:            v.ID,
		OwnerID:       w.account(),
		State:         "available",
		CIDR:          v.CIDRs[0].CIDR.String(),
		DHCPOptionsID: v.DHCPOptionsID,
		CIDRs:         itemsOf(v.CIDRs, newCIDRAssociationXML),
		IPv6CIDRs:     itemsOf(v.IPv6CIDRs, w.ipv6CIDRAssociationXML),
		Tenancy:       v.Tenancy,
		Tags:          w.tagSet(v.ID),
	}
}

type cidrAssociationXML struct {
	ID    string `xml:"associationId"`
	CIDR  string `xml:"cidrBlock"`
	State string `xml:"cidrBlockState>state"`
}

func newCIDRAssociationXML(a cidrAssociation) cidrAssociationXML {
	return cidrAssociationXML{a.ID, a.CIDR.String(), a.state()}
}

func (a cidrAssociation) state() string {
	if a.Pending {
		return "associating"
	}
	return "associated"
}

type ipv6CIDRAssociationXML struct {
	ID          string `xml:"associationId"`
	CIDR        string `xml:"ipv6CidrBlock"`
	State       string `xml:"ipv6CidrBlockState>state"`
	BorderGroup string `xml:"networkBorderGroup,omitempty"`
	Pool        string `xml:"ipv6Pool,omitempty"`
}

func (w *world) ipv6CIDRAssociationXML(a cidrAssociation) ipv6CIDRAssociationXML {
	return ipv6CIDRAssociationXML{a.ID, a.CIDR.String(), a.state(), w.region.cfg.Region, "Amazon"}
}
