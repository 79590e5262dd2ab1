package topology

// InstanceProfile hands a role to machines.
type InstanceProfile struct {
	// Name is the profile's name, also for a shared one.
	Name string `json:"name"`
	// Role is zero for a shared profile.
	Role      Ref       `json:"role,omitzero"`
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

func (p InstanceProfile) Ref() Ref         { return Ref{KindInstanceProfile, p.Name} }
func (p InstanceProfile) Needs() []Ref     { return present(p.Role) }
func (p InstanceProfile) Owner() Ownership { return p.Ownership }
func (p InstanceProfile) Labels() Tags     { return p.Tags }
func (InstanceProfile) resource()          {}
