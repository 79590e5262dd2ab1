package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/kubectl/pkg/drain"

	"github.com/quorate/quorate/topology"
)

// Progress is how far a node is.
type Progress struct {
	// Since is when emptying began.
	Since time.Time
	// Leaving are pods that were told to go and have not gone yet, as NAMESPACE/NAME.
	Leaving []string
	// Blocked are pods that may not go now.
	Blocked []Blocked
}

// Empty reports that nothing is left that has to go.
func (p Progress) Empty() bool { return len(p.Leaving)+len(p.Blocked) == 0 }

// Sentence says what a node waits for; it is empty if that is nothing.
func (p Progress) Sentence() string {
	switch {
	case len(p.Blocked) > 1:
		return fmt.Sprintf("%s; and %d more pods are blocked", p.Blocked[0], len(p.Blocked)-1)
	case len(p.Blocked) == 1:
		return p.Blocked[0].String()
	case len(p.Leaving) > 1:
		return fmt.Sprintf("pod %s and %d more are ending", p.Leaving[0], len(p.Leaving)-1)
	case len(p.Leaving) == 1:
		return "pod " + p.Leaving[0] + " is ending"
	}
	return ""
}

// Blocked is a pod that may not go now.
type Blocked struct {
	// Pod is NAMESPACE/NAME; Owner is KIND/NAME of what would make it again, if anything would.
	Pod, Owner string
	// Budget is the PodDisruptionBudget that holds it, if one does.
	Budget string
	// Reason is a sentence with the way out.
	Reason string
}

func (b Blocked) String() string {
	owner := ""
	if b.Owner != "" {
		owner = " of " + b.Owner
	}
	return "pod " + b.Pod + owner + ": " + b.Reason
}

// Empty takes one step in emptying a node: it marks the node, so that neither the scheduler nor a load
// balancer nor the cluster autoscaler counts on it, asks every pod to go that may, and says what is
// left. Pods of DaemonSets and static pods stay; what is in emptyDir volumes is lost, as with kops. It
// is called again until [Progress.Empty].
func (c Cluster) Empty(ctx context.Context, node Node, pace topology.RollingUpdate) (Progress, error) {
	if err := c.mark(ctx, &node); err != nil {
		return Progress{}, err
	}
	helper := c.helper(ctx)
	list, errs := helper.GetPodsForDeletion(node.Name)
	if len(errs) > 0 {
		return Progress{}, fmt.Errorf("list the pods of node %s: %w", node.Name, errs[0])
	}
	progress := Progress{Since: node.Emptying}
	force := pace.ForceAfter > 0 && c.now().Sub(node.Emptying) >= pace.ForceAfter
	for _, pod := range list.Pods() {
		switch blocked, err := c.release(helper, pod, pace, force); {
		case err != nil:
			return progress, err
		case blocked != nil:
			blocked.Owner = c.ownerOf(ctx, pod)
			progress.Blocked = append(progress.Blocked, *blocked)
		default:
			progress.Leaving = append(progress.Leaving, nameOf(pod))
		}
	}
	slices.Sort(progress.Leaving)
	slices.SortFunc(progress.Blocked, func(a, b Blocked) int { return strings.Compare(a.Pod, b.Pod) })
	return progress, nil
}

func (c Cluster) helper(ctx context.Context) *drain.Helper {
	return &drain.Helper{
		Ctx: ctx, Client: c.api, ChunkSize: nodePage,
		GracePeriodSeconds:  -1,   // each pod's own
		Force:               true, // unmanaged pods are judged here, by name
		IgnoreAllDaemonSets: true, DeleteEmptyDirData: true,
		Out: io.Discard, ErrOut: io.Discard,
	}
}

// mark writes what tells others that the node is going, unless it is written already. The time is
// written once: it is when emptying began.
func (c Cluster) mark(ctx context.Context, node *Node) error {
	if !node.Emptying.IsZero() && !node.Schedulable {
		return nil
	}
	if node.Emptying.IsZero() {
		node.Emptying = c.now().UTC().Truncate(time.Second)
	}
	annotations := map[string]any{emptyingSince: node.Emptying.Format(time.RFC3339), scaleDownDisabled: "true"}
	if err := c.patch(ctx, node.Name, annotations, "", true); err != nil {
		return fmt.Errorf("cordon node %s: %w", node.Name, err)
	}
	node.Schedulable = false
	return nil
}

