package desired

import "github.com/quorate/quorate/topology"

// queueRetention is how long kops keeps events, in seconds: as long as a machine waits for its end.
const queueRetention = 300

// queues makes the one queue of the node termination handler, unless it is off or asks the machines'
// metadata instead.
func (m manifest) queues() []topology.Queue {
	if !m.nthQueue() {
		return nil
	}
	name := m.queueRef().Name
	return []topology.Queue{{
		Name: name, Retention: queueRetention, Policy: m.queuePolicy(name), Tags: m.tags(name), Ownership: topology.Owned,
	}}
}

func (m manifest) queueRef() topology.Ref {
	return topology.Ref{Kind: topology.KindQueue, Name: topology.TerminationQueueName(m.Name())}
}

// queuePolicy lets EventBridge send. The ARN has no account, which the manifest does not know.
func (m manifest) queuePolicy(queue string) string {
	return document(map[string]any{
		"Effect":    "Allow",
		"Principal": map[string]any{"Service": []string{"events.amazonaws.com", "sqs.amazonaws.com"}},
		"Action":    "sqs:SendMessage",
		"Resource":  m.arn("sqs:" + m.region + "::" + queue),
	})
}

// nthQueue tells whether the node termination handler is fed by a queue, which is the default.
func (m manifest) nthQueue() bool {
	nth := m.Spec.NodeTerminationHandler
	return isTrue(nth.Enabled, true) && isTrue(nth.EnableSQSTerminationDraining, true)
}
