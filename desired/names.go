package desired

import (
	"strings"

	"github.com/quorate/quorate/topology"
)

// maxLoadBalancerName is what AWS allows for load balancers and target groups.
const maxLoadBalancerName = 32

// loadBalancerName is the AWS name of a load balancer or target group. kops always adds the hash, even
// to a name that is short enough.
func (m manifest) loadBalancerName(prefix string) string {
	return topology.HashedName(prefix+"-"+strings.ReplaceAll(m.Name(), ".", "-"), maxLoadBalancerName)
}

// roleName is the name of an IAM role and of its instance profile.
func (m manifest) roleName(prefix string) string { return topology.IAMName(m.qualified(prefix)) }
