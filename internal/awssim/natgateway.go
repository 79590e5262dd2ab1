package awssim

import "time"

// natGateway lets private subnets out to the internet.
type natGateway struct {
	ID           string
	SubnetID     string
	VPCID        string
	State        string // pending, available, failed, deleting, deleted
	Connectivity string // public or private
	InterfaceID  string // empty once deleted or failed
	AllocationID string // of a public gateway
	Created      time.Time
	Deleted      time.Time
	FailureCode  string
	Failure      string
}

type createNATGatewayInput struct {
	ClientToken      string
	SubnetID         string `wire:"SubnetId"`
	AllocationID     string `wire:"AllocationId"`
	ConnectivityType string
	tagging
}

type createNATGatewayOutput struct {
	ClientToken string        `xml:"clientToken,omitempty"`
	Gateway     natGatewayXML `xml:"natGateway"`
}

func (w *world) createNATGateway(in createNATGatewayInput) (createNATGatewayOutput, error) {
	tags, err := in.tagsFor("natgateway")
	if err != nil {
		return createNATGatewayOutput{}, err
	}
	g, err := once(w, "CreateNatGateway", in.ClientToken, in, w.NATGateways, func() (string, error) {
		g, err := w.newNATGateway(in)
		if err != nil {
			return "", err
		}
		w.tag(g.ID, tags)
		return g.ID, nil
	})
	if err != nil {
		return createNATGatewayOutput{}, err
	}
	return createNATGatewayOutput{in.ClientToken, w.natGatewayXML(g)}, nil
}

func (w *world) newNATGateway(in createNATGatewayInput) (*natGateway, error) {
	s, err := w.subnet(in.SubnetID)
	if err != nil {
		return nil, err
	}
	g := &natGateway{SubnetID: s.ID, VPCID: s.VPCID, State: "pending", Connectivity: "public", AllocationID: in.AllocationID, Created: w.now()}
	if in.ConnectivityType != "" {
		g.Connectivity = in.ConnectivityType
	}
	if g.Connectivity == "public" {
		if in.AllocationID == "" {
			return nil, missing("AllocationId")
		}
		if _, err := w.address(in.AllocationID); err != nil {
			return nil, err
		}
	}
	g.ID = w.newID("nat")
	n, err := w.newInterface(interfaceRequest{SubnetID: s.ID, Type: "nat_gateway", Description: "Interface for NAT Gateway " + g.ID})
	if err != nil {
		return nil, err
	}
	g.InterfaceID, n.AttachmentID = n.ID, "ela-attach-"+g.ID[len("nat-"):]
	w.NATGateways[g.ID] = g
	w.startNATGateway(g, n)
	return g, nil
}

// startNATGateway takes the address at once, and after a while the gateway is available. What is
// wrong with the address or the VPC AWS finds out later: the gateway then fails.
func (w *world) startNATGateway(g *natGateway, n *networkInterface) {
	if g.Connectivity == "public" {
		a := w.Addresses[g.AllocationID]
		switch {
		case a.InterfaceID != "":
			g.FailureCode, g.Failure = "Resource.AlreadyAssociated", "Elastic IP address ["+a.ID+"] is already associated"
		case w.internetGatewayOf(g.VPCID) == nil:
			g.FailureCode, g.Failure = "Gateway.NotAttached", "Network "+g.VPCID+" has no Internet gateway attached"
		default:
			w.associate(a, n)
		}
	}
	w.after(natGatewayCreateDelay, func(w *world) {
		g, exists := w.NATGateways[g.ID]
		if !exists || g.State != "pending" {
			return
		}
		g.State = "available"
		if g.FailureCode != "" {
			w.endNATGateway(g, "failed")
		}
	})
}

// endNATGateway gives back interface and address; the gateway stays visible for a while.
func (w *world) endNATGateway(g *natGateway, state string) {
	g.State, g.Deleted = state, w.now()
	w.deleteInterface(g.InterfaceID)
	g.InterfaceID = ""
	w.after(natGatewayForgetDelay, func(w *world) {
		delete(w.NATGateways, g.ID)
		delete(w.Tags, g.ID)
	})
}

func (w *world) natGateway(id string) (*natGateway, error) {
	g, exists := w.NATGateways[id]
	if !exists {
		return nil, refuse("NatGatewayNotFound", "NAT gateway %s was not found", id)
	}
	return g, nil
}

