package diff

import "github.com/quorate/quorate/topology"

const loadBalancerImmutable = "AWS cannot change it on a load balancer, and replacing the one in front of the API servers would change its address under every client; this version does not do it: put the old value back"

var loadBalancerFields = []field[topology.LoadBalancer]{
	// Two clusters tell theirs apart by the Name tag; AWS's own name is a detail of making.
	forbid("internal", loadBalancerImmutable, func(l topology.LoadBalancer) bool { return l.Internal }),
	judged("subnets", moreSubnets, func(l topology.LoadBalancer) []topology.SubnetMapping { return l.Subnets }),
	judged("securityGroups", swapGroups, func(l topology.LoadBalancer) []topology.Ref { return l.SecurityGroups }),
	on("crossZone", InPlace, func(l topology.LoadBalancer) bool { return l.CrossZone }),
	on("accessLog", InPlace, func(l topology.LoadBalancer) topology.AccessLog { return l.AccessLog }),
	on("addressType", InPlace, func(l topology.LoadBalancer) string { return l.AddressType }),
	exactTags(InPlace, func(l topology.LoadBalancer) topology.Tags { return l.Tags }),
}

// moreSubnets lets a load balancer reach into more zones. A node's own address in a
// zone cannot change, and a zone is not given up while clients may hold its address.
func moreSubnets(want, have []topology.SubnetMapping) (Effect, string) {
	wanted := map[topology.SubnetMapping]bool{}
	for _, m := range want {
		wanted[m] = true
	}
	for _, m := range have {
		if !wanted[m] {
			return Forbid, loadBalancerImmutable
		}
	}
	return InPlace, ""
}

// swapGroups follows AWS: a network load balancer made without security groups
// cannot get any, and one made with them cannot lose them all.
func swapGroups(want, have []topology.Ref) (Effect, string) {
	if (len(want) == 0) != (len(have) == 0) {
		return Forbid, loadBalancerImmutable
	}
	return InPlace, ""
}
