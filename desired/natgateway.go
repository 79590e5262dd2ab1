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

// zoneEgress is the egress that the private subnets of a zone agree on.
func (m manifest) zoneEgress(zone string) string {
	if private := m.privateSubnets(zone); len(private) > 0 {
		return private[0].Egress
	}
	return ""
}

// natZones are the zones that get a NAT gateway of their own.
func (m manifest) natZones() []string {
	return slices.DeleteFunc(m.zones(), func(zone string) bool {
		egress := m.zoneEgress(zone)
		return len(m.privateSubnets(zone)) == 0 || egress != "" && !strings.HasPrefix(egress, "eipalloc-")
	})
}

// utilitySubnet is where a zone's NAT gateway stands; a rule makes sure that there is exactly one.
func (m manifest) utilitySubnet(zone string) subnet {
	for _, s := range m.subnets {
		if s.Zone == zone && s.Type == "Utility" {
			return s
		}
	}
	return subnet{}
}

func (m manifest) natGateways() []topology.NATGateway {
	var gateways []topology.NATGateway
	for _, zone := range m.natZones() {
		name := m.qualified(zone)
		gateways = append(gateways, topology.NATGateway{
			Name:      name,
			Subnet:    m.subnetRef(m.utilitySubnet(zone)),
			ElasticIP: m.elasticIPRef(zone),
			Tags:      m.tags(name),
			Ownership: topology.Owned,
		})
	}
	return gateways
}
