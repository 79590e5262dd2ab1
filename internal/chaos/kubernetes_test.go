package chaos

import (
	"context"
	"fmt"
	"io"
	"net"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/examples"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/kubetest"
	service "github.com/quorate/quorate/sync"
)

// leisurely is slow enough for the seconds of real programs to be small beside simulated minutes.
const leisurely = 20

// phases notes when machines are taken out, to tell what takes how long.
type phases struct {
	day *day

	mu    sync.Mutex
	names []string
	at    []time.Time
}

func (p *phases) begin(name string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.names, name) {
		p.names, p.at = append(p.names, name), append(p.at, p.day.clock.Now())
	}
}

// hear is an awssim.Intercept that lets everything proceed.
func (p *phases) hear(c awssim.Call) awssim.Fate {
	if d, ok := deedOf(c, p.day.zoneOf); ok {
		p.begin("master in " + d.zone)
		p.day.judge(d)
	} else if c.Operation == "DetachInstances" || c.Operation == "TerminateInstanceInAutoScalingGroup" {
		p.begin("six workers")
	}
	return awssim.Proceed
}

func (p *phases) table(out io.Writer) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for i, name := range p.names {
		end := p.day.clock.Now()
		if i+1 < len(p.at) {
			end = p.at[i+1]
		}
		fmt.Fprintf(t, "%s\t%.1f simulated minutes\n", name, end.Sub(p.at[i]).Minutes())
	}
	fmt.Fprintf(t, "all\t%.1f simulated minutes\n", p.day.clock.Now().Sub(p.at[0]).Minutes())
	_ = t.Flush()
}

// forward listens on loopback for an etcd member, wherever its machine is now.
func forward(t *testing.T, dial dialFunc, to string) (endpoint string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer from.Close()
				there, err := dial(context.Background(), "tcp", to)
				if err != nil {
					return
				}
				go func() { io.Copy(there, from); there.Close() }()
				io.Copy(from, there)
			}()
		}
	}()
	return "http://" + l.Addr().String()
}

// TestKubernetesRollsOnItsOwnEtcd rolls three masters and six workers under disruption budgets. The API
// server keeps its objects in the etcd main, and its events in the etcd events, of the masters that are rolled.
func TestKubernetesRollsOnItsOwnEtcd(t *testing.T) {
	s, err := newStage()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.close)
	before := strings.Replace(string(examples.HA), "minSize: 3\n  maxSize: 6\n", "minSize: 6\n  maxSize: 9\n", 1)
	after := strings.ReplaceAll(before, "machineType: t3.medium\n", "machineType: m5.large\n")
	if err := s.build(t.Context(), before); err != nil {
		t.Fatal(err)
	}
	d := newDay(s, Plan{Seed: 1, Course: Roll})
	k8s := onItsOwnEtcd(t, s)
	budgets := workloads(t, k8s)

	s.clock.run(leisurely)
	d.began = time.Now()
	ctx, stop := context.WithCancel(t.Context())
	h, writers, stopClients := d.witnesses(ctx)
	fewest := map[string]chan int{}
	for name, w := range budgets {
		ran := make(chan int, 1)
		fewest[name] = ran
		go func() { ran <- k8s.FewestRunning(ctx, "default", name, w.replicas) }()
	}
	p := &phases{day: d}
	p.begin("templates, backup, pods of the first master")
	s.region.SetIntercept(p.hear)
	rollAll(t, d, k8s, after)
	p.table(t.Output())
	stopClients()
	stop()

	d.figures.Rolls = 1
	d.sum(t.Context(), h, writers)
	for name, w := range budgets {
		if n := <-fewest[name]; n < w.budget {
			t.Errorf("only %d of %d pods of %s ran at some time; the budget wants %d", n, w.replicas, name, w.budget)
		}
	}
	for _, broken := range d.broken {
		t.Error(broken)
	}
	if d.figures.Fewest["main"][3] != 2 || d.figures.Fewest["events"][3] != 2 || d.figures.Deeds != 3 {
		t.Errorf("the fewest members up were %v, and %d machines were taken out", d.figures.Fewest, d.figures.Deeds)
	}
	if err := d.figures.Table(t.Output()); err != nil {
		t.Error(err)
	}
}

