package topology

// SecurityGroup is a security group without its rules, which are a kind of their
// own: groups refer to each other, and a kind breaks that circle.
type SecurityGroup struct {
	// Name is both the group name and the Name tag, or the id of a shared group.
	Name        string    `json:"name"`
	Description string    `json:"description"`
	VPC         Ref       `json:"vpc"`
	Tags        Tags      `json:"tags"`
	Ownership   Ownership `json:"ownership"`
}

func (g SecurityGroup) Ref() Ref         { return Ref{KindSecurityGroup, g.Name} }
func (g SecurityGroup) Needs() []Ref     { return present(g.VPC) }
func (g SecurityGroup) Owner() Ownership { return g.Ownership }
func (g SecurityGroup) Labels() Tags     { return g.Tags }
func (SecurityGroup) resource()          {}
