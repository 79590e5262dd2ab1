package terraform

import "github.com/quorate/quorate/topology"

// dnsRecord leaves out what the dns-controller keeps: Terraform would put its old addresses back.
func (d *document) dnsRecord(r topology.DNSRecord) {
	if r.Alias.IsZero() {
		return
	}
	name := label(r.Name)
	if r.Type != "A" {
		name += "-" + r.Type
	}
	d.add("aws_route53_record", name, attrs{
		"name":    r.Name,
		"type":    r.Type,
		"zone_id": d.zoneID(r.Zone),
		"alias": []attrs{{
			"name":                   d.attribute(r.Alias, "dns_name"),
			"zone_id":                d.attribute(r.Alias, "zone_id"),
			"evaluate_target_health": false,
		}},
	})
}
