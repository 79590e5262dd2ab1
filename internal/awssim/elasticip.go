package awssim

import "net/netip"

// address is an elastic IP address.
type address struct {
	ID            string
	PublicIP      netip.Addr
	InterfaceID   string // empty while it is not associated
	AssociationID string
}

type allocateAddressInput struct {
	Domain             string
	NetworkBorderGroup string
	tagging
}

type allocateAddressOutput struct {
	ID          string `xml:"allocationId"`
	PublicIP    string `xml:"publicIp"`
	Domain      string `xml:"domain"`
	Pool        string `xml:"publicIpv4Pool"`
	BorderGroup string `xml:"networkBorderGroup"`
}

func (w *world) allocateAddress(in allocateAddressInput) (allocateAddressOutput, error) {
	tags, err := in.tagsFor("elastic-ip")
	if err != nil {
		return allocateAddressOutput{}, err
	}
	if in.Domain != "" && in.Domain != "vpc" {
		return allocateAddressOutput{}, refuse("InvalidParameterValue", "Value (%s) for parameter domain is invalid.", in.Domain)
	}
	if len(w.Addresses) >= w.limit(addressQuota) {
		return allocateAddressOutput{}, refuse("AddressLimitExceeded", "The maximum number of addresses has been reached.")
	}
	a := &address{ID: w.newID("eipalloc"), PublicIP: w.newPublicIP()}
	w.Addresses[a.ID] = a
	w.tag(a.ID, tags)
	return allocateAddressOutput{a.ID, a.PublicIP.String(), "vpc", "amazon", w.region.cfg.Region}, nil
}

func (w *world) address(id string) (*address, error) {
	a, exists := w.Addresses[id]
	if !exists {
		return nil, refuse("InvalidAllocationID.NotFound", "The allocation ID '%s' does not exist", id)
	}
	return a, nil
}

// associate maps an elastic address to an interface; the caller has checked that it is free.
func (w *world) associate(a *address, n *networkInterface) {
	a.InterfaceID, a.AssociationID = n.ID, w.newID("eipassoc")
}

type associateAddressInput struct {
	AllocationID       string `wire:"AllocationId"`
	InstanceID         string `wire:"InstanceId"`
	InterfaceID        string `wire:"NetworkInterfaceId"`
	AllowReassociation bool
}

type associateAddressOutput struct {
	Return        bool   `xml:"return"`
	AssociationID string `xml:"associationId"`
}

func (w *world) associateAddress(in associateAddressInput) (associateAddressOutput, error) {
	a, err := w.address(in.AllocationID)
	if err != nil {
		return associateAddressOutput{}, err
	}
	n, exists := w.Interfaces[in.InterfaceID]
	if in.InstanceID != "" {
		n = w.interfaceOf(in.InstanceID)
		exists = n != nil
	}
	if !exists {
		return associateAddressOutput{}, refuse("InvalidNetworkInterfaceID.NotFound", "The networkInterface ID '%s' does not exist", in.InterfaceID)
	}
	if a.InterfaceID != "" && a.InterfaceID != n.ID && !in.AllowReassociation {
		return associateAddressOutput{}, refuse("Resource.AlreadyAssociated", "resource %s is already associated with associate-id %s", a.ID, a.AssociationID)
	}
	w.associate(a, n)
	return associateAddressOutput{true, a.AssociationID}, nil
}

type associationIDInput struct {
	AssociationID string `wire:"AssociationId"`
}

func (w *world) disassociateAddress(in associationIDInput) (done, error) {
	for _, a := range w.Addresses {
		if in.AssociationID != "" && a.AssociationID == in.AssociationID {
			a.InterfaceID, a.AssociationID = "", ""
			return ok, nil
		}
	}
	return done{}, refuse("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", in.AssociationID)
}

type allocationIDInput struct {
	AllocationID       string `wire:"AllocationId"`
	NetworkBorderGroup string
}

func (w *world) releaseAddress(in allocationIDInput) (done, error) {
	a, err := w.address(in.AllocationID)
	if err != nil {
		return done{}, err
	}
	if a.InterfaceID != "" {
		return done{}, refuse("InvalidIPAddress.InUse", "Address %s is in use.", a.PublicIP)
	}
	delete(w.Addresses, a.ID)
	delete(w.Tags, a.ID)
	return ok, nil
}

var addressFilters = filterTable[*address]{
	"allocation-id":        func(_ *world, a *address) []string { return one(a.ID) },
	"association-id":       func(_ *world, a *address) []string { return one(a.AssociationID) },
	"public-ip":            func(_ *world, a *address) []string { return one(a.PublicIP.String()) },
	"domain":               func(*world, *address) []string { return one("vpc") },
	"network-interface-id": func(_ *world, a *address) []string { return one(a.InterfaceID) },
	"instance-id": func(w *world, a *address) []string {
		if n, exists := w.Interfaces[a.InterfaceID]; exists {
			return one(n.InstanceID)
		}
		return nil
	},
}

type describeAddressesInput struct {
	IDs       []string `wire:"AllocationId"`
	PublicIPs []string `wire:"PublicIp"`
	Filters   []filter `wire:"Filter"`
}

type describeAddressesOutput struct {
	Addresses items[addressXML] `xml:"addressesSet"`
}

func (w *world) describeAddresses(in describeAddressesInput) (describeAddressesOutput, error) {
	for _, ip := range in.PublicIPs {
		id := w.allocationOf(ip)
		if id == "" {
			return describeAddressesOutput{}, refuse("InvalidAddress.NotFound", "Address '%s' not found.", ip)
		}
		in.IDs = append(in.IDs, id)
	}
	list, _, err := describe(w, w.Addresses, in.IDs, query{Filters: in.Filters}, addressFilters, "InvalidAllocationID.NotFound")
	return describeAddressesOutput{itemsOf(list, w.addressXML)}, err
}

func (w *world) allocationOf(publicIP string) string {
	for id, a := range w.Addresses {
		if a.PublicIP.String() == publicIP {
			return id
		}
	}
	return ""
}

type addressXML struct {
	ID               string     `xml:"allocationId"`
	PublicIP         string     `xml:"publicIp"`
	Domain           string     `xml:"domain"`
	AssociationID    string     `xml:"associationId,omitempty"`
	InterfaceID      string     `xml:"networkInterfaceId,omitempty"`
	InterfaceOwnerID string     `xml:"networkInterfaceOwnerId,omitempty"`
	InstanceID       string     `xml:"instanceId,omitempty"`
	PrivateIP        string     `xml:"privateIpAddress,omitempty"`
	Pool             string     `xml:"publicIpv4Pool"`
	BorderGroup      string     `xml:"networkBorderGroup"`
	Tags             items[tag] `xml:"tagSet"`
}

func (w *world) addressXML(a *address) addressXML {
	x := addressXML{
		ID: a.ID, PublicIP: a.PublicIP.String(), Domain: "vpc",
		AssociationID: a.AssociationID, InterfaceID: a.InterfaceID,
		Pool: "amazon", BorderGroup: w.region.cfg.Region, Tags: w.tagSet(a.ID),
	}
	if n, exists := w.Interfaces[a.InterfaceID]; exists {
		x.InterfaceOwnerID, x.InstanceID, x.PrivateIP = w.account(), n.InstanceID, addrText(n.PrivateIP)
	}
	return x
}
