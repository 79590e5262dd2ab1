package topology

// A Role is what the machines of an instance group are for.
type Role string

// kops spells the first role "Master" in v1alpha2 manifests, "masters" in AWS names,
// and tags it both ways.
const (
	ControlPlane Role = "control-plane"
	APIServer    Role = "apiserver"
	Worker       Role = "worker"
	Bastion      Role = "bastion"
)

// RoleTags are the tags that mark a machine's role.
func RoleTags(r Role) Tags {
	switch r {
	case ControlPlane:
		return Tags{TagRoleMaster: "1", TagRoleControl: "1"}
	case APIServer:
		return Tags{TagRoleAPI: "1"}
	case Bastion:
		return Tags{TagRoleBastion: "1"}
	case Worker:
		return Tags{TagRoleNode: "1"}
	}
	return Tags{}
}

// RoleOf reads the role back from tags; it is empty if they carry none.
func RoleOf(tags Tags) Role {
	for _, role := range []Role{ControlPlane, APIServer, Bastion, Worker} {
		if tags.Has(RoleTags(role)) {
			return role
		}
	}
	return ""
}
