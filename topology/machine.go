package topology

import (
	"net/netip"
	"strings"
	"time"
)

// A Machine is one EC2 instance of a cluster, as observed. Machines are never
// wanted one by one: Auto Scaling groups make them, so they are facts that a plan
// looks at and not resources.
type Machine struct {
	// ID is the EC2 instance id, the only name a machine has.
	ID string `json:"id"`
	// Group is the Auto Scaling group; the zero reference when the machine left it.
	Group Ref `json:"group"`
	// Detached is the group that the machine left so that the group makes another one beside it; the
	// zero reference for all others.
	Detached Ref    `json:"detached,omitzero"`
	Role     Role   `json:"role"`
	Zone     string `json:"zone"`
	// InstanceType is what it is, whatever its group asks for by now.
	InstanceType string `json:"instanceType,omitempty"`
	// Template is the digest of the launch-template content the machine was made
	// from (see [LaunchTemplate.Digest]); empty when that version is gone.
	Template string `json:"template"`
	// KubernetesVersion is that of the template the machine was made from; empty when nobody can tell,
	// as that version is gone or its user data is somebody else's.
	KubernetesVersion string `json:"kubernetesVersion,omitempty"`
	// State is EC2's instance state: pending, running, shutting-down, stopping, …
	State string `json:"state"`
	// Lifecycle is Auto Scaling's word: Pending, InService, Terminating, …
	Lifecycle string `json:"lifecycle,omitempty"`
	// Healthy is Auto Scaling's own judgement of the machine.
	Healthy   bool       `json:"healthy"`
	PrivateIP netip.Addr `json:"privateIP"`
	Launched  time.Time  `json:"launched"`
	// BackAfter is how long after its launch the machine was first seen to do its part of the work
	// ([TagBackAfter]); zero where nobody has seen that yet.
	BackAfter time.Duration `json:"backAfter,omitzero"`
}

// InService reports whether AWS counts the machine as a working part of its group.
// It says nothing of what runs on it.
func (m Machine) InService() bool {
	return m.State == "running" && m.Lifecycle == "InService" && m.Healthy
}

// Warm reports whether the machine waits in its group's warm pool, or is on its way
// there. It runs nothing of the cluster and is no part of the group's strength.
func (m Machine) Warm() bool { return strings.HasPrefix(m.Lifecycle, "Warmed:") }

// Gone reports whether the machine is on its way out, or out already.
func (m Machine) Gone() bool {
	if m.Warm() { // one that stands still there is as it should be
		return strings.HasPrefix(m.Lifecycle, "Warmed:Terminat") || m.State == "shutting-down" || m.State == "terminated"
	}
	switch m.State {
	case "shutting-down", "terminated", "stopping", "stopped":
		return true
	}
	return strings.HasPrefix(m.Lifecycle, "Terminat") || strings.HasPrefix(m.Lifecycle, "Detach")
}

// TagLeaving is the key of the tag on a control-plane machine that is being taken out of service to be
// replaced, with the moment (RFC 3339) when that began. A machine that is to stay after all loses it when it
// is given back.
const TagLeaving = "quorate.dev/leaving"
