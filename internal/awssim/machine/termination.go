package machine

import (
	"context"
	"encoding/json"
	"net"
	"time"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/topology"
)

// receiveInterval is the wall time between two looks into the queue.
const receiveInterval = 250 * time.Millisecond

// handleTerminations stands for the node termination handler, a pod that kops runs on the control plane:
// as long as the machine's API server answers, it takes the events of machines that wait for their end
// out of the cluster's queue, and lets them go. A real one drains the node first, and here nothing runs
// on one; what is not drained is not waited for. When no control plane works nobody answers, and the
// machine goes at the end of its hook's heartbeat.
func (m *Machines) handleTerminations(ctx context.Context, host awssim.Machine, cluster, api string) {
	queue := topology.TerminationQueueName(cluster)
	again := time.NewTicker(receiveInterval)
	defer again.Stop()
	for {
		select {
		case <-again.C:
		case <-ctx.Done():
			return
		}
		if !answers(ctx, api) {
			continue
		}
		for _, message := range host.Receive(queue) {
			m.letGo(host, message)
			host.Delete(queue, message.Receipt)
		}
	}
}

// answers says whether somebody listens at a local address.
func answers(ctx context.Context, addr string) bool {
	dialer := net.Dialer{Timeout: receiveInterval}
	c, err := dialer.DialContext(ctx, "tcp", addr)
	if err != nil {
		return false
	}
	c.Close()
	return true
}

// letGo completes the lifecycle action that a message is about. One that is over already, or that some
// other event is about, is none of its business any more.
func (m *Machines) letGo(host awssim.Machine, message awssim.Message) {
	var event struct {
		Detail struct {
			Transition string `json:"LifecycleTransition"`
			Group      string `json:"AutoScalingGroupName"`
			Hook       string `json:"LifecycleHookName"`
			Instance   string `json:"EC2InstanceId"`
		} `json:"detail"`
	}
	if err := json.Unmarshal([]byte(message.Body), &event); err != nil || event.Detail.Transition != "autoscaling:EC2_INSTANCE_TERMINATING" {
		return
	}
	if err := host.Complete(event.Detail.Group, event.Detail.Hook, event.Detail.Instance); err != nil {
		m.logger.Info("a machine no longer waits for its end", "machine", event.Detail.Instance, "error", err)
	}
}
