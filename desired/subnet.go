package desired

import (
	"slices"

	"github.com/quorate/quorate/topology"
)

// Tags by which load-balancer controllers find the subnets they may use.
const (
	tagELB         = "kubernetes.io/role/elb"
	tagInternalELB = "kubernetes.io/role/internal-elb"
)

func (m manifest) subnetRef(s subnet) topology.Ref {
	if s.shared() {
		return topology.Ref{Kind: topology.KindSubnet, Name: s.ID}
	}
	return m.ref(topology.KindSubnet, s.Name)
}

func (m manifest) subnetRefs(subnets []subnet) []topology.Ref {
	var refs []topology.Ref
	for _, s := range subnets {
		refs = append(refs, m.subnetRef(s))
	}
	return topology.SortRefs(refs)
}

// topologySubnets makes the subnets of the manifest, and expects the shared ones.
func (m manifest) topologySubnets() []topology.Subnet {
	var subnets []topology.Subnet
	for _, s := range m.subnets {
		t := topology.Subnet{
			Name:      m.subnetRef(s).Name,
			VPC:       m.vpcRef(),
			Zone:      s.Zone,
			CIDR:      s.cidr,
			IPv6CIDR:  s.IPv6CIDR,
			Ownership: topology.Shared,
		}
		if !s.shared() {
			t.AssignIPv6 = s.IPv6CIDR != ""
			t.DNS64 = s.ipv6Only() // machines without IPv4 reach IPv4 hosts by addresses that DNS makes up
			t.HostnameType = m.hostnameType()
			t.ResourceNameA = s.cidr.IsValid()
			t.ResourceNameAAAA = s.IPv6CIDR != ""
			t.Tags = m.subnetTags(s)
			t.Ownership = topology.Owned
		}
		subnets = append(subnets, t)
	}
	return subnets
}

func (m manifest) hostnameType() string {
	if m.Spec.CloudConfig.UseIPBasedNodeNames {
		return "ip-name"
	}
	return "resource-name"
}

func (m manifest) subnetTags(s subnet) topology.Tags {
	tags := m.tags(m.subnetRef(s).Name)
	tags[topology.TagSubnetType] = s.Type
	if s.public() {
		tags[tagELB] = "1"
	}
	if m.internalLoadBalancers(s) {
		tags[tagInternalELB] = "1"
	}
	return tags
}

// internalLoadBalancers tells whether a subnet is one for internal load balancers: a dual-stack subnet is,
// and a private one where its zone has none of these; a public one only where nothing else is.
func (m manifest) internalLoadBalancers(s subnet) bool {
	if s.public() {
		return !slices.ContainsFunc(m.subnets, func(other subnet) bool { return !other.public() })
	}
	return s.Type == "DualStack" || !slices.ContainsFunc(m.subnets, func(other subnet) bool {
		return other.Zone == s.Zone && other.Type == "DualStack"
	})
}
