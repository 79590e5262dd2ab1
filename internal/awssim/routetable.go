package awssim

import (
	"slices"
)

// routeTable is a VPC's table of routes. The local routes follow from the VPC's blocks and are not
// kept here.
type routeTable struct {
	ID           string
	VPCID        string
	Routes       []route
	Associations []routeTableAssociation
}

// routeTableAssociation ties a subnet to a table. The main one has no subnet: it stands for all
// subnets of the VPC that have no association of their own.
type routeTableAssociation struct {
	ID       string
	SubnetID string
	Main     bool
}

func (t *routeTable) main() bool {
	return slices.ContainsFunc(t.Associations, func(a routeTableAssociation) bool { return a.Main })
}

type createRouteTableInput struct {
	ClientToken string
	VPCID       string `wire:"VpcId"`
	tagging
}

type createRouteTableOutput struct {
	ClientToken string        `xml:"clientToken,omitempty"`
	Table       routeTableXML `xml:"routeTable"`
}

func (w *world) createRouteTable(in createRouteTableInput) (createRouteTableOutput, error) {
	tags, err := in.tagsFor("route-table")
	if err != nil {
		return createRouteTableOutput{}, err
	}
	t, err := once(w, "CreateRouteTable", in.ClientToken, in, w.RouteTables, func() (string, error) {
		v, err := w.vpc(in.VPCID)
		if err != nil {
			return "", err
		}
		t := w.newRouteTable(v.ID)
		w.tag(t.ID, tags)
		return t.ID, nil
	})
	if err != nil {
		return createRouteTableOutput{}, err
	}
	return createRouteTableOutput{in.ClientToken, w.routeTableXML(t)}, nil
}

func (w *world) newRouteTable(vpcID string) *routeTable {
	t := &routeTable{ID: w.newID("rtb"), VPCID: vpcID}
	w.RouteTables[t.ID] = t
	return t
}

// newMainRouteTable makes the table a VPC comes with.
func (w *world) newMainRouteTable(vpcID string) {
	t := w.newRouteTable(vpcID)
	t.Associations = []routeTableAssociation{{ID: w.newID("rtbassoc"), Main: true}}
}

func (w *world) routeTable(id string) (*routeTable, error) {
	t, exists := w.RouteTables[id]
	if !exists {
		return nil, refuse("InvalidRouteTableID.NotFound", "The routeTable ID '%s' does not exist", id)
	}
	return t, nil
}

type routeTableIDInput struct {
	ID string `wire:"RouteTableId"`
}

func (w *world) deleteRouteTable(in routeTableIDInput) (done, error) {
	t, err := w.routeTable(in.ID)
	if err != nil {
		return done{}, err
	}
	if len(t.Associations) > 0 {
		return done{}, refuse("DependencyViolation", "The routeTable '%s' has dependencies and cannot be deleted.", t.ID)
	}
	w.removeRouteTable(t.ID)
	return ok, nil
}

func (w *world) removeRouteTable(id string) {
	delete(w.RouteTables, id)
	delete(w.Tags, id)
}

type associateRouteTableInput struct {
	TableID  string `wire:"RouteTableId"`
	SubnetID string `wire:"SubnetId"`
}

type associateRouteTableOutput struct {
	ID    string `xml:"associationId"`
	State string `xml:"associationState>state"`
}

// associateRouteTable succeeds when the subnet is associated with this table already, and refuses
// when it is with another.
func (w *world) associateRouteTable(in associateRouteTableInput) (associateRouteTableOutput, error) {
	t, err := w.routeTable(in.TableID)
	if err != nil {
		return associateRouteTableOutput{}, err
	}
	s, err := w.subnet(in.SubnetID)
	if err != nil {
		return associateRouteTableOutput{}, err
	}
	if s.VPCID != t.VPCID {
		return associateRouteTableOutput{}, refuse("InvalidParameterValue", "route table %s and subnet %s belong to different networks", t.ID, s.ID)
	}
	if other, a := w.associationOfSubnet(s.ID); a != nil {
		if other == t {
			return associateRouteTableOutput{a.ID, "associated"}, nil
		}
		return associateRouteTableOutput{}, refuse("Resource.AlreadyAssociated", "the specified association for route table %s conflicts with an existing association", t.ID)
	}
	a := routeTableAssociation{ID: w.newID("rtbassoc"), SubnetID: s.ID}
	t.Associations = append(t.Associations, a)
	return associateRouteTableOutput{a.ID, "associated"}, nil
}

