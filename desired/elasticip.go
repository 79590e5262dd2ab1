package desired

import (
	"strings"

	"github.com/quorate/quorate/topology"
)

// elasticIPs are the addresses of the NAT gateways: made for them, or given by what they are. One that is
// given by its allocation id is none of the cluster's resources.
func (m manifest) elasticIPs() []topology.ElasticIP {
	var addresses []topology.ElasticIP
	for _, zone := range m.natZones() {
		given := m.zonePublicIP(zone)
		switch {
		case m.zoneEgress(zone) != "":
		case given != "":
			addresses = append(addresses, topology.ElasticIP{Name: given, Ownership: topology.Shared})
		default:
			name := m.qualified(zone)
			addresses = append(addresses, topology.ElasticIP{Name: name, Tags: m.tags(name), Ownership: topology.Owned})
		}
	}
	return addresses
}

// elasticIPRef is the address of a zone's NAT gateway.
func (m manifest) elasticIPRef(zone string) topology.Ref {
	if egress := m.zoneEgress(zone); strings.HasPrefix(egress, "eipalloc-") {
		return topology.Given(egress)
	}
	if given := m.zonePublicIP(zone); given != "" {
		return topology.Ref{Kind: topology.KindElasticIP, Name: given}
	}
	return m.ref(topology.KindElasticIP, zone)
}

// zonePublicIP is the address that the manifest gives to a zone's NAT gateway.
func (m manifest) zonePublicIP(zone string) string {
	if subnets := m.egressSubnets(zone); len(subnets) > 0 {
		return subnets[0].PublicIP
	}
	return ""
}
