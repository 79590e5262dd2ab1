package sync_test

import (
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"
	"text/tabwriter"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/topology"
)

const (
	// software is what the programs of a machine of kops take to start, from the kernel to a ready node, as
	// seen on machines of general purpose.
	software = 2 * time.Minute
	// betweenPasses is what the service waits after a pass that waits: five seconds and up to a tenth.
	betweenPasses = 5250 * time.Millisecond
	// describing is what the describing calls of a pass take, side by side.
	describing = time.Second
	// observing is what one look at etcd takes: its two rounds are a second apart.
	observing = time.Second
)

// BenchmarkRoll plays the roll of an HA cluster (three masters with two kinds of etcd, six workers) in the
// simulated region, at the pace of the service, and measures it in simulated minutes against what nobody could
// do without. The clock is moved by hand, so that it does not matter how fast this computer is.
//
//   - boots-min is the sum of the boot times of the masters, one after the other, and of the workers behind
//     them: from the moment a machine is ended until its successor serves. Masters go one zone at a time, and
//     worker groups stay pinned until the control plane is done, so that neither can be beside the other.
//     Workers go in the rounds that maxSurge allows behind a first machine that shows whether the template works.
//   - bound-min adds for each master what its load balancers are told to give to open connections
//     (deregistration_delay of the target group).
//   - ratio is that of roll-min to bound-min, and boots-ratio that to boots-min.
func BenchmarkRoll(b *testing.B) {
	for name, surge := range map[string]int{"surge of one": 1, "surge of three": 3} {
		b.Run(name, func(b *testing.B) {
			var p phases
			var boots, drains time.Duration
			for b.Loop() {
				boots, drains = leastOf(b, surge)
				p = rolled(b, surge)
			}
			p.table(b.Output())
			whole := p.whole()
			b.ReportMetric(whole.Minutes(), "roll-min")
			b.ReportMetric(boots.Minutes(), "boots-min")
			b.ReportMetric((boots + drains).Minutes(), "bound-min")
			b.ReportMetric(whole.Minutes()/(boots+drains).Minutes(), "ratio")
			b.ReportMetric(whole.Minutes()/boots.Minutes(), "boots-ratio")
		})
	}
}

func surging(manifest string, surge int) string {
	return strings.Replace(manifest, "  "+sixNodes, fmt.Sprintf("  rollingUpdate: {maxSurge: %d}\n  %s", surge, sixNodes), 1)
}

// phases are how long it was waited for what.
type phases struct {
	names []string
	took  map[string]time.Duration
}

// phaseOf names what the sentence of a pass waits for.
func phaseOf(reason string) string {
	for _, known := range []struct{ words, phase string }{
		{"AWS takes a snapshot", "first snapshot of etcd"},
		{"are being drained", "masters: connections end"},
		{"control plane", "masters: one ends, another boots"},
		{"the first machine made anew", "workers: the first boots"},
		{"is detached", "workers: the first boots"},
	} {
		if strings.Contains(reason, known.words) {
			return known.phase
		}
	}
	return "workers: the others boot"
}

func (p *phases) add(phase string, took time.Duration) {
	if _, known := p.took[phase]; !known {
		p.names = append(p.names, phase)
	}
	p.took[phase] += took
}

func (p *phases) whole() (sum time.Duration) {
	for _, took := range p.took {
		sum += took
	}
	return sum
}

func (p *phases) table(out io.Writer) {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, name := range p.names {
		fmt.Fprintf(t, "%s\t%.1f min\n", name, p.took[name].Minutes())
	}
	fmt.Fprintf(t, "all\t%.1f min\n", p.whole().Minutes())
	_ = t.Flush()
}

// rolled plays the roll, and tells what the service waited for.
func rolled(b *testing.B, surge int) phases {
	n := newNight(b, surging(sixWorkers, surge))
	n.ground.software = software
	n.commits(surging(wholeSix, surge), "large")
	p := phases{took: map[string]time.Duration{}}
	for {
		before := n.ground.observed
		n.pass()
		if n.last.Report.State() == apply.Failed {
			b.Fatal(n.last.Report.Reason())
		}
		took := describing + time.Duration(n.ground.observed-before)*observing
		if n.well() {
			p.add(phaseOf(n.last.Report.Reason()), took)
			return p
		}
		took += betweenPasses
		p.add(phaseOf(n.last.Report.Reason()), took)
		n.advance(took)
	}
}

