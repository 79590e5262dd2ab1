package topology

import "slices"

// LoadBalancer is a network load balancer.
type LoadBalancer struct {
	// Name is the Name tag, "api.CLUSTER"; it is the identity.
	Name string `json:"name"`
	// AWSName is the name AWS knows, shortened and hashed by kops's rule.
	AWSName  string `json:"awsName"`
	Internal bool   `json:"internal"`
	// Subnets is sorted by subnet.
	Subnets        []SubnetMapping `json:"subnets"`
	SecurityGroups []Ref           `json:"securityGroups"` // sorted
	CrossZone      bool            `json:"crossZone"`
	// AccessLog is zero for none. AWS writes one for TLS listeners only.
	AccessLog AccessLog `json:"accessLog,omitzero"`
	// AddressType is "ipv4" or "dualstack".
	AddressType string    `json:"addressType"`
	Tags        Tags      `json:"tags"`
	Ownership   Ownership `json:"ownership"`
}

// SubnetMapping puts a node of the load balancer into a subnet.
type SubnetMapping struct {
	Subnet Ref `json:"subnet"`
	// PrivateIPv4 is a fixed address of an internal load balancer, or empty.
	PrivateIPv4 string `json:"privateIPv4,omitempty"`
	// Allocation is the elastic IP of a public one, or zero.
	Allocation Ref `json:"allocation,omitzero"`
}

func (l LoadBalancer) Ref() Ref { return Ref{KindLoadBalancer, l.Name} }

func (l LoadBalancer) Needs() []Ref {
	refs := slices.Clone(l.SecurityGroups)
	for _, m := range l.Subnets {
		refs = append(refs, m.Subnet, m.Allocation)
	}
	return present(refs...)
}

func (l LoadBalancer) Owner() Ownership { return l.Ownership }
func (l LoadBalancer) Labels() Tags     { return l.Tags }
func (LoadBalancer) resource()          {}
