package terraform

import "github.com/quorate/quorate/topology"

func (d *document) eventRule(r topology.EventRule) {
	a := attrs{"name": r.Name, "event_pattern": r.Pattern, "tags": r.Tags}
	if !r.Enabled {
		a["state"] = "DISABLED"
	}
	d.add("aws_cloudwatch_event_rule", label(r.Name), a)
	if r.Target.IsZero() {
		return
	}
	d.add("aws_cloudwatch_event_target", label(r.Name+"-Target"), attrs{
		"rule": d.id(r.Ref()),
		"arn":  d.attribute(r.Target, "arn"),
	})
}
