package terraform

import (
	"maps"
	"slices"

	"github.com/quorate/quorate/topology"
)

func (d *document) autoScalingGroup(g topology.AutoScalingGroup) {
	a := attrs{
		"name":                  g.Name,
		"min_size":              g.Min,
		"max_size":              g.Max,
		"vpc_zone_identifier":   d.ids(g.Subnets),
		"target_group_arns":     list(d.ids(g.TargetGroups)),
		"load_balancers":        list(d.ids(g.ClassicLoadBalancers)),
		"enabled_metrics":       g.Metrics,
		"metrics_granularity":   "1Minute",
		"protect_from_scale_in": g.ProtectFromScaleIn,
		"suspended_processes":   list(g.SuspendedProcesses),
		"max_instance_lifetime": g.MaxInstanceLifetime,
		"capacity_rebalance":    optional(g.CapacityRebalance),
		"tag":                   groupTags(g.Tags),
	}
	if p := g.WarmPool; !p.IsZero() {
		a["warm_pool"] = []attrs{warmPool(p)}
	}
	id, version := d.id(g.LaunchTemplate), d.attribute(g.LaunchTemplate, "latest_version")
	if g.Mixed.IsZero() {
		a["launch_template"] = []attrs{{"id": id, "version": version}}
	} else {
		a["mixed_instances_policy"] = []attrs{mixedInstances(g.Mixed, id, version)}
	}
	d.add("aws_autoscaling_group", label(g.Name), a)
}

// groupTags are blocks instead of a map, because each says whether machines inherit it.
func groupTags(tags topology.Tags) []attrs {
	var blocks []attrs
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		blocks = append(blocks, attrs{"key": key, "value": tags[key], "propagate_at_launch": true})
	}
	return blocks
}
