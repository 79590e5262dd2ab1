package topology

// DHCPOptions is a set of DHCP options; AWS cannot change one, only make another.
type DHCPOptions struct {
	Name              string    `json:"name"`
	DomainName        string    `json:"domainName"`
	DomainNameServers []string  `json:"domainNameServers"`
	Tags              Tags      `json:"tags"`
	Ownership         Ownership `json:"ownership"`
}

func (d DHCPOptions) Ref() Ref         { return Ref{KindDHCPOptions, d.Name} }
func (DHCPOptions) Needs() []Ref       { return nil }
func (d DHCPOptions) Owner() Ownership { return d.Ownership }
func (d DHCPOptions) Labels() Tags     { return d.Tags }
func (DHCPOptions) resource()          {}
