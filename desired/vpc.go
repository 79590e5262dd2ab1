package desired

import (
	"cmp"

	"github.com/quorate/quorate/topology"
)

func (m manifest) vpcRef() topology.Ref {
	return topology.Ref{Kind: topology.KindVPC, Name: cmp.Or(m.Spec.NetworkID, m.Name())}
}

func (m manifest) vpcs() []topology.VPC {
	vpc := topology.VPC{
		Name:         m.vpcRef().Name,
		CIDR:         m.networkCIDR(),
		DNSSupport:   true,
		DNSHostnames: true,
		Ownership:    topology.Shared,
	}
	if !m.sharedVPC() {
		vpc.AmazonIPv6 = true
		vpc.DHCPOptions = topology.Ref{Kind: topology.KindDHCPOptions, Name: m.Name()}
		vpc.Tags = m.tags(m.Name())
		vpc.Ownership = topology.Owned
	}
	return []topology.VPC{vpc}
}
