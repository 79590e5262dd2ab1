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
	stop   context.CancelFunc
	done   chan struct{}
}

// Join registers a node for the machine, and keeps it until the test ends.
func (c *ControlPlane) Join(t testing.TB, node, zone, machine string, labels map[string]string) *Kubelet {
	t.Helper()
	k, err := c.Register(context.WithoutCancel(t.Context()), node, zone, machine, labels)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Die)
	return k
}

// Register is [ControlPlane.Join] for a machine that dies before the test ends: call [Kubelet.Die].
func (c *ControlPlane) Register(ctx context.Context, node, zone, machine string, labels map[string]string) (*Kubelet, error) {
	k := &Kubelet{Node: node, client: c.Client, done: make(chan struct{})}
	object := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: node, Labels: map[string]string{"topology.kubernetes.io/zone": zone, "kubernetes.io/hostname": node}},
		Spec:       corev1.NodeSpec{ProviderID: "aws:///" + zone + "/" + machine},
	}
	maps.Copy(object.Labels, labels)
	if _, err := c.Client.CoreV1().Nodes().Create(ctx, object, metav1.CreateOptions{}); err != nil {
		return nil, err
	}
	// The API server admits every node with a taint. The controller that takes it away elsewhere judges
	// nodes by heartbeats, which a test has no time for.
	if _, err := k.client.CoreV1().Nodes().Patch(ctx, k.Node, types.MergePatchType, []byte(`{"spec":{"taints":null}}`), metav1.PatchOptions{}); err != nil {
		return nil, err
	}
	if err := k.report(ctx, corev1.ConditionTrue); err != nil {
		return nil, err
	}
	ctx, k.stop = context.WithCancel(ctx)
	go func() {
		defer close(k.done)
		k.keep(ctx)
	}()
	return k, nil
}

// Die stops the kubelet, and takes its node and pods away, as the cloud controller and the garbage
// collector do when a machine is gone.
func (k *Kubelet) Die() {
	k.stop()
	<-k.done
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	now := int64(0)
	// At the end of a test the API server may have gone first.
	_ = k.client.CoreV1().Nodes().Delete(ctx, k.Node, metav1.DeleteOptions{})
	pods, err := k.client.CoreV1().Pods(metav1.NamespaceAll).List(ctx, k.mine())
	if err != nil {
		return
	}
	for _, p := range pods.Items {
		_ = k.client.CoreV1().Pods(p.Namespace).Delete(ctx, p.Name, metav1.DeleteOptions{GracePeriodSeconds: &now})
	}
}

func (k *Kubelet) mine() metav1.ListOptions {
	return metav1.ListOptions{FieldSelector: fields.OneTermEqualSelector("spec.nodeName", k.Node).String()}
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
	if err := k.report(t.Context(), status); err != nil {
		t.Fatal(err)
	}
}

func (k *Kubelet) report(ctx context.Context, status corev1.ConditionStatus) error {
	node, err := k.client.CoreV1().Nodes().Get(ctx, k.Node, metav1.GetOptions{})
	if err != nil {
		return err
	}
	node.Status = ready(status)
	_, err = k.client.CoreV1().Nodes().UpdateStatus(ctx, node, metav1.UpdateOptions{})
	return err
}

// keep looks after the pods of the node until ctx ends.
func (k *Kubelet) keep(ctx context.Context) {
	for ctx.Err() == nil {
		watcher, err := k.client.CoreV1().Pods(metav1.NamespaceAll).Watch(ctx, k.mine())
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