func (w *world) associationOfSubnet(subnetID string) (*routeTable, *routeTableAssociation) {
	return w.findAssociation(func(a routeTableAssociation) bool { return a.SubnetID == subnetID && !a.Main })
}

func (w *world) findAssociation(is func(routeTableAssociation) bool) (*routeTable, *routeTableAssociation) {
	for _, t := range w.RouteTables {
		if i := slices.IndexFunc(t.Associations, is); i >= 0 {
			return t, &t.Associations[i]
		}
	}
	return nil, nil
}

func (w *world) association(id string) (*routeTable, routeTableAssociation, error) {
	t, a := w.findAssociation(func(a routeTableAssociation) bool { return a.ID == id })
	if t == nil {
		return nil, routeTableAssociation{}, refuse("InvalidAssociationID.NotFound", "The association ID '%s' does not exist", id)
	}
	return t, *a, nil
}

func (t *routeTable) dropAssociation(id string) {
	t.Associations = slices.DeleteFunc(t.Associations, func(a routeTableAssociation) bool { return a.ID == id })
}

type replaceAssociationInput struct {
	AssociationID string `wire:"AssociationId"`
	TableID       string `wire:"RouteTableId"`
}

type replaceAssociationOutput struct {
	ID    string `xml:"newAssociationId"`
	State string `xml:"associationState>state"`
}

// replaceRouteTableAssociation moves a subnet to another table, or makes another table the main one.
func (w *world) replaceRouteTableAssociation(in replaceAssociationInput) (replaceAssociationOutput, error) {
	from, a, err := w.association(in.AssociationID)
	if err != nil {
		return replaceAssociationOutput{}, err
	}
	to, err := w.routeTable(in.TableID)
	if err != nil {
		return replaceAssociationOutput{}, err
	}
	if from.VPCID != to.VPCID {
		return replaceAssociationOutput{}, refuse("InvalidParameterValue", "route tables %s and %s belong to different networks", from.ID, to.ID)
	}
	from.dropAssociation(a.ID)
	a.ID = w.newID("rtbassoc")
	to.Associations = append(to.Associations, a)
	return replaceAssociationOutput{a.ID, "associated"}, nil
}

func (w *world) disassociateRouteTable(in associationIDInput) (done, error) {
	t, a, err := w.association(in.AssociationID)
	if err != nil {
		return done{}, err
	}
	if a.Main {
		return done{}, refuse("InvalidParameterValue", "cannot disassociate the main route table association %s", a.ID)
	}
	t.dropAssociation(a.ID)
	return ok, nil
}

// dropSubnetAssociation forgets the association of a deleted subnet.
func (w *world) dropSubnetAssociation(subnetID string) {
	if t, a := w.associationOfSubnet(subnetID); t != nil {
		t.dropAssociation(a.ID)
	}
}

