package kube

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/quorate/quorate/topology"
)

// Obstacle is something that would block the emptying of nodes.
type Obstacle struct {
	// Budget is NAMESPACE/NAME; empty if it is no budget that blocks.
	Budget string
	// Pods are those on the nodes in question, as NAMESPACE/NAME, sorted.
	Pods []string
	// Never means that waiting does not help; somebody has to change something.
	Never  bool
	Reason string
}

func (o Obstacle) String() string {
	what := "pod " + o.Pods[0]
	if o.Budget != "" {
		what = "PodDisruptionBudget " + o.Budget
	}
	if n := len(o.Pods); n > 1 || o.Budget != "" {
		what += fmt.Sprintf(" (pods %s)", abridged(o.Pods))
	}
	return what + ": " + o.Reason
}

func abridged(names []string) string {
	const enough = 3
	if len(names) <= enough {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:enough], ", "), len(names)-enough)
}

// Rehearse finds what would block the emptying of the nodes, one after another. It costs a list of pods
// for each node and one of budgets, and changes nothing. The obstacles come sorted, those first that no
// waiting helps.
func (c Cluster) Rehearse(ctx context.Context, nodes []Node, pace topology.RollingUpdate) ([]Obstacle, error) {
	var pods []corev1.Pod
	for _, n := range nodes {
		list, errs := c.helper(ctx).GetPodsForDeletion(n.Name)
		if len(errs) > 0 {
			return nil, fmt.Errorf("list the pods of node %s: %w", n.Name, errs[0])
		}
		pods = append(pods, list.Pods()...)
	}
	budgets, err := c.api.PolicyV1().PodDisruptionBudgets(metav1.NamespaceAll).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("list PodDisruptionBudgets: %w", err)
	}
	return rehearse(pods, budgets.Items, pace), nil
}

func rehearse(pods []corev1.Pod, budgets []policyv1.PodDisruptionBudget, pace topology.RollingUpdate) []Obstacle {
	var obstacles []Obstacle
	held := map[string][]string{} // budget → pods
	for _, pod := range pods {
		if pod.DeletionTimestamp != nil || finished(pod) {
			continue
		}
		if metav1.GetControllerOf(&pod) == nil && !pace.Unmanaged {
			obstacles = append(obstacles, Obstacle{Pods: []string{nameOf(pod)}, Never: true, Reason: "no controller would make it again elsewhere"})
		}
		over := coveredBy(pod, budgets)
		if len(over) > 1 {
			obstacles = append(obstacles, Obstacle{Pods: []string{nameOf(pod)}, Never: true, Reason: "several budgets cover it, " + strings.Join(over, " and ") + ", and Kubernetes then evicts nothing; keep one"})
			continue
		}
		for _, b := range over {
			held[b] = append(held[b], nameOf(pod))
		}
	}
	obstacles = append(obstacles, holding(budgets, held)...)
	slices.SortStableFunc(obstacles, func(a, b Obstacle) int {
		return cmp.Or(cmp.Compare(urgency(a), urgency(b)), strings.Compare(a.Budget+a.Pods[0], b.Budget+b.Pods[0]))
	})
	return obstacles
}

func urgency(o Obstacle) int {
	if o.Never {
		return 0
	}
	return 1
}

// coveredBy names the budgets over a pod.
func coveredBy(pod corev1.Pod, budgets []policyv1.PodDisruptionBudget) []string {
	var over []string
	for _, b := range budgets {
		selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector)
		if err == nil && b.Namespace == pod.Namespace && selector.Matches(labels.Set(pod.Labels)) {
			over = append(over, b.Namespace+"/"+b.Name)
		}
	}
	return over
}

// holding are the budgets that let none of their pods go.
func holding(budgets []policyv1.PodDisruptionBudget, held map[string][]string) []Obstacle {
	var obstacles []Obstacle
	for _, b := range budgets {
		name := b.Namespace + "/" + b.Name
		if reason, never := blocks(b); reason != "" && len(held[name]) > 0 {
			slices.Sort(held[name])
			obstacles = append(obstacles, Obstacle{Budget: name, Pods: held[name], Never: never, Reason: reason})
		}
	}
	return obstacles
}

// blocks says why a budget lets no pod go; never means that it would not even with all its pods healthy.
func blocks(b policyv1.PodDisruptionBudget) (reason string, never bool) {
	s := b.Status
	switch {
	case s.ObservedGeneration < b.Generation:
		return "Kubernetes has not yet worked out what it allows", false
	case s.ExpectedPods == 0 || s.DisruptionsAllowed > 0:
		return "", false
	case s.DesiredHealthy >= s.ExpectedPods:
		return fmt.Sprintf("it wants %d of %d pods healthy at all times, so none can ever be evicted; run more pods or allow one to be unavailable", s.DesiredHealthy, s.ExpectedPods), true
	}
	return fmt.Sprintf("%d of %d pods are healthy and it wants %d, so none can be evicted now", s.CurrentHealthy, s.ExpectedPods, s.DesiredHealthy), false
}
