package diff

import "github.com/quorate/quorate/topology"

var routeTableFields = []field[topology.RouteTable]{
	forbid("vpc", "AWS cannot move a route table to another VPC", func(r topology.RouteTable) topology.Ref { return r.VPC }),
	{"routes", routeChanges},
	{"subnets", associationChanges},
	missingTags(func(r topology.RouteTable) topology.Tags { return r.Tags }),
}

// routeChanges asks that every wanted route is there. Others may stay: Kubernetes'
// cloud controller writes pod routes, and people peer their VPCs.
func routeChanges(want, have topology.RouteTable) []FieldChange {
	targets := map[string]string{}
	for _, r := range have.Routes {
		targets[r.Destination.String()] = r.Target.String()
	}
	var changes []FieldChange
	for _, r := range want.Routes {
		if got := targets[r.Destination.String()]; got != r.Target.String() {
			changes = append(changes, FieldChange{Path: "routes[" + r.Destination.String() + "]", Have: got, Want: r.Target.String(), Effect: InPlace})
		}
	}
	return changes
}

func associationChanges(want, have topology.RouteTable) []FieldChange {
	associated := map[topology.Ref]bool{}
	for _, s := range have.Subnets {
		associated[s] = true
	}
	var changes []FieldChange
	for _, s := range want.Subnets {
		if !associated[s] {
			changes = append(changes, FieldChange{Path: "subnets[" + s.Name + "]", Want: "associated", Effect: InPlace})
		}
	}
	return changes
}
