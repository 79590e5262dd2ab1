package sync_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/drift"
	"github.com/quorate/quorate/topology"
)

// A night is a cluster that something happens to, while the service makes a pass every minute of the
// simulated time, which passes only between passes.
type night struct {
	operator
	ground *ground
	clock  *awssim.ManualClock
	life   *life
	want   desired.Cluster
	commit string
	// said are the reasons of all passes, each once, in their order.
	said []string
	// last is the latest pass.
	last sync.Result
	// stranger is a machine that is nobody's.
	stranger string
	// keeper is nil where drift is not told from commits.
	keeper *drift.Keeper
	// ids are those of what the cluster was made of.
	ids topology.Bindings
}

// newNight builds the HA example.
func newNight(t testing.TB, manifest string) *night {
	t.Helper()
	clock := awssim.NewManualClock(time.Date(2026, 11, 21, 3, 0, 0, 0, time.UTC))
	ground := newGroundAt(t, clock)
	n := &night{operator: newOperator(t, ground), ground: ground, clock: clock, life: &life{region: ground.region}}
	n.commits(manifest, "first")
	n.until("the cluster is built", time.Hour, n.well)
	n.said = nil
	return n
}

// commits lets the service see other manifests from now on.
func (n *night) commits(manifest, commit string) { n.want, n.commit = clusterOf(n, manifest), commit }

func (n *night) well() bool { return n.last.Converged() }

// until makes passes until something is so, or too much simulated time has passed.
func (n *night) until(what string, limit time.Duration, so func() bool) {
	n.Helper()
	for end := n.clock.Now().Add(limit); ; {
		n.pass()
		if so() {
			return
		}
		if n.clock.Now().After(end) {
			n.Fatalf("%s: not within %s; it was said:\n%s", what, limit, strings.Join(n.said, "\n"))
		}
		n.minute()
	}
}

// minute lets one pass, and the machines that booted do what they can.
func (n *night) minute() {
	n.clock.Advance(time.Minute)
	n.ground.settle(n.TB)
}

func (n *night) pass() {
	n.Helper()
	change := n.life.clients(n, n.want.Region, func(context.Context, string) error { return nil })
	applier := apply.New(apply.Config{Clients: change, Cluster: n.want.Name, Commit: n.commit, Etcd: n.ground, Now: n.clock.Now, Nodes: n.ground})
	planner := n.life.knowing(n, n.ground, n.want)
	planner.Drift = n.keeper
	n.last = sync.Pass{
		Planner:    planner,
		NewApplier: func(desired.Cluster, string) sync.Applier { return applier },
		Mark:       applier.MarkApplied,
	}.Run(n.Context(), n.want, n.commit)
	if n.last.Err != nil && !n.life.killed.Load() {
		n.Fatalf("pass: %v", n.last.Err)
	}
	reason := n.last.Report.Reason()
	for _, r := range n.last.Report.Repairs {
		reason += " | " + r.Sentence
	}
	if !slices.Contains(n.said, reason) {
		n.said = append(n.said, reason)
	}
}

// heard reports whether some pass said all the words, in their order.
func (n *night) heard(words string) bool {
	return slices.ContainsFunc(n.said, func(reason string) bool {
		for word := range strings.SplitSeq(words, "…") {
			i := strings.Index(reason, word)
			if i < 0 {
				return false
			}
			reason = reason[i+len(word):]
		}
		return true
	})
}

// wantHeard fails with everything that was said.
func (n *night) wantHeard(words string) {
	n.Helper()
	if !n.heard(words) {
		n.Errorf("nobody said %q; what was said:\n%s", words, strings.Join(n.said, "\n"))
	}
}

// wantQuorum asks that at no moment more than one master was away.
func (n *night) wantQuorum() {
	n.Helper()
	n.ground.mu.Lock()
	defer n.ground.mu.Unlock()
	if n.ground.smallest < 2 {
		n.Errorf("only %d of 3 members were up at some moment", n.ground.smallest)
	}
}

func (n *night) group(name string) asgtypes.AutoScalingGroup {
	n.Helper()
	out, err := n.AutoScaling.DescribeAutoScalingGroups(n.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
	n.must(err)
	return out.AutoScalingGroups[0]
}

// versions tells what the groups make machines from, and what their machines are: "6 [6]".
func (n *night) versions(names ...string) []string {
	n.Helper()
	var all []string
	for _, name := range names {
		g := n.group(name)
		var machines []string
		for _, i := range g.Instances {
			if !strings.HasPrefix(string(i.LifecycleState), "Terminating") {
				machines = append(machines, aws.ToString(i.LaunchTemplate.Version))
			}
		}
		all = append(all, fmt.Sprintf("%s %v", aws.ToString(g.LaunchTemplate.Version), machines))
	}
	return all
}

// masterIn is the group of a zone's master.
func masterIn(zone string) string { return "master-us-east-1" + zone + ".masters.ha.example.com" }

// machineOf is the first machine of a group.
func (n *night) machineOf(group string) string {
	n.Helper()
	return aws.ToString(n.group(group).Instances[0].InstanceId)
}

// terminate ends a machine behind the back of its group, as a person or the hardware does.
func (n *night) terminate(machine string) {
	n.Helper()
	_, err := n.EC2.TerminateInstances(n.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{machine}})
	n.must(err)
}

