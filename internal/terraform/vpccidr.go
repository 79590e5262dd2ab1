package terraform

import "github.com/quorate/quorate/topology"

func (d *document) vpcCIDR(c topology.VPCCIDR) {
	d.add("aws_vpc_ipv4_cidr_block_association", label("cidr-"+c.CIDR.String()), attrs{
		"vpc_id":     d.id(c.VPC),
		"cidr_block": c.CIDR,
	})
}
