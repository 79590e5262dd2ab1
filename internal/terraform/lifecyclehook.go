package terraform

import "github.com/quorate/quorate/topology"

func (d *document) lifecycleHook(h topology.LifecycleHook) {
	d.add("aws_autoscaling_lifecycle_hook", label(h.Ref().Name), attrs{
		"name":                   h.Name,
		"autoscaling_group_name": d.id(h.Group),
		"lifecycle_transition":   h.Transition,
		"default_result":         h.DefaultResult,
		"heartbeat_timeout":      h.Heartbeat,
	})
}
