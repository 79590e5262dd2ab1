package desired

import (
	"slices"

	"github.com/quorate/quorate/topology"
)

// egressOnlyRef names the gateway like its VPC, as [manifest.internetGatewayRef] does.
func (m manifest) egressOnlyRef() topology.Ref {
	return topology.Ref{Kind: topology.KindEgressOnlyGateway, Name: m.vpcRef().Name}
}

// egressOnlyGateways is the way out for the IPv6 traffic of private subnets. Only IPv6 clusters
// have it: the private machines of others have IPv4 addresses and a NAT gateway.
func (m manifest) egressOnlyGateways() []topology.EgressOnlyGateway {
	private := func(s subnet) bool { return !s.public() && s.managed() }
	if !m.ipv6Only() || !slices.ContainsFunc(m.subnets, private) {
		return nil
	}
	g := topology.EgressOnlyGateway{Name: m.egressOnlyRef().Name, VPC: m.vpcRef(), Ownership: topology.Shared}
	if !m.sharedVPC() {
		g.Tags, g.Ownership = m.tags(m.Name()), topology.Owned
	}
	return []topology.EgressOnlyGateway{g}
}
