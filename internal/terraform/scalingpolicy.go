package terraform

import "github.com/quorate/quorate/topology"

func (d *document) scalingPolicy(p topology.ScalingPolicy) {
	d.add("aws_autoscaling_policy", scalingLabel(p.Ref()), attrs{
		"name":                   p.Name,
		"autoscaling_group_name": d.id(p.Group),
		"policy_type":            p.Type,
		"enabled":                p.Enabled,
		"target_tracking_configuration": []attrs{{
			"predefined_metric_specification": []attrs{{"predefined_metric_type": p.Metric}},
			"target_value":                    p.Target,
			"disable_scale_in":                !p.ScaleIn,
		}},
	})
}
