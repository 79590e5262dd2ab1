package desired

import "github.com/quorate/quorate/topology"

// instanceProfiles hand each own role to its machines, and expect the profiles given by ARN.
func (m manifest) instanceProfiles() []topology.InstanceProfile {
	var profiles []topology.InstanceProfile
	for _, r := range m.ownMachineRoles() {
		name := m.roleName(r.prefix)
		profiles = append(profiles, topology.InstanceProfile{
			Name:      name,
			Role:      topology.Ref{Kind: topology.KindIAMRole, Name: name},
			Tags:      m.tags(name),
			Ownership: topology.Owned,
		})
	}
	given := map[string]bool{}
	for _, g := range m.groups {
		if name := m.instanceProfileRef(g).Name; g.Spec.IAM.Profile != "" && !given[name] {
			given[name] = true
			profiles = append(profiles, topology.InstanceProfile{Name: name, Ownership: topology.Shared})
		}
	}
	return profiles
}
