package terraform

import "github.com/quorate/quorate/topology"

func (d *document) zoneAssociation(a topology.ZoneAssociation) {
	d.add("aws_route53_zone_association", label(a.Zone.Name), attrs{
		"zone_id": d.zoneID(a.Zone),
		"vpc_id":  d.id(a.VPC),
	})
}
