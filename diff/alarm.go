package diff

import "github.com/quorate/quorate/topology"

// alarmFields are all set by one call, which the alarm survives.
var alarmFields = []field[topology.Alarm]{
	on("description", InPlace, func(a topology.Alarm) string { return a.Description }),
	on("watches", InPlace, func(a topology.Alarm) topology.Ref { return a.Watches }),
	on("loadBalancer", InPlace, func(a topology.Alarm) topology.Ref { return a.LoadBalancer }),
	on("namespace", InPlace, func(a topology.Alarm) string { return a.Namespace }),
	on("metric", InPlace, func(a topology.Alarm) string { return a.Metric }),
	on("statistic", InPlace, func(a topology.Alarm) string { return a.Statistic }),
	on("comparison", InPlace, func(a topology.Alarm) string { return a.Comparison }),
	on("threshold", InPlace, func(a topology.Alarm) float64 { return a.Threshold }),
	on("period", InPlace, func(a topology.Alarm) int { return a.Period }),
	on("periods", InPlace, func(a topology.Alarm) int { return a.Periods }),
	on("datapoints", InPlace, func(a topology.Alarm) int { return a.Datapoints }),
	on("missingData", InPlace, func(a topology.Alarm) string { return a.MissingData }),
	on("alarmActions", InPlace, func(a topology.Alarm) []string { return a.AlarmActions }),
	on("okActions", InPlace, func(a topology.Alarm) []string { return a.OKActions }),
	on("noDataActions", InPlace, func(a topology.Alarm) []string { return a.NoDataActions }),
	on("enabled", InPlace, func(a topology.Alarm) bool { return a.Enabled }),
	missingTags(func(a topology.Alarm) topology.Tags { return a.Tags }),
}