var routeTableFilters = filterTable[*routeTable]{
	"route-table-id": func(_ *world, t *routeTable) []string { return one(t.ID) },
	"vpc-id":         func(_ *world, t *routeTable) []string { return one(t.VPCID) },
	"owner-id":       func(w *world, _ *routeTable) []string { return one(w.account()) },
	"association.main": func(_ *world, t *routeTable) []string {
		return t.ofAssociations(func(a routeTableAssociation) string { return flag(a.Main)[0] })
	},
	"association.subnet-id": func(_ *world, t *routeTable) []string {
		return t.ofAssociations(func(a routeTableAssociation) string { return a.SubnetID })
	},
	"association.route-table-association-id": func(_ *world, t *routeTable) []string {
		return t.ofAssociations(func(a routeTableAssociation) string { return a.ID })
	},
	"association.route-table-id": func(_ *world, t *routeTable) []string {
		return t.ofAssociations(func(routeTableAssociation) string { return t.ID })
	},
	"route.destination-cidr-block": func(_ *world, t *routeTable) []string {
		return t.ofRoutes(func(r route) string { return r.IPv4 })
	},
	"route.destination-ipv6-cidr-block": func(_ *world, t *routeTable) []string {
		return t.ofRoutes(func(r route) string { return r.IPv6 })
	},
	"route.gateway-id": func(_ *world, t *routeTable) []string {
		return append(t.ofRoutes(func(r route) string { return r.Gateway }), "local")
	},
	"route.nat-gateway-id": func(_ *world, t *routeTable) []string {
		return t.ofRoutes(func(r route) string { return r.NATGateway })
	},
	"route.instance-id": func(_ *world, t *routeTable) []string {
		return t.ofRoutes(func(r route) string { return r.Instance })
	},
	"route.transit-gateway-id": func(_ *world, t *routeTable) []string {
		return t.ofRoutes(func(r route) string { return r.TransitGateway })
	},
	"route.egress-only-internet-gateway-id": func(_ *world, t *routeTable) []string {
		return t.ofRoutes(func(r route) string { return r.EgressOnly })
	},
}

func (t *routeTable) ofAssociations(get func(routeTableAssociation) string) []string {
	var values []string
	for _, a := range t.Associations {
		values = append(values, get(a))
	}
	return values
}

func (t *routeTable) ofRoutes(get func(route) string) []string {
	var values []string
	for _, r := range t.Routes {
		values = append(values, get(r))
	}
	return values
}

type describeRouteTablesInput struct {
	IDs []string `wire:"RouteTableId"`
	query
}

type describeRouteTablesOutput struct {
	Tables    items[routeTableXML] `xml:"routeTableSet"`
	NextToken string               `xml:"nextToken,omitempty"`
}

func (w *world) describeRouteTables(in describeRouteTablesInput) (describeRouteTablesOutput, error) {
	list, next, err := describe(w, w.RouteTables, in.IDs, in.query, routeTableFilters, "InvalidRouteTableID.NotFound")
	return describeRouteTablesOutput{itemsOf(list, w.routeTableXML), next}, err
}

type routeTableXML struct {
	ID           string                          `xml:"routeTableId"`
	VPCID        string                          `xml:"vpcId"`
	OwnerID      string                          `xml:"ownerId"`
	Routes       items[routeXML]                 `xml:"routeSet"`
	Associations items[routeTableAssociationXML] `xml:"associationSet"`
	Propagating  items[none]                     `xml:"propagatingVgwSet"`
	Tags         items[tag]                      `xml:"tagSet"`
}

type routeTableAssociationXML struct {
	ID       string `xml:"routeTableAssociationId"`
	TableID  string `xml:"routeTableId"`
	SubnetID string `xml:"subnetId,omitempty"`
	Main     bool   `xml:"main"`
	State    string `xml:"associationState>state"`
}

func (w *world) routeTableXML(t *routeTable) routeTableXML {
	x := routeTableXML{ID: t.ID, VPCID: t.VPCID, OwnerID: w.account(), Tags: w.tagSet(t.ID)}
	x.Routes = itemsOf(slices.Concat(w.VPCs[t.VPCID].localRoutes(), t.Routes), func(r route) routeXML { return w.routeXML(t, r) })
	x.Associations = itemsOf(t.Associations, func(a routeTableAssociation) routeTableAssociationXML {
		return routeTableAssociationXML{a.ID, t.ID, a.SubnetID, a.Main, "associated"}
	})
	return x
}
