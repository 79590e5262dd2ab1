package diff

import "github.com/quorate/quorate/topology"

const (
	loadBalancerScheme = "AWS cannot change the scheme of a load balancer, and its name is taken as long as it is there; put the old type back (one of the other scheme, made elsewhere, can stand beside it: name its target group in the groups' externalLoadBalancers)"
	loadBalancerPlace  = "a load balancer cannot change its address in a zone, nor leave a zone whose address clients may hold; put the subnet back as it was"
	loadBalancerGroups = "AWS gives security groups only to a network load balancer that was made with some, and lets none give up all; one that kops made before 1.29 has none: let kops update cluster (1.29 or newer) make its successor once, which is then taken up as found"
)

var loadBalancerFields = []field[topology.LoadBalancer]{
	// Two clusters tell theirs apart by the Name tag; AWS's own name is a detail of making.
	forbid("internal", loadBalancerScheme, func(l topology.LoadBalancer) bool { return l.Internal }),
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
			return Forbid, loadBalancerPlace
		}
	}
	return InPlace, ""
}

// swapGroups follows AWS: a network load balancer made without security groups
// cannot get any, and one made with them cannot lose them all.
func swapGroups(want, have []topology.Ref) (Effect, string) {
	if (len(want) == 0) != (len(have) == 0) {
		return Forbid, loadBalancerGroups
	}
	return InPlace, ""
}
