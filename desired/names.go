package desired

import "github.com/quorate/quorate/topology"

// loadBalancerName is the AWS name of a load balancer or target group.
func (m manifest) loadBalancerName(prefix string) string {
	return topology.LoadBalancerName(prefix, m.Name())
}

// roleName is the name of an IAM role and of its instance profile.
func (m manifest) roleName(prefix string) string { return topology.IAMName(m.qualified(prefix)) }
