package desired

import (
	"net/netip"
	"slices"

	"github.com/quorate/quorate/topology"
)

var (
	anyIPv4 = netip.MustParsePrefix("0.0.0.0/0")
	anyIPv6 = netip.MustParsePrefix("::/0")
)

// hasPublicTable follows kops: the table exists as soon as one subnet is the cluster's to route.
func (m manifest) hasPublicTable() bool {
	return slices.ContainsFunc(m.subnets, subnet.managed)
}

// routeTables makes one table for all public subnets, and one for the private subnets of each zone, so
// that a zone's traffic leaves through its own gateway.
func (m manifest) routeTables() []topology.RouteTable {
	var tables []topology.RouteTable
	if m.hasPublicTable() {
		tables = append(tables, m.publicTable())
	}
	for _, zone := range m.zones() {
		if private := m.privateSubnets(zone); len(private) > 0 {
			tables = append(tables, m.privateTable(zone, private))
		}
	}
	return tables
}

func (m manifest) publicTable() topology.RouteTable {
	var public []subnet
	for _, s := range m.subnets {
		if s.public() && s.managed() {
			public = append(public, s)
		}
	}
	gateway := m.internetGatewayRef()
	routes := []topology.Route{{Destination: anyIPv4, Target: gateway}, {Destination: anyIPv6, Target: gateway}}
	return m.routeTable(m.Name(), "public", routes, public)
}

func (m manifest) privateTable(zone string, private []subnet) topology.RouteTable {
	routes := []topology.Route{{Destination: anyIPv4, Target: m.egressTarget(zone)}}
	for _, s := range private {
		for _, r := range s.AdditionalRoutes {
			routes = append(routes, topology.Route{Destination: netip.MustParsePrefix(r.CIDR).Masked(), Target: topology.Given(r.Target)})
		}
	}
	return m.routeTable(m.qualified("private-"+zone), "private-"+zone, routes, private)
}

// egressTarget is the zone's own NAT gateway, or what the manifest gives in its place.
func (m manifest) egressTarget(zone string) topology.Ref {
	if slices.Contains(m.natZones(), zone) {
		return m.ref(topology.KindNATGateway, zone)
	}
	return topology.Given(m.zoneEgress(zone))
}

func (m manifest) routeTable(name, role string, routes []topology.Route, subnets []subnet) topology.RouteTable {
	return topology.RouteTable{
		Name:      name,
		VPC:       m.vpcRef(),
		Routes:    topology.SortRoutes(routes),
		Subnets:   m.subnetRefs(subnets),
		Tags:      m.tags(name).With(topology.Tags{topology.TagRouteRole: role}),
		Ownership: topology.Owned,
	}
}
