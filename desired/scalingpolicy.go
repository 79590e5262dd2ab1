package desired

import (
	"strconv"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// cpuTarget is the annotation that keeps the CPU of a group's machines, in percent, near a number.
const cpuTarget = "scaling-cpu-target"

func (m manifest) scalingPolicies() []topology.ScalingPolicy {
	var policies []topology.ScalingPolicy
	for _, g := range m.groups {
		text, wanted := g.Metadata.Annotations[annotationPrefix+cpuTarget]
		if !wanted {
			continue
		}
		target, _ := parseCPUTarget(text)
		policies = append(policies, topology.ScalingPolicy{
			Name: topology.CPUPolicyName, Group: m.groupRef(g), Type: topology.TargetTracking, Metric: topology.AverageCPU,
			Target: target, ScaleIn: true, Enabled: true, Ownership: topology.Owned,
		})
	}
	return policies
}

func (m manifest) groupRef(g kopsspec.InstanceGroup) topology.Ref {
	return topology.Ref{Kind: topology.KindAutoScalingGroup, Name: m.groupName(g)}
}

// scales reports whether a group has policies or scheduled actions.
func scales(g kopsspec.InstanceGroup) bool {
	_, target := g.Metadata.Annotations[annotationPrefix+cpuTarget]
	_, schedule := g.Metadata.Annotations[annotationPrefix+scalingSchedule]
	return target || schedule
}

// markScaled lets the group be found again by its policies and actions.
func markScaled(g kopsspec.InstanceGroup, tags topology.Tags) topology.Tags {
	if !scales(g) {
		return tags
	}
	return tags.With(topology.Tags{topology.TagScaling: "true"})
}

// parseCPUTarget reads what isCPUTarget takes.
func parseCPUTarget(value string) (float64, bool) {
	target, err := strconv.ParseFloat(value, 64)
	return target, err == nil && target > 0 && target <= 100
}

func isCPUTarget(_ manifest, value string) string {
	if _, ok := parseCPUTarget(value); ok {
		return ""
	}
	return strconv.Quote(value) + ` is no percentage of CPU; write a number above 0 and up to 100, such as "60"`
}
