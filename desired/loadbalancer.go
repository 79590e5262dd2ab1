package desired

import (
	"cmp"
	"slices"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// loadBalancers are those in front of the API servers and of the bastions.
func (m manifest) loadBalancers() []topology.LoadBalancer {
	var lbs []topology.LoadBalancer
	if lb := m.apiLoadBalancer(); lb != nil && !m.classicAPI() {
		api := m.loadBalancer("api", lb.Type, m.apiLBFirewalls(), lb.AdditionalSecurityGroups)
		api.CrossZone = *lb.CrossZone
		api.AccessLog = accessLog(lb.AccessLog)
		if len(lb.Subnets) > 0 {
			api.Subnets = m.givenMappings(lb.Subnets)
			api.AddressType = addressType(m.givenSubnets(lb.Subnets))
		}
		lbs = append(lbs, api)
	}
	if m.has(kopsspec.Bastion) {
		settings := m.Spec.Topology.Bastion.LoadBalancer
		lbs = append(lbs, m.loadBalancer("bastion", settings.Type, m.bastionLBFirewalls(), settings.AdditionalSecurityGroups))
	}
	return lbs
}

func (m manifest) loadBalancer(prefix, typ string, firewalls []firewall, more []string) topology.LoadBalancer {
	subnets := m.loadBalancerSubnets(typ)
	lb := topology.LoadBalancer{
		Name:           m.qualified(prefix),
		AWSName:        m.loadBalancerName(prefix),
		Internal:       typ == "Internal",
		SecurityGroups: securityGroupRefs(firewalls, more),
		AddressType:    addressType(subnets),
		Tags:           m.tags(m.qualified(prefix)),
		Ownership:      topology.Owned,
	}
	for _, ref := range m.subnetRefs(subnets) {
		lb.Subnets = append(lb.Subnets, topology.SubnetMapping{Subnet: ref})
	}
	return lb
}

func accessLog(log *kopsspec.AccessLog) topology.AccessLog {
	if log == nil {
		return topology.AccessLog{}
	}
	return topology.AccessLog{Bucket: log.Bucket, Prefix: log.BucketPrefix, Interval: log.Interval}
}

// securityGroupRefs puts groups made or found beside groups given by id.
func securityGroupRefs(firewalls []firewall, given []string) []topology.Ref {
	var refs []topology.Ref
	for _, f := range firewalls {
		refs = append(refs, f.ref)
	}
	for _, id := range given {
		refs = append(refs, topology.Given(id))
	}
	return topology.SortRefs(refs)
}

// addressType is dualstack only where every subnet has IPv6.
func addressType(subnets []subnet) string {
	if slices.ContainsFunc(subnets, func(s subnet) bool { return s.IPv6CIDR == "" }) {
		return "ipv4"
	}
	return "dualstack"
}

// givenSubnets are the subnets that the manifest lists; names that mean nothing are left to a rule.
func (m manifest) givenSubnets(given []kopsspec.LoadBalancerSubnet) []subnet {
	var subnets []subnet
	for _, g := range given {
		if s, ok := m.subnet(g.Name); ok {
			subnets = append(subnets, s)
		}
	}
	return subnets
}

// givenMappings are the subnets that the manifest lists, with their fixed addresses.
func (m manifest) givenMappings(given []kopsspec.LoadBalancerSubnet) []topology.SubnetMapping {
	var mappings []topology.SubnetMapping
	for _, g := range given {
		s, _ := m.subnet(g.Name)
		mapping := topology.SubnetMapping{Subnet: m.subnetRef(s), PrivateIPv4: g.PrivateIPv4Address}
		if g.AllocationID != "" {
			mapping.Allocation = topology.Given(g.AllocationID)
		}
		mappings = append(mappings, mapping)
	}
	slices.SortFunc(mappings, func(a, b topology.SubnetMapping) int { return topology.CompareRefs(a.Subnet, b.Subnet) })
	return mappings
}

// loadBalancerSubnets chooses one subnet of each zone: among those of the right sort a utility subnet
// first, then a dual-stack one, then one that the control plane uses, then the first by name.
func (m manifest) loadBalancerSubnets(typ string) []subnet {
	var chosen []subnet
	for _, zone := range m.zones() {
		var fit []subnet
		for _, s := range m.subnets {
			if s.Zone == zone && s.public() == (typ == "Public") {
				fit = append(fit, s)
			}
		}
		if len(fit) > 0 {
			chosen = append(chosen, slices.MinFunc(fit, func(a, b subnet) int {
				return cmp.Or(cmp.Compare(m.subnetScore(b), m.subnetScore(a)), cmp.Compare(a.Name, b.Name))
			}))
		}
	}
	return chosen
}

// subnetScore weighs a subnet for a load balancer as kops does.
func (m manifest) subnetScore(s subnet) int {
	score := map[string]int{"Utility": 3, "DualStack": 2}[s.Type]
	if slices.ContainsFunc(m.ofRole(kopsspec.ControlPlane), func(g kopsspec.InstanceGroup) bool { return slices.Contains(g.Spec.Subnets, s.Name) }) {
		score++
	}
	return score
}
