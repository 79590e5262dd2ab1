package terraform

import "github.com/quorate/quorate/topology"

func (d *document) securityGroup(g topology.SecurityGroup) {
	d.add("aws_security_group", label(g.Name), attrs{
		"name":        g.Name,
		"description": g.Description,
		"vpc_id":      d.id(g.VPC),
		"tags":        g.Tags,
	})
}
