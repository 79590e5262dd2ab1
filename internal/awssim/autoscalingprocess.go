package awssim

import (
	"slices"
	"time"
)

// scalingProcesses are the parts of a group's life that can be suspended.
var scalingProcesses = []string{
	"AZRebalance", "AddToLoadBalancer", "AlarmNotification", "HealthCheck", "InstanceRefresh", "Launch",
	"ReplaceUnhealthy", "ScheduledActions", "Terminate",
}

// does says whether a process of the group is not suspended.
func (g *scalingGroup) does(process string) bool {
	_, suspended := g.Suspended[process]
	return !suspended
}

type processesInput struct {
	AutoScalingGroupName string
	ScalingProcesses     []string
}

// processes are those a request names, or all of them.
func (in processesInput) processes() ([]string, error) {
	if len(in.ScalingProcesses) == 0 {
		return scalingProcesses, nil
	}
	for _, p := range in.ScalingProcesses {
		if !slices.Contains(scalingProcesses, p) {
			return nil, invalidScaling("Invalid process type: %s", p)
		}
	}
	return in.ScalingProcesses, nil
}

func (w *world) suspendProcesses(in processesInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		names, err := in.processes()
		for _, p := range names {
			if g.does(p) {
				g.Suspended[p] = "User suspended at " + w.now().Format(time.RFC3339)
			}
		}
		return err
	})
}

func (w *world) resumeProcesses(in processesInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		names, err := in.processes()
		for _, p := range names {
			delete(g.Suspended, p)
		}
		return err
	})
}

// scalingMetrics are the metrics a group can send to CloudWatch.
var scalingMetrics = []string{
	"GroupMinSize", "GroupMaxSize", "GroupDesiredCapacity", "GroupInServiceInstances", "GroupPendingInstances",
	"GroupStandbyInstances", "GroupTerminatingInstances", "GroupTotalInstances", "GroupInServiceCapacity",
	"GroupPendingCapacity", "GroupStandbyCapacity", "GroupTerminatingCapacity", "GroupTotalCapacity",
	"WarmPoolDesiredCapacity", "WarmPoolWarmedCapacity", "WarmPoolPendingCapacity", "WarmPoolTerminatingCapacity",
	"WarmPoolTotalCapacity", "WarmPoolMinSize", "GroupAndWarmPoolDesiredCapacity", "GroupAndWarmPoolTotalCapacity",
}

type metricsInput struct {
	AutoScalingGroupName string
	Granularity          string
	Metrics              []string
}

func (in metricsInput) metrics() ([]string, error) {
	if in.Granularity != "" && in.Granularity != "1Minute" {
		return nil, invalidScaling("Valid metric granularity is 1Minute")
	}
	if len(in.Metrics) == 0 {
		return scalingMetrics, nil
	}
	for _, m := range in.Metrics {
		if !slices.Contains(scalingMetrics, m) {
			return nil, invalidScaling("Invalid metric type: %s", m)
		}
	}
	return in.Metrics, nil
}

func (w *world) enableMetricsCollection(in metricsInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		if in.Granularity == "" {
			return invalidScaling("Granularity is required")
		}
		names, err := in.metrics()
		if err == nil {
			g.Metrics = slices.Compact(slices.Sorted(slices.Values(slices.Concat(g.Metrics, names))))
		}
		return err
	})
}

func (w *world) disableMetricsCollection(in metricsInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		names, err := in.metrics()
		g.Metrics = slices.DeleteFunc(slices.Clone(g.Metrics), func(m string) bool { return slices.Contains(names, m) })
		return err
	})
}
