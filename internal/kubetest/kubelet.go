package kubetest

import (
	"context"
	"maps"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/fields"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/kubernetes"
)

// A Kubelet keeps one node: it registers it, starts the pods that are put there, and ends those that are
// to go.
type Kubelet struct {
	Node   string
	client kubernetes.Interface
}

// Join registers a node for the machine, and keeps it until the test ends.
func (c *ControlPlane) Join(t testing.TB, node, zone, machine string, labels map[string]string) *Kubelet {
	t.Helper()
	k := &Kubelet{Node: node, client: c.Client}
	object := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: node, Labels: map[string]string{"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": node}},
		Spec:       corev1.NodeSpec{ProviderID: "aws:///" + zone + "/" + machine},
	}
	maps.Copy(object.Labels, labels)
	created, err := c.Client.CoreV1().Nodes().Create(t.Context(), object, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	created.Status = ready(corev1.ConditionTrue)
	if _, err := c.Client.CoreV1().Nodes().UpdateStatus(t.Context(), created, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	k.untaint(t)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		k.keep(ctx)
	}()
	t.Cleanup(func() { cancel(); <-done })
	return k
}

// untaint takes away the taint with which the API server admits every node: the controller that does it
// elsewhere judges nodes by heartbeats, which a test has no time for.
func (k *Kubelet) untaint(t testing.TB) {
	t.Helper()
	if _, err := k.client.CoreV1().Nodes().Patch(t.Context(), k.Node, types.MergePatchType, []byte(`{"spec":{"taints":null}}`), metav1.PatchOptions{}); err != nil {
		t.Fatal(err)
	}
}

func ready(status corev1.ConditionStatus) corev1.NodeStatus {
	size := corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("4"), corev1.ResourceMemory: resource.MustParse("8Gi"), corev1.ResourcePods: resource.MustParse("110")}
	return corev1.NodeStatus{
		Capacity: size, Allocatable: size, NodeInfo: corev1.NodeSystemInfo{KubeletVersion: "v1.36.3"},
		Conditions: []corev1.NodeCondition{{Type: corev1.NodeReady, Status: status, LastHeartbeatTime: metav1.Now(), LastTransitionTime: metav1.Now()}},
	}
}

// SetReady writes the Ready condition.
func (k *Kubelet) SetReady(t testing.TB, status corev1.ConditionStatus) {
	t.Helper()
	node, err := k.client.CoreV1().Nodes().Get(t.Context(), k.Node, metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	node.Status = ready(status)
	if _, err := k.client.CoreV1().Nodes().UpdateStatus(t.Context(), node, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
}

// keep looks after the pods of the node until ctx ends.
func (k *Kubelet) keep(ctx context.Context) {
	mine := metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("spec.nodeName", k.Node).String()}
	for ctx.Err() == nil {
		watcher, err := k.client.CoreV1().Pods(metav1.NamespaceAll).Watch(ctx, mine)
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		for event := range watcher.ResultChan() {
			if pod, ok := event.Object.(*corev1.Pod); ok && event.Type != watch.Deleted {
				k.look(ctx, pod)
			}
		}
		watcher.Stop()
	}
}

// look starts a pod, or ends it. What it writes may be out of date already; the next event comes then.
func (k *Kubelet) look(ctx context.Context, pod *corev1.Pod) {
	if pod.DeletionTimestamp != nil {
		now := int64(0)
		_ = k.client.CoreV1().Pods(pod.Namespace).Delete(ctx, pod.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
		return
	}
	if pod.Status.Phase == corev1.PodRunning {
		return
	}
	pod.Status.Phase = corev1.PodRunning
	pod.Status.Conditions = []corev1.PodCondition{
		{Type: corev1.PodReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()},
		{Type: corev1.ContainersReady, Status: corev1.ConditionTrue, LastTransitionTime: metav1.Now()},
	}
	_, _ = k.client.CoreV1().Pods(pod.Namespace).UpdateStatus(ctx, pod, metav1.UpdateOptions{})
}
