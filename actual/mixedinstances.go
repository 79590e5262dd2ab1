package actual

import (
	"cmp"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/topology"
)

// mixedInstances fills in AWS's defaults, which AWS itself shows only in part.
func mixedInstances(policy *asgtypes.MixedInstancesPolicy) topology.MixedInstances {
	if policy == nil {
		return topology.MixedInstances{}
	}
	d := cmp.Or(policy.InstancesDistribution, &asgtypes.InstancesDistribution{})
	m := topology.MixedInstances{
		OnDemandBase:    int(aws.ToInt32(d.OnDemandBaseCapacity)),
		OnDemandPercent: topology.DefaultOnDemandPercent,
		SpotStrategy:    cmp.Or(aws.ToString(d.SpotAllocationStrategy), topology.DefaultSpotStrategy),
		SpotMaxPrice:    aws.ToString(d.SpotMaxPrice),
	}
	if policy.LaunchTemplate != nil {
		for _, o := range policy.LaunchTemplate.Overrides {
			m.Overrides = append(m.Overrides, instanceOverride(o))
		}
	}
	m.OnDemandStrategy = cmp.Or(aws.ToString(d.OnDemandAllocationStrategy), m.DefaultOnDemandStrategy())
	if d.OnDemandPercentageAboveBaseCapacity != nil {
		m.OnDemandPercent = int(*d.OnDemandPercentageAboveBaseCapacity)
	}
	if m.SpotStrategy == topology.SpotLowestPrice {
		m.SpotPools = cmp.Or(int(aws.ToInt32(d.SpotInstancePools)), topology.DefaultSpotPools)
	}
	return m
}

func instanceOverride(o asgtypes.LaunchTemplateOverrides) topology.InstanceOverride {
	override := topology.InstanceOverride{InstanceType: aws.ToString(o.InstanceType)}
	r := o.InstanceRequirements
	if r == nil {
		return override
	}
	override.Requirements.Excluded = slices.Sorted(slices.Values(r.ExcludedInstanceTypes))
	override.Requirements.Burstable = string(cmp.Or(r.BurstablePerformance, asgtypes.BurstablePerformanceExcluded))
	if v := r.VCpuCount; v != nil {
		override.Requirements.VCPUs = topology.Bounds{Min: int(aws.ToInt32(v.Min)), Max: int(aws.ToInt32(v.Max))}
	}
	if v := r.MemoryMiB; v != nil {
		override.Requirements.MemoryMiB = topology.Bounds{Min: int(aws.ToInt32(v.Min)), Max: int(aws.ToInt32(v.Max))}
	}
	return override
}