// SetAside gives a node that could not be emptied back to the scheduler for now, and remembers on it
// that it was tried.
func (c Cluster) SetAside(ctx context.Context, node Node) error {
	return c.giveBack(ctx, node, c.now().UTC().Format(time.RFC3339))
}

// Release takes back what [Cluster.Empty] wrote on a node that is to stay. What others wrote stays.
func (c Cluster) Release(ctx context.Context, node Node) error {
	if node.Emptying.IsZero() && !node.SetAside {
		return nil // somebody else's cordon is theirs
	}
	return c.giveBack(ctx, node, nil)
}

func (c Cluster) giveBack(ctx context.Context, node Node, setAside any) error {
	annotations := map[string]any{emptyingSince: nil, scaleDownDisabled: nil, emptyingSetAside: setAside}
	if err := c.patch(ctx, node.Name, annotations, nil, false); err != nil {
		return fmt.Errorf("uncordon node %s: %w", node.Name, err)
	}
	return nil
}

func (c Cluster) patch(ctx context.Context, name string, annotations map[string]any, excluded any, cordoned bool) error {
	body, err := json.Marshal(map[string]any{
		"metadata": map[string]any{
			"annotations": annotations,
			"labels":      map[string]any{corev1.LabelNodeExcludeBalancers: excluded},
		},
		"spec": map[string]any{"unschedulable": cordoned},
	})
	if err != nil {
		return err
	}
	_, err = c.api.CoreV1().Nodes().Patch(ctx, name, types.MergePatchType, body, metav1.PatchOptions{})
	return err
}

// release asks one pod to go, and says what keeps it if it may not.
func (c Cluster) release(helper *drain.Helper, pod corev1.Pod, pace topology.RollingUpdate, force bool) (*Blocked, error) {
	name := nameOf(pod)
	switch {
	case pod.DeletionTimestamp != nil:
		return nil, nil
	case metav1.GetControllerOf(&pod) == nil && !pace.Unmanaged && !finished(pod):
		return &Blocked{Pod: name, Reason: "no controller would make it again elsewhere; delete it, or allow it with quorate.dev/drain-unmanaged: \"true\" on the instance group"}, nil
	case force:
		return nil, gone(helper.DeletePod(pod), "delete pod "+name)
	}
	err := helper.EvictPod(pod, policyv1.SchemeGroupVersion)
	switch {
	case apierrors.IsTooManyRequests(err):
		budget, sentence := refusal(err)
		return &Blocked{Pod: name, Budget: budget, Reason: sentence}, nil
	case apierrors.IsInternalError(err):
		return &Blocked{Pod: name, Reason: "Kubernetes refuses to evict it: " + err.Error()}, nil
	case apierrors.IsForbidden(err) && apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause):
		return nil, nil // it goes with its namespace
	}
	return nil, gone(err, "evict pod "+name)
}

func gone(err error, what string) error {
	if err == nil || apierrors.IsNotFound(err) {
		return nil
	}
	return fmt.Errorf("%s: %w", what, err)
}

// refusal reads which budget refused. The API server names it in a cause of its answer; without one it
// was too busy.
func refusal(err error) (budget, sentence string) {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Details == nil {
		return "", "the API server is too busy to evict it"
	}
	for _, cause := range status.Status().Details.Causes {
		if cause.Type == policyv1.DisruptionBudgetCause {
			words := strings.Fields(cause.Message) // "The disruption budget NAME needs 2 healthy pods and has 2 currently"
			if len(words) > 3 && words[2] == "budget" {
				budget = words[3]
			}
			return budget, cause.Message
		}
	}
	return "", "the API server is too busy to evict it"
}

func finished(pod corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

func nameOf(pod corev1.Pod) string { return pod.Namespace + "/" + pod.Name }

// ownerOf names what people know: the Deployment rather than its ReplicaSet.
func (c Cluster) ownerOf(ctx context.Context, pod corev1.Pod) string {
	owner := metav1.GetControllerOf(&pod)
	if owner == nil {
		return ""
	}
	if owner.Kind == "ReplicaSet" {
		set, err := c.api.AppsV1().ReplicaSets(pod.Namespace).Get(ctx, owner.Name, metav1.GetOptions{})
		if err == nil && metav1.GetControllerOf(set) != nil {
			owner = metav1.GetControllerOf(set)
		}
	}
	return owner.Kind + "/" + owner.Name
}
