package terraform

import "github.com/quorate/quorate/topology"

// zoneVariable asks for the id of a zone that the manifest leaves to be found: Terraform cannot look for
// the longest name that ends another one.
const zoneVariable = "hosted_zone_id"

// zoneID is the id of a hosted zone. A zone that the manifest names is looked up.
func (d *document) zoneID(zone topology.HostedZone) string {
	switch {
	case zone.IsID():
		return zone.Name
	case zone.Enclosing:
		d.Variable[zoneVariable] = attrs{"type": "string", "description": "The id of the hosted zone that " + zone.Name + " is in."}
		return "${var." + zoneVariable + "}"
	}
	put(d.Data, "aws_route53_zone", label(zone.Name), attrs{"name": zone.Name, "private_zone": zone.Private})
	return "${data.aws_route53_zone." + label(zone.Name) + ".zone_id}"
}

// policy writes the id of the cluster's zone into a policy that mentions it. Records say which zone it is.
func (d *document) policy(document string) string {
	if records := topology.Of[topology.DNSRecord](d.t); topology.NeedsZone(document) && len(records) > 0 {
		return topology.WithZone(document, d.zoneID(records[0].Zone))
	}
	return document
}
