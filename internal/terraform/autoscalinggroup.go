package terraform

import (
	"maps"
	"slices"

	"github.com/quorate/quorate/topology"
)

func (d *document) autoScalingGroup(g topology.AutoScalingGroup) {
	d.add("aws_autoscaling_group", label(g.Name), attrs{
		"name":     g.Name,
		"min_size": g.Min,
		"max_size": g.Max,
		"launch_template": []attrs{{
			"id":      d.id(g.LaunchTemplate),
			"version": d.attribute(g.LaunchTemplate, "latest_version"),
		}},
		"vpc_zone_identifier":   d.ids(g.Subnets),
		"target_group_arns":     list(d.ids(g.TargetGroups)),
		"enabled_metrics":       g.Metrics,
		"metrics_granularity":   "1Minute",
		"protect_from_scale_in": g.ProtectFromScaleIn,
		"suspended_processes":   list(g.SuspendedProcesses),
		"max_instance_lifetime": g.MaxInstanceLifetime,
		"capacity_rebalance":    optional(g.CapacityRebalance),
		"tag":                   groupTags(g.Tags),
	})
}

// groupTags are blocks instead of a map, because each says whether machines inherit it.
func groupTags(tags topology.Tags) []attrs {
	var blocks []attrs
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		blocks = append(blocks, attrs{"key": key, "value": tags[key], "propagate_at_launch": true})
	}
	return blocks
}
