package desired

import "net/netip"

var rangeRules = []rule{
	{"subnets have a size that AWS makes", subnetSizeRule},
	{"services have a range of their own", serviceRangeRule},
}

// subnetSizeRule leaves subnets of somebody else alone: they are there.
func subnetSizeRule(m manifest, r *report) {
	for i, s := range m.subnets {
		p, err := netip.ParsePrefix(s.CIDR)
		if err == nil && !s.shared() && p.Addr().Is4() && (p.Bits() < 16 || p.Bits() > 28) {
			r.errorf(m.Source, subnetPath(i, "cidr"), "%s is no range for a subnet; AWS takes IPv4 ranges from /16 to /28", p)
		}
	}
}

// serviceBits is how many bits of an address the API server chooses for a service (kube-apiserver,
// --service-cluster-ip-range).
const serviceBits = 20

// serviceRangeRule: an address of a service is caught on every machine, so that whatever else has it is
// out of reach. Subnets of the cluster itself are the business of another rule.
func serviceRangeRule(m manifest, r *report) {
	const path = "spec.serviceClusterIPRange"
	services, err := netip.ParsePrefix(m.Spec.ServiceClusterIPRange)
	if err != nil {
		return
	}
	if least := services.Addr().BitLen() - serviceBits; services.Bits() < least {
		r.errorf(m.Source, path, "%s is more than the API server keeps count of; use /%d or smaller", services, least)
	}
	if pods, err := netip.ParsePrefix(m.Spec.PodCIDR); err == nil && m.Source.Has("spec.podCIDR") && pods.Addr().Is4() && pods.Overlaps(services) {
		r.errorf(m.Source, path, "%s overlaps podCIDR %s, so that pods and services would have each other's addresses; move one of them", services, pods)
	}
	if network := m.networkCIDR(); network.IsValid() && network.Overlaps(services) {
		r.warnf(m.Source, path, "%s overlaps networkCIDR %s, and machines of the VPC that have such an address cannot be reached from pods; choose another range, such as 100.64.0.0/13", services, network)
	}
}
