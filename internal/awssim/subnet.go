package awssim

import (
	"net/netip"
	"slices"
)

// subnet is a part of a VPC in one zone.
type subnet struct {
	ID        string
	VPCID     string
	Zone      string
	CIDR      netip.Prefix // not valid in an IPv6-only subnet
	IPv6      []cidrAssociation
	IPv6Only  bool
	Attribute subnetAttributes
	NextHost  int // where the search for a free address goes on
}

// subnetAttributes are what ModifySubnetAttribute changes.
type subnetAttributes struct {
	MapPublicIP    bool
	AssignIPv6     bool
	DNS64          bool
	HostnameType   string // ip-name or resource-name
	ResourceNameA  bool
	ResourceName6A bool
}

type createSubnetInput struct {
	VPCID              string `wire:"VpcId"`
	AvailabilityZone   string
	AvailabilityZoneID string `wire:"AvailabilityZoneId"`
	CidrBlock          string
	Ipv6CidrBlock      string
	Ipv6Native         bool
	tagging
}

type subnetOutput struct {
	Subnet subnetXML `xml:"subnet"`
}

func (w *world) createSubnet(in createSubnetInput) (subnetOutput, error) {
	v, err := w.vpc(in.VPCID)
	if err != nil {
		return subnetOutput{}, err
	}
	tags, err := in.tagsFor("subnet")
	if err != nil {
		return subnetOutput{}, err
	}
	s := &subnet{VPCID: v.ID, IPv6Only: in.Ipv6Native, Attribute: subnetAttributes{HostnameType: "ip-name"}}
	if s.Zone, err = w.zoneFor(in.AvailabilityZone, in.AvailabilityZoneID); err != nil {
		return subnetOutput{}, err
	}
	if err := w.giveBlocks(v, s, in); err != nil {
		return subnetOutput{}, err
	}
	s.ID = w.newID("subnet")
	w.Subnets[s.ID] = s
	w.tag(s.ID, tags)
	return subnetOutput{w.subnetXML(s)}, nil
}

// zoneFor resolves the zone of a creating call; AWS picks one itself when none is asked for.
func (w *world) zoneFor(name, id string) (string, error) {
	zones := w.region.cfg.Zones
	if name == "" && id == "" {
		return zones[0], nil
	}
	for _, z := range zones {
		if z == name || (name == "" && w.zoneID(z) == id) {
			return z, nil
		}
	}
	return "", refuse("InvalidParameterValue",
		"Value (%s) for parameter availabilityZone is invalid. Subnets can currently only be created in the following availability zones: %s.",
		name+id, quoted(zones...))
}

func (w *world) giveBlocks(v *vpc, s *subnet, in createSubnetInput) error {
	if in.CidrBlock == "" && !in.Ipv6Native {
		return missing("cidrBlock")
	}
	if in.CidrBlock != "" && in.Ipv6Native {
		return refuse("InvalidParameterCombination", "The parameter cidrBlock cannot be used with ipv6Native")
	}
	if in.CidrBlock != "" {
		block, err := parseIPv4Block("cidrBlock", in.CidrBlock)
		if err != nil {
			return err
		}
		s.CIDR = block
		// AWS takes subnets of /16 to /28.
		if err := w.checkBlock(v, block, 16, 28); err != nil {
			return err
		}
	}
	if in.Ipv6CidrBlock == "" {
		if in.Ipv6Native {
			return missing("ipv6CidrBlock")
		}
		return nil
	}
	return w.giveIPv6Block(v, s, in.Ipv6CidrBlock)
}

func (w *world) giveIPv6Block(v *vpc, s *subnet, text string) error {
	block, err := netip.ParsePrefix(text)
	if err != nil || !block.Addr().Is6() {
		return refuse("InvalidParameterValue", "Value (%s) for parameter ipv6CidrBlock is invalid.", text)
	}
	// AWS takes /44 to /64 in steps of four bits.
	if block.Bits()%4 != 0 {
		return refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid.", block)
	}
	if err := w.checkBlock(v, block, 44, 64); err != nil {
		return err
	}
	s.IPv6 = append(s.IPv6, cidrAssociation{ID: w.newID("subnet-cidr-assoc"), CIDR: block})
	return nil
}

// checkBlock refuses a subnet's block that is of the wrong size, outside the VPC, or taken.
func (w *world) checkBlock(v *vpc, block netip.Prefix, minBits, maxBits int) error {
	if block.Bits() < minBits || block.Bits() > maxBits || !v.contains(block) {
		return refuse("InvalidSubnet.Range", "The CIDR '%s' is invalid.", block)
	}
	for _, other := range w.Subnets {
		if other.VPCID == v.ID && other.overlaps(block) {
			return refuse("InvalidSubnet.Conflict", "The CIDR '%s' conflicts with another subnet", block)
		}
	}
	return nil
}

func (s *subnet) overlaps(block netip.Prefix) bool {
	return s.CIDR.Overlaps(block) || slices.ContainsFunc(s.IPv6, func(a cidrAssociation) bool {
		return a.CIDR.Overlaps(block)
	})
}

