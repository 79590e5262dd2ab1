package awssim

import (
	"cmp"
	"net/netip"
	"slices"
)

// route sends one destination to one target. It has no id: the destination identifies it.
type route struct {
	// Exactly one destination is set.
	IPv4, IPv6, PrefixList string
	// Exactly one target is set.
	Gateway        string // an internet gateway, or "local"
	NATGateway     string
	EgressOnly     string
	Instance       string
	Interface      string
	TransitGateway string
	Peering        string
}

func (r route) destination() string { return cmp.Or(r.IPv4, r.IPv6, r.PrefixList) }

// localRoutes are the routes within the VPC that every table has.
func (v *vpc) localRoutes() []route {
	var list []route
	for _, a := range v.CIDRs {
		list = append(list, route{IPv4: a.CIDR.String(), Gateway: "local"})
	}
	for _, a := range v.IPv6CIDRs {
		list = append(list, route{IPv6: a.CIDR.String(), Gateway: "local"})
	}
	return list
}

type routeDestination struct {
	TableID    string `wire:"RouteTableId"`
	IPv4       string `wire:"DestinationCidrBlock"`
	IPv6       string `wire:"DestinationIpv6CidrBlock"`
	PrefixList string `wire:"DestinationPrefixListId"`
}

type routeInput struct {
	routeDestination
	Gateway        string `wire:"GatewayId"`
	NATGateway     string `wire:"NatGatewayId"`
	EgressOnly     string `wire:"EgressOnlyInternetGatewayId"`
	Instance       string `wire:"InstanceId"`
	Interface      string `wire:"NetworkInterfaceId"`
	TransitGateway string `wire:"TransitGatewayId"`
	Peering        string `wire:"VpcPeeringConnectionId"`
}

// canonical checks a destination and clears its host bits, as AWS does.
func (d routeDestination) canonical() (route, error) {
	r := route{IPv4: d.IPv4, IPv6: d.IPv6, PrefixList: d.PrefixList}
	given := 0
	for _, s := range []string{d.IPv4, d.IPv6, d.PrefixList} {
		if s != "" {
			given++
		}
	}
	if given != 1 {
		return r, refuse("InvalidParameterCombination", "Exactly one of destination CIDR block, destination IPv6 CIDR block and destination prefix list must be specified")
	}
	for _, cidr := range []*string{&r.IPv4, &r.IPv6} {
		if *cidr == "" {
			continue
		}
		block, err := netip.ParsePrefix(*cidr)
		if err != nil || block.Addr().Is4() != (cidr == &r.IPv4) {
			return r, refuse("InvalidParameterValue", "Value (%s) for parameter destinationCidrBlock is invalid. This is not a valid CIDR block.", *cidr)
		}
		*cidr = block.Masked().String()
	}
	return r, nil
}

// wanted is the route of a request, all of whose parts exist.
func (w *world) wantedRoute(in routeInput) (*routeTable, route, error) {
	t, err := w.routeTable(in.TableID)
	if err != nil {
		return nil, route{}, err
	}
	r, err := in.canonical()
	if err != nil {
		return nil, r, err
	}
	r.Gateway, r.NATGateway, r.EgressOnly, r.Instance = in.Gateway, in.NATGateway, in.EgressOnly, in.Instance
	r.Interface, r.TransitGateway, r.Peering = in.Interface, in.TransitGateway, in.Peering
	return t, r, w.checkTarget(t, r)
}

// nat64Block are the IPv6 addresses that a NAT gateway translates (RFC 6052); it takes no others.
const nat64Block = "64:ff9b::/96"

func (w *world) checkTarget(t *routeTable, r route) error {
	targets := slices.DeleteFunc([]string{r.Gateway, r.NATGateway, r.EgressOnly, r.Instance, r.Interface, r.TransitGateway, r.Peering},
		func(s string) bool { return s == "" })
	if len(targets) != 1 {
		return refuse("InvalidParameterCombination", "The request must contain exactly one of gatewayId, natGatewayId, networkInterfaceId, vpcPeeringConnectionId, egressOnlyInternetGatewayId, transitGatewayId or instanceId")
	}
	switch {
	case r.EgressOnly != "" && r.IPv6 == "", r.NATGateway != "" && r.IPv6 != "" && r.IPv6 != nat64Block:
		return refuse("InvalidParameterValue", "A route to %s cannot lead to %s", cmp.Or(r.IPv4, r.IPv6), targets[0])
	case r.Gateway != "":
		g, err := w.internetGateway(r.Gateway)
		if err != nil {
			return refuse("InvalidGatewayID.NotFound", "The gateway ID '%s' does not exist", r.Gateway)
		}
		return w.sameVPC(t, g.ID, g.VPCID)
	case r.NATGateway != "":
		g, exists := w.NATGateways[r.NATGateway]
		if !exists || g.State != "available" { // AWS does not know a gateway as a target before it is available
			return refuse("InvalidNatGatewayID.NotFound", "The natGateway ID '%s' does not exist", r.NATGateway)
		}
		return w.sameVPC(t, g.ID, g.VPCID)
	case r.EgressOnly != "":
		g, err := lookup(w.EgressOnlyGateways, r.EgressOnly, "InvalidGatewayID.NotFound")
		if err != nil {
			return err
		}
		return w.sameVPC(t, g.ID, g.VPCID)
	case r.Instance != "":
		i, err := w.instance(r.Instance)
		if err != nil {
			return err
		}
		return w.sameVPC(t, i.ID, i.VPCID)
	case r.Interface != "":
		n, err := lookup(w.Interfaces, r.Interface, "InvalidNetworkInterfaceID.NotFound")
		if err != nil {
			return err
		}
		return w.sameVPC(t, n.ID, w.Subnets[n.SubnetID].VPCID)
	}
	return nil // transit gateways and peerings live outside the simulated world
}

