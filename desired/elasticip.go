package desired

import (
	"strings"

	"github.com/quorate/quorate/topology"
)

// elasticIPs are the addresses of the NAT gateways that bring none along.
func (m manifest) elasticIPs() []topology.ElasticIP {
	var addresses []topology.ElasticIP
	for _, zone := range m.natZones() {
		if m.zoneEgress(zone) == "" {
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
	return m.ref(topology.KindElasticIP, zone)
}
