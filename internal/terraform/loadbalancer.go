package terraform

import "github.com/quorate/quorate/topology"

func (d *document) loadBalancer(l topology.LoadBalancer) {
	var mappings []attrs
	for _, m := range l.Subnets {
		mapping := attrs{"subnet_id": d.id(m.Subnet)}
		if m.PrivateIPv4 != "" {
			mapping["private_ipv4_address"] = m.PrivateIPv4
		}
		if !m.Allocation.IsZero() {
			mapping["allocation_id"] = d.id(m.Allocation)
		}
		mappings = append(mappings, mapping)
	}
	a := attrs{
		"name":                             l.AWSName,
		"load_balancer_type":               "network",
		"internal":                         l.Internal,
		"subnet_mapping":                   mappings,
		"security_groups":                  list(d.ids(l.SecurityGroups)),
		"enable_cross_zone_load_balancing": l.CrossZone,
		"tags":                             l.Tags,
	}
	if l.AddressType != "ipv4" { // Terraform's default
		a["ip_address_type"] = l.AddressType
	}
	if log := l.AccessLog; log.Bucket != "" {
		a["access_logs"] = []attrs{{"enabled": true, "bucket": log.Bucket, "prefix": log.Prefix}}
	}
	d.add("aws_lb", label(l.Name), a)
}
