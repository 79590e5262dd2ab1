package awssim

import (
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// networkInterface is an address in a subnet: of an instance, a NAT gateway or a load balancer.
type networkInterface struct {
	ID          string
	SubnetID    string
	Description string
	// Type is "interface" for instances; "nat_gateway" and "network_load_balancer" belong to AWS,
	// which deletes them with their owner.
	Type         string
	PrivateIP    netip.Addr
	IPv6         netip.Addr // not valid if it has none
	PublicIP     netip.Addr // not valid if it has none
	Groups       []string
	InstanceID   string
	AttachmentID string
	AttachedAt   time.Time
}

// interfaceRequest says what newInterface shall make.
type interfaceRequest struct {
	SubnetID    string
	Description string
	Type        string     // default "interface"
	PrivateIP   netip.Addr // default a free one
	Groups      []string
	PublicIP    bool
	IPv6        bool
}

// newInterface takes an address in a subnet. It refuses unknown subnets and groups, an address that
// is taken, and a full subnet.
func (w *world) newInterface(in interfaceRequest) (*networkInterface, error) {
	s, err := w.subnet(in.SubnetID)
	if err != nil {
		return nil, err
	}
	for _, id := range in.Groups {
		g, err := w.securityGroup(id)
		if err != nil {
			return nil, err
		}
		if g.VPCID != s.VPCID {
			return nil, refuse("InvalidParameter", "Security group %s and subnet %s belong to different networks.", id, s.ID)
		}
	}
	n := &networkInterface{SubnetID: s.ID, Description: in.Description, Type: in.Type, Groups: in.Groups}
	if n.Type == "" {
		n.Type = "interface"
	}
	if s.CIDR.IsValid() {
		if n.PrivateIP, err = w.takeAddress(s, in.PrivateIP); err != nil {
			return nil, err
		}
	}
	if in.PublicIP {
		n.PublicIP = w.newPublicIP()
	}
	if in.IPv6 && len(s.IPv6) > 0 {
		n.IPv6 = w.newIPv6(s.IPv6[0].CIDR)
	}
	n.ID = w.newID("eni")
	w.Interfaces[n.ID] = n
	return n, nil
}

// takeAddress finds a free address, going round the subnet rather than reusing the last one freed,
// so that a machine's successor gets another address, as it usually does in AWS.
func (w *world) takeAddress(s *subnet, wanted netip.Addr) (netip.Addr, error) {
	taken := map[netip.Addr]bool{}
	for _, n := range w.Interfaces {
		if n.SubnetID == s.ID {
			taken[n.PrivateIP] = true
		}
	}
	if wanted.IsValid() {
		if !s.CIDR.Contains(wanted) {
			return wanted, refuse("InvalidParameterValue", "Address %s does not fall within the subnet's address range", wanted)
		}
		if taken[wanted] {
			return wanted, refuse("InvalidIPAddress.InUse", "Address %s is in use.", wanted)
		}
		return wanted, nil
	}
	usable := 1<<(32-s.CIDR.Bits()) - reservedAddresses
	for range usable {
		// AWS keeps the first four addresses and the last one of each subnet.
		candidate := offset(s.CIDR, 4+s.NextHost%usable)
		s.NextHost++
		if !taken[candidate] {
			return candidate, nil
		}
	}
	return netip.Addr{}, refuse("InsufficientFreeAddressesInSubnet",
		"There are not enough free addresses in subnet '%s' to satisfy the requested number of instances.", s.ID)
}

// reservedAddresses is how many addresses of each subnet AWS keeps for itself.
const reservedAddresses = 5

// offset is the n-th address of an IPv4 block.
func offset(block netip.Prefix, n int) netip.Addr {
	a := block.Addr().As4()
	v := uint32(a[0])<<24 | uint32(a[1])<<16 | uint32(a[2])<<8 | uint32(a[3])
	v += uint32(n)
	return netip.AddrFrom4([4]byte{byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
}

// newPublicIP makes an address out of one of Amazon's blocks.
func (w *world) newPublicIP() netip.Addr {
	n := w.region.ids.rand.Uint32()
	return netip.AddrFrom4([4]byte{54, byte(n), byte(n >> 8), 1 + byte(n>>16)%254})
}

func (w *world) newIPv6(block netip.Prefix) netip.Addr {
	a := block.Addr().As16()
	n := w.region.ids.rand.Uint64()
	for i := range 8 {
		a[8+i] = byte(n >> (8 * i))
	}
	return netip.AddrFrom16(a)
}

// deleteInterface frees an address, and the elastic address mapped to it.
func (w *world) deleteInterface(id string) {
	for _, a := range w.Addresses {
		if a.InterfaceID == id {
			a.InterfaceID, a.AssociationID = "", ""
		}
	}
	delete(w.Interfaces, id)
	delete(w.Tags, id)
}

// interfaceOf is the interface of an instance, or nil once it is terminated.
func (w *world) interfaceOf(instanceID string) *networkInterface {
	for _, n := range w.Interfaces {
		if n.InstanceID == instanceID {
			return n
		}
	}
	return nil
}

// implied says that AWS made the interface and will delete it; that is so for all of them here.
func (n *networkInterface) requesterManaged() bool { return n.Type != "interface" }

var networkInterfaceFilters = filterTable[*networkInterface]{
	"network-interface-id":   func(_ *world, n *networkInterface) []string { return one(n.ID) },
	"subnet-id":              func(_ *world, n *networkInterface) []string { return one(n.SubnetID) },
	"vpc-id":                 func(w *world, n *networkInterface) []string { return one(w.Subnets[n.SubnetID].VPCID) },
	"availability-zone":      func(w *world, n *networkInterface) []string { return one(w.Subnets[n.SubnetID].Zone) },
	"group-id":               func(_ *world, n *networkInterface) []string { return n.Groups },
	"attachment.instance-id": func(_ *world, n *networkInterface) []string { return one(n.InstanceID) },
	"interface-type":         func(_ *world, n *networkInterface) []string { return one(n.Type) },
	"description":            func(_ *world, n *networkInterface) []string { return one(n.Description) },
	"private-ip-address":     func(_ *world, n *networkInterface) []string { return one(n.PrivateIP.String()) },
	"addresses.private-ip-address": func(_ *world, n *networkInterface) []string {
		return one(n.PrivateIP.String())
	},
	"status": func(*world, *networkInterface) []string { return one("in-use") },
}

type describeNetworkInterfacesInput struct {
	IDs []string `wire:"NetworkInterfaceId"`
	query
}

type describeNetworkInterfacesOutput struct {
	Interfaces items[networkInterfaceXML] `xml:"networkInterfaceSet"`
	NextToken  string                     `xml:"nextToken,omitempty"`
}

func (w *world) describeNetworkInterfaces(in describeNetworkInterfacesInput) (describeNetworkInterfacesOutput, error) {
	list, next, err := describe(w, w.Interfaces, in.IDs, in.query, networkInterfaceFilters, "InvalidNetworkInterfaceID.NotFound")
	return describeNetworkInterfacesOutput{itemsOf(list, w.networkInterfaceXML), next}, err
}

// groupXML names a security group within other things.
type groupXML struct {
	ID   string `xml:"groupId"`
	Name string `xml:"groupName"`
}

func (w *world) groupSet(ids []string) items[groupXML] {
	return itemsOf(ids, func(id string) groupXML {
		if g, exists := w.SecurityGroups[id]; exists {
			return groupXML{id, g.Name}
		}
		return groupXML{ID: id}
	})
}

type networkInterfaceXML struct {
	ID               string                  `xml:"networkInterfaceId"`
	SubnetID         string                  `xml:"subnetId"`
	VPCID            string                  `xml:"vpcId"`
	Zone             string                  `xml:"availabilityZone"`
	Description      string                  `xml:"description"`
	OwnerID          string                  `xml:"ownerId"`
	RequesterManaged bool                    `xml:"requesterManaged"`
	Status           string                  `xml:"status"`
	Type             string                  `xml:"interfaceType"`
	MAC              string                  `xml:"macAddress"`
	PrivateIP        string                  `xml:"privateIpAddress,omitempty"`
	PrivateIPs       items[privateIPXML]     `xml:"privateIpAddressesSet"`
	IPv6             []string                `xml:"ipv6AddressesSet>item>ipv6Address"`
	SourceDestCheck  bool                    `xml:"sourceDestCheck"`
	Groups           items[groupXML]         `xml:"groupSet"`
	Association      *associationXML         `xml:"association"`
	Attachment       *interfaceAttachmentXML `xml:"attachment"`
	Tags             items[tag]              `xml:"tagSet"`
}

type privateIPXML struct {
	Address     string          `xml:"privateIpAddress"`
	Primary     bool            `xml:"primary"`
	Association *associationXML `xml:"association"`
}

type associationXML struct {
	PublicIP     string `xml:"publicIp"`
	OwnerID      string `xml:"ipOwnerId"`
	AllocationID string `xml:"allocationId,omitempty"`
	ID           string `xml:"associationId,omitempty"`
}

type interfaceAttachmentXML struct {
	ID                  string    `xml:"attachmentId"`
	InstanceID          string    `xml:"instanceId,omitempty"`
	InstanceOwnerID     string    `xml:"instanceOwnerId,omitempty"`
	DeviceIndex         int       `xml:"deviceIndex"`
	Status              string    `xml:"status"`
	AttachTime          time.Time `xml:"attachTime"`
	DeleteOnTermination bool      `xml:"deleteOnTermination"`
}

func (w *world) networkInterfaceXML(n *networkInterface) networkInterfaceXML {
	s := w.Subnets[n.SubnetID]
	x := networkInterfaceXML{
		ID:               n.ID,
		SubnetID:         s.ID,
		VPCID:            s.VPCID,
		Zone:             s.Zone,
		Description:      n.Description,
		OwnerID:          w.account(),
		RequesterManaged: n.requesterManaged(),
		Status:           "in-use",
		Type:             n.Type,
		MAC:              n.mac(),
		PrivateIP:        addrText(n.PrivateIP),
		SourceDestCheck:  n.Type != "nat_gateway",
		Groups:           w.groupSet(n.Groups),
		Association:      w.associationXML(n),
		Attachment:       w.interfaceAttachmentXML(n),
		Tags:             w.tagSet(n.ID),
	}
	x.PrivateIPs.Items = []privateIPXML{{x.PrivateIP, true, x.Association}}
	if n.IPv6.IsValid() {
		x.IPv6 = one(n.IPv6.String())
	}
	return x
}

// mac is a locally administered address made of the private one, as unique as that.
func (n *networkInterface) mac() string {
	if !n.PrivateIP.Is4() {
		return "02:00:00:00:00:01"
	}
	a := n.PrivateIP.As4()
	return fmt.Sprintf("02:00:%02x:%02x:%02x:%02x", a[0], a[1], a[2], a[3])
}

func (w *world) associationXML(n *networkInterface) *associationXML {
	for _, a := range w.Addresses {
		if a.InterfaceID == n.ID {
			return &associationXML{a.PublicIP.String(), w.account(), a.ID, a.AssociationID}
		}
	}
	if n.PublicIP.IsValid() {
		return &associationXML{PublicIP: n.PublicIP.String(), OwnerID: "amazon"}
	}
	return nil
}

func (w *world) interfaceAttachmentXML(n *networkInterface) *interfaceAttachmentXML {
	if n.InstanceID == "" {
		return &interfaceAttachmentXML{ID: n.AttachmentID, InstanceOwnerID: "amazon-aws", DeviceIndex: 1, Status: "attached"}
	}
	return &interfaceAttachmentXML{n.AttachmentID, n.InstanceID, w.account(), 0, "attached", n.AttachedAt, true}
}

// addrText is an address as text, empty if there is none.
func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// subnetInUse says whether an interface keeps a subnet from being deleted.
func (w *world) subnetInUse(id string) bool {
	for _, n := range w.Interfaces {
		if n.SubnetID == id {
			return true
		}
	}
	return false
}

// groupInUse says whether an interface keeps a security group from being deleted.
func (w *world) groupInUse(id string) bool {
	for _, n := range w.Interfaces {
		if slices.Contains(n.Groups, id) {
			return true
		}
	}
	return false
}
