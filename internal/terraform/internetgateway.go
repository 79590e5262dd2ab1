package terraform

import "github.com/quorate/quorate/topology"

func (d *document) internetGateway(g topology.InternetGateway) {
	d.add("aws_internet_gateway", label(g.Name), attrs{
		"vpc_id": d.id(g.VPC),
		"tags":   g.Tags,
	})
}