// ended says that the gateway is only still shown.
func (g *natGateway) ended() bool { return g.State == "deleted" || g.State == "failed" }

type natGatewayIDInput struct {
	ID string `wire:"NatGatewayId"`
}

type deleteNATGatewayOutput struct {
	ID string `xml:"natGatewayId"`
}

// deleteNATGateway succeeds for gateways already on their way out.
func (w *world) deleteNATGateway(in natGatewayIDInput) (deleteNATGatewayOutput, error) {
	g, err := w.natGateway(in.ID)
	if err != nil {
		return deleteNATGatewayOutput{}, err
	}
	if g.State == "pending" || g.State == "available" {
		g.State = "deleting"
		w.after(natGatewayDeleteDelay, func(w *world) {
			if g, exists := w.NATGateways[g.ID]; exists {
				w.endNATGateway(g, "deleted")
			}
		})
	}
	return deleteNATGatewayOutput{g.ID}, nil
}

var natGatewayFilters = filterTable[*natGateway]{
	"nat-gateway-id": func(_ *world, g *natGateway) []string { return one(g.ID) },
	"state":          func(_ *world, g *natGateway) []string { return one(g.State) },
	"subnet-id":      func(_ *world, g *natGateway) []string { return one(g.SubnetID) },
	"vpc-id":         func(_ *world, g *natGateway) []string { return one(g.VPCID) },
}

type describeNATGatewaysInput struct {
	IDs []string `wire:"NatGatewayId"`
	query
}

type describeNATGatewaysOutput struct {
	Gateways  items[natGatewayXML] `xml:"natGatewaySet"`
	NextToken string               `xml:"nextToken,omitempty"`
}

func (w *world) describeNATGateways(in describeNATGatewaysInput) (describeNATGatewaysOutput, error) {
	list, next, err := describe(w, w.NATGateways, in.IDs, in.query, natGatewayFilters, "NatGatewayNotFound")
	return describeNATGatewaysOutput{itemsOf(list, w.natGatewayXML), next}, err
}

type natGatewayXML struct {
	ID           string                      `xml:"natGatewayId"`
	SubnetID     string                      `xml:"subnetId"`
	VPCID        string                      `xml:"vpcId"`
	State        string                      `xml:"state"`
	Connectivity string                      `xml:"connectivityType"`
	Created      time.Time                   `xml:"createTime"`
	Deleted      *time.Time                  `xml:"deleteTime"`
	FailureCode  string                      `xml:"failureCode,omitempty"`
	Failure      string                      `xml:"failureMessage,omitempty"`
	Addresses    items[natGatewayAddressXML] `xml:"natGatewayAddressSet"`
	Tags         items[tag]                  `xml:"tagSet"`
}

type natGatewayAddressXML struct {
	AllocationID  string `xml:"allocationId,omitempty"`
	AssociationID string `xml:"associationId,omitempty"`
	InterfaceID   string `xml:"networkInterfaceId,omitempty"`
	PrivateIP     string `xml:"privateIp,omitempty"`
	PublicIP      string `xml:"publicIp,omitempty"`
	Primary       bool   `xml:"isPrimary"`
	Status        string `xml:"status"`
}

func (w *world) natGatewayXML(g *natGateway) natGatewayXML {
	x := natGatewayXML{
		ID: g.ID, SubnetID: g.SubnetID, VPCID: g.VPCID, State: g.State, Connectivity: g.Connectivity,
		Created: g.Created, FailureCode: g.FailureCode, Failure: g.Failure, Tags: w.tagSet(g.ID),
	}
	if g.ended() {
		x.Deleted = &g.Deleted
	}
	a := natGatewayAddressXML{AllocationID: g.AllocationID, InterfaceID: g.InterfaceID, Primary: true, Status: "succeeded"}
	if n, exists := w.Interfaces[g.InterfaceID]; exists {
		a.PrivateIP = addrText(n.PrivateIP)
	}
	if eip, exists := w.Addresses[g.AllocationID]; exists {
		a.PublicIP = eip.PublicIP.String()
		if eip.InterfaceID == g.InterfaceID {
			a.AssociationID = eip.AssociationID
		}
	}
	x.Addresses.Items = []natGatewayAddressXML{a}
	return x
}
