package kube_test

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/internal/kubetest"
	"github.com/quorate/quorate/topology"
)

// scene is a namespace with nodes that only its own pods run on.
type scene struct {
	*testing.T
	k8s       *kubetest.ControlPlane
	cluster   kube.Cluster
	namespace string
	// now is moved by hand.
	now time.Time
}

func newScene(t *testing.T, k8s *kubetest.ControlPlane, nodes int) *scene {
	t.Helper()
	words := regexp.MustCompile(`[a-z]+`).FindAllString(t.Name()[strings.LastIndexByte(t.Name(), '/')+1:], 5)
	name := strings.Join(words, "-")
	s := &scene{T: t, k8s: k8s, namespace: name, now: time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC)}
	s.cluster = kube.New(k8s.Client, func() time.Time { return s.now })
	_, err := k8s.Client.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	s.must(err)
	for n := range nodes {
		letter := string(rune('a' + n))
		k8s.Join(t, name+"-"+letter, "us-east-1"+letter, "i-"+name+"-"+letter, map[string]string{"scene": name})
	}
	return s
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

// node asks Kubernetes for one of the scene's nodes.
func (s *scene) node(letter string) kube.Node {
	s.Helper()
	nodes, err := s.cluster.Nodes(s.Context())
	s.must(err)
	n, found := nodes["i-"+s.namespace+"-"+letter]
	if !found {
		s.Fatalf("there is no node %s", letter)
	}
	return n
}

// deploy runs a workload on the scene's nodes, under a budget if minAvailable is not negative.
func (s *scene) deploy(app string, replicas int32, minAvailable int) {
	s.Helper()
	d := kubetest.Deployment(app, replicas)
	d.Spec.Template.Spec.NodeSelector = map[string]string{"scene": s.namespace}
	_, err := s.k8s.Client.AppsV1().Deployments(s.namespace).Create(s.Context(), d, metav1.CreateOptions{})
	s.must(err)
	if minAvailable >= 0 {
		_, err = s.k8s.Client.PolicyV1().PodDisruptionBudgets(s.namespace).Create(s.Context(), kubetest.Budget(app, minAvailable), metav1.CreateOptions{})
		s.must(err)
	}
	s.k8s.Await(s, app+" serves, and its budget knows", func(ctx context.Context) (bool, error) {
		d, err := s.k8s.Client.AppsV1().Deployments(s.namespace).Get(ctx, app, metav1.GetOptions{})
		if err != nil || d.Status.ReadyReplicas != replicas {
			return false, err
		}
		if minAvailable < 0 {
			return true, nil
		}
		b, err := s.k8s.Client.PolicyV1().PodDisruptionBudgets(s.namespace).Get(ctx, app, metav1.GetOptions{})
		return err == nil && b.Status.ObservedGeneration == b.Generation && b.Status.CurrentHealthy == replicas, err
	})
}

func (s *scene) pod(name string, owned bool) {
	s.Helper()
	pod := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"app": name}}, Spec: kubetest.PodSpec()}
	pod.Spec.NodeSelector = map[string]string{"scene": s.namespace}
	if owned {
		yes := true
		pod.OwnerReferences = []metav1.OwnerReference{{APIVersion: "example.dev/v1", Kind: "Database", Name: "db", UID: "1", Controller: &yes}}
	}
	_, err := s.k8s.Client.CoreV1().Pods(s.namespace).Create(s.Context(), pod, metav1.CreateOptions{})
	s.must(err)
	s.k8s.Await(s, "pod "+name+" runs", func(ctx context.Context) (bool, error) {
		p, err := s.k8s.Client.CoreV1().Pods(s.namespace).Get(ctx, name, metav1.GetOptions{})
		return err == nil && p.Status.Phase == corev1.PodRunning, err
	})
}

// emptyAll goes on until the node is empty.
func (s *scene) emptyAll(letter string, pace topology.RollingUpdate) {
	s.Helper()
	s.k8s.Await(s, "node "+letter+" is empty", func(ctx context.Context) (bool, error) {
		progress, err := s.cluster.Empty(ctx, s.node(letter), pace)
		return err == nil && progress.Empty(), err
	})
}

func (s *scene) podsOn(letter string) []string {
	s.Helper()
	list, err := s.k8s.Client.CoreV1().Pods(s.namespace).List(s.Context(), metav1.ListOptions{FieldSelector: "spec.nodeName=" + s.namespace + "-" + letter})
	s.must(err)
	var names []string
	for _, p := range list.Items {
		names = append(names, p.Name)
	}
	return names
}

