package desired

import (
	"slices"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// warmPoolSpec is the warm pool of a group, with what it takes over from the cluster as in kops:
// a group that says nothing follows the cluster if it is one of workers or API servers; one that says
// something takes over the sizes that it leaves open. Nil means none.
func (m manifest) warmPoolSpec(g kopsspec.InstanceGroup) *kopsspec.WarmPool {
	common, own := m.Spec.WarmPool, g.Spec.WarmPool
	if own == nil {
		if g.Role() == kopsspec.ControlPlane || g.Role() == kopsspec.Bastion {
			return nil
		}
		return common.InUse()
	}
	merged := *own
	if common != nil && own.InUse() != nil {
		if merged.MaxSize == nil {
			merged.MaxSize = common.MaxSize
		}
		if merged.MinSize == 0 {
			merged.MinSize = common.MinSize
		}
	}
	return merged.InUse()
}

func (m manifest) warmPool(g kopsspec.InstanceGroup) topology.WarmPool {
	spec := m.warmPoolSpec(g)
	if spec == nil {
		return topology.WarmPool{}
	}
	return topology.WarmPool{
		State: topology.WarmPoolStopped, MinSize: spec.MinSize, MaxPrepared: number(spec.MaxSize, topology.GroupMaximum),
	}
}

// warmPoolMetrics are the further metrics that kops turns on for a group with a pool.
var warmPoolMetrics = []string{
	"GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
	"WarmPoolDesiredCapacity", "WarmPoolMinSize", "WarmPoolPendingCapacity",
	"WarmPoolTerminatingCapacity", "WarmPoolTotalCapacity", "WarmPoolWarmedCapacity",
}

func (m manifest) groupMetrics(g kopsspec.InstanceGroup) []string {
	if m.warmPoolSpec(g) == nil {
		return sorted(groupMetrics)
	}
	return sorted(slices.Concat(groupMetrics, warmPoolMetrics))
}

func (m manifest) nodeWarmPool(g kopsspec.InstanceGroup) topology.NodeWarmPool {
	spec := m.warmPoolSpec(g)
	if spec == nil {
		return topology.NodeWarmPool{}
	}
	config := topology.NodeWarmPool{Enabled: true, Images: sorted(spec.AdditionalImages)}
	if spec.EnableLifecycleHook {
		config.Hook = topology.WarmPoolHookName
	}
	return config
}

// preparationTime is how long kops lets a new machine prepare itself, in seconds.
const preparationTime = 600

// warmPoolHook makes the machines of a group wait until they have prepared themselves. One that never says
// so is ended: AWS makes another.
func (m manifest) warmPoolHook(g kopsspec.InstanceGroup) (topology.LifecycleHook, bool) {
	spec := m.warmPoolSpec(g)
	if spec == nil || !spec.EnableLifecycleHook {
		return topology.LifecycleHook{}, false
	}
	heartbeat := preparationTime
	if asked := spec.LifecycleHookTimeout; asked != 0 {
		heartbeat = asked
	}
	return topology.LifecycleHook{
		Name: topology.WarmPoolHookName, Group: m.groupRef(g), Transition: topology.Launching,
		DefaultResult: "ABANDON", Heartbeat: heartbeat, Ownership: topology.Owned,
	}, true
}

// addWarmPool lets the machines of a group with a pool say at their hook that they are ready.
func (p *permissions) addWarmPool() {
	p.anything.add("autoscaling", "DescribeLifecycleHooks")
	p.ours.add("autoscaling", "CompleteLifecycleAction")
}

// waitsAtHook tells whether machines of the role wait until they have prepared themselves.
func (m manifest) waitsAtHook(role kopsspec.Role) bool {
	return slices.ContainsFunc(m.ofRole(role), func(g kopsspec.InstanceGroup) bool {
		_, waits := m.warmPoolHook(g)
		return waits
	})
}
