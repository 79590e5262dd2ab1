package desired

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/quorate/quorate/topology"
)

var (
	anyIPv4 = netip.MustParsePrefix("0.0.0.0/0")
	anyIPv6 = netip.MustParsePrefix("::/0")
	// nat64 are the addresses that stand for IPv4 hosts (RFC 6052, section 2.1).
	nat64 = netip.MustParsePrefix("64:ff9b::/96")
)

// hasPublicTable follows kops: the table exists as soon as one subnet is the cluster's to route.
func (m manifest) hasPublicTable() bool {
	return slices.ContainsFunc(m.subnets, subnet.managed)
}

// routeTables makes one table for all public subnets, and one for the private subnets of each zone, so
// that a zone's traffic leaves through its own gateway. In IPv6 clusters the machines in public subnets
// need their zone's gateway too, for hosts that have only IPv4.
func (m manifest) routeTables() []topology.RouteTable {
	var tables []topology.RouteTable
	if m.hasPublicTable() {
		tables = append(tables, m.publicTable())
	}
	for _, zone := range m.zones() {
		if private := m.privateSubnets(zone); len(private) > 0 {
			tables = append(tables, m.privateTable(zone, private))
		}
		if public := m.publicIPv6Subnets(zone); len(public) > 0 {
			tables = append(tables, m.translatedTable(zone, public))
		}
	}
	return tables
}

func (m manifest) publicTable() topology.RouteTable {
	var public []subnet
	for _, s := range m.subnets {
		if s.public() && s.managed() && !m.translated(s) {
			public = append(public, s)
		}
	}
	return m.routeTable(m.Name(), "public", m.publicRoutes(), public)
}

func (m manifest) publicRoutes() []topology.Route {
	gateway := m.internetGatewayRef()
	return []topology.Route{{Destination: anyIPv4, Target: gateway}, {Destination: anyIPv6, Target: gateway}}
}

func (m manifest) translatedTable(zone string, public []subnet) topology.RouteTable {
	routes := append(m.publicRoutes(), m.translation(zone)...)
	return m.routeTable(m.qualified("public-"+zone), "public-"+zone, routes, public)
}

// translation is the route to IPv4 hosts for machines with IPv6 alone. An instance that is given as a
// zone's way out translates nothing.
func (m manifest) translation(zone string) []topology.Route {
	target := m.egressTarget(zone)
	if target.Kind == topology.KindGiven && strings.HasPrefix(target.Name, "i-") {
		return nil
	}
	return []topology.Route{{Destination: nat64, Target: target}}
}

func (m manifest) privateTable(zone string, private []subnet) topology.RouteTable {
	routes := []topology.Route{{Destination: anyIPv4, Target: m.egressTarget(zone)}}
	if m.ipv6Only() {
		routes = append(routes, topology.Route{Destination: anyIPv6, Target: m.egressOnlyRef()})
		routes = append(routes, m.translation(zone)...)
	}
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
