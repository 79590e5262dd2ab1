package kubetest

import (
	"context"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/apimachinery/pkg/watch"
)

// Deployment is a workload of that many pods, spread over nodes.
func Deployment(name string, replicas int32) *appsv1.Deployment {
	labels := map[string]string{"app": name}
	return &appsv1.Deployment{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: appsv1.DeploymentSpec{
			Replicas: &replicas,
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spread(name)},
		},
	}
}

func spread(app string) corev1.PodSpec {
	spec := PodSpec()
	spec.TopologySpreadConstraints = []corev1.TopologySpreadConstraint{{
		MaxSkew: 1, TopologyKey: "kubernetes.io/hostname", WhenUnsatisfiable: corev1.ScheduleAnyway,
		LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}},
	}}
	return spec
}

// PodSpec is of a pod that nothing keeps on its node.
func PodSpec() corev1.PodSpec {
	mount := false
	return corev1.PodSpec{Containers: []corev1.Container{{Name: "main", Image: "example.invalid/none"}}, AutomountServiceAccountToken: &mount}
}

// Budget keeps at least so many pods of the workload available.
func Budget(app string, minAvailable int) *policyv1.PodDisruptionBudget {
	least := intstr.FromInt(minAvailable)
	return &policyv1.PodDisruptionBudget{
		ObjectMeta: metav1.ObjectMeta{Name: app},
		Spec:       policyv1.PodDisruptionBudgetSpec{MinAvailable: &least, Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app": app}}},
	}
}

// FewestRunning watches the pods of a workload until ctx ends, and tells how few of all ran at the worst
// moment. It is -1 if nobody can tell.
func (c *ControlPlane) FewestRunning(ctx context.Context, namespace, app string, all int) int {
	watcher, err := c.Client.CoreV1().Pods(namespace).Watch(ctx, metav1.ListOptions{LabelSelector: "app=" + app})
	if err != nil {
		return -1
	}
	defer watcher.Stop()
	running, fewest := map[string]bool{}, all
	for {
		select {
		case <-ctx.Done():
			return fewest
		case event, open := <-watcher.ResultChan():
			pod, isPod := event.Object.(*corev1.Pod)
			if !open || !isPod {
				return -1
			}
			before := len(running)
			if pod.DeletionTimestamp == nil && event.Type != watch.Deleted && pod.Status.Phase == corev1.PodRunning {
				running[pod.Name] = true
			} else {
				delete(running, pod.Name)
			}
			if len(running) < before { // it grows while the watch begins
				fewest = min(fewest, len(running))
			}
		}
	}
}

// Await asks until the condition holds. An error of the condition is told if it never does.
func (c *ControlPlane) Await(t testing.TB, what string, holds func(context.Context) (bool, error)) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), startLimit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		ok, err := holds(ctx)
		if ok {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("waited in vain: %s (%v)", what, err)
		case <-tick.C:
		}
	}
}
