package topology

// DNSRecord is a name in the cluster's hosted zone. Records carry no tags: whose they
// are, their names and their targets tell.
type DNSRecord struct {
	// Name is the whole name, without the dot at the end.
	Name string `json:"name"`
	// Type is "A" or "AAAA".
	Type string     `json:"type"`
	Zone HostedZone `json:"zone"`
	// Alias is the load balancer that the name stands for. A record without one
	// belongs to the dns-controller, which runs inside the cluster: it is made once,
	// so that nobody is told that there is no such name and remembers that for
	// minutes, and nobody but the dns-controller changes it afterwards.
	Alias Ref `json:"alias,omitzero"`
	// Values are addresses; empty for an alias.
	Values []string `json:"values,omitempty"`
	// TTL is in seconds; 0 for an alias.
	TTL       int       `json:"ttl,omitempty"`
	Ownership Ownership `json:"ownership"`
}

func (r DNSRecord) Ref() Ref         { return Ref{KindDNSRecord, r.Name + "/" + r.Type} }
func (r DNSRecord) Needs() []Ref     { return present(r.Alias) }
func (r DNSRecord) Owner() Ownership { return r.Ownership }
func (DNSRecord) Labels() Tags       { return nil }
func (DNSRecord) resource()          {}
