package awssim

import "slices"

// cloudWatchOperations is all of CloudWatch that the simulator knows: alarms on single metrics.
var cloudWatchOperations = map[string]operation{
	"PutMetricAlarm":      mutates((*world).putMetricAlarm),
	"DescribeAlarms":      reads((*world).describeAlarms),
	"DeleteAlarms":        mutates((*world).deleteAlarms),
	"EnableAlarmActions":  mutates((*world).enableAlarmActions),
	"DisableAlarmActions": mutates((*world).disableAlarmActions),
	"TagResource":         mutates((*world).tagAlarm),
	"UntagResource":       mutates((*world).untagAlarm),
	"ListTagsForResource": reads((*world).listAlarmTags),
}

var cloudWatchProtocol = rpcCBOR{
	shapes: "com.amazonaws.cloudwatch",
	legacy: map[string]string{
		"InvalidParameterValueException": "InvalidParameterValue", "MissingRequiredParameterException": "MissingParameter",
		"InvalidParameterCombinationException": "InvalidParameterCombination", "LimitExceededFault": "LimitExceeded",
	},
}

// alarmTags are CloudWatch's words for bad tags.
var alarmTags = tagRules{limit: "InvalidParameterValueException", duplicate: "InvalidParameterValueException", invalid: "InvalidParameterValueException"}

func invalidAlarm(format string, args ...any) *apiError {
	return refuse("InvalidParameterValueException", format, args...)
}

// metric names what CloudWatch collects numbers of.
type metric struct {
	Namespace  string
	Name       string
	Dimensions []dimension
}

type dimension struct {
	Name  string
	Value string
}

func (m metric) dimension(name string) string {
	for _, d := range m.Dimensions {
		if d.Name == name {
			return d.Value
		}
	}
	return ""
}

// sample is what a metric would be now. Only those that AWS itself takes of Auto Scaling groups and
// of targets are known; of all others, and of what is not there, no data come.
func (w *world) sample(m metric) (value float64, exists bool) {
	switch m.Namespace {
	case "AWS/AutoScaling":
		g, exists := w.ScalingGroups[m.dimension("AutoScalingGroupName")]
		if !exists || !slices.Contains(g.Metrics, m.Name) {
			return 0, false
		}
		return g.sample(m.Name)
	case "AWS/NetworkELB":
		return w.sampleTargets(m)
	}
	return 0, false
}

func (g *scalingGroup) sample(name string) (float64, bool) {
	counted := map[string]int{
		"GroupMinSize": g.Min, "GroupMaxSize": g.Max, "GroupDesiredCapacity": g.Desired, "GroupTotalInstances": len(g.Instances),
	}
	counted["GroupInServiceInstances"] = 0
	for _, i := range g.Instances {
		if i.State == "InService" {
			counted["GroupInServiceInstances"]++
		}
	}
	n, known := counted[name]
	return float64(n), known
}

// sampleTargets counts the targets of a group in one state, behind the load balancer of the metric.
func (w *world) sampleTargets(m metric) (float64, bool) {
	state, known := map[string]targetState{"HealthyHostCount": targetHealthy, "UnHealthyHostCount": targetUnhealthy}[m.Name]
	group := w.TargetGroups[w.arn("elasticloadbalancing", m.dimension("TargetGroup"))]
	balancer := w.arn("elasticloadbalancing", "loadbalancer/"+m.dimension("LoadBalancer"))
	if !known || group == nil || !slices.Contains(w.loadBalancersOf(group.ARN), balancer) {
		return 0, false
	}
	n := 0
	for _, t := range group.Targets {
		if t.State == state {
			n++
		}
	}
	return float64(n), true
}
