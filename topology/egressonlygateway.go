package topology

// EgressOnlyGateway lets the IPv6 traffic of private subnets out of a VPC, and
// nothing in.
type EgressOnlyGateway struct {
	// Name is the cluster's name. That of a shared gateway is the id of its VPC:
	// manifests do not give the gateway's own id.
	Name      string    `json:"name"`
	VPC       Ref       `json:"vpc,omitzero"`
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

func (g EgressOnlyGateway) Ref() Ref         { return Ref{KindEgressOnlyGateway, g.Name} }
func (g EgressOnlyGateway) Needs() []Ref     { return present(g.VPC) }
func (g EgressOnlyGateway) Owner() Ownership { return g.Ownership }
func (g EgressOnlyGateway) Labels() Tags     { return g.Tags }
func (EgressOnlyGateway) resource()          {}