func (w *world) sameVPC(t *routeTable, target, vpcID string) error {
	if t.VPCID != vpcID {
		return refuse("InvalidParameterValue", "route table %s and network gateway %s belong to different networks", t.ID, target)
	}
	return nil
}

// routeTo is the index of the route with a destination, or -1.
func (t *routeTable) routeTo(destination string) int {
	return slices.IndexFunc(t.Routes, func(r route) bool { return r.destination() == destination })
}

func (w *world) createRoute(in routeInput) (done, error) {
	t, r, err := w.wantedRoute(in)
	if err != nil {
		return done{}, err
	}
	local := slices.ContainsFunc(w.VPCs[t.VPCID].localRoutes(), func(l route) bool { return l.destination() == r.destination() })
	if local || t.routeTo(r.destination()) >= 0 {
		return done{}, refuse("RouteAlreadyExists", "The route identified by %s already exists.", r.destination())
	}
	t.Routes = append(t.Routes, r)
	return ok, nil
}

func (w *world) replaceRoute(in routeInput) (done, error) {
	t, r, err := w.wantedRoute(in)
	if err != nil {
		return done{}, err
	}
	i := t.routeTo(r.destination())
	if i < 0 {
		return done{}, refuse("InvalidParameterValue", "There is no route defined for '%s' in the route table. Use CreateRoute instead.", r.destination())
	}
	t.Routes[i] = r
	return ok, nil
}

func (w *world) deleteRoute(in routeDestination) (done, error) {
	t, err := w.routeTable(in.TableID)
	if err != nil {
		return done{}, err
	}
	r, err := in.canonical()
	if err != nil {
		return done{}, err
	}
	i := t.routeTo(r.destination())
	if i < 0 {
		return done{}, refuse("InvalidRoute.NotFound", "no route with destination-cidr-block %s in route table %s", r.destination(), t.ID)
	}
	t.Routes = slices.Delete(t.Routes, i, i+1)
	return ok, nil
}

// state is blackhole when the target no longer carries traffic.
func (w *world) routeState(t *routeTable, r route) string {
	if r.Gateway != "local" && w.checkTarget(t, r) != nil {
		return "blackhole"
	}
	return "active"
}

type routeXML struct {
	IPv4           string `xml:"destinationCidrBlock,omitempty"`
	IPv6           string `xml:"destinationIpv6CidrBlock,omitempty"`
	PrefixList     string `xml:"destinationPrefixListId,omitempty"`
	Gateway        string `xml:"gatewayId,omitempty"`
	NATGateway     string `xml:"natGatewayId,omitempty"`
	EgressOnly     string `xml:"egressOnlyInternetGatewayId,omitempty"`
	Instance       string `xml:"instanceId,omitempty"`
	InstanceOwner  string `xml:"instanceOwnerId,omitempty"`
	Interface      string `xml:"networkInterfaceId,omitempty"`
	TransitGateway string `xml:"transitGatewayId,omitempty"`
	Peering        string `xml:"vpcPeeringConnectionId,omitempty"`
	State          string `xml:"state"`
	Origin         string `xml:"origin"`
}

func (w *world) routeXML(t *routeTable, r route) routeXML {
	x := routeXML{
		IPv4: r.IPv4, IPv6: r.IPv6, PrefixList: r.PrefixList,
		Gateway: r.Gateway, NATGateway: r.NATGateway, EgressOnly: r.EgressOnly,
		Instance: r.Instance, Interface: r.Interface, TransitGateway: r.TransitGateway, Peering: r.Peering,
		State: w.routeState(t, r), Origin: "CreateRoute",
	}
	if r.Gateway == "local" {
		x.Origin = "CreateRouteTable"
	}
	if r.Instance != "" {
		x.InstanceOwner = w.account()
		if n := w.interfaceOf(r.Instance); n != nil {
			x.Interface = n.ID
		}
	}
	return x
}
