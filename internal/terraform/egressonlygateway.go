package terraform

import "github.com/quorate/quorate/topology"

func (d *document) egressOnlyGateway(g topology.EgressOnlyGateway) {
	d.add("aws_egress_only_internet_gateway", label(g.Name), attrs{
		"vpc_id": d.id(g.VPC),
		"tags":   g.Tags,
	})
}

// sharedEgressOnlyGateway asks for the id of the gateway that a shared VPC has: it is not in the manifest, and
// Terraform cannot look for it.
func (d *document) sharedEgressOnlyGateway() string {
	const variable = "egress_only_gateway_id"
	d.Variable[variable] = attrs{"type": "string", "description": "The id of the egress-only internet gateway that the VPC has."}
	return "${var." + variable + "}"
}
