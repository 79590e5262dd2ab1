package topology

import "slices"

// AutoScalingGroup keeps a number of machines of one instance group alive. Desired
// capacity is no field: it is given when the group is made and belongs to AWS and
// to autoscalers from then on.
type AutoScalingGroup struct {
	Name string `json:"name"`
	Role Role   `json:"role"`
	// LaunchTemplate is what new machines are made from, and Template the digest of
	// the content the group is pinned to ([LaunchTemplate.Digest]).
	LaunchTemplate Ref    `json:"launchTemplate"`
	Template       string `json:"template"`
	// Follows is "$Latest" or "$Default" for a group that names its version so, as
	// kops's groups do, and empty for a group that is pinned to a number. It is only
	// found and never wanted: Template is what that version is now.
	Follows string `json:"follows,omitempty"`
	// KubernetesVersion is that of the version it is pinned to, as machines have it. It is only found and
	// never wanted.
	KubernetesVersion string `json:"kubernetesVersion,omitempty"`
	// Mixed is zero for a group whose machines all are what the template says.
	Mixed   MixedInstances `json:"mixed,omitzero"`
	Min     int            `json:"min"`
	Max     int            `json:"max"`
	Subnets []Ref          `json:"subnets"` // sorted
	// Zones are the zones of the subnets, sorted: where the group's machines can be.
	Zones        []string `json:"zones"`
	TargetGroups []Ref    `json:"targetGroups"` // sorted
	// ClassicLoadBalancers are load balancers of the old kind that the machines join:
	// the cluster's own, and given ones by name; sorted.
	ClassicLoadBalancers []Ref `json:"classicLoadBalancers,omitempty"`
	// Metrics are the CloudWatch group metrics collected each minute, sorted.
	Metrics            []string `json:"metrics"`
	ProtectFromScaleIn bool     `json:"protectFromScaleIn"`
	SuspendedProcesses []string `json:"suspendedProcesses"` // sorted
	// MaxInstanceLifetime is in seconds; zero for none.
	MaxInstanceLifetime int  `json:"maxInstanceLifetime"`
	CapacityRebalance   bool `json:"capacityRebalance"`
	// WarmPool is zero for a group without one.
	WarmPool WarmPool `json:"warmPool,omitzero"`
	// Tags are all passed on to the machines.
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

func (g AutoScalingGroup) Ref() Ref { return Ref{KindAutoScalingGroup, g.Name} }

func (g AutoScalingGroup) Needs() []Ref {
	refs := append(slices.Clone(g.Subnets), g.TargetGroups...)
	refs = append(refs, g.ClassicLoadBalancers...)
	return present(append(refs, g.LaunchTemplate)...)
}

func (g AutoScalingGroup) Owner() Ownership { return g.Ownership }
func (g AutoScalingGroup) Labels() Tags     { return g.Tags }
func (AutoScalingGroup) resource()          {}
