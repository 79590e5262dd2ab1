package terraform

import "github.com/quorate/quorate/topology"

func mixedInstances(m topology.MixedInstances, template, version string) attrs {
	source := attrs{"launch_template_specification": []attrs{{"launch_template_id": template, "version": version}}}
	var overrides []attrs
	for _, o := range m.Overrides {
		overrides = append(overrides, instanceOverride(o))
	}
	if len(overrides) > 0 {
		source["override"] = overrides
	}
	return attrs{"launch_template": []attrs{source}, "instances_distribution": []attrs{distribution(m)}}
}

// distribution leaves out what is AWS's default, except for the price: an empty one
// takes away what was there.
func distribution(m topology.MixedInstances) attrs {
	a := attrs{"spot_max_price": m.SpotMaxPrice}
	if m.OnDemandStrategy != m.DefaultOnDemandStrategy() {
		a["on_demand_allocation_strategy"] = m.OnDemandStrategy
	}
	if m.OnDemandBase != 0 {
		a["on_demand_base_capacity"] = m.OnDemandBase
	}
	if m.OnDemandPercent != topology.DefaultOnDemandPercent {
		a["on_demand_percentage_above_base_capacity"] = m.OnDemandPercent
	}
	if m.SpotStrategy != topology.DefaultSpotStrategy {
		a["spot_allocation_strategy"] = m.SpotStrategy
	}
	if m.SpotPools != 0 && m.SpotPools != topology.DefaultSpotPools {
		a["spot_instance_pools"] = m.SpotPools
	}
	return a
}

func instanceOverride(o topology.InstanceOverride) attrs {
	if o.InstanceType != "" {
		return attrs{"instance_type": o.InstanceType}
	}
	r := o.Requirements
	requirements := attrs{
		"burstable_performance": r.Burstable, "vcpu_count": []attrs{bounds(r.VCPUs)}, "memory_mib": []attrs{bounds(r.MemoryMiB)},
	}
	if len(r.Excluded) > 0 {
		requirements["excluded_instance_types"] = r.Excluded
	}
	return attrs{"instance_requirements": []attrs{requirements}}
}

func bounds(b topology.Bounds) attrs {
	if b.Max == 0 {
		return attrs{"min": b.Min}
	}
	return attrs{"min": b.Min, "max": b.Max}
}