func (n *night) suspend(group, process string) {
	n.Helper()
	_, err := n.AutoScaling.SuspendProcesses(n.Context(), &autoscaling.SuspendProcessesInput{AutoScalingGroupName: &group, ScalingProcesses: []string{process}})
	n.must(err)
}

// machineBeside starts a machine of somebody's in the subnet of another one.
func (n *night) machineBeside(machine string) string {
	n.Helper()
	out, err := n.EC2.DescribeInstances(n.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{machine}})
	n.must(err)
	beside := out.Reservations[0].Instances[0]
	made, err := n.EC2.RunInstances(n.Context(), &ec2.RunInstancesInput{
		ImageId: beside.ImageId, InstanceType: beside.InstanceType, SubnetId: beside.SubnetId, MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	})
	n.must(err)
	n.minute()
	return aws.ToString(made.Instances[0].InstanceId)
}

func (n *night) attach(volume, machine string) {
	n.Helper()
	_, err := n.EC2.AttachVolume(n.Context(), &ec2.AttachVolumeInput{VolumeId: &volume, InstanceId: &machine, Device: aws.String("/dev/xvdz")})
	n.must(err)
}

// strays are the workers that never booted.
func (n *night) strays() []string {
	n.ground.mu.Lock()
	defer n.ground.mu.Unlock()
	var ids []string
	for _, i := range n.group(workers).Instances {
		if id := aws.ToString(i.InstanceId); !n.ground.booted[id] {
			ids = append(ids, id)
		}
	}
	return ids
}

// volumesOf are those of etcd that hang on a machine.
func (n *night) volumesOf(machine string) []string {
	n.Helper()
	out, err := n.EC2.DescribeVolumes(n.Context(), &ec2.DescribeVolumesInput{})
	n.must(err)
	var ids []string
	for _, v := range out.Volumes {
		for _, a := range v.Attachments {
			if aws.ToString(a.InstanceId) == machine && !aws.ToBool(a.DeleteOnTermination) {
				ids = append(ids, aws.ToString(v.VolumeId))
			}
		}
	}
	return ids
}

// settle waits until every machine that runs has done what it can: it is up, or it looked for its
// volumes since the last minute in vain.
func (g *ground) settle(t testing.TB) {
	t.Helper()
	deadline := time.Now().Add(crashLimit)
	g.mu.Lock()
	before := maps.Clone(g.looks)
	g.mu.Unlock()
	for {
		settled := true
		for _, i := range g.region.Instances() {
			settled = settled && (i.State != "running" || !i.Up || g.settled(i.ID, before[i.ID]))
		}
		if settled {
			return
		}
		if time.Now().After(deadline) {
			t.Fatal("the machines never settle")
		}
		time.Sleep(100 * time.Microsecond) // between two looks at a condition with a deadline
	}
}

func (g *ground) settled(machine string, looks int) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.booted[machine] || g.starting[machine] || g.looks[machine] > looks+1
}

// looked counts how often a machine looked for its volumes.
func (g *ground) looked(machine string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.looks[machine]++
}

// Nodes are the workers that booted. Those of machines that died are not ready.
func (g *ground) Nodes(context.Context) (map[string]kube.Node, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	nodes := map[string]kube.Node{}
	for id := range g.booted {
		began := g.emptying[id]
		nodes[id] = kube.Node{Name: id, Machine: id, Ready: true, Schedulable: began.IsZero(), Emptying: began}
	}
	return nodes, nil
}

// Empty finds no pods.
func (g *ground) Empty(_ context.Context, node kube.Node, _ topology.RollingUpdate) (kube.Progress, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.emptying[node.Machine].IsZero() {
		g.emptying[node.Machine] = g.clock.Now()
	}
	return kube.Progress{Since: g.emptying[node.Machine]}, nil
}

// SetAside and Release give a node back to the scheduler.
func (g *ground) SetAside(ctx context.Context, node kube.Node) error { return g.Release(ctx, node) }

func (g *ground) Release(_ context.Context, node kube.Node) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.emptying, node.Machine)
	return nil
}
