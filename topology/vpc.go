package topology

import "net/netip"

// VPC is a virtual private cloud, with its DHCP options association.
type VPC struct {
	// Name is the cluster name, or the id of a shared VPC.
	Name string       `json:"name"`
	CIDR netip.Prefix `json:"cidr"`
	// AmazonIPv6 asks for an Amazon-provided IPv6 block; kops always does for its own VPCs.
	AmazonIPv6   bool `json:"amazonIPv6"`
	DNSSupport   bool `json:"dnsSupport"`
	DNSHostnames bool `json:"dnsHostnames"`
	// DHCPOptions are associated with the VPC; zero for a shared VPC.
	DHCPOptions Ref       `json:"dhcpOptions,omitzero"`
	Tags        Tags      `json:"tags"`
	Ownership   Ownership `json:"ownership"`
}

func (v VPC) Ref() Ref         { return Ref{KindVPC, v.Name} }
func (v VPC) Needs() []Ref     { return present(v.DHCPOptions) }
func (v VPC) Owner() Ownership { return v.Ownership }
func (v VPC) Labels() Tags     { return v.Tags }
func (VPC) resource()          {}

// present drops the zero references and sorts the others.
func present(refs ...Ref) []Ref {
	var kept []Ref
	for _, r := range refs {
		if !r.IsZero() {
			kept = append(kept, r)
		}
	}
	return SortRefs(kept)
}
