package desired

import (
	"net/netip"

	"github.com/quorate/quorate/topology"
)

// additionalCIDRs are the ranges that the VPC has beside networkCIDR, those that parse.
func (m manifest) additionalCIDRs() []netip.Prefix {
	var cidrs []netip.Prefix
	for _, text := range m.Spec.AdditionalNetworkCIDRs {
		if p, err := netip.ParsePrefix(text); err == nil {
			cidrs = append(cidrs, p)
		}
	}
	return cidrs
}

// vpcCIDRs adds the additional ranges to an owned VPC, and expects them of a shared one.
func (m manifest) vpcCIDRs() []topology.VPCCIDR {
	var cidrs []topology.VPCCIDR
	for _, p := range m.additionalCIDRs() {
		c := topology.VPCCIDR{VPC: m.vpcRef(), CIDR: p, Ownership: topology.Shared}
		if !m.sharedVPC() {
			c.Tags = topology.Tags{topology.VPCCIDRTag(p): string(topology.Owned)}
			c.Ownership = topology.Owned
		}
		cidrs = append(cidrs, c)
	}
	return cidrs
}
