package sync_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// targets are the states of a machine's targets; empty if no load balancer knows it.
func (o operator) targets(machine string) []string {
	o.Helper()
	groups, err := o.ELB.DescribeTargetGroups(o.Context(), &elb.DescribeTargetGroupsInput{})
	o.must(err)
	var states []string
	classics, err := o.ClassicELB.DescribeLoadBalancers(o.Context(), &classicelb.DescribeLoadBalancersInput{})
	o.must(err)
	for _, b := range classics.LoadBalancerDescriptions {
		for _, i := range b.Instances {
			if aws.ToString(i.InstanceId) == machine {
				states = append(states, "a member of "+aws.ToString(b.LoadBalancerName))
			}
		}
	}
	for _, g := range groups.TargetGroups {
		health, err := o.ELB.DescribeTargetHealth(o.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: g.TargetGroupArn})
		o.must(err)
		for _, d := range health.TargetHealthDescriptions {
			if aws.ToString(d.Target.Id) == machine {
				states = append(states, string(d.TargetHealth.State))
			}
		}
	}
	return states
}

func (o operator) tagsOf(machine string) map[string]string {
	o.Helper()
	out, err := o.EC2.DescribeInstances(o.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{machine}})
	o.must(err)
	tags := map[string]string{}
	for _, t := range out.Reservations[0].Instances[0].Tags {
		tags[aws.ToString(t.Key)] = aws.ToString(t.Value)
	}
	return tags
}

func (o operator) snapshots(etcd string) []ec2types.Snapshot {
	o.Helper()
	out, err := o.EC2.DescribeSnapshots(o.Context(), &ec2.DescribeSnapshotsInput{Filters: []ec2types.Filter{
		{Name: aws.String("tag-key"), Values: []string{topology.TagBackup}},
		{Name: aws.String("tag-key"), Values: []string{topology.TagEtcdPrefix + etcd}},
	}})
	o.must(err)
	return out.Snapshots
}

// order is that of the control-plane groups in the latest plan, by zone.
func (n *night) order() []string {
	var zones []string
	for _, s := range n.last.Planned.Steps {
		if s.Change.Effect == diff.Roll && s.Zone != "" {
			zones = append(zones, s.Zone)
		}
	}
	return zones
}

// leaders makes a member of each etcd cluster its leader.
func (g *ground) leaders(main, events string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.leads = map[string]string{"main": main, "events": events}
}

func TestLeadersGoLastAndLeadNoMoreWhenTheyGo(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.ground.leaders("a", "a")
	n.commits(large, "large")
	n.pass()
	if got, want := n.order(), []string{"us-east-1b", "us-east-1c", "us-east-1a"}; !slices.Equal(got, want) {
		t.Errorf("the plan says %v, want %v", got, want)
	}
	last := n.last.Planned.Steps[slices.IndexFunc(n.last.Planned.Steps, func(s order.Step) bool { return s.Zone == "us-east-1a" })]
	if !strings.Contains(last.Why, "it leads etcd events and main") {
		t.Errorf("the plan says of the leader %q", last.Why)
	}
	n.until("the roll is done", 2*time.Hour, n.well)
	n.ground.check(t, "us-east-1b", "us-east-1c", "us-east-1a")
	if len(n.ground.fallen) > 0 {
		t.Errorf("machines ended while they led: %v", n.ground.fallen)
	}
}

func TestASickMasterGoesFirst(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	n.ground.mu.Lock()
	delete(n.ground.up, "main/c")
	n.ground.mu.Unlock()
	n.commits(large, "large")
	n.pass()
	if got, want := n.order(), []string{"us-east-1c", "us-east-1a", "us-east-1b"}; !slices.Equal(got, want) {
		t.Errorf("the plan says %v, want %v", got, want)
	}
	n.until("the roll is done", 2*time.Hour, n.well)
	n.ground.check(t, "us-east-1c", "us-east-1a", "us-east-1b")
}

// wantNotNeeded asks of a machine that was told to end a moment ago that it bears its mark, that no load
// balancer knows it, and that what it knew is in a snapshot.
func (n *night) wantNotNeeded(machine string) {
	n.Helper()
	if states := n.targets(machine); len(states) > 0 {
		n.Errorf("%s was told to end while its targets were %v", machine, states)
	}
	if n.tagsOf(machine)[topology.TagLeaving] == "" {
		n.Errorf("%s bears no mark", machine)
	}
	for _, etcd := range []string{"main", "events"} {
		if !slices.ContainsFunc(n.snapshots(etcd), func(s ec2types.Snapshot) bool {
			return s.State == ec2types.SnapshotStateCompleted && n.clock.Now().Sub(*s.StartTime) <= 30*time.Minute
		}) {
			n.Errorf("%s was told to end without a fresh snapshot of etcd %s", machine, etcd)
		}
	}
}

