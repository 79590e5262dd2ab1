package apply

import (
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func aClassicELB(group topology.SecurityGroup, subnets ...topology.Subnet) topology.ClassicELB {
	balancer := topology.ClassicELB{
		Name: "api." + testCluster, AWSName: "api-ha-example-com-9e692d", SecurityGroups: []topology.Ref{group.Ref()},
		Listeners:   []topology.ClassicListener{{Port: 443, Protocol: "TCP", InstancePort: 443, InstanceProtocol: "TCP"}},
		HealthCheck: topology.ClassicCheck{Target: "SSL:443", Interval: 10, Timeout: 5, HealthyThreshold: 2, UnhealthyThreshold: 2},
		IdleTimeout: 300, DrainingTimeout: 300, Tags: base("api." + testCluster), Ownership: topology.Owned,
	}
	for _, s := range subnets {
		balancer.Subnets = append(balancer.Subnets, s.Ref())
	}
	return balancer
}

func TestClassicELBIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		a, b := aSubnet("a", "172.20.32.0/19"), aSubnet("b", "172.20.64.0/19")
		b.Zone = testRegion + "b"
		first, second := aSecurityGroup("api-elb"), aSecurityGroup("nodes")
		want := aClassicELB(first, a)
		w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), a, b, first, second)
		if w.simulated { // moto refuses a second one, whatever its settings
			w.lossy(t, "CreateLoadBalancer", want)
		}
		w.create(t, want)
		wantClassicELB(t, w, want)

		want.Subnets = append(want.Subnets, b.Ref())
		want.SecurityGroups = topology.SortRefs([]topology.Ref{first.Ref(), second.Ref()})
		want.CrossZone, want.IdleTimeout, want.DrainingTimeout = true, 600, 60
		want.HealthCheck.Target, want.HealthCheck.Interval = "TCP:443", 30
		want.Tags = want.Tags.With(topology.Tags{"team": "blue"})
		want.Listeners = append(want.Listeners, topology.ClassicListener{Port: 8443, Protocol: "TCP", InstancePort: 443, InstanceProtocol: "TCP"})
		w.update(t, want)
		wantClassicELB(t, w, want)

		want.Listeners, want.DrainingTimeout, want.Tags = want.Listeners[:1], 0, base("api."+testCluster)
		w.update(t, want)
		wantClassicELB(t, w, want)

		w.remove(t, want)
		if left := w.classics(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestClassicELBGetsAnotherCertificateWithoutClosingItsPort(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	a, group := aSubnet("a", "172.20.32.0/19"), aSecurityGroup("api-elb")
	want := aClassicELB(group, a)
	want.Listeners = []topology.ClassicListener{{Port: 443, Protocol: "SSL", InstancePort: 443, InstanceProtocol: "SSL", Certificate: "arn:aws:acm:us-east-1:123456789012:certificate/1"}}
	want.AccessLog = topology.AccessLog{Bucket: "logs", Prefix: "api", Interval: 5}
	w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), a, group, want)
	wantClassicELB(t, w, want)
	want.Listeners = []topology.ClassicListener{want.Listeners[0]}
	want.Listeners[0].Certificate = "arn:aws:acm:us-east-1:123456789012:certificate/2"
	want.AccessLog = topology.AccessLog{}
	w.update(t, want)
	wantClassicELB(t, w, want)
}

func TestClassicELBOfSomebodyElseIsLeftAlone(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	a, group := aSubnet("a", "172.20.32.0/19"), aSecurityGroup("api-elb")
	w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), a, group)
	w.region.AddClassicLoadBalancer("api-ha-example-com-9e692d")
	if err := w.tryCreate(t, aClassicELB(group, a)); err == nil {
		t.Error("it was taken for ours")
	}
}

// A group that stays attached to what is gone could not launch a machine any more, and connections that are
// cut off have no time to end.
func TestRemovingAClassicELBDrainsItsGroupsFirst(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	subnet, group := w.surroundings(t)
	elb, template := aClassicELB(group, subnet), aLaunchTemplate(group)
	machines := aGroup(template, subnet)
	machines.ClassicLoadBalancers = []topology.Ref{elb.Ref()}
	w.create(t, anInternetGateway(), elb, template, machines)
	w.advance(5 * time.Minute)

	row := rowsFor(w.env)[elb.Ref().Kind]
	wait, waits := errors.AsType[*WaitError](row.remove(t.Context(), elb, w.ids))
	if !waits || wait.Reason != "connections to 1 machines drain, for at most 300 seconds" {
		t.Errorf("got %v", wait)
	}
	found, err := w.env.clients.AutoScaling.DescribeAutoScalingGroups(t.Context(), &autoscaling.DescribeAutoScalingGroupsInput{})
	if err != nil || len(found.AutoScalingGroups[0].LoadBalancerNames) != 0 {
		t.Errorf("attached to %v (%v)", found.AutoScalingGroups[0].LoadBalancerNames, err)
	}
	if len(w.classics(t)) != 1 {
		t.Error("it is gone while connections drain")
	}
	w.advance(5 * time.Minute)
	w.remove(t, elb)
	if left := w.classics(t); len(left) != 0 {
		t.Errorf("left behind: %v", left)
	}
}

