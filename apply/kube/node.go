package kube

import (
	"context"
	"fmt"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Cluster is the Kubernetes API of one cluster.
type Cluster struct {
	api kubernetes.Interface
	now func() time.Time
}

// New makes no call. A nil clock is the computer's.
func New(api kubernetes.Interface, now func() time.Time) Cluster {
	if now == nil {
		now = time.Now
	}
	return Cluster{api, now}
}

// Node is what Kubernetes knows of a machine.
type Node struct {
	Name string
	// Machine is the EC2 instance id, the last part of the node's provider id.
	Machine string
	// Ready is true only if the kubelet says so; a kubelet that fell silent is not ready.
	Ready bool
	// Since is when it became ready, or stopped being so; zero if its kubelet never reported.
	Since time.Time
	// Reason says why a node is not ready.
	Reason string
	// Schedulable is false for a node that somebody cordoned.
	Schedulable bool
	// Version is the kubelet's.
	Version string
	// Emptying is when Quorate began to empty the node; zero if it did not.
	Emptying time.Time
	// SetAside means that it could not be emptied, and waits until others are done.
	SetAside bool
	// Marked asks for replacement, by kops's annotation.
	Marked bool
}

// annotations of nodes. The first two are ours; the next is the cluster autoscaler's; the last is kops's.
const (
	emptyingSince     = "quorate.dev/emptying-since"
	emptyingSetAside  = "quorate.dev/emptying-set-aside"
	scaleDownDisabled = "cluster-autoscaler.kubernetes.io/scale-down-disabled"
	needsUpdate       = "kops.k8s.io/needs-update"
)

// nodePage bounds the answers of the API server; it is kubectl's default.
const nodePage = 500

// Nodes lists the nodes by the id of their machine. Nodes of no machine, such as virtual ones, are left
// out; two nodes of one machine are an error, for nobody can tell which of them is meant.
func (c Cluster) Nodes(ctx context.Context) (map[string]Node, error) {
	nodes := map[string]Node{}
	options := metav1.ListOptions{Limit: nodePage}
	for {
		page, err := c.api.CoreV1().Nodes().List(ctx, options)
		if err != nil {
			return nil, fmt.Errorf("list nodes: %w", err)
		}
		for _, n := range page.Items {
			node := nodeOf(n)
			if node.Machine == "" {
				continue
			}
			if other, twice := nodes[node.Machine]; twice {
				return nil, fmt.Errorf("nodes %s and %s both say that they are machine %s; delete the one that is not", other.Name, node.Name, node.Machine)
			}
			nodes[node.Machine] = node
		}
		if page.Continue == "" {
			return nodes, nil
		}
		options.Continue = page.Continue
	}
}

func nodeOf(n corev1.Node) Node {
	node := Node{
		Name: n.Name, Machine: machineOf(n.Spec.ProviderID), Schedulable: !n.Spec.Unschedulable,
		Version: n.Status.NodeInfo.KubeletVersion, Reason: "its kubelet has not reported yet",
	}
	for _, condition := range n.Status.Conditions {
		if condition.Type == corev1.NodeReady {
			node.Ready = condition.Status == corev1.ConditionTrue
			node.Reason, node.Since = notReady(condition), condition.LastTransitionTime.Time
		}
	}
	node.Emptying, _ = time.Parse(time.RFC3339, n.Annotations[emptyingSince])
	_, node.SetAside = n.Annotations[emptyingSetAside]
	_, node.Marked = n.Annotations[needsUpdate]
	return node
}

func notReady(c corev1.NodeCondition) string {
	switch c.Status {
	case corev1.ConditionTrue:
		return ""
	case corev1.ConditionUnknown:
		return "its kubelet fell silent"
	case corev1.ConditionFalse:
	}
	return "its kubelet says " + strings.TrimSpace(c.Reason+" "+c.Message)
}

// machineOf reads aws:///us-east-1a/i-0123456789abcdef0.
func machineOf(providerID string) string {
	if !strings.HasPrefix(providerID, "aws:") {
		return ""
	}
	return providerID[strings.LastIndexByte(providerID, '/')+1:]
}
