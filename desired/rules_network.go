package desired

import (
	"fmt"
	"net/netip"

	"github.com/quorate/quorate/desired/kopsspec"
)

var networkRules = []rule{
	{"the VPC has a range", networkCIDRRule},
	{"ranges are ranges", rangesRule},
	{"additional ranges fit beside the network", additionalRangesRule},
	{"pods and services stay out of the network", overlapRule},
	{"kubenet needs public subnets", kubenetRule},
	{"subnets that are ours are tagged", subnetTagsRule},
}

func networkCIDRRule(m manifest, r *report) {
	if m.sharedVPC() {
		requirePrefix(r, m.Source, "spec.networkID", m.Spec.NetworkID, "vpc-")
		if m.Spec.NetworkCIDR == "" {
			r.errorf(m.Source, "spec.networkID", "the VPC exists already, so its range must be written; add networkCIDR")
		}
	}
}

// parseRange reads a range and says what is wrong with it.
func parseRange(r *report, s kopsspec.Source, path, text string) (netip.Prefix, bool) {
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		r.errorf(s, path, "%q is not an address range; write one such as 172.20.0.0/16", text)
	case p != p.Masked():
		r.errorf(s, path, "%s has bits set behind its prefix; write %s", p, p.Masked())
	default:
		return p, true
	}
	return p, false
}

func rangesRule(m manifest, r *report) {
	for path, text := range map[string]string{
		"spec.networkCIDR":           m.Spec.NetworkCIDR,
		"spec.nonMasqueradeCIDR":     m.Spec.NonMasqueradeCIDR,
		"spec.podCIDR":               m.Spec.PodCIDR,
		"spec.serviceClusterIPRange": m.Spec.ServiceClusterIPRange,
	} {
		if text != "" {
			parseRange(r, m.Source, path, text)
		}
	}
	checkVPCRange(r, m.Source, "spec.networkCIDR", m.networkCIDR())
}

// checkVPCRange complains about ranges that AWS takes for no VPC.
func checkVPCRange(r *report, s kopsspec.Source, path string, p netip.Prefix) {
	if p.IsValid() && (!p.Addr().Is4() || p.Bits() < 16 || p.Bits() > 28) {
		r.errorf(s, path, "%s is no range for a VPC; AWS takes IPv4 ranges from /16 to /28", p)
	}
}

// maxAdditionalCIDRs leaves room for networkCIDR in AWS's quota of five IPv4 ranges for each VPC.
const maxAdditionalCIDRs = 4

func additionalRangesRule(m manifest, r *report) {
	network := m.networkCIDR()
	var earlier []netip.Prefix
	for i, text := range m.Spec.AdditionalNetworkCIDRs {
		path := fmt.Sprintf("spec.additionalNetworkCIDRs[%d]", i)
		p, ok := parseRange(r, m.Source, path, text)
		if !ok {
			continue
		}
		checkVPCRange(r, m.Source, path, p)
		if network.IsValid() && p.Overlaps(network) {
			r.errorf(m.Source, path, "%s overlaps networkCIDR %s; the ranges of a VPC are apart from each other", p, network)
		}
		for _, other := range earlier {
			if p.Overlaps(other) {
				r.errorf(m.Source, path, "%s overlaps the additional range %s; the ranges of a VPC are apart from each other", p, other)
			}
		}
		if earlier = append(earlier, p); len(earlier) == maxAdditionalCIDRs+1 {
			r.errorf(m.Source, path, "this is the %dth range of the VPC, and AWS gives a VPC %d; use fewer and larger ranges", maxAdditionalCIDRs+2, maxAdditionalCIDRs+1)
		}
	}
}

// overlapRule keeps the addresses of pods and services apart from those of machines.
func overlapRule(m manifest, r *report) {
	network := m.networkCIDR()
	outside, _ := netip.ParsePrefix(m.Spec.NonMasqueradeCIDR)
	pods, _ := netip.ParsePrefix(m.Spec.PodCIDR)
	services, _ := netip.ParsePrefix(m.Spec.ServiceClusterIPRange)
	if plugin := m.Spec.Networking; plugin.Plugin() != "amazonvpc" && plugin.Cilium.IPAM != "eni" {
		if network.IsValid() && outside.IsValid() && network.Overlaps(outside) {
			r.errorf(m.Source, "spec.nonMasqueradeCIDR", "%s overlaps networkCIDR %s; pods and services need a range of their own, such as 100.64.0.0/10", outside, network)
		}
		if pods.IsValid() && outside.IsValid() && !within(outside, pods) {
			r.errorf(m.Source, "spec.podCIDR", "%s is not inside nonMasqueradeCIDR %s", pods, outside)
		}
		m.subnetsOverlap(r, "podCIDR", pods)
	}
	m.subnetsOverlap(r, "serviceClusterIPRange", services)
}

func (m manifest) subnetsOverlap(r *report, name string, p netip.Prefix) {
	for i, s := range m.subnets {
		if p.IsValid() && s.cidr.IsValid() && s.cidr.Overlaps(p) {
			r.errorf(m.Source, subnetPath(i, "cidr"), "%s overlaps %s %s; move one of them", s.cidr, name, p)
		}
	}
}

// kubenetRule: kubenet routes pods by the VPC's main table, which private subnets do not use.
func kubenetRule(m manifest, r *report) {
	if m.Spec.Networking.Plugin() != "kubenet" {
		return
	}
	for i, s := range m.subnets {
		if s.Type == "Private" {
			r.errorf(m.Source, subnetPath(i, "type"), "kubenet does not work in private subnets; choose another network plugin, such as cilium")
		}
	}
}

func subnetTagsRule(m manifest, r *report) {
	for _, s := range m.subnets {
		if m.Spec.DisableSubnetTags && !s.shared() {
			r.errorf(m.Source, "spec.DisableSubnetTags", "subnet %s is made for the cluster and is found again by its tags; remove the field, or give all subnets by id", s.Name)
			return
		}
	}
}
