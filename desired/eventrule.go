package desired

import (
	"slices"

	"github.com/quorate/quorate/topology"
)

// awsEvent is a kind of event that kops queues for the node termination handler.
type awsEvent struct{ name, pattern string }

// awsEvents are queued for every cluster; the patterns are canonical.
var awsEvents = []awsEvent{
	{"ASGLifecycle", `{"detail-type":["EC2 Instance-terminate Lifecycle Action"],"source":["aws.autoscaling"]}`},
	{"InstanceScheduledChange", `{"detail":{"eventTypeCategory":["scheduledChange"],"service":["EC2"]},"detail-type":["AWS Health Event"],"source":["aws.health"]}`},
	{"InstanceStateChange", `{"detail-type":["EC2 Instance State-change Notification"],"source":["aws.ec2"]}`},
	{"SpotInterruption", `{"detail-type":["EC2 Spot Instance Interruption Warning"],"source":["aws.ec2"]}`},
}

// rebalanceEvent is queued only where machines are to be drained as soon as AWS advises it.
var rebalanceEvent = awsEvent{"RebalanceRecommendation", `{"detail-type":["EC2 Instance Rebalance Recommendation"],"source":["aws.ec2"]}`}

func (m manifest) eventRules() []topology.EventRule {
	if !m.nthQueue() {
		return nil
	}
	events := awsEvents
	if isTrue(m.Spec.NodeTerminationHandler.EnableRebalanceDraining, false) {
		events = append(slices.Clip(events), rebalanceEvent)
	}
	var rules []topology.EventRule
	for _, e := range events {
		name := topology.EventRuleName(m.Name(), e.name)
		rules = append(rules, topology.EventRule{
			Name: name, Pattern: e.pattern, Enabled: true, Target: m.queueRef(), Tags: m.tags(name), Ownership: topology.Owned,
		})
	}
	return rules
}
