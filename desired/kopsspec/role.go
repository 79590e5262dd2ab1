package kopsspec

// Role is what the machines of a group are for.
type Role string

// The roles of kops that machines can have here.
const (
	ControlPlane Role = "ControlPlane"
	Node         Role = "Node"
	Bastion      Role = "Bastion"
	APIServer    Role = "APIServer"
)

// roleSpellings are the words for a role in files. kops writes Master and reads ControlPlane;
// control-plane is the spelling of its command line and of newer manifests.
var roleSpellings = map[string]Role{
	"Master":        ControlPlane,
	"ControlPlane":  ControlPlane,
	"control-plane": ControlPlane,
	"Node":          Node,
	"Bastion":       Bastion,
	"APIServer":     APIServer,
}
