package topology

import "strings"

// ScalingPolicy lets AWS move the desired capacity of a group between the group's
// bounds, so that a metric stays near a target. Like [LifecycleHook] it has no tags:
// whose the group is, his are the policies with our names; others are their makers'.
type ScalingPolicy struct {
	// Name is the policy's own, which is unique within its group.
	Name  string `json:"name"`
	Group Ref    `json:"group"`
	// Type is [TargetTracking]; one that somebody made under our name may be of another.
	Type string `json:"type"`
	// Metric is one of AWS's predefined ones, such as [AverageCPU].
	Metric string `json:"metric"`
	// Target is what the metric shall be, in its own unit: percent for [AverageCPU].
	Target float64 `json:"target"`
	// ScaleIn lets the policy take machines away, too.
	ScaleIn   bool      `json:"scaleIn"`
	Enabled   bool      `json:"enabled"`
	Ownership Ownership `json:"ownership"`
}

// AWS's words for the one sort of policy that is ever wanted.
const (
	TargetTracking = "TargetTrackingScaling"
	AverageCPU     = "ASGAverageCPUUtilization"
)

// CPUPolicyName is the name of the policy that keeps a group's CPU near a target.
const CPUPolicyName = scalingPrefix + "cpu-target"

// scalingPrefix begins the names of the policies and scheduled actions that are ours.
const scalingPrefix = "quorate-"

// IsScalingName tells our policies and scheduled actions from those that people and
// other tools put on our groups.
func IsScalingName(name string) bool { return strings.HasPrefix(name, scalingPrefix) }

// TagScaling marks the groups that have policies or scheduled actions of ours: AWS has
// no call that finds these by anything but their group, and most groups have none.
const TagScaling = "quorate.dev/scaling"

func (p ScalingPolicy) Ref() Ref         { return Ref{KindScalingPolicy, p.Group.Name + "/" + p.Name} }
func (p ScalingPolicy) Needs() []Ref     { return present(p.Group) }
func (p ScalingPolicy) Owner() Ownership { return p.Ownership }
func (ScalingPolicy) Labels() Tags       { return nil }
func (ScalingPolicy) resource()          {}
