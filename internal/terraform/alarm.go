package terraform

import "github.com/quorate/quorate/topology"

func (d *document) alarm(a topology.Alarm) {
	dimensions := attrs{"AutoScalingGroupName": d.attribute(a.Watches, "name")}
	if a.Watches.Kind == topology.KindTargetGroup {
		dimensions = attrs{"TargetGroup": d.attribute(a.Watches, "arn_suffix"), "LoadBalancer": d.attribute(a.LoadBalancer, "arn_suffix")}
	}
	d.add("aws_cloudwatch_metric_alarm", label(a.Name), attrs{
		"alarm_name":                a.Name,
		"alarm_description":         a.Description,
		"namespace":                 a.Namespace,
		"metric_name":               a.Metric,
		"dimensions":                dimensions,
		"statistic":                 a.Statistic,
		"comparison_operator":       a.Comparison,
		"threshold":                 a.Threshold,
		"period":                    a.Period,
		"evaluation_periods":        a.Periods,
		"datapoints_to_alarm":       a.Datapoints,
		"treat_missing_data":        a.MissingData,
		"alarm_actions":             list(a.AlarmActions),
		"ok_actions":                list(a.OKActions),
		"insufficient_data_actions": list(a.NoDataActions),
		"actions_enabled":           a.Enabled,
		"tags":                      a.Tags,
	})
}
