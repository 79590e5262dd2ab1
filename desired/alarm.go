package desired

import (
	"fmt"
	"regexp"
	"strconv"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// alarmsTopic is the annotation that names the SNS topic to which the cluster's alarms are sent.
const alarmsTopic = "alarms-topic"

// How long something must last until people are told, in minutes.
const (
	// lostAfter is twice what a group takes to replace a machine: planned replacements are no news,
	// and those that do not come back are.
	lostAfter = 10
	// sickAfter leaves an API server time to start.
	sickAfter = 5
	// downAfter leaves out a single bad minute.
	downAfter = 3
)

// alarms watch what a cluster cannot be without: the machines with the etcd members, and the API.
func (m manifest) alarms() []topology.Alarm {
	if !m.wantsAlarms() {
		return nil
	}
	var alarms []topology.Alarm
	for _, g := range m.ofRole(kopsspec.ControlPlane) {
		alarms = append(alarms, m.lostMachines(g))
	}
	for _, s := range m.apiServices() {
		if s.targetPort == portAPI {
			alarms = append(alarms, m.unhealthyAPI(s), m.downAPI(s))
		}
	}
	return alarms
}

func (m manifest) wantsAlarms() bool {
	return m.Metadata.Annotations[annotationPrefix+alarmsTopic] != ""
}

// markWatched lets the alarms be found again.
func (m manifest) markWatched(g kopsspec.InstanceGroup, tags topology.Tags) topology.Tags {
	if g.Role() != kopsspec.ControlPlane || !m.wantsAlarms() {
		return tags
	}
	return tags.With(topology.Tags{topology.TagAlarms: "true"})
}

// lostMachines fires also when the metric stops, as it does when the group is gone.
func (m manifest) lostMachines(g kopsspec.InstanceGroup) topology.Alarm {
	a := m.alarm("machines-lost/"+g.Name(), fmt.Sprintf("Control-plane machines of %s are gone and were not replaced: its etcd members are missing.", g.Name()), lostAfter)
	a.Watches, a.Namespace, a.Metric = m.groupRef(g), topology.NamespaceAutoScaling, "GroupInServiceInstances"
	a.Statistic, a.Comparison, a.Threshold, a.MissingData = "Minimum", topology.LessThan, float64(max(1, *g.Spec.MinSize)), topology.Breaching
	return a
}

// unhealthyAPI takes the worst of the load balancer's zones, and downAPI the best: without cross-zone
// balancing each zone counts its own targets, and one without any has none that could be healthy.
func (m manifest) unhealthyAPI(s service) topology.Alarm {
	a := m.apiAlarm("api-unhealthy/", s, "API servers do not answer the load balancer, which sends clients to the others.", sickAfter)
	a.Metric, a.Statistic, a.Comparison, a.Threshold, a.MissingData = "UnHealthyHostCount", "Maximum", topology.AtLeast, 1, topology.NotBreaching
	return a
}

func (m manifest) downAPI(s service) topology.Alarm {
	a := m.apiAlarm("api-down/", s, "No API server answers the load balancer: the API is down.", downAfter)
	a.Metric, a.Statistic, a.Comparison, a.Threshold, a.MissingData = "HealthyHostCount", "Maximum", topology.LessThan, 1, topology.Breaching
	return a
}

func (m manifest) apiAlarm(prefix string, s service, description string, minutes int) topology.Alarm {
	target := m.targetGroupRef(s)
	a := m.alarm(prefix+target.Name, description, minutes)
	a.Watches, a.Namespace = target, topology.NamespaceNetworkELB
	a.LoadBalancer = topology.Ref{Kind: topology.KindLoadBalancer, Name: m.qualified("api")}
	return a
}

func (m manifest) alarm(name, description string, minutes int) topology.Alarm {
	name = topology.AlarmPrefix(m.Name()) + name
	topic := []string{m.Metadata.Annotations[annotationPrefix+alarmsTopic]}
	return topology.Alarm{
		Name: name, Description: description, Period: 60, Periods: minutes, Datapoints: minutes,
		AlarmActions: topic, OKActions: topic, Enabled: true, Tags: m.tags(name), Ownership: topology.Owned,
	}
}

// topicARN is a standard or FIFO topic of SNS.
var topicARN = regexp.MustCompile(`^arn:(aws[a-z-]*):sns:([a-z0-9-]+):[0-9]{12}:[A-Za-z0-9_-]{1,256}(\.fifo)?$`)

// isTopic takes topics of any account; CloudWatch sends within its own region only.
func isTopic(m manifest, value string) string {
	parts := topicARN.FindStringSubmatch(value)
	switch {
	case parts == nil:
		return strconv.Quote(value) + " is not the ARN of an SNS topic; write arn:" + m.partition() + ":sns:REGION:ACCOUNT:NAME"
	case m.region != "" && (parts[1] != m.partition() || parts[2] != m.region):
		return fmt.Sprintf("the topic is in %s of %s, and alarms of a cluster in %s can only be sent to a topic there; name one of that region", parts[2], parts[1], m.region)
	}
	return ""
}
