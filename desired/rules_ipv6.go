package desired

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"

	"github.com/quorate/quorate/desired/kopsspec"
)

var ipv6Rules = []rule{
	{"pods have one family of addresses", familyRule},
	{"the network plugin knows IPv6", ipv6PluginRule},
	{"IPv6 nodes are named after their instances", ipv6NamesRule},
	{"IPv6 ranges are ranges of the VPC", ipv6RangeRule},
	{"IPv6 ranges do not overlap", ipv6OverlapRule},
	{"IPv6 machines have IPv6 subnets", ipv6SubnetRule},
}

// familyRule: kops knows IPv4 clusters, and IPv6 clusters in which pods have no IPv4 at all.
func familyRule(m manifest, r *report) {
	const path = "spec.nonMasqueradeCIDR"
	outside, err := netip.ParsePrefix(m.Spec.NonMasqueradeCIDR)
	if err == nil && outside.Addr().Is6() && !m.ipv6Only() {
		r.errorf(m.Source, path, "%s is only a part of IPv6; write ::/0 for an IPv6 cluster, or an IPv4 range such as 100.64.0.0/10", outside)
		return
	}
	for path, text := range map[string]string{"spec.podCIDR": m.Spec.PodCIDR, "spec.serviceClusterIPRange": m.Spec.ServiceClusterIPRange} {
		p, err := netip.ParsePrefix(text)
		switch {
		case err != nil:
		case p.Addr().Is4() && m.ipv6Only():
			r.errorf(m.Source, path, "%s is an IPv4 range, and pods of an IPv6 cluster have no IPv4; use an IPv6 range or remove it", p)
		case p.Addr().Is6() && !m.ipv6Only():
			r.errorf(m.Source, path, "%s is an IPv6 range, and the cluster is IPv4; use an IPv4 range or remove it", p)
		}
	}
}

// ipv4Plugins are the network plugins that kops runs for IPv4 clusters only.
var ipv4Plugins = []string{"amazonvpc", "flannel", "kopeio", "kubenet", "kuberouter"}

func ipv6PluginRule(m manifest, r *report) {
	plugin := m.Spec.Networking
	switch {
	case !m.ipv6Only():
	case slices.Contains(ipv4Plugins, plugin.Plugin()):
		r.errorf(m.Source, "spec.networking."+plugin.Plugin(), "%s gives pods IPv4 addresses only; an IPv6 cluster needs calico, cilium, kindnet, or a plugin of your own (cni)", plugin.Plugin())
	case plugin.Plugin() == "cilium" && plugin.Cilium.IPAM == "eni":
		r.errorf(m.Source, "spec.networking.cilium.ipam", "Cilium takes only IPv4 addresses from AWS's interfaces; remove ipam: eni for an IPv6 cluster")
	}
}

// ipv6NamesRule: a host name made of an IPv4 address is no name for a machine without one.
func ipv6NamesRule(m manifest, r *report) {
	if m.ipv6Only() && m.Spec.CloudConfig.UseIPBasedNodeNames {
		r.errorf(m.Source, "spec.cloudConfig.useIPBasedNodeNames", "the nodes of an IPv6 cluster cannot be named after IPv4 addresses; remove the field")
	}
}

var (
	// amazonBlock is the K-th /64 of the block that Amazon gives a VPC, with K in hexadecimal.
	amazonBlock = regexp.MustCompile(`^/64#([0-9a-f]+)$`)
	// uniqueLocal are IPv6 addresses that are routed nowhere (RFC 4193).
	uniqueLocal = netip.MustParsePrefix("fc00::/7")
)

// amazonSubnets is how many /64 there are in the /56 that Amazon gives a VPC.
const amazonSubnets = 1 << (64 - 56)

func ipv6RangeRule(m manifest, r *report) {
	for i, s := range m.subnets {
		if s.IPv6CIDR == "" {
			continue
		}
		path := subnetPath(i, "ipv6CIDR")
		if k := amazonBlock.FindStringSubmatch(s.IPv6CIDR); k != nil {
			if n, err := strconv.ParseUint(k[1], 16, 64); !s.shared() && (err != nil || n >= amazonSubnets) {
				r.errorf(m.Source, path, "Amazon gives a VPC a /56, which has the parts /64#0 to /64#%x; %s is not among them", amazonSubnets-1, s.IPv6CIDR)
			}
			continue
		}
		checkIPv6Range(r, m.Source, path, s.IPv6CIDR)
	}
}

func checkIPv6Range(r *report, s kopsspec.Source, path, text string) {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		r.errorf(s, path, "%q is neither a range nor /64#K, the K-th part of the VPC's own block, with K in hexadecimal", text)
	case !p.Addr().Is6():
		r.errorf(s, path, "%s is an IPv4 range; write it as cidr, and here an IPv6 range or /64#K", p)
	case p != p.Masked():
		r.errorf(s, path, "%s has bits set behind its prefix; write %s", p, p.Masked())
	case p.Bits() < 44 || p.Bits() > 64 || p.Bits()%4 != 0:
		r.errorf(s, path, "%s is no range for a subnet; AWS takes IPv6 ranges from /44 to /64 in steps of four", p)
	case uniqueLocal.Overlaps(p):
		r.errorf(s, path, "%s is private and routed nowhere; use a range of the VPC's own block", p)
	}
}

func ipv6OverlapRule(m manifest, r *report) {
	for i, s := range m.subnets {
		for _, other := range m.subnets[:i] {
			a, errA := netip.ParsePrefix(s.IPv6CIDR)
			b, errB := netip.ParsePrefix(other.IPv6CIDR)
			same := s.IPv6CIDR != "" && samePart(s.IPv6CIDR, other.IPv6CIDR)
			if same || errA == nil && errB == nil && a.Overlaps(b) {
				r.errorf(m.Source, subnetPath(i, "ipv6CIDR"), "%s overlaps %s of subnet %s; AWS refuses overlapping subnets", s.IPv6CIDR, other.IPv6CIDR, other.Name)
			}
		}
	}
}

// samePart tells whether two texts name one part of the VPC's own block; /64#a and /64#0a do.
func samePart(a, b string) bool {
	x, y := amazonBlock.FindStringSubmatch(a), amazonBlock.FindStringSubmatch(b)
	if x == nil || y == nil {
		return false
	}
	m, errM := strconv.ParseUint(x[1], 16, 64)
	n, errN := strconv.ParseUint(y[1], 16, 64)
	return errM == nil && errN == nil && m == n
}

// ipv6SubnetRule: pods get their addresses from the range of their machine, which gets it from its subnet.
func ipv6SubnetRule(m manifest, r *report) {
	if !m.ipv6Only() {
		return
	}
	for _, g := range m.groups {
		for j, s := range m.groupSubnets(g) {
			if s.IPv6CIDR == "" && g.Role() != kopsspec.Bastion {
				r.warnf(g.Source, fmt.Sprintf("spec.subnets[%d]", j), "subnet %s has no ipv6CIDR, and pods on its machines will have no address; give it one such as /64#1", s.Name)
			}
		}
	}
}
