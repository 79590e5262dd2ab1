package topology

// LifecycleHook lets the machines of a group wait at a transition until somebody
// lets them go on. It has no tags: whose the group is, his are the hooks that bear
// the names that kops gives; others are their makers' business.
type LifecycleHook struct {
	// Name is the hook's own, which is unique within its group.
	Name  string `json:"name"`
	Group Ref    `json:"group"`
	// Transition is [Launching] or [Terminating].
	Transition string `json:"transition"`
	// DefaultResult is CONTINUE or ABANDON: what becomes of a machine that nobody
	// lets go on.
	DefaultResult string `json:"defaultResult"`
	// Heartbeat is how long a machine waits, in seconds.
	Heartbeat int       `json:"heartbeat"`
	Ownership Ownership `json:"ownership"`
}

// The transitions of AWS.
const (
	Launching   = "autoscaling:EC2_INSTANCE_LAUNCHING"
	Terminating = "autoscaling:EC2_INSTANCE_TERMINATING"
)

func (h LifecycleHook) Ref() Ref         { return Ref{KindLifecycleHook, h.Group.Name + "/" + h.Name} }
func (h LifecycleHook) Needs() []Ref     { return present(h.Group) }
func (h LifecycleHook) Owner() Ownership { return h.Ownership }
func (LifecycleHook) Labels() Tags       { return nil }
func (LifecycleHook) resource()          {}

// TerminationHookName is the name that kops gives to the hook by which the node
// termination handler gets time to drain the machines of an instance group.
func TerminationHookName(group string) string { return group + "-NTHLifecycleHook" }
