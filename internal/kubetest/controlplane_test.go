package kubetest_test

import (
	"context"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate/quorate/internal/kubetest"
)

func TestKubernetesSchedulesPodsOntoNodesThatJoined(t *testing.T) {
	c := kubetest.Start(t)
	c.Join(t, "one", "us-east-1a", "i-1", nil)
	c.Join(t, "two", "us-east-1b", "i-2", nil)
	web := kubetest.Deployment("web", 3)
	if _, err := c.Client.AppsV1().Deployments("default").Create(t.Context(), web, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	c.Await(t, "three pods serve", func(ctx context.Context) (bool, error) {
		var d *appsv1.Deployment
		d, err := c.Client.AppsV1().Deployments("default").Get(ctx, "web", metav1.GetOptions{})
		return err == nil && d.Status.ReadyReplicas == 3, err
	})
	pods, err := c.Client.CoreV1().Pods("default").List(t.Context(), metav1.ListOptions{})
	if err != nil {
		t.Fatal(err)
	}
	nodes := map[string]bool{}
	for _, p := range pods.Items {
		nodes[p.Spec.NodeName] = p.Status.Phase == corev1.PodRunning
	}
	if !nodes["one"] || !nodes["two"] {
		t.Errorf("pods run on %v", nodes)
	}
}
