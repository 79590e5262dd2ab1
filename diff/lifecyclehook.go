package diff

import "github.com/quorate/quorate/topology"

// Machines that wait already keep the time that they were given.
var lifecycleHookFields = []field[topology.LifecycleHook]{
	on("transition", InPlace, func(h topology.LifecycleHook) string { return h.Transition }),
	on("defaultResult", InPlace, func(h topology.LifecycleHook) string { return h.DefaultResult }),
	on("heartbeat", InPlace, func(h topology.LifecycleHook) int { return h.Heartbeat }),
}
