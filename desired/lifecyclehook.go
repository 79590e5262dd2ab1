package desired

import "github.com/quorate/quorate/topology"

// drainTime is how long kops lets a machine wait for its end until it is drained, in seconds.
const drainTime = 300

// lifecycleHooks gives the node termination handler time to drain the machines of every group. If it
// does not answer, the machine goes anyway.
func (m manifest) lifecycleHooks() []topology.LifecycleHook {
	if !m.nthQueue() {
		return nil
	}
	var hooks []topology.LifecycleHook
	for _, g := range m.groups {
		hooks = append(hooks, topology.LifecycleHook{
			Name:       topology.TerminationHookName(g.Name()),
			Group:      topology.Ref{Kind: topology.KindAutoScalingGroup, Name: m.groupName(g)},
			Transition: topology.Terminating, DefaultResult: "CONTINUE", Heartbeat: drainTime, Ownership: topology.Owned,
		})
	}
	return hooks
}