func TestKubernetesNodesAreEmptied(t *testing.T) {
	k8s := kubetest.Start(t)
	for name, play := range map[string]func(t *testing.T, k8s *kubetest.ControlPlane){
		"pods move, and never more at once than their budget allows": podsMove,
		"a budget that is never met is named with its pod and owner": budgetIsNamed,
		"after its time a node is emptied by force":                  force,
		"a pod that nothing would make again is asked about":         unmanaged,
		"pods of daemon sets stay":                                   daemonSets,
		"a master keeps its static pods":                             staticPods,
		"a node that is to stay is given back":                       release,
		"two budgets over one pod are found in the rehearsal":        twoBudgets,
		"a silent kubelet is not ready":                              silence,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, k8s)
		})
	}
}

func podsMove(t *testing.T, k8s *kubetest.ControlPlane) {
	s := newScene(t, k8s, 3)
	s.deploy("web", 6, 5)
	ctx, stop := context.WithCancel(t.Context())
	least := make(chan int)
	go func() { least <- k8s.FewestRunning(ctx, s.namespace, "web", 6) }()
	s.emptyAll("a", topology.RollingUpdate{})
	if left := s.podsOn("a"); len(left) > 0 {
		t.Errorf("node a still runs %v", left)
	}
	k8s.Await(t, "all six serve again", func(ctx context.Context) (bool, error) {
		d, err := k8s.Client.AppsV1().Deployments(s.namespace).Get(ctx, "web", metav1.GetOptions{})
		return err == nil && d.Status.ReadyReplicas == 6, err
	})
	stop()
	if n := <-least; n < 5 {
		t.Errorf("only %d of 6 pods were ready at some time; the budget wants 5", n)
	}
	if n := s.node("a"); n.Schedulable || !n.Emptying.Equal(s.now) {
		t.Errorf("node a is %+v", n)
	}
}

func budgetIsNamed(t *testing.T, k8s *kubetest.ControlPlane) {
	s := newScene(t, k8s, 2)
	s.deploy("db", 1, 1)
	letter := "a"
	if len(s.podsOn("a")) == 0 {
		letter = "b"
	}
	pod := s.namespace + "/" + s.podsOn(letter)[0]
	obstacles, err := s.cluster.Rehearse(t.Context(), []kube.Node{s.node("a"), s.node("b")}, topology.RollingUpdate{})
	s.must(err)
	want := []kube.Obstacle{{Budget: s.namespace + "/db", Pods: []string{pod}, Never: true,
		Reason: "it wants 1 of 1 pods healthy at all times, so none can ever be evicted; run more pods or allow one to be unavailable"}}
	if d := cmp.Diff(want, obstacles); d != "" {
		t.Error(d)
	}
	owners, err := s.cluster.Owners(t.Context(), []string{pod, pod, s.namespace + "/gone"})
	s.must(err)
	if d := cmp.Diff([]string{"Deployment/db"}, owners); d != "" {
		t.Error(d)
	}
	progress, err := s.cluster.Empty(t.Context(), s.node(letter), topology.RollingUpdate{})
	s.must(err)
	if len(progress.Blocked) != 1 {
		t.Fatalf("blocked: %v", progress.Blocked)
	}
	if d := cmp.Diff(kube.Blocked{Pod: pod, Owner: "Deployment/db", Budget: "db", Reason: "The disruption budget db needs 1 healthy pods and has 1 currently"}, progress.Blocked[0]); d != "" {
		t.Error(d)
	}
	if text := progress.Sentence(); !strings.Contains(text, "of Deployment/db") {
		t.Errorf("the sentence does not name the owner: %s", text)
	}
}

func force(t *testing.T, k8s *kubetest.ControlPlane) {
	s := newScene(t, k8s, 2)
	s.deploy("db", 2, 2)
	pace := topology.RollingUpdate{ForceAfter: time.Hour}
	progress, err := s.cluster.Empty(t.Context(), s.node("a"), pace)
	s.must(err)
	if len(progress.Blocked) == 0 {
		t.Fatal("nothing is blocked")
	}
	s.now = s.now.Add(59 * time.Minute)
	if progress, err = s.cluster.Empty(t.Context(), s.node("a"), pace); err != nil || len(progress.Blocked) == 0 {
		t.Fatalf("forced too early: %+v, %v", progress, err)
	}
	s.now = s.now.Add(time.Minute)
	s.emptyAll("a", pace)
}

func unmanaged(t *testing.T, k8s *kubetest.ControlPlane) {
	s := newScene(t, k8s, 1)
	s.pod("lonely", false)
	s.pod("kept", true)
	progress, err := s.cluster.Empty(t.Context(), s.node("a"), topology.RollingUpdate{})
	s.must(err)
	if len(progress.Blocked) != 1 || progress.Blocked[0].Pod != s.namespace+"/lonely" || !strings.Contains(progress.Blocked[0].Reason, "quorate.dev/drain-unmanaged") {
		t.Errorf("blocked: %v", progress.Blocked)
	}
	s.emptyAll("a", topology.RollingUpdate{Unmanaged: true})
}

