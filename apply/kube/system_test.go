package kube_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/internal/kubetest"
)

func TestKubernetesTellsHowItsOwnPodsAre(t *testing.T) {
	k8s := kubetest.Start(t)
	k8s.Join(t, "one", "us-east-1a", "i-1", nil)
	pods := k8s.Client.CoreV1().Pods(metav1.NamespaceSystem)
	create := func(name string, change func(*corev1.Pod)) {
		t.Helper()
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: kubetest.PodSpec()}
		p.Spec.PriorityClassName = "system-cluster-critical"
		change(p)
		if _, err := pods.Create(t.Context(), p, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
	for _, component := range kube.Components[:2] {
		create(component+"-one", func(p *corev1.Pod) {
			p.Labels = map[string]string{"k8s-app": component}
			p.Spec.NodeName, p.Spec.PriorityClassName = "one", "system-node-critical"
		})
	}
	create("coredns", func(*corev1.Pod) {})
	create("homeless", func(p *corev1.Pod) { p.Spec.NodeSelector = map[string]string{"no": "such"} })
	create("indifferent", func(p *corev1.Pod) {
		p.Spec.NodeSelector, p.Spec.PriorityClassName = map[string]string{"no": "such"}, ""
	})
	cluster := kube.New(k8s.Client, nil)
	var got kube.System
	k8s.Await(t, "all but one of the pods run", func(ctx context.Context) (bool, error) {
		var err error
		got, err = cluster.System(ctx)
		return err == nil && len(got.Sick) == 1 && got.Sick[0].Reason != "it is pending", err
	})
	if diff := cmp.Diff(map[string][]string{"one": kube.Components[:2]}, got.Static); diff != "" {
		t.Errorf("static pods (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(got.Version, "v") || got.Critical != 4 { // built from source, it does not know which
		t.Errorf("version %s, %d critical pods", got.Version, got.Critical)
	}
	const why = "it is pending: 0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."
	if s := got.Sick[0]; s.Pod != "kube-system/homeless" || !strings.HasPrefix(s.Reason, why) {
		t.Errorf("sick: %+v", got.Sick)
	}

	coredns, err := pods.Get(t.Context(), "coredns", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	coredns.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionFalse}}
	coredns.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "main", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "CrashLoopBackOff"}}}}
	if _, err := pods.UpdateStatus(t.Context(), coredns, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	if got, err = cluster.System(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !slices.Contains(got.Sick, kube.SickPod{Pod: "kube-system/coredns", Node: "one", Reason: "it is not ready: main (CrashLoopBackOff)"}) {
		t.Errorf("sick: %+v", got.Sick)
	}
}
