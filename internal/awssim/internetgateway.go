package awssim

// internetGateway connects one VPC, or none, with the internet.
type internetGateway struct {
	ID    string
	VPCID string // empty while detached
}

type createInternetGatewayOutput struct {
	Gateway internetGatewayXML `xml:"internetGateway"`
}

func (w *world) createInternetGateway(in struct{ tagging }) (createInternetGatewayOutput, error) {
	tags, err := in.tagsFor("internet-gateway")
	if err != nil {
		return createInternetGatewayOutput{}, err
	}
	g := &internetGateway{ID: w.newID("igw")}
	w.InternetGateways[g.ID] = g
	w.tag(g.ID, tags)
	return createInternetGatewayOutput{w.internetGatewayXML(g)}, nil
}

func (w *world) internetGateway(id string) (*internetGateway, error) {
	g, exists := w.InternetGateways[id]
	if !exists {
		return nil, refuse("InvalidInternetGatewayID.NotFound", "The internetGateway ID '%s' does not exist", id)
	}
	return g, nil
}

// internetGatewayOf is the gateway attached to a VPC, or nil.
func (w *world) internetGatewayOf(vpcID string) *internetGateway {
	for _, g := range w.InternetGateways {
		if g.VPCID == vpcID {
			return g
		}
	}
	return nil
}

type attachGatewayInput struct {
	ID    string `wire:"InternetGatewayId"`
	VPCID string `wire:"VpcId"`
}

func (w *world) attachInternetGateway(in attachGatewayInput) (done, error) {
	g, err := w.internetGateway(in.ID)
	if err != nil {
		return done{}, err
	}
	if _, err := w.vpc(in.VPCID); err != nil {
		return done{}, err
	}
	if g.VPCID != "" {
		return done{}, refuse("Resource.AlreadyAssociated", "resource %s is already attached to network %s", g.ID, g.VPCID)
	}
	if w.internetGatewayOf(in.VPCID) != nil {
		return done{}, refuse("InvalidParameterValue", "Network %s already has an internet gateway attached", in.VPCID)
	}
	g.VPCID = in.VPCID
	return ok, nil
}

func (w *world) detachInternetGateway(in attachGatewayInput) (done, error) {
	g, err := w.internetGateway(in.ID)
	if err != nil {
		return done{}, err
	}
	if g.VPCID == "" || g.VPCID != in.VPCID {
		return done{}, refuse("Gateway.NotAttached", "resource %s is not attached to network %s", g.ID, in.VPCID)
	}
	if w.publicAddressesIn(g.VPCID) {
		return done{}, refuse("DependencyViolation", "Network %s has some mapped public address(es). Please unmap those public address(es) before detaching the gateway.", g.VPCID)
	}
	g.VPCID = ""
	return ok, nil
}

// publicAddressesIn says whether an interface in a VPC has a public address mapped to it.
func (w *world) publicAddressesIn(vpcID string) bool {
	for _, n := range w.Interfaces {
		if w.Subnets[n.SubnetID].VPCID == vpcID && w.associationXML(n) != nil {
			return true
		}
	}
	return false
}

type internetGatewayIDInput struct {
	ID string `wire:"InternetGatewayId"`
}

func (w *world) deleteInternetGateway(in internetGatewayIDInput) (done, error) {
	g, err := w.internetGateway(in.ID)
	if err != nil {
		return done{}, err
	}
	if g.VPCID != "" {
		return done{}, refuse("DependencyViolation", "The internetGateway '%s' has dependencies and cannot be deleted.", g.ID)
	}
	delete(w.InternetGateways, g.ID)
	delete(w.Tags, g.ID)
	return ok, nil
}

var internetGatewayFilters = filterTable[*internetGateway]{
	"internet-gateway-id": func(_ *world, g *internetGateway) []string { return one(g.ID) },
	"attachment.vpc-id":   func(_ *world, g *internetGateway) []string { return one(g.VPCID) },
	"owner-id":            func(w *world, _ *internetGateway) []string { return one(w.account()) },
	"attachment.state": func(_ *world, g *internetGateway) []string {
		if g.VPCID == "" {
			return nil
		}
		return one("available")
	},
}

type describeInternetGatewaysInput struct {
	IDs []string `wire:"InternetGatewayId"`
	query
}

type describeInternetGatewaysOutput struct {
	Gateways  items[internetGatewayXML] `xml:"internetGatewaySet"`
	NextToken string                    `xml:"nextToken,omitempty"`
}

func (w *world) describeInternetGateways(in describeInternetGatewaysInput) (describeInternetGatewaysOutput, error) {
	list, next, err := describe(w, w.InternetGateways, in.IDs, in.query, internetGatewayFilters, "InvalidInternetGatewayID.NotFound")
	return describeInternetGatewaysOutput{itemsOf(list, w.internetGatewayXML), next}, err
}

type internetGatewayXML struct {
	ID          string                      `xml:"internetGatewayId"`
	OwnerID     string                      `xml:"ownerId"`
	Attachments items[gatewayAttachmentXML] `xml:"attachmentSet"`
	Tags        items[tag]                  `xml:"tagSet"`
}

type gatewayAttachmentXML struct {
	VPCID string `xml:"vpcId"`
	State string `xml:"state"`
}

func (w *world) internetGatewayXML(g *internetGateway) internetGatewayXML {
	x := internetGatewayXML{ID: g.ID, OwnerID: w.account(), Tags: w.tagSet(g.ID)}
	if g.VPCID != "" {
		x.Attachments.Items = []gatewayAttachmentXML{{g.VPCID, "available"}}
	}
	return x
}
