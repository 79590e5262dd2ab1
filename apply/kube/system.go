package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// System is how Kubernetes itself is: what `kops validate cluster` asks beyond nodes.
type System struct {
	// Version is the API server's, as v1.36.3.
	Version string
	// Sick are pods of the priorities system-cluster-critical and system-node-critical that do not work,
	// sorted by name.
	Sick []SickPod
	// Static are the components that run as static pods, by the node that they run on, sorted.
	Static map[string][]string
	// Critical counts all pods of those priorities.
	Critical int
}

// SickPod is a pod that should work and does not.
type SickPod struct {
	// Pod is NAMESPACE/NAME.
	Pod, Node string
	// Reason is a sentence.
	Reason string
}

// Components are what runs as a static pod on every machine of the control plane.
var Components = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler"}

// System asks for the version and lists the pods of all namespaces, a page at a time.
func (c Cluster) System(ctx context.Context) (System, error) {
	version, err := c.api.Discovery().ServerVersion()
	if err != nil {
		return System{}, fmt.Errorf("ask for the version of the API server: %w", err)
	}
	s := System{Version: version.GitVersion, Static: map[string][]string{}}
	options := metav1.ListOptions{Limit: nodePage}
	for {
		page, err := c.api.CoreV1().Pods(metav1.NamespaceAll).List(ctx, options)
		if err != nil {
			return System{}, fmt.Errorf("list pods: %w", err)
		}
		for _, pod := range page.Items {
			s.add(pod)
		}
		if page.Continue == "" {
			break
		}
		options.Continue = page.Continue
	}
	slices.SortFunc(s.Sick, func(a, b SickPod) int { return strings.Compare(a.Pod, b.Pod) })
	for _, components := range s.Static {
		slices.Sort(components)
	}
	return s, nil
}

func (s *System) add(pod corev1.Pod) {
	if component := pod.Labels["k8s-app"]; pod.Namespace == metav1.NamespaceSystem && slices.Contains(Components, component) {
		s.Static[pod.Spec.NodeName] = append(s.Static[pod.Spec.NodeName], component)
	}
	if p := pod.Spec.PriorityClassName; p != "system-cluster-critical" && p != "system-node-critical" {
		return
	}
	s.Critical++
	if reason := sick(pod); reason != "" {
		s.Sick = append(s.Sick, SickPod{Pod: nameOf(pod), Node: pod.Spec.NodeName, Reason: reason})
	}
}

// sick says why a pod does not work; empty if it does, has done its work, or is on its way out.
func sick(pod corev1.Pod) string {
	owner := metav1.GetControllerOf(&pod)
	switch pod.Status.Phase {
	case corev1.PodSucceeded:
		return ""
	case corev1.PodPending:
		return "it is pending" + unscheduled(pod)
	case corev1.PodFailed:
		if owner != nil && owner.Kind == "ReplicaSet" {
			return "" // what is left of one that was evicted; another took its place
		}
		return strings.TrimSpace("it failed " + pod.Status.Message)
	case corev1.PodRunning:
	default:
		return "its phase is unknown"
	}
	if pod.DeletionTimestamp != nil || ready(pod) {
		return ""
	}
	var waiting []string
	for _, container := range pod.Status.ContainerStatuses {
		if !container.Ready {
			waiting = append(waiting, container.Name+state(container.State))
		}
	}
	return strings.TrimSuffix("it is not ready: "+strings.Join(waiting, ", "), ": ")
}

// ready is true only if the kubelet says so.
func ready(pod corev1.Pod) bool {
	return slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

func state(s corev1.ContainerState) string {
	switch {
	case s.Waiting != nil && s.Waiting.Reason != "":
		return " (" + s.Waiting.Reason + ")"
	case s.Terminated != nil && s.Terminated.Reason != "":
		return " (" + s.Terminated.Reason + ")"
	}
	return ""
}

func unscheduled(pod corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse && c.Message != "" {
			return ": " + c.Message
		}
	}
	return ""
}
