package terraform

import (
	"strings"

	"github.com/quorate/quorate/topology"
)

// routeTable writes the table, its routes, and its associations, which Terraform has as resources.
func (d *document) routeTable(t topology.RouteTable) {
	d.add("aws_route_table", label(t.Name), attrs{
		"vpc_id": d.id(t.VPC),
		"tags":   t.Tags,
	})
	for _, r := range t.Routes {
		a := attrs{"route_table_id": d.id(t.Ref()), routeTarget(r.Target): d.id(r.Target)}
		if r.Destination.Addr().Is6() {
			a["destination_ipv6_cidr_block"] = r.Destination
		} else {
			a["destination_cidr_block"] = r.Destination
		}
		d.add("aws_route", routeLabel(t, r), a)
	}
	for _, s := range t.Subnets {
		d.add("aws_route_table_association", label(s.Name), attrs{
			"route_table_id": d.id(t.Ref()),
			"subnet_id":      d.id(s),
		})
	}
}

// routeLabel is route-DESTINATION in the public table, and names the table in others.
func routeLabel(t topology.RouteTable, r topology.Route) string {
	l := label("route-" + r.Destination.String())
	if role := t.Tags[topology.TagRouteRole]; role != "public" {
		l = label("route-" + role + "-" + r.Destination.String())
	}
	return l
}

// routeTargets are the attributes for targets given by id, by the prefix of the id.
var routeTargets = []struct{ prefix, attribute string }{
	{"pcx-", "vpc_peering_connection_id"},
	{"i-", "instance_id"},
	{"nat-", "nat_gateway_id"},
	{"tgw-", "transit_gateway_id"},
	{"eigw-", "egress_only_gateway_id"},
	{"igw-", "gateway_id"},
}

func routeTarget(target topology.Ref) string {
	switch target.Kind {
	case topology.KindNATGateway:
		return "nat_gateway_id"
	case topology.KindInternetGateway:
		return "gateway_id"
	case topology.KindEgressOnlyGateway:
		return "egress_only_gateway_id"
	}
	for _, t := range routeTargets {
		if strings.HasPrefix(target.Name, t.prefix) {
			return t.attribute
		}
	}
	return "gateway_id"
}
