package topology

import "net/netip"

// Subnet is one subnet in one zone.
type Subnet struct {
	// Name is "SUBNET.CLUSTER", or the id of a shared subnet.
	Name string       `json:"name"`
	VPC  Ref          `json:"vpc"`
	Zone string       `json:"zone"`
	CIDR netip.Prefix `json:"cidr,omitzero"`
	// IPv6CIDR is a prefix, or "/64#K" for the K-th (hexadecimal) /64 of the VPC's
	// Amazon-provided block; empty for none. actual writes the second form for any
	// subnet that lies in that block.
	IPv6CIDR string `json:"ipv6CIDR,omitempty"`
	// AssignIPv6 gives new network interfaces an IPv6 address.
	AssignIPv6 bool `json:"assignIPv6"`
	DNS64      bool `json:"dns64"`
	// HostnameType is "resource-name" or "ip-name".
	HostnameType string `json:"hostnameType"`
	// ResourceNameA and ResourceNameAAAA publish DNS records of host names at launch.
	ResourceNameA    bool      `json:"resourceNameA"`
	ResourceNameAAAA bool      `json:"resourceNameAAAA"`
	Tags             Tags      `json:"tags"`
	Ownership        Ownership `json:"ownership"`
}

func (s Subnet) Ref() Ref         { return Ref{KindSubnet, s.Name} }
func (s Subnet) Needs() []Ref     { return present(s.VPC) }
func (s Subnet) Owner() Ownership { return s.Ownership }
func (s Subnet) Labels() Tags     { return s.Tags }
func (Subnet) resource()          {}
