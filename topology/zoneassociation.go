package topology

// ZoneAssociation lets the machines of a network look names up in a private zone.
type ZoneAssociation struct {
	Zone HostedZone `json:"zone"`
	VPC  Ref        `json:"vpc"`
	// Ownership is Shared where the network is: others may look names up too.
	Ownership Ownership `json:"ownership"`
}

// Ref names the association by the zone: a cluster has one network.
func (a ZoneAssociation) Ref() Ref         { return Ref{KindZoneAssociation, a.Zone.Name} }
func (a ZoneAssociation) Needs() []Ref     { return present(a.VPC) }
func (a ZoneAssociation) Owner() Ownership { return a.Ownership }
func (ZoneAssociation) Labels() Tags       { return nil }
func (ZoneAssociation) resource()          {}
