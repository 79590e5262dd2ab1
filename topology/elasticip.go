package topology

// ElasticIP is an address for a NAT gateway.
type ElasticIP struct {
	Name      string    `json:"name"`
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

func (e ElasticIP) Ref() Ref         { return Ref{KindElasticIP, e.Name} }
func (ElasticIP) Needs() []Ref       { return nil }
func (e ElasticIP) Owner() Ownership { return e.Ownership }
func (e ElasticIP) Labels() Tags     { return e.Tags }
func (ElasticIP) resource()          {}