// advance lets time pass, and the machines do what they can each second.
func (n *night) advance(d time.Duration) {
	for ; d > 0; d -= time.Second {
		n.clock.Advance(min(d, time.Second))
		n.ground.settle(n.TB)
	}
}

// leastOf replaces each master, and one worker, as somebody would who sees everything at once and waits for
// nothing but machines.
func leastOf(b *testing.B, surge int) (boots, drains time.Duration) {
	n := newNight(b, sixWorkers)
	n.ground.software = software
	masters := 0
	for _, g := range topology.Of[topology.AutoScalingGroup](n.want.Topology) {
		if g.Role == topology.ControlPlane {
			masters++
			boots += n.replaced(g.Name, func() bool { return n.back(g.Ref()) })
		}
	}
	six := func() bool { return n.readyWorkers() == 6 }
	const workersBehindTheFirst = 5
	rounds := 1 + math.Ceil(workersBehindTheFirst/float64(surge))
	boots += time.Duration(rounds) * n.replaced(workers, six)
	for _, g := range topology.Of[topology.TargetGroup](n.want.Topology) {
		drains += time.Duration(masters*g.DeregistrationDelay) * time.Second
	}
	return boots, drains
}

// replaced ends the first machine of a group, from which clients are gone already, and says how long it took
// until another one does its work.
func (n *night) replaced(group string, well func() bool) time.Duration {
	n.Helper()
	machine := n.machineOf(group)
	n.leaveBalancers(group, machine)
	began := n.clock.Now()
	_, err := n.AutoScaling.TerminateInstanceInAutoScalingGroup(n.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: &machine, ShouldDecrementDesiredCapacity: aws.Bool(false),
	})
	n.must(err)
	for n.advance(time.Second); !well(); n.advance(time.Second) {
		if n.waits(group, machine) {
			n.answer(group, machine)
		}
		if n.clock.Now().Sub(began) > time.Hour {
			n.Fatalf("%s is not whole after an hour", group)
		}
	}
	return n.clock.Now().Sub(began)
}

func (n *night) answer(group, machine string) {
	n.Helper()
	hooks, err := n.AutoScaling.DescribeLifecycleHooks(n.Context(), &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: &group})
	n.must(err)
	for _, h := range hooks.LifecycleHooks {
		_, _ = n.AutoScaling.CompleteLifecycleAction(n.Context(), &autoscaling.CompleteLifecycleActionInput{
			AutoScalingGroupName: &group, LifecycleHookName: h.LifecycleHookName, InstanceId: &machine, LifecycleActionResult: aws.String("CONTINUE"),
		}) // it may have been answered a second ago
	}
}

func (n *night) leaveBalancers(group, machine string) {
	n.Helper()
	for _, arn := range n.group(group).TargetGroupARNs {
		_, err := n.ELB.DeregisterTargets(n.Context(), &elb.DeregisterTargetsInput{TargetGroupArn: &arn, Targets: []elbtypes.TargetDescription{{Id: &machine}}})
		n.must(err)
	}
	n.advance(time.Minute)
}

// back asks the gate's own eye.
func (n *night) back(group topology.Ref) bool {
	n.Helper()
	watcher := apply.NewWatcher(apply.WatchConfig{Clients: n.Clients, Cluster: n.want.Name, Etcd: n.ground, Nodes: n.ground, Now: n.clock.Now})
	seen, err := watcher.Look(n.Context(), n.want.Topology, n.last.Planned.State.Bindings)
	n.must(err)
	return slices.ContainsFunc(seen.Masters, func(m apply.Master) bool { return m.Group == group && m.Back() })
}

func (n *night) readyWorkers() int {
	n.Helper()
	ready := 0
	nodes, err := n.ground.Nodes(n.Context())
	n.must(err)
	for _, i := range n.group(workers).Instances {
		if i.LifecycleState == "InService" && nodes[aws.ToString(i.InstanceId)].Ready {
			ready++
		}
	}
	return ready
}
