package desired

import (
	"slices"
	"strings"

	"github.com/quorate/quorate/topology"
)

// privateSubnets are the subnets of a zone that need a way out made for them.
func (m manifest) privateSubnets(zone string) []subnet {
	var found []subnet
	for _, s := range m.subnets {
		if s.Zone == zone && !s.public() && s.managed() {
			found = append(found, s)
		}
	}
	return found
}

// publicIPv6Subnets are the public subnets of a zone whose machines reach IPv4 hosts by the zone's NAT
// gateway (NAT64), as those of private subnets do.
func (m manifest) publicIPv6Subnets(zone string) []subnet {
	var found []subnet
	for _, s := range m.subnets {
		if s.Zone == zone && m.translated(s) {
			found = append(found, s)
		}
	}
	return found
}

// translated tells whether a public subnet needs NAT64: only in IPv6 clusters do pods have no IPv4.
func (m manifest) translated(s subnet) bool {
	return m.ipv6Only() && s.Type == "Public" && s.IPv6CIDR != "" && s.managed()
}

// egressSubnets are the subnets of a zone that share its way out.
func (m manifest) egressSubnets(zone string) []subnet {
	return append(m.privateSubnets(zone), m.publicIPv6Subnets(zone)...)
}

// zoneEgress is the egress that the subnets of a zone agree on.
func (m manifest) zoneEgress(zone string) string {
	if subnets := m.egressSubnets(zone); len(subnets) > 0 {
		return subnets[0].Egress
	}
	return ""
}

// natZones are the zones that get a NAT gateway of their own.
func (m manifest) natZones() []string {
	return slices.DeleteFunc(m.zones(), func(zone string) bool {
		egress := m.zoneEgress(zone)
		return len(m.egressSubnets(zone)) == 0 || egress != "" && !strings.HasPrefix(egress, "eipalloc-")
	})
}

// natSubnet is where a zone's NAT gateway stands: in the utility subnet, of which a rule makes sure that
// zones with private subnets have exactly one, or else among the machines that need it.
func (m manifest) natSubnet(zone string) subnet {
	for _, s := range m.subnets {
		if s.Zone == zone && s.Type == "Utility" {
			return s
		}
	}
	if public := m.publicIPv6Subnets(zone); len(public) > 0 {
		return public[0]
	}
	return subnet{}
}

func (m manifest) natGateways() []topology.NATGateway {
	var gateways []topology.NATGateway
	for _, zone := range m.natZones() {
		name := m.qualified(zone)
		gateways = append(gateways, topology.NATGateway{
			Name:      name,
			Subnet:    m.subnetRef(m.natSubnet(zone)),
			ElasticIP: m.elasticIPRef(zone),
			Tags:      m.tags(name),
			Ownership: topology.Owned,
		})
	}
	return gateways
}
