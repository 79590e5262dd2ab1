package awssim

import (
	"cmp"
	"net/netip"
	"slices"
)

// nodePlacement is a subnet chosen for a load balancer, checked against everything else asked for.
type nodePlacement struct {
	subnet       *subnet
	address      netip.Addr // not valid: any
	allocationID string
}

// placements checks where a load balancer shall be, by zone, and sets its VPC.
func (w *world) placements(subnets []string, mappings []subnetMapping, b *loadBalancer) ([]nodePlacement, error) {
	if (len(subnets) == 0) == (len(mappings) == 0) {
		return nil, invalidELB("You must specify either subnets or subnet mappings, but not both")
	}
	for _, id := range subnets {
		mappings = append(mappings, subnetMapping{SubnetID: id})
	}
	var list []nodePlacement
	for _, m := range mappings {
		p, err := w.placement(m, b)
		if err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	slices.SortFunc(list, func(a, b nodePlacement) int { return cmp.Compare(a.subnet.Zone, b.subnet.Zone) })
	b.VPCID = list[0].subnet.VPCID
	for i, p := range list {
		if p.subnet.VPCID != b.VPCID {
			return nil, invalidConfiguration("All subnets must belong to the same VPC")
		}
		if i > 0 && list[i-1].subnet.Zone == p.subnet.Zone {
			return nil, invalidConfiguration("A load balancer cannot be attached to multiple subnets in the same Availability Zone")
		}
	}
	if b.Scheme == "internet-facing" && w.internetGatewayOf(b.VPCID) == nil {
		return nil, refuse("InvalidSubnet", "VPC %s has no internet gateway", b.VPCID)
	}
	return list, w.checkELBGroups(b.VPCID, b.SecurityGroups)
}

// placement checks one subnet. A fixed private address is for internal load balancers, an elastic
// one for those facing the internet.
func (w *world) placement(m subnetMapping, b *loadBalancer) (nodePlacement, error) {
	p := nodePlacement{allocationID: m.AllocationID}
	var exists bool
	if p.subnet, exists = w.Subnets[m.SubnetID]; !exists {
		return p, refuse("SubnetNotFound", "The subnet ID '%s' does not exist", m.SubnetID)
	}
	if err := checkDualStack(b.IPAddressType, p.subnet); err != nil {
		return p, err
	}
	if m.PrivateIPv4 != "" {
		var err error
		p.address, err = netip.ParseAddr(m.PrivateIPv4)
		if err != nil || !p.subnet.CIDR.Contains(p.address) || b.Scheme != "internal" {
			return p, invalidConfiguration("The private IPv4 address '%s' is not valid for subnet '%s' of an %s load balancer", m.PrivateIPv4, m.SubnetID, b.Scheme)
		}
	}
	if m.AllocationID == "" {
		return p, nil
	}
	if _, exists := w.Addresses[m.AllocationID]; !exists {
		return p, refuse("AllocationIdNotFound", "The allocation IDs '%s' do not exist", m.AllocationID)
	}
	if b.Scheme == "internal" {
		return p, invalidConfiguration("Elastic IP addresses are not supported for internal load balancers")
	}
	return p, nil
}

func checkDualStack(addressType string, s *subnet) error {
	if !s.CIDR.IsValid() {
		return refuse("InvalidSubnet", "The subnet '%s' has no IPv4 CIDR block", s.ID)
	}
	if addressType == "dualstack" && len(s.IPv6) == 0 {
		return invalidConfiguration("You must specify subnets with an associated IPv6 CIDR block.")
	}
	return nil
}

// isAt says whether a node is where a placement would put it.
func (n loadBalancerNode) isAt(p nodePlacement) bool {
	asked := netip.Addr{}
	if n.FixedAddress {
		asked = n.Address
	}
	return n.SubnetID == p.subnet.ID && n.AllocationID == p.allocationID && asked == p.address
}

// addNodes puts a load balancer in more zones, all or none.
func (w *world) addNodes(b *loadBalancer, at []nodePlacement) error {
	var made []loadBalancerNode
	for _, p := range at {
		n, err := w.newNode(b, p)
		if err != nil {
			for _, n := range made {
				w.deleteInterface(n.InterfaceID)
			}
			return err
		}
		made = append(made, n)
	}
	b.Nodes = append(b.Nodes, made...)
	slices.SortFunc(b.Nodes, func(x, y loadBalancerNode) int { return cmp.Compare(x.Zone, y.Zone) })
	return nil
}

func (w *world) newNode(b *loadBalancer, p nodePlacement) (loadBalancerNode, error) {
	eni, err := w.newInterface(interfaceRequest{
		SubnetID: p.subnet.ID, Type: "network_load_balancer",
		// Clients find the addresses of a load balancer by this description.
		Description: "ELB net/" + b.Name + "/" + b.ID,
		PrivateIP:   p.address,
		Groups:      b.SecurityGroups,
		PublicIP:    b.Scheme == "internet-facing" && p.allocationID == "",
		IPv6:        b.IPAddressType == "dualstack",
	})
	if err != nil {
		e := asAPIError(err)
		return loadBalancerNode{}, invalidConfiguration("%s", e.Message)
	}
	if p.allocationID != "" {
		a := w.Addresses[p.allocationID]
		if a.InterfaceID != "" {
			w.deleteInterface(eni.ID)
			return loadBalancerNode{}, refuse("ResourceInUse", "The allocation IDs '%s' are not available for use", p.allocationID)
		}
		a.InterfaceID, a.AssociationID = eni.ID, w.newID("eipassoc")
	}
	return loadBalancerNode{
		Zone: p.subnet.Zone, SubnetID: p.subnet.ID, InterfaceID: eni.ID, Address: eni.PrivateIP,
		FixedAddress: p.address.IsValid(), AllocationID: p.allocationID,
	}, nil
}

// removeNodes lets go of addresses. AWS takes a while to delete the interfaces, which keep subnets
// and security groups from being deleted meanwhile.
func (w *world) removeNodes(nodes []loadBalancerNode) {
	for _, n := range nodes {
		w.after(loadBalancerReleaseDelay, func(w *world) { w.deleteInterface(n.InterfaceID) })
	}
}

type setSubnetsInput struct {
	loadBalancerInput
	Subnets        []string
	SubnetMappings []subnetMapping
	IPAddressType  string `wire:"IpAddressType"`
}

type setSubnetsOutput struct {
	AvailabilityZones members[elbZoneXML]
	IPAddressType     string `xml:"IpAddressType"`
}

// setSubnets replaces the subnets. Zones may be dropped as well as added (network load balancers
// allow it since 2025), but a zone that stays keeps its subnet and address.
func (w *world) setSubnets(in setSubnetsInput) (setSubnetsOutput, error) {
	b, err := w.loadBalancer(in.LoadBalancerARN)
	if err != nil {
		return setSubnetsOutput{}, err
	}
	after := *b
	after.IPAddressType = cmp.Or(in.IPAddressType, b.IPAddressType)
	if err := checkIPAddressType(after.IPAddressType); err != nil {
		return setSubnetsOutput{}, err
	}
	at, err := w.placements(in.Subnets, in.SubnetMappings, &after)
	if err != nil {
		return setSubnetsOutput{}, err
	}
	if after.VPCID != b.VPCID {
		return setSubnetsOutput{}, invalidConfiguration("The subnets must belong to the VPC of the load balancer '%s'", b.VPCID)
	}
	if err := w.moveNodes(b, at); err != nil {
		return setSubnetsOutput{}, err
	}
	b.IPAddressType = after.IPAddressType
	return setSubnetsOutput{elbZones(b.Nodes), b.IPAddressType}, nil
}

func (w *world) moveNodes(b *loadBalancer, at []nodePlacement) error {
	var added []nodePlacement
	kept := map[string]bool{} // zones
	for _, p := range at {
		i := slices.IndexFunc(b.Nodes, func(n loadBalancerNode) bool { return n.Zone == p.subnet.Zone })
		if i < 0 {
			added = append(added, p)
			continue
		}
		if b.Nodes[i].SubnetID != p.subnet.ID {
			return invalidConfiguration("The subnet of Availability Zone '%s' cannot be changed", p.subnet.Zone)
		}
		kept[p.subnet.Zone] = true
	}
	var dropped []loadBalancerNode
	before := b.Nodes
	b.Nodes = nil
	for _, n := range before {
		if kept[n.Zone] {
			b.Nodes = append(b.Nodes, n)
		} else {
			dropped = append(dropped, n)
		}
	}
	if err := w.addNodes(b, added); err != nil {
		b.Nodes = before
		return err
	}
	w.removeNodes(dropped)
	return nil
}

type elbZoneXML struct {
	ZoneName  string
	SubnetID  string                 `xml:"SubnetId"`
	Addresses members[elbAddressXML] `xml:"LoadBalancerAddresses"`
}

type elbAddressXML struct {
	AllocationID string `xml:"AllocationId,omitempty"`
	PrivateIPv4  string `xml:"PrivateIPv4Address,omitempty"`
}

// elbZones shows addresses only where the user chose them, as AWS does; the others are found
// through their network interfaces.
func elbZones(nodes []loadBalancerNode) members[elbZoneXML] {
	var out members[elbZoneXML]
	for _, n := range nodes {
		x := elbZoneXML{ZoneName: n.Zone, SubnetID: n.SubnetID}
		if n.AllocationID != "" {
			x.Addresses.Members = append(x.Addresses.Members, elbAddressXML{AllocationID: n.AllocationID})
		}
		if n.FixedAddress {
			x.Addresses.Members = append(x.Addresses.Members, elbAddressXML{PrivateIPv4: n.Address.String()})
		}
		out.Members = append(out.Members, x)
	}
	return out
}
