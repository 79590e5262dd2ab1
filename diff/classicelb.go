package diff

import (
	"slices"

	"github.com/quorate/quorate/topology"
)

const (
	classicImmutable = "AWS cannot change it on a Classic load balancer without closing the port; write api.loadBalancer.class: Network, and a network load balancer takes its place without a moment when the API does not answer"
	classicNoName    = "without DNS, clients and machines know the API by the address of its Classic load balancer, which a network load balancer cannot take over; give the cluster DNS records (topology.dns) first, or put api.loadBalancer.class: Classic back"
	classicAgain     = "a network load balancer is in front of the API servers, and kops has given up Classic ones; put api.loadBalancer.class: Network back (while the API's name leads to the Classic one still, the network load balancer can be removed by hand instead)"
)

var classicELBFields = []field[topology.ClassicELB]{
	// As with [loadBalancerFields], AWS's own name is a detail of making.
	forbid("internal", classicImmutable, func(l topology.ClassicELB) bool { return l.Internal }),
	judged("subnets", onlyMore, func(l topology.ClassicELB) []topology.Ref { return l.Subnets }),
	on("securityGroups", InPlace, func(l topology.ClassicELB) []topology.Ref { return l.SecurityGroups }),
	judged("listeners", samePorts, func(l topology.ClassicELB) []topology.ClassicListener { return l.Listeners }),
	on("healthCheck", InPlace, func(l topology.ClassicELB) topology.ClassicCheck { return l.HealthCheck }),
	on("crossZone", InPlace, func(l topology.ClassicELB) bool { return l.CrossZone }),
	on("idleTimeout", InPlace, func(l topology.ClassicELB) int { return l.IdleTimeout }),
	on("drainingTimeout", InPlace, func(l topology.ClassicELB) int { return l.DrainingTimeout }),
	on("accessLog", InPlace, func(l topology.ClassicELB) topology.AccessLog { return l.AccessLog }),
	exactTags(InPlace, func(l topology.ClassicELB) topology.Tags { return l.Tags }),
}

// onlyMore lets a load balancer reach into more zones, and give none up.
func onlyMore(want, have []topology.Ref) (Effect, string) {
	if slices.ContainsFunc(have, func(ref topology.Ref) bool { return !slices.Contains(want, ref) }) {
		return Forbid, classicImmutable
	}
	return InPlace, ""
}

// samePorts lets ports come and go, and a certificate change. What else is different of a port that stays
// would need it closed and opened again.
func samePorts(want, have []topology.ClassicListener) (Effect, string) {
	for _, w := range want {
		for _, h := range have {
			w.Certificate, h.Certificate = "", ""
			if w.Port == h.Port && w != h {
				return Forbid, classicImmutable
			}
		}
	}
	return InPlace, ""
}

// classicChange compares the Classic load balancers that a group is attached to. An attachment of the
// cluster's own one that nobody wants any more is no difference of the group: it ends with the load
// balancer, which stays until another one has taken its place.
func classicChange(want, have topology.AutoScalingGroup) []FieldChange {
	have.ClassicLoadBalancers = slices.DeleteFunc(slices.Clone(have.ClassicLoadBalancers), func(ref topology.Ref) bool {
		return ref.Kind == topology.KindClassicELB && !slices.Contains(want.ClassicLoadBalancers, ref)
	})
	return on("classicLoadBalancers", InPlace, func(g topology.AutoScalingGroup) []topology.Ref { return g.ClassicLoadBalancers }).compare(want, have)
}

// oneWay refuses to take a load balancer away where its successor could not be reached by the same name, or
// would be of the older generation.
func oneWay(have topology.Resource, want topology.Topology) string {
	switch have := have.(type) {
	case topology.ClassicELB:
		successor := topology.LoadBalancer{Name: have.Name}.Ref()
		if _, replaced := want.Get(successor); replaced && have.IsAPI() && !named(want, successor) {
			return classicNoName
		}
	case topology.LoadBalancer:
		if _, wanted := want.Get(topology.ClassicELB{Name: have.Name}.Ref()); wanted {
			return classicAgain
		}
	}
	return ""
}

// named reports whether a name of the cluster leads to the load balancer.
func named(want topology.Topology, balancer topology.Ref) bool {
	return slices.ContainsFunc(topology.Of[topology.DNSRecord](want), func(r topology.DNSRecord) bool { return r.Alias == balancer })
}
