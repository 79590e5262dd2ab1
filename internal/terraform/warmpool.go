package terraform

import "github.com/quorate/quorate/topology"

// warmPool leaves out what is AWS's default.
func warmPool(p topology.WarmPool) attrs {
	a := attrs{"min_size": p.MinSize, "max_group_prepared_capacity": p.MaxPrepared}
	if p.State != topology.WarmPoolStopped {
		a["pool_state"] = p.State
	}
	if p.Reuse {
		a["instance_reuse_policy"] = []attrs{{"reuse_on_scale_in": true}}
	}
	return a
}