// onItsOwnEtcd starts Kubernetes on the members of the stage, and has its machines join.
func onItsOwnEtcd(t *testing.T, s *stage) *kubetest.ControlPlane {
	t.Helper()
	endpoints := map[string][]string{}
	for etcd, port := range etcdPorts {
		for _, m := range Roll.After {
			endpoints[etcd] = append(endpoints[etcd], forward(t, s.machines.DialContext, net.JoinHostPort(etcdHost(etcd, string(m)), strconv.Itoa(port))))
		}
	}
	k8s := kubetest.StartOn(t, endpoints["main"], endpoints["events"])
	join := func(machine, zone string) func() {
		kubelet, err := k8s.Register(context.WithoutCancel(t.Context()), machine, zone, machine, nil)
		if err != nil {
			t.Errorf("machine %s does not join: %v", machine, err)
			return func() {}
		}
		return kubelet.Die
	}
	dies := map[string]func(){}
	for _, i := range s.region.Instances() {
		if i.State == "running" {
			dies[i.ID] = join(i.ID, i.Zone)
		}
	}
	s.hazards.set(func(h *hazards) {
		h.join = func(host awssim.Machine) func() { return join(host.InstanceID, host.Zone) }
		h.died = func(machine string) {
			if die := dies[machine]; die != nil {
				die()
			}
		}
	})
	return k8s
}

type workload struct{ replicas, budget int }

func workloads(t *testing.T, k8s *kubetest.ControlPlane) map[string]workload {
	t.Helper()
	all := map[string]workload{"web": {12, 11}, "db": {3, 2}}
	for name, w := range all {
		if _, err := k8s.Client.AppsV1().Deployments("default").Create(t.Context(), kubetest.Deployment(name, int32(w.replicas)), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		if _, err := k8s.Client.PolicyV1().PodDisruptionBudgets("default").Create(t.Context(), kubetest.Budget(name, w.budget), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		k8s.Await(t, "all pods of "+name+" serve", func(ctx context.Context) (bool, error) {
			d, err := k8s.Client.AppsV1().Deployments("default").Get(ctx, name, metav1.GetOptions{})
			return err == nil && int(d.Status.ReadyReplicas) == w.replicas, err
		})
	}
	return all
}

// rollAll makes passes until the manifest is what AWS has.
func rollAll(t *testing.T, d *day, k8s *kubetest.ControlPlane, text string) {
	t.Helper()
	clients, err := d.clients(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	c, err := build([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	pass := service.Pass{
		Planner: planner(clients, d.clock.Now),
		NewApplier: func(c desired.Cluster, commit string) service.Applier {
			return apply.New(apply.Config{
				Clients: clients, Cluster: c.Name, Commit: commit, Now: d.clock.Now, Nodes: kube.New(k8s.Client, d.clock.Now),
				Etcd: health.Prober{Guard: anything, Dial: d.machines.DialContext, Pause: election / 3, Timeout: time.Second},
			})
		},
	}
	deadline, last := time.Now().Add(5*time.Minute), ""
	for {
		r := pass.Run(t.Context(), c, "large")
		if reason := r.Report.Reason(); reason != last {
			last = reason
			t.Logf("%8s %s %s", time.Since(d.began).Round(time.Second), r.Report.State(), reason)
		}
		switch {
		case r.Converged():
			return
		case r.Err != nil, r.Report.State() == apply.Failed, time.Now().After(deadline):
			t.Fatalf("the roll does not end: %v %s", r.Err, last)
		}
		wait(t.Context(), d.clock.real(5*time.Second)) // as the run command does
	}
}