// TestAMasterGoesOnlyWhenNobodyNeedsItAnyMore looks at the world at the moment at which each machine is told
// to end.
func TestAMasterGoesOnlyWhenNobodyNeedsItAnyMore(t *testing.T) {
	t.Parallel()
	for name, manifests := range map[string][2]string{
		"behind a network load balancer": {small, large},
		"behind a Classic one":           {classic, strings.Replace(large, "class: Network", "class: Classic", 1)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newNight(t, manifests[0])
			n.commits(manifests[1], "large")
			ended := 0
			n.until("the roll is done", 2*time.Hour, func() bool {
				for _, zone := range []string{"a", "b", "c"} {
					for _, i := range n.group(masterIn(zone)).Instances {
						machine := aws.ToString(i.InstanceId)
						if told := n.last.Report.Reason(); strings.Contains(told, "machine "+machine) && strings.HasSuffix(told, "is being replaced") {
							ended++
							n.wantNotNeeded(machine)
						}
					}
				}
				return n.well()
			})
			if ended != 3 {
				t.Errorf("%d machines were told to end", ended)
			}
			n.ground.check(t, rolledZones...)
			for _, zone := range []string{"a", "b", "c"} {
				if took, err := time.ParseDuration(n.tagsOf(n.machineOf(masterIn(zone)))[topology.TagBackAfter]); err != nil || took <= 0 || took > 30*time.Minute {
					t.Errorf("the machine in %s was back after %v (%v)", zone, took, err)
				}
			}
		})
	}
}

func TestAMasterIsGivenBackWhenTheCommitIsTakenBack(t *testing.T) {
	t.Parallel()
	n := newNight(t, small)
	machine := n.machineOf(masterIn("a"))
	n.commits(large, "large")
	n.until("the first machine leaves", 10*time.Minute, func() bool { return n.tagsOf(machine)[topology.TagLeaving] != "" })
	n.commits(small, "back")
	n.until("all is as before", 30*time.Minute, n.well)
	if got := n.machineOf(masterIn("a")); got != machine {
		t.Errorf("%s took the place of %s", got, machine)
	}
	if states := n.targets(machine); !slices.Equal(states, []string{string(elbtypes.TargetHealthStateEnumHealthy)}) {
		t.Errorf("its targets are %v", states)
	}
	if tags := n.tagsOf(machine); tags[topology.TagLeaving] != "" {
		t.Errorf("it bears the mark still: %v", slices.Sorted(maps.Keys(tags)))
	}
	n.ground.check(t)
}

func TestWorkersLaunchedMeanwhileAreOfTheOldTemplate(t *testing.T) {
	t.Parallel()
	n := newNight(t, sixWorkers)
	n.commits(strings.ReplaceAll(sixLarge, "machineType: t3.medium\n  minSize: 1\n", "machineType: m5.large\n  minSize: 1\n"), "large")
	n.until("the control plane rolls", 2*time.Hour, func() bool { return strings.HasPrefix(n.versions(masterIn("a"))[0], "2 [") })
	_, err := n.AutoScaling.SetDesiredCapacity(n.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String(workers), DesiredCapacity: aws.Int32(7)})
	n.must(err)
	seventh := false
	n.until("the last master is made anew", 2*time.Hour, func() bool {
		got := n.versions(workers)[0] // looked at first: what is done of the masters then stays done
		done := n.versions(masterIn("c"))[0] == "2 [2]"
		if !done && !strings.HasPrefix(got, "1 [1 1 1 1 1 1") {
			t.Fatalf("the workers are %s before the control plane is done", got)
		}
		seventh = seventh || got == "1 [1 1 1 1 1 1 1]"
		return done
	})
	if !seventh {
		t.Error("no worker was launched meanwhile")
	}
	n.until("the roll is done", 3*time.Hour, n.well)
	if attached, _ := n.running(); attached != 7 || !strings.HasPrefix(n.versions(workers)[0], "2 ") {
		t.Errorf("%d workers run at the end: %s", attached, n.versions(workers)[0])
	}
}

// twoZones puts the third master into the zone of the second.
func twoZones(t *testing.T, manifest string) string {
	t.Helper()
	const name = "  name: master-us-east-1c\n"
	before, rest, found := strings.Cut(manifest, name)
	moved := strings.Replace(rest, "  subnets:\n  - us-east-1c\n", "  subnets:\n  - us-east-1b\n", 1)
	if !found || moved == rest {
		t.Fatal("the example has no third master")
	}
	return before + name + moved
}

func TestTwoMastersInOneOfTwoZonesAreReplacedOneByOne(t *testing.T) {
	t.Parallel()
	n := newNight(t, twoZones(t, small))
	n.commits(twoZones(t, large), "large")
	n.until("the roll is done", 2*time.Hour, n.well)
	n.ground.check(t, "us-east-1a", "us-east-1b", "us-east-1b")
}
