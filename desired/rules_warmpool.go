package desired

import (
	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

var warmPoolRules = []rule{
	{"warm pools are possible", warmPoolRule},
	{"a hook waits as long as AWS allows", warmPoolHookRule},
}

// warmPoolRule: AWS keeps no pool beside spot machines or several types, and masters cannot wait beside the
// one that holds their volume. A group gets out of the cluster's pool by turning its own off.
func warmPoolRule(m manifest, r *report) {
	for _, g := range m.groups {
		spec, path := m.warmPoolSpec(g), "spec.warmPool"
		if spec == nil {
			continue
		}
		switch role := g.Role(); {
		case role != kopsspec.Node && role != kopsspec.APIServer:
			r.errorf(g.Source, path, "group %s has the role %s, and only Node and APIServer groups can have a warm pool; remove it", g.Name(), role)
		case g.Spec.MixedInstancesPolicy != nil:
			r.errorf(g.Source, path, "AWS keeps no warm pool for group %s, which has a mixedInstancesPolicy; give the group warmPool.maxSize: 0", g.Name())
		case g.Spec.MaxPrice != "":
			r.errorf(g.Source, path, "AWS keeps no warm pool for group %s, whose machines are spot machines; give the group warmPool.maxSize: 0", g.Name())
		}
		if spec.MinSize < 0 {
			r.errorf(g.Source, path+".minSize", "a pool of %d machines is none; use 0 or more", spec.MinSize)
		}
		if most := number(spec.MaxSize, topology.GroupMaximum); most != topology.GroupMaximum && most < spec.MinSize {
			r.errorf(g.Source, path+".maxSize", "the warm pool of group %s has maxSize %d below minSize %d; raise maxSize", g.Name(), most, spec.MinSize)
		}
	}
}

// The bounds of a hook's heartbeat are AWS's, in seconds.
const minHeartbeat, maxHeartbeat = 30, 7200

func warmPoolHookRule(m manifest, r *report) {
	for _, g := range m.groups {
		if h, wanted := m.warmPoolHook(g); wanted && (h.Heartbeat < minHeartbeat || h.Heartbeat > maxHeartbeat) {
			r.errorf(g.Source, "spec.warmPool.lifecycleHookTimeout", "%d s is more or less than AWS lets a machine wait; use %d to %d", h.Heartbeat, minHeartbeat, maxHeartbeat)
		}
	}
}
