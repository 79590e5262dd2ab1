package awssim

// egressOnlyGateway lets a VPC's IPv6 traffic out and none in. It is made attached.
type egressOnlyGateway struct {
	ID    string
	VPCID string
}

type createEgressOnlyGatewayInput struct {
	ClientToken string
	VPCID       string `wire:"VpcId"`
	tagging
}

type createEgressOnlyGatewayOutput struct {
	ClientToken string               `xml:"clientToken,omitempty"`
	Gateway     egressOnlyGatewayXML `xml:"egressOnlyInternetGateway"`
}

func (w *world) createEgressOnlyGateway(in createEgressOnlyGatewayInput) (createEgressOnlyGatewayOutput, error) {
	tags, err := in.tagsFor("egress-only-internet-gateway")
	if err != nil {
		return createEgressOnlyGatewayOutput{}, err
	}
	g, err := once(w, "CreateEgressOnlyInternetGateway", in.ClientToken, in, w.EgressOnlyGateways, func() (string, error) {
		v, err := w.vpc(in.VPCID)
		if err != nil {
			return "", err
		}
		g := &egressOnlyGateway{w.newID("eigw"), v.ID}
		w.EgressOnlyGateways[g.ID] = g
		w.tag(g.ID, tags)
		return g.ID, nil
	})
	if err != nil {
		return createEgressOnlyGatewayOutput{}, err
	}
	return createEgressOnlyGatewayOutput{in.ClientToken, w.egressOnlyGatewayXML(g)}, nil
}

const egressOnlyNotFound = "InvalidEgressOnlyInternetGatewayId.NotFound"

type egressOnlyGatewayIDInput struct {
	ID string `wire:"EgressOnlyInternetGatewayId"`
}

type deleteEgressOnlyGatewayOutput struct {
	Return bool `xml:"returnCode"`
}

func (w *world) deleteEgressOnlyGateway(in egressOnlyGatewayIDInput) (deleteEgressOnlyGatewayOutput, error) {
	if _, err := lookup(w.EgressOnlyGateways, in.ID, egressOnlyNotFound); err != nil {
		return deleteEgressOnlyGatewayOutput{}, err
	}
	delete(w.EgressOnlyGateways, in.ID)
	delete(w.Tags, in.ID)
	return deleteEgressOnlyGatewayOutput{true}, nil
}

// AWS has no filters here but those on tags.
var egressOnlyGatewayFilters = filterTable[*egressOnlyGateway]{}

type describeEgressOnlyGatewaysInput struct {
	IDs []string `wire:"EgressOnlyInternetGatewayId"`
	query
}

type describeEgressOnlyGatewaysOutput struct {
	Gateways  items[egressOnlyGatewayXML] `xml:"egressOnlyInternetGatewaySet"`
	NextToken string                      `xml:"nextToken,omitempty"`
}

func (w *world) describeEgressOnlyGateways(in describeEgressOnlyGatewaysInput) (describeEgressOnlyGatewaysOutput, error) {
	list, next, err := describe(w, w.EgressOnlyGateways, in.IDs, in.query, egressOnlyGatewayFilters, egressOnlyNotFound)
	return describeEgressOnlyGatewaysOutput{itemsOf(list, w.egressOnlyGatewayXML), next}, err
}

type egressOnlyGatewayXML struct {
	ID          string                      `xml:"egressOnlyInternetGatewayId"`
	Attachments items[gatewayAttachmentXML] `xml:"attachmentSet"`
	Tags        items[tag]                  `xml:"tagSet"`
}

func (w *world) egressOnlyGatewayXML(g *egressOnlyGateway) egressOnlyGatewayXML {
	attached := items[gatewayAttachmentXML]{[]gatewayAttachmentXML{{g.VPCID, "attached"}}}
	return egressOnlyGatewayXML{g.ID, attached, w.tagSet(g.ID)}
}