var subnetFilters = filterTable[*subnet]{
	"subnet-id":            func(_ *world, s *subnet) []string { return one(s.ID) },
	"vpc-id":               func(_ *world, s *subnet) []string { return one(s.VPCID) },
	"availability-zone":    func(_ *world, s *subnet) []string { return one(s.Zone) },
	"availability-zone-id": func(w *world, s *subnet) []string { return one(w.zoneID(s.Zone)) },
	"cidr-block":           func(_ *world, s *subnet) []string { return one(s.block()) },
	"state":                func(*world, *subnet) []string { return one("available") },
	"owner-id":             func(w *world, _ *subnet) []string { return one(w.account()) },
	"default-for-az":       func(*world, *subnet) []string { return flag(false) },
	"map-public-ip-on-launch": func(_ *world, s *subnet) []string {
		return flag(s.Attribute.MapPublicIP)
	},
}

// block is the IPv4 block as text, empty in an IPv6-only subnet.
func (s *subnet) block() string {
	if !s.CIDR.IsValid() {
		return ""
	}
	return s.CIDR.String()
}

type describeSubnetsInput struct {
	SubnetIDs []string `wire:"SubnetId"`
	query
}

type describeSubnetsOutput struct {
	Subnets   items[subnetXML] `xml:"subnetSet"`
	NextToken string           `xml:"nextToken,omitempty"`
}

func (w *world) describeSubnets(in describeSubnetsInput) (describeSubnetsOutput, error) {
	list, next, err := describe(w, w.Subnets, in.SubnetIDs, in.query, subnetFilters, "InvalidSubnetID.NotFound")
	return describeSubnetsOutput{itemsOf(list, w.subnetXML), next}, err
}

func (w *world) subnet(id string) (*subnet, error) {
	return lookup(w.Subnets, id, "InvalidSubnetID.NotFound")
}

type subnetIDInput struct {
	SubnetID string `wire:"SubnetId"`
}

func (w *world) deleteSubnet(in subnetIDInput) (done, error) {
	s, err := w.subnet(in.SubnetID)
	if err != nil {
		return done{}, err
	}
	if w.subnetInUse(s.ID) {
		return done{}, refuse("DependencyViolation", "The subnet '%s' has dependencies and cannot be deleted.", s.ID)
	}
	w.dropSubnetAssociation(s.ID)
	delete(w.Subnets, s.ID)
	delete(w.Tags, s.ID)
	return ok, nil
}

type subnetXML struct {
	ID             string                        `xml:"subnetId"`
	ARN            string                        `xml:"subnetArn"`
	State          string                        `xml:"state"`
	OwnerID        string                        `xml:"ownerId"`
	VPCID          string                        `xml:"vpcId"`
	CIDR           string                        `xml:"cidrBlock,omitempty"`
	IPv6CIDRs      items[ipv6CIDRAssociationXML] `xml:"ipv6CidrBlockAssociationSet"`
	IPv6Native     bool                          `xml:"ipv6Native"`
	FreeAddresses  int                           `xml:"availableIpAddressCount"`
	Zone           string                        `xml:"availabilityZone"`
	ZoneID         string                        `xml:"availabilityZoneId"`
	DefaultForZone bool                          `xml:"defaultForAz"`
	MapPublicIP    bool                          `xml:"mapPublicIpOnLaunch"`
	AssignIPv6     bool                          `xml:"assignIpv6AddressOnCreation"`
	DNS64          bool                          `xml:"enableDns64"`
	HostnameType   string                        `xml:"privateDnsNameOptionsOnLaunch>hostnameType"`
	ResourceNameA  bool                          `xml:"privateDnsNameOptionsOnLaunch>enableResourceNameDnsARecord"`
	ResourceName6A bool                          `xml:"privateDnsNameOptionsOnLaunch>enableResourceNameDnsAAAARecord"`
	Tags           items[tag]                    `xml:"tagSet"`
}

func (w *world) subnetXML(s *subnet) subnetXML {
	return subnetXML{
		ID:             s.ID,
		ARN:            w.arn("ec2", "subnet/"+s.ID),
		State:          "available",
		OwnerID:        w.account(),
		VPCID:          s.VPCID,
		CIDR:           s.block(),
		IPv6CIDRs:      itemsOf(s.IPv6, newSubnetIPv6XML),
		IPv6Native:     s.IPv6Only,
		FreeAddresses:  w.freeAddresses(s),
		Zone:           s.Zone,
		ZoneID:         w.zoneID(s.Zone),
		MapPublicIP:    s.Attribute.MapPublicIP,
		AssignIPv6:     s.Attribute.AssignIPv6,
		DNS64:          s.Attribute.DNS64,
		HostnameType:   s.Attribute.HostnameType,
		ResourceNameA:  s.Attribute.ResourceNameA,
		ResourceName6A: s.Attribute.ResourceName6A,
		Tags:           w.tagSet(s.ID),
	}
}

func newSubnetIPv6XML(a cidrAssociation) ipv6CIDRAssociationXML {
	return ipv6CIDRAssociationXML{ID: a.ID, CIDR: a.CIDR.String(), State: "associated"}
}

// freeAddresses is the size of the block less what AWS keeps and what is in use.
func (w *world) freeAddresses(s *subnet) int {
	if !s.CIDR.IsValid() {
		return 0
	}
	free := 1<<(32-s.CIDR.Bits()) - reservedAddresses
	for _, n := range w.Interfaces {
		if n.SubnetID == s.ID {
			free--
		}
	}
	return free
}
