package desired

import (
	"cmp"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// mixedInstances is the policy of a group, with AWS's defaults filled in.
func mixedInstances(g kopsspec.InstanceGroupSpec) topology.MixedInstances {
	p := g.MixedInstancesPolicy
	if p == nil {
		return topology.MixedInstances{}
	}
	m := topology.MixedInstances{
		Overrides:       instanceOverrides(*p),
		OnDemandBase:    number(p.OnDemandBase, 0),
		OnDemandPercent: number(p.OnDemandAboveBase, topology.DefaultOnDemandPercent),
		SpotStrategy:    cmp.Or(p.SpotAllocationStrategy, topology.DefaultSpotStrategy),
		SpotMaxPrice:    g.MaxPrice,
	}
	m.OnDemandStrategy = cmp.Or(p.OnDemandAllocationStrategy, m.DefaultOnDemandStrategy())
	if m.SpotStrategy == topology.SpotLowestPrice {
		m.SpotPools = number(p.SpotInstancePools, topology.DefaultSpotPools)
	}
	return m
}

func instanceOverrides(p kopsspec.MixedInstancesPolicy) []topology.InstanceOverride {
	var overrides []topology.InstanceOverride
	if r := p.InstanceRequirements; r != nil {
		overrides = append(overrides, topology.InstanceOverride{Requirements: topology.InstanceRequirements{
			VCPUs:     topology.Bounds{Min: kopsspec.Quantity(r.CPU.Min), Max: kopsspec.Quantity(r.CPU.Max)},
			MemoryMiB: topology.Bounds{Min: mebibytes(r.Memory.Min), Max: mebibytes(r.Memory.Max)},
			Excluded:  sorted(r.ExcludedInstanceTypes),
			Burstable: "included",
		}})
	}
	for _, name := range p.Instances {
		overrides = append(overrides, topology.InstanceOverride{InstanceType: name})
	}
	return overrides
}

func mebibytes(quantity string) int { return kopsspec.Quantity(quantity) >> 20 }

func number(n *int, otherwise int) int {
	if n == nil {
		return otherwise
	}
	return *n
}

// spotOptions are those of the launch template, which kops leaves to the policy where there is one, and
// which ask for nothing without a price.
func spotOptions(g kopsspec.InstanceGroupSpec) topology.SpotOptions {
	if g.MaxPrice == "" || g.MixedInstancesPolicy != nil {
		return topology.SpotOptions{}
	}
	return topology.SpotOptions{MaxPrice: g.MaxPrice, DurationMinutes: g.SpotDurationInMinutes, Interruption: g.InstanceInterruption}
}

// onSpot tells whether AWS may take machines of the group back.
func onSpot(g kopsspec.InstanceGroupSpec) bool {
	m := mixedInstances(g)
	return spotOptions(g) != topology.SpotOptions{} || !m.IsZero() && m.OnDemandPercent < topology.DefaultOnDemandPercent
}
