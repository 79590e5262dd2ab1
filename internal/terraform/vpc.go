package terraform

import "github.com/quorate/quorate/topology"

func (d *document) vpc(v topology.VPC) {
	d.add("aws_vpc", label(v.Name), attrs{
		"cidr_block":                       v.CIDR,
		"assign_generated_ipv6_cidr_block": v.AmazonIPv6,
		"enable_dns_support":               v.DNSSupport,
		"enable_dns_hostnames":             v.DNSHostnames,
		"tags":                             v.Tags,
	})
	if !v.DHCPOptions.IsZero() {
		d.add("aws_vpc_dhcp_options_association", label(v.Name), attrs{
			"vpc_id":          d.id(v.Ref()),
			"dhcp_options_id": d.id(v.DHCPOptions),
		})
	}
}
