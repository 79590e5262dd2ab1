package desired

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

var spotRules = []rule{
	{"a policy of several instance types is possible", mixedInstancesRule},
	{"spot machines are asked for in full", spotRule},
	{"masters are not taken back", spotMasterRule},
}

const policyPath = "spec.mixedInstancesPolicy."

func mixedInstancesRule(m manifest, r *report) {
	for _, g := range m.groups {
		p := g.Spec.MixedInstancesPolicy
		if p == nil {
			continue
		}
		oneOf(r, g.Source, policyPath+"onDemandAllocationStrategy", p.OnDemandAllocationStrategy, topology.OnDemandPrioritized, topology.OnDemandLowestPrice)
		oneOf(r, g.Source, policyPath+"spotAllocationStrategy", p.SpotAllocationStrategy,
			topology.SpotLowestPrice, "diversified", "capacity-optimized", "capacity-optimized-prioritized", "price-capacity-optimized")
		checkShares(g, *p, r)
		checkInstanceTypes(g, *p, r)
	}
}

// maxSpotPools is AWS's.
const maxSpotPools = 20

func checkShares(g kopsspec.InstanceGroup, p kopsspec.MixedInstancesPolicy, r *report) {
	if n := number(p.OnDemandBase, 0); n < 0 || n > *g.Spec.MaxSize {
		r.errorf(g.Source, policyPath+"onDemandBase", "%d machines on demand are not between 0 and maxSize %d; lower the one or raise the other", n, *g.Spec.MaxSize)
	}
	if n := number(p.OnDemandAboveBase, 0); n < 0 || n > 100 {
		r.errorf(g.Source, policyPath+"onDemandAboveBase", "%d is no percentage; use 0 to 100", n)
	}
	switch n := number(p.SpotInstancePools, topology.DefaultSpotPools); {
	case n < 1 || n > maxSpotPools:
		r.errorf(g.Source, policyPath+"spotInstancePools", "AWS spreads spot machines over 1 to %d pools, not over %d", maxSpotPools, n)
	case p.SpotInstancePools != nil && mixedInstances(g.Spec).SpotStrategy != topology.SpotLowestPrice:
		r.warnf(g.Source, policyPath+"spotInstancePools", "only the strategy %s has a number of pools, so that this one is ignored; remove it", topology.SpotLowestPrice)
	}
}

// checkInstanceTypes: AWS takes types or requirements, never both.
func checkInstanceTypes(g kopsspec.InstanceGroup, p kopsspec.MixedInstancesPolicy, r *report) {
	for i, name := range p.Instances {
		path := fmt.Sprintf(policyPath+"instances[%d]", i)
		if slices.Contains(p.Instances[:i], name) {
			r.errorf(g.Source, path, "type %s is listed twice; keep one", name)
		}
	}
	if p.InstanceRequirements == nil {
		return
	}
	if len(p.Instances) > 0 {
		r.errorf(g.Source, policyPath+"instanceRequirements", "AWS takes either instances or requirements that they have to meet; remove one of them")
	}
	wanted := instanceOverrides(p)[0].Requirements
	checkBounds(g, "cpu", wanted.VCPUs, r)
	checkBounds(g, "memory", wanted.MemoryMiB, r)
}

func checkBounds(g kopsspec.InstanceGroup, what string, b topology.Bounds, r *report) {
	path := policyPath + "instanceRequirements." + what
	if b.Min < 0 || b.Max < 0 {
		r.errorf(g.Source, path, "no machine has less %s than none; use 0 or more", what)
	} else if b.Max != 0 && b.Max < b.Min {
		r.errorf(g.Source, path+".max", "the most is below the least; raise it to %d or more", b.Min)
	}
}

func spotRule(m manifest, r *report) {
	for _, g := range m.groups {
		oneOf(r, g.Source, "spec.instanceInterruptionBehavior", g.Spec.InstanceInterruption, "terminate", "stop", "hibernate")
		if price, err := strconv.ParseFloat(g.Spec.MaxPrice, 64); g.Spec.MaxPrice != "" && (err != nil || price <= 0) {
			r.errorf(g.Source, "spec.maxPrice", "%q is no price; write US dollars an hour, such as \"0.10\"", g.Spec.MaxPrice)
		}
		if n := g.Spec.SpotDurationInMinutes; n != 0 && (n < 60 || n > 360 || n%60 != 0) {
			r.errorf(g.Source, "spec.spotDurationInMinutes", "%d minutes are not 60, 120, 180, 240, 300 or 360", n)
		}
		asked := g.Spec.SpotDurationInMinutes != 0 || g.Spec.InstanceInterruption != ""
		if asked && spotOptions(g.Spec) == (topology.SpotOptions{}) {
			r.warnf(g.Source, "spec.maxPrice", "spotDurationInMinutes and instanceInterruptionBehavior do nothing without maxPrice, or beside a mixedInstancesPolicy; remove them")
		}
	}
}

// spotMasterRule is a warning as in kops: a test cluster may do without its masters.
func spotMasterRule(m manifest, r *report) {
	for _, g := range m.ofRole(kopsspec.ControlPlane) {
		if onSpot(g.Spec) {
			r.warnf(g.Source, "spec.maxPrice", "AWS may take the master of group %s back at two minutes' notice, and those of other zones with it; etcd loses its quorum then. Remove maxPrice, and let onDemandAboveBase be 100", g.Name())
		}
	}
}
