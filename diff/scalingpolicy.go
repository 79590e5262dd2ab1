package diff

import (
	"slices"

	"github.com/quorate/quorate/topology"
)

var scalingPolicyFields = []field[topology.ScalingPolicy]{
	// AWS does not turn a policy of one type into one of another.
	on("type", Replace, func(p topology.ScalingPolicy) string { return p.Type }),
	on("metric", InPlace, func(p topology.ScalingPolicy) string { return p.Metric }),
	on("target", InPlace, func(p topology.ScalingPolicy) float64 { return p.Target }),
	on("scaleIn", InPlace, func(p topology.ScalingPolicy) bool { return p.ScaleIn }),
	on("enabled", InPlace, func(p topology.ScalingPolicy) bool { return p.Enabled }),
}

// hasScaling reports whether a group has a policy or a scheduled action of ours. Its mark,
// [topology.TagScaling], must outlive the last of them, or a pass that is cut off between
// the two would leave something that nobody finds again.
func hasScaling(group topology.Ref, have topology.Topology) bool {
	return slices.ContainsFunc(topology.Of[topology.ScalingPolicy](have), func(p topology.ScalingPolicy) bool { return p.Group == group }) ||
		slices.ContainsFunc(topology.Of[topology.ScheduledAction](have), func(a topology.ScheduledAction) bool { return a.Group == group })
}
