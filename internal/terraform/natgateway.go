package terraform

import "github.com/quorate/quorate/topology"

func (d *document) natGateway(n topology.NATGateway) {
	d.add("aws_nat_gateway", label(n.Name), attrs{
		"subnet_id":     d.id(n.Subnet),
		"allocation_id": d.id(n.ElasticIP),
		"tags":          n.Tags,
	})
}
