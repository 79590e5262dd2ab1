package desired

import (
	"slices"

	"github.com/quorate/quorate/topology"
)

// internetGatewayRef names the gateway like its VPC: a manifest with a shared VPC does not give the
// id of the gateway, but a VPC has at most one.
func (m manifest) internetGatewayRef() topology.Ref {
	return topology.Ref{Kind: topology.KindInternetGateway, Name: m.vpcRef().Name}
}

// internetGateways makes the gateway of an owned VPC, and expects that of a shared one where a route
// needs it.
func (m manifest) internetGateways() []topology.InternetGateway {
	g := topology.InternetGateway{Name: m.internetGatewayRef().Name, VPC: m.vpcRef(), Ownership: topology.Shared}
	switch {
	case m.sharedVPC() && m.hasPublicTable():
		return []topology.InternetGateway{g}
	case m.sharedVPC() || !slices.ContainsFunc(m.subnets, func(s subnet) bool { return s.Egress != "External" }):
		return nil
	}
	g.Tags, g.Ownership = m.tags(m.Name()), topology.Owned
	return []topology.InternetGateway{g}
}
