package topology

// NATGateway is a public NAT gateway of one zone.
type NATGateway struct {
	Name      string    `json:"name"`
	Subnet    Ref       `json:"subnet,omitzero"`
	ElasticIP Ref       `json:"elasticIP,omitzero"`
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

func (n NATGateway) Ref() Ref         { return Ref{KindNATGateway, n.Name} }
func (n NATGateway) Needs() []Ref     { return present(n.Subnet, n.ElasticIP) }
func (n NATGateway) Owner() Ownership { return n.Ownership }
func (n NATGateway) Labels() Tags     { return n.Tags }
func (NATGateway) resource()          {}
