package desired

import "github.com/quorate/quorate/topology"

// zoneAssociations let the machines see the private zone that their names are in.
func (m manifest) zoneAssociations() []topology.ZoneAssociation {
	if zone := m.hostedZone(); m.publishesDNS() && zone.Private {
		return []topology.ZoneAssociation{{Zone: zone, VPC: m.vpcRef(), Ownership: topology.Owned}}
	}
	return nil
}
