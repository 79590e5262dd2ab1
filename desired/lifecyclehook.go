package desired

import "github.com/quorate/quorate/topology"

// drainTime is how long kops lets a machine wait for its end until it is drained, in seconds.
const drainTime = 300

// lifecycleHooks gives the node termination handler time to drain the machines of every group; if it does
// not answer, the machine goes anyway. Groups with a warm pool can have a second hook.
func (m manifest) lifecycleHooks() []topology.LifecycleHook {
	var hooks []topology.LifecycleHook
	for _, g := range m.groups {
		if m.nthQueue() {
			hooks = append(hooks, topology.LifecycleHook{
				Name: topology.TerminationHookName(g.Name()), Group: m.groupRef(g),
				Transition: topology.Terminating, DefaultResult: "CONTINUE", Heartbeat: drainTime, Ownership: topology.Owned,
			})
		}
		if hook, wanted := m.warmPoolHook(g); wanted {
			hooks = append(hooks, hook)
		}
	}
	return hooks
}
