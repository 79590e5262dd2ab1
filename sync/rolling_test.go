package sync_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/kubetest"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

const (
	workers  = "nodes.ha.example.com"
	sixNodes = "minSize: 6\n  maxSize: 9\n"
)

// sixWorkers is the example with a group of six, before and after another machine type is wanted.
var (
	sixWorkers  = strings.Replace(small, "minSize: 3\n  maxSize: 6\n", sixNodes, 1)
	sixLarge    = strings.Replace(sixWorkers, "machineType: t3.medium\n  "+sixNodes, "machineType: m5.large\n  "+sixNodes, 1)
	wholeSix    = strings.ReplaceAll(sixWorkers, "machineType: t3.medium\n", "machineType: m5.large\n")
	surgeOfTwo  = strings.Replace(sixLarge, "machineType: m5.large\n", "machineType: m5.large\n  rollingUpdate: {maxSurge: 2}\n", 1)
	missingHalf = strings.Replace(sixLarge, "machineType: m5.large\n", "machineType: m5.large\n  rollingUpdate: {maxSurge: 0, maxUnavailable: 50%}\n", 1)
)

// running counts the machines of the workers, attached and detached, that are running.
func (o operator) running() (attached, detached int) {
	o.Helper()
	group, err := o.AutoScaling.DescribeAutoScalingGroups(o.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{workers}})
	o.must(err)
	for _, i := range group.AutoScalingGroups[0].Instances {
		if i.LifecycleState == "InService" {
			attached++
		}
	}
	out, err := o.EC2.DescribeInstances(o.Context(), &ec2.DescribeInstancesInput{})
	o.must(err)
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			left := slices.ContainsFunc(i.Tags, func(t ec2types.Tag) bool { return *t.Key == topology.TagDetachedFrom })
			if left && i.State.Name == "running" && !slices.ContainsFunc(group.AutoScalingGroups[0].Instances, func(m asgtypes.Instance) bool { return *m.InstanceId == *i.InstanceId }) {
				detached++
			}
		}
	}
	return attached, detached
}

func TestWorkersAreReplacedAtThePaceOfTheManifest(t *testing.T) {
	for name, c := range map[string]struct {
		manifest     string
		least, surge int
	}{
		"one beside the others, as kops does unasked": {sixLarge, 6, 1},
		"two beside the others":                       {surgeOfTwo, 6, 2},
		"half of them missing":                        {missingHalf, 3, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ground := newGround(t)
			never.commit(t, ground, sixWorkers, "small")
			o := newOperator(t, ground)
			l := &life{region: ground.region}
			want, least, most, surge := clusterOf(t, c.manifest), 6, 0, 0
			deadline := time.Now().Add(crashLimit)
			for {
				result := l.pass(t, ground, want, "large")
				attached, detached := o.running()
				least, most, surge = min(least, attached+detached), max(most, attached+detached), max(surge, detached)
				if result.Converged() {
					break
				}
				if result.Err != nil || result.Report.State() == apply.Failed || time.Now().After(deadline) {
					t.Fatalf("it does not converge: %v %s", result.Err, result.Report.Reason())
				}
			}
			if least < c.least || surge != c.surge || most > 6+c.surge {
				t.Errorf("at least %d machines ran, at most %d, and %d were detached at once; want %d, %d and %d", least, most, surge, c.least, 6+c.surge, c.surge)
			}
			if attached, detached := o.running(); attached != 6 || detached != 0 {
				t.Errorf("%d machines run at the end, and %d beside them", attached, detached)
			}
		})
	}
}

