package topology

// InternetGateway is an internet gateway attached to a VPC.
type InternetGateway struct {
	// Name is the cluster's name. That of a shared gateway is the id of its VPC,
	// which has at most one: manifests do not give the gateway's own id.
	Name string `json:"name"`
	// VPC is what it is attached to; zero when AWS has it unattached.
	VPC       Ref       `json:"vpc,omitzero"`
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

func (g InternetGateway) Ref() Ref         { return Ref{KindInternetGateway, g.Name} }
func (g InternetGateway) Needs() []Ref     { return present(g.VPC) }
func (g InternetGateway) Owner() Ownership { return g.Ownership }
func (g InternetGateway) Labels() Tags     { return g.Tags }
func (InternetGateway) resource()          {}