func daemonSets(t *testing.T, k8s *kubetest.ControlPlane) {
	s := newScene(t, k8s, 1)
	labels := map[string]string{"app": "agent"}
	spec := kubetest.PodSpec()
	spec.NodeSelector = map[string]string{"scene": s.namespace}
	_, err := k8s.Client.AppsV1().DaemonSets(s.namespace).Create(t.Context(), &appsv1.DaemonSet{
		ObjectMeta: metav1.ObjectMeta{Name: "agent"},
		Spec: appsv1.DaemonSetSpec{
			Selector: &metav1.LabelSelector{MatchLabels: labels},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels}, Spec: spec},
		},
	}, metav1.CreateOptions{})
	s.must(err)
	k8s.Await(t, "the agent runs", func(context.Context) (bool, error) { return len(s.podsOn("a")) == 1, nil })
	s.emptyAll("a", topology.RollingUpdate{})
	if len(s.podsOn("a")) != 1 {
		t.Error("the agent is gone")
	}
}

// staticPods are shown by mirrors of theirs, which nothing owns that would make them again.
func staticPods(t *testing.T, k8s *kubetest.ControlPlane) {
	s := newScene(t, k8s, 2)
	s.deploy("dns", 2, 1)
	components := []string{"etcd-manager-main", "kube-apiserver"}
	for _, component := range components {
		mirror := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
			Name: component, Annotations: map[string]string{corev1.MirrorPodAnnotationKey: "1"},
		}, Spec: kubetest.PodSpec()}
		mirror.Spec.NodeName = s.namespace + "-a"
		_, err := k8s.Client.CoreV1().Pods(s.namespace).Create(t.Context(), mirror, metav1.CreateOptions{})
		s.must(err)
	}
	s.emptyAll("a", topology.RollingUpdate{})
	if left := s.podsOn("a"); !slices.Equal(left, components) {
		t.Errorf("the master runs %v, want %v", left, components)
	}
}

func release(t *testing.T, k8s *kubetest.ControlPlane) {
	s := newScene(t, k8s, 2)
	s.emptyAll("a", topology.RollingUpdate{})
	s.must(s.cluster.SetAside(t.Context(), s.node("a")))
	if n := s.node("a"); !n.Schedulable || !n.Emptying.IsZero() || !n.SetAside {
		t.Errorf("node a was set aside and is %+v", n)
	}
	s.must(s.cluster.Release(t.Context(), s.node("a")))
	if n := s.node("a"); !n.Schedulable || !n.Emptying.IsZero() || n.SetAside {
		t.Errorf("node a is %+v", n)
	}
	b, err := k8s.Client.CoreV1().Nodes().Get(t.Context(), s.namespace+"-b", metav1.GetOptions{})
	s.must(err)
	b.Spec.Unschedulable = true
	_, err = k8s.Client.CoreV1().Nodes().Update(t.Context(), b, metav1.UpdateOptions{})
	s.must(err)
	s.must(s.cluster.Release(t.Context(), s.node("b")))
	if s.node("b").Schedulable {
		t.Error("a node that somebody else cordoned was given back")
	}
}

func twoBudgets(t *testing.T, k8s *kubetest.ControlPlane) {
	s := newScene(t, k8s, 1)
	s.deploy("web", 2, 1)
	second := kubetest.Budget("web", 1)
	second.Name = "again"
	most := intstr.FromInt(1)
	second.Spec.MinAvailable, second.Spec.MaxUnavailable = nil, &most
	_, err := k8s.Client.PolicyV1().PodDisruptionBudgets(s.namespace).Create(t.Context(), second, metav1.CreateOptions{})
	s.must(err)
	obstacles, err := s.cluster.Rehearse(t.Context(), []kube.Node{s.node("a")}, topology.RollingUpdate{})
	s.must(err)
	if len(obstacles) != 2 || !obstacles[0].Never || !strings.Contains(obstacles[0].Reason, "several budgets") {
		t.Errorf("obstacles: %v", obstacles)
	}
	progress, err := s.cluster.Empty(t.Context(), s.node("a"), topology.RollingUpdate{})
	s.must(err)
	if len(progress.Blocked) != 2 || !strings.Contains(progress.Blocked[0].Reason, "more than one PodDisruptionBudget") {
		t.Errorf("blocked: %v", progress.Blocked)
	}
}

func silence(t *testing.T, k8s *kubetest.ControlPlane) {
	s := newScene(t, k8s, 0)
	kubelet := k8s.Join(t, s.namespace, "us-east-1a", "i-"+s.namespace+"-a", nil)
	if n := s.node("a"); !n.Ready || n.Reason != "" || n.Version != "v1.36.3" {
		t.Errorf("got %+v", n)
	}
	kubelet.SetReady(t, corev1.ConditionUnknown)
	if n := s.node("a"); n.Ready || n.Reason != "its kubelet fell silent" {
		t.Errorf("got %+v", n)
	}
}