// Somebody may have registered a machine by hand, which no group takes out.
func TestAMachineThatNoGroupBroughtLeavesAClassicELBToo(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	subnet, group := w.surroundings(t)
	elb, template := aClassicELB(group, subnet), aLaunchTemplate(group)
	machines := aGroup(template, subnet)
	w.create(t, anInternetGateway(), elb, template, machines)
	w.advance(5 * time.Minute)
	id := w.groups(t)[0].Instances[0].InstanceId
	if _, err := w.env.clients.ClassicELB.RegisterInstancesWithLoadBalancer(t.Context(), &classicelb.RegisterInstancesWithLoadBalancerInput{
		LoadBalancerName: &elb.AWSName, Instances: []classictypes.Instance{{InstanceId: id}},
	}); err != nil {
		t.Fatal(err)
	}
	w.advance(5 * time.Minute)
	if _, waits := errors.AsType[*WaitError](rowsFor(w.env)[elb.Ref().Kind].remove(t.Context(), elb, w.ids)); !waits {
		t.Error("its connections have no time to end")
	}
	w.advance(6 * time.Minute)
	w.remove(t, elb)
}

func (w *world) classics(t *testing.T) []classictypes.LoadBalancerDescription {
	t.Helper()
	out, err := w.env.clients.ClassicELB.DescribeLoadBalancers(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.LoadBalancerDescriptions
}

// wantClassicELB reads the one that is there and compares it with what was wanted.
func wantClassicELB(t *testing.T, w *world, want topology.ClassicELB) {
	t.Helper()
	found := w.classics(t)
	if len(found) != 1 {
		t.Fatalf("there are %d", len(found))
	}
	b, refs := found[0], w.refs()
	got := topology.ClassicELB{
		Name: want.Name, AWSName: aws.ToString(b.LoadBalancerName), Internal: aws.ToString(b.Scheme) == "internal",
		HealthCheck: topology.ClassicCheck{
			Target: aws.ToString(b.HealthCheck.Target), Interval: int(*b.HealthCheck.Interval), Timeout: int(*b.HealthCheck.Timeout),
			HealthyThreshold: int(*b.HealthCheck.HealthyThreshold), UnhealthyThreshold: int(*b.HealthCheck.UnhealthyThreshold),
		},
		Tags: w.classicTags(t, *b.LoadBalancerName), Ownership: topology.Owned,
	}
	for _, id := range b.Subnets {
		got.Subnets = append(got.Subnets, refs[id])
	}
	for _, id := range b.SecurityGroups {
		got.SecurityGroups = append(got.SecurityGroups, refs[id])
	}
	got.Subnets, got.SecurityGroups = topology.SortRefs(got.Subnets), topology.SortRefs(got.SecurityGroups)
	for _, d := range b.ListenerDescriptions {
		got.Listeners = append(got.Listeners, topology.ClassicListener{
			Port: int(d.Listener.LoadBalancerPort), Protocol: *d.Listener.Protocol, InstancePort: int(*d.Listener.InstancePort),
			InstanceProtocol: *d.Listener.InstanceProtocol, Certificate: aws.ToString(d.Listener.SSLCertificateId),
		})
	}
	w.classicSettings(t, &got)
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
}

func (w *world) classicSettings(t *testing.T, got *topology.ClassicELB) {
	t.Helper()
	out, err := w.env.clients.ClassicELB.DescribeLoadBalancerAttributes(t.Context(), &classicelb.DescribeLoadBalancerAttributesInput{LoadBalancerName: &got.AWSName})
	if err != nil {
		t.Fatal(err)
	}
	set := out.LoadBalancerAttributes
	got.CrossZone, got.IdleTimeout = set.CrossZoneLoadBalancing.Enabled, int(*set.ConnectionSettings.IdleTimeout)
	if set.ConnectionDraining.Enabled {
		got.DrainingTimeout = int(*set.ConnectionDraining.Timeout)
	}
	if log := set.AccessLog; log.Enabled {
		got.AccessLog = topology.AccessLog{Bucket: *log.S3BucketName, Prefix: *log.S3BucketPrefix, Interval: int(*log.EmitInterval)}
	}
}

func (w *world) classicTags(t *testing.T, name string) topology.Tags {
	t.Helper()
	out, err := w.env.clients.ClassicELB.DescribeTags(t.Context(), &classicelb.DescribeTagsInput{LoadBalancerNames: []string{name}})
	if err != nil {
		t.Fatal(err)
	}
	tags := topology.Tags{}
	for _, tag := range out.TagDescriptions[0].Tags {
		tags[*tag.Key] = aws.ToString(tag.Value)
	}
	return tags
}