// TestKubernetesWorkersAreEmptiedBeforeTheyGo rolls six workers of a real Kubernetes whose machines the
// simulated region makes, under a budget that lets one pod go at a time.
func TestKubernetesWorkersAreEmptiedBeforeTheyGo(t *testing.T) {
	k8s := kubetest.Start(t)
	ground := newGround(t)
	ground.join = func(host awssim.Machine, config topology.NodeConfig) func() {
		kubelet, err := k8s.Register(context.WithoutCancel(t.Context()), host.InstanceID, host.Zone, host.InstanceID, nil)
		if err == nil && config.Role == topology.ControlPlane {
			_, err = k8s.Client.CoreV1().Nodes().Patch(t.Context(), host.InstanceID, types.MergePatchType, []byte(`{"spec":{"unschedulable":true}}`), metav1.PatchOptions{})
		}
		if err != nil {
			t.Errorf("machine %s does not join: %v", host.InstanceID, err)
			return func() {}
		}
		return kubelet.Die
	}
	never.commit(t, ground, sixWorkers, "small")
	const replicas, budget = 12, 11
	_, err := k8s.Client.AppsV1().Deployments("default").Create(t.Context(), kubetest.Deployment("web", replicas), metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k8s.Client.PolicyV1().PodDisruptionBudgets("default").Create(t.Context(), kubetest.Budget("web", budget), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	k8s.Await(t, "all pods serve", func(ctx context.Context) (bool, error) {
		d, err := k8s.Client.AppsV1().Deployments("default").Get(ctx, "web", metav1.GetOptions{})
		return err == nil && d.Status.ReadyReplicas == replicas, err
	})

	want, change := clusterOf(t, sixLarge), newOperator(t, ground)
	l := &life{region: ground.region}
	rehearse(t, k8s, l.planner(t, want), want)

	ctx, stop := context.WithCancel(t.Context())
	least := make(chan int, 1)
	go func() { least <- k8s.FewestRunning(ctx, "default", "web", replicas) }()
	pass := sync.Pass{Planner: l.planner(t, want), NewApplier: func(c desired.Cluster, commit string) sync.Applier {
		return apply.New(apply.Config{Clients: change.Clients, Cluster: c.Name, Commit: commit, Etcd: ground, Nodes: kube.New(k8s.Client, nil)})
	}}
	said := map[string]bool{}
	k8s.Await(t, "the workers are replaced", func(ctx context.Context) (bool, error) {
		result := pass.Run(ctx, want, "large")
		for _, o := range result.Report.Outcomes {
			if strings.Contains(o.Reason, "The disruption budget web needs 11 healthy pods") {
				said["budget"] = true
			}
			if o.State == apply.Failed {
				t.Fatalf("%s: %s", o.Ref, o.Reason)
			}
		}
		return result.Converged(), result.Err
	})
	stop()
	if n := <-least; n < budget {
		t.Errorf("only %d of %d pods ran at some time; the budget wants %d", n, replicas, budget)
	}
	if !said["budget"] {
		t.Error("no outcome ever named the budget that a machine waited for")
	}
	nodes, err := kube.New(k8s.Client, nil).Nodes(t.Context())
	if err != nil || len(nodes) != 9 {
		t.Fatalf("%d nodes are left, want 6 workers and 3 masters (%v)", len(nodes), err)
	}
	cordoned := 0 // the masters, by this test
	for _, n := range nodes {
		if !n.Schedulable {
			cordoned++
		}
		if !n.Ready || !n.Emptying.IsZero() {
			t.Errorf("node %s is %+v", n.Name, n)
		}
	}
	if cordoned != 3 {
		t.Errorf("%d nodes are cordoned", cordoned)
	}
}

// rehearse plans while a workload that can never be moved is there, and takes it away.
func rehearse(t *testing.T, k8s *kubetest.ControlPlane, planner sync.Planner, want desired.Cluster) {
	t.Helper()
	without, err := planner.Plan(t.Context(), want)
	if err != nil || len(without.Warnings) != 1 || !strings.Contains(without.Warnings[0], "without moving their pods first") {
		t.Errorf("without Kubernetes the plan notes %q (%v)", without.Warnings, err)
	}
	if _, err := k8s.Client.AppsV1().Deployments("default").Create(t.Context(), kubetest.Deployment("db", 1), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	if _, err := k8s.Client.PolicyV1().PodDisruptionBudgets("default").Create(t.Context(), kubetest.Budget("db", 1), metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	planner.Kubernetes = kube.New(k8s.Client, nil)
	k8s.Await(t, "the plan names the budget", func(ctx context.Context) (bool, error) {
		planned, err := planner.Plan(ctx, want)
		return slices.ContainsFunc(planned.Warnings, func(note string) bool {
			return strings.HasPrefix(note, "the roll of "+workers+" can never end: PodDisruptionBudget default/db")
		}), err
	})
	for _, err := range []error{
		k8s.Client.AppsV1().Deployments("default").Delete(t.Context(), "db", metav1.DeleteOptions{}),
		k8s.Client.PolicyV1().PodDisruptionBudgets("default").Delete(t.Context(), "db", metav1.DeleteOptions{}),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
}
