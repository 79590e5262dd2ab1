package terraform

import "github.com/quorate/quorate/topology"

func (d *document) dhcpOptions(o topology.DHCPOptions) {
	d.add("aws_vpc_dhcp_options", label(o.Name), attrs{
		"domain_name":         o.DomainName,
		"domain_name_servers": o.DomainNameServers,
		"tags":                o.Tags,
	})
}
