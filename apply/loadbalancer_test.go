package apply

import (
	"strconv"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestLoadBalancerIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		a, b := aSubnet("a", "172.20.32.0/19"), aSubnet("b", "172.20.64.0/19")
		b.Zone = testRegion + "b"
		first, second := aSecurityGroup("api-elb"), aSecurityGroup("nodes")
		want := aLoadBalancer(first, a)
		want.CrossZone = true
		w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), a, b, first, second)
		if w.simulated { // moto makes two of one name
			w.lossy(t, "CreateLoadBalancer", want)
		}
		w.create(t, want)
		w.settle(t)
		wantLoadBalancer(t, w, want)

		want.Subnets = append(want.Subnets, topology.SubnetMapping{Subnet: b.Ref()})
		want.CrossZone, want.Tags = false, want.Tags.With(topology.Tags{"team": "blue"})
		want.SecurityGroups = topology.SortRefs([]topology.Ref{first.Ref(), second.Ref()})
		w.update(t, want)
		wantLoadBalancer(t, w, want)
		want.Tags = aLoadBalancer(first, a).Tags
		w.update(t, want)
		wantLoadBalancer(t, w, want)

		w.remove(t, want)
		if left := w.loadBalancers(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestInternalLoadBalancerHasFixedAddresses(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		a, group := aSubnet("a", "172.20.32.0/19"), aSecurityGroup("api-elb")
		want := aLoadBalancer(group, a)
		want.Internal, want.Subnets[0].PrivateIPv4 = true, "172.20.32.10"
		w.create(t, aDHCPOptions(), aVPC(), a, group, want)
		if scheme := w.loadBalancers(t)[0].Scheme; scheme != elbtypes.LoadBalancerSchemeEnumInternal {
			t.Errorf("scheme is %s", scheme)
		}
		if !w.simulated {
			return // moto forgets the address
		}
		if got := aws.ToString(w.loadBalancers(t)[0].AvailabilityZones[0].LoadBalancerAddresses[0].PrivateIPv4Address); got != "172.20.32.10" {
			t.Errorf("address is %s", got)
		}
	})
}

func TestTargetGroupIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aTargetGroup()
		w.create(t, aDHCPOptions(), aVPC())
		w.lossy(t, "CreateTargetGroup", want)
		w.create(t, want)
		wantTargetGroup(t, w, want)

		want.HealthProtocol, want.HealthPath, want.HealthInterval, want.HealthyThreshold = "HTTPS", "/healthz", 30, 3
		w.update(t, want)
		wantTargetGroup(t, w, want)
		want.UnhealthyThreshold, want.DeregistrationDelay, want.ConnectionTermination = 3, 60, false
		want.Tags = want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		wantTargetGroup(t, w, want)

		w.remove(t, want)
		if left := w.targetGroups(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestTargetGroupWithAWSsOwnDefaults(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aTargetGroup()
		want.DeregistrationDelay, want.ConnectionTermination = 300, false
		w.create(t, aDHCPOptions(), aVPC(), want)
		wantTargetGroup(t, w, want)
	})
}

func TestListenerIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		a, group := aSubnet("a", "172.20.32.0/19"), aSecurityGroup("api-elb")
		balancer, other := aLoadBalancer(group, a), aTargetGroup()
		other.Name = "tls-ha-example-com-80u4hk"
		want := aListener(balancer)
		w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), a, group, aTargetGroup(), other, balancer)
		if w.simulated { // moto makes two of one name
			w.lossy(t, "CreateListener", want)
		}
		w.create(t, want)
		wantListener(t, w, want)

		want.TargetGroup = other.Ref()
		w.update(t, want)
		wantListener(t, w, want)
		if w.simulated { // moto refuses to turn a listener to TLS
			want.Protocol, want.Certificate, want.SSLPolicy = "TLS", "arn:aws:acm:us-east-1:123456789012:certificate/aaaa", "ELBSecurityPolicy-2016-08"
			w.update(t, want)
			wantListener(t, w, want)
		}

		w.remove(t, want)
		if left := w.listeners(t, want); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func (w *world) loadBalancers(t *testing.T) []elbtypes.LoadBalancer {
	t.Helper()
	out, err := w.env.clients.ELB.DescribeLoadBalancers(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.LoadBalancers
}

func wantLoadBalancer(t *testing.T, w *world, want topology.LoadBalancer) {
	t.Helper()
	found := w.loadBalancers(t)
	if len(found) != 1 {
		t.Fatalf("there are %d load balancers", len(found))
	}
	refs := w.refs()
	got := topology.LoadBalancer{
		Name: want.Name, AWSName: aws.ToString(found[0].LoadBalancerName), Internal: found[0].Scheme == elbtypes.LoadBalancerSchemeEnumInternal,
		AddressType: string(found[0].IpAddressType), Tags: w.elbTags(t, found[0].LoadBalancerArn), Ownership: want.Ownership,
	}
	for _, zone := range found[0].AvailabilityZones {
		got.Subnets = append(got.Subnets, topology.SubnetMapping{Subnet: refs[aws.ToString(zone.SubnetId)]})
	}
	for _, group := range found[0].SecurityGroups {
		got.SecurityGroups = append(got.SecurityGroups, refs[group])
	}
	got.SecurityGroups = topology.SortRefs(got.SecurityGroups)
	out, err := w.env.clients.ELB.DescribeLoadBalancerAttributes(t.Context(), &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: found[0].LoadBalancerArn})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range out.Attributes {
		if aws.ToString(a.Key) == "load_balancing.cross_zone.enabled" {
			got.CrossZone = aws.ToString(a.Value) == "true"
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("load balancer (-want +got):\n%s", diff)
	}
}

func (w *world) elbTags(t *testing.T, arn *string) topology.Tags {
	t.Helper()
	out, err := w.env.clients.ELB.DescribeTags(t.Context(), &elb.DescribeTagsInput{ResourceArns: []string{aws.ToString(arn)}})
	if err != nil {
		t.Fatal(err)
	}
	tags := topology.Tags{}
	for _, d := range out.TagDescriptions {
		for _, tag := range d.Tags {
			tags[aws.ToString(tag.Key)] = aws.ToString(tag.Value)
		}
	}
	return tags
}

func (w *world) targetGroups(t *testing.T) []elbtypes.TargetGroup {
	t.Helper()
	out, err := w.env.clients.ELB.DescribeTargetGroups(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.TargetGroups
}

func wantTargetGroup(t *testing.T, w *world, want topology.TargetGroup) {
	t.Helper()
	found := w.targetGroups(t)
	if len(found) != 1 {
		t.Fatalf("there are %d target groups", len(found))
	}
	g := found[0]
	got := topology.TargetGroup{
		Name: aws.ToString(g.TargetGroupName), VPC: w.refs()[aws.ToString(g.VpcId)], Port: int(aws.ToInt32(g.Port)), Protocol: string(g.Protocol),
		HealthProtocol: string(g.HealthCheckProtocol), HealthPath: aws.ToString(g.HealthCheckPath), HealthInterval: int(aws.ToInt32(g.HealthCheckIntervalSeconds)),
		HealthyThreshold: int(aws.ToInt32(g.HealthyThresholdCount)), UnhealthyThreshold: int(aws.ToInt32(g.UnhealthyThresholdCount)),
		DeregistrationDelay: newDeregistrationDelay,
		Tags:                w.elbTags(t, g.TargetGroupArn), Ownership: want.Ownership,
	}
	out, err := w.env.clients.ELB.DescribeTargetGroupAttributes(t.Context(), &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: g.TargetGroupArn})
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range out.Attributes {
		switch aws.ToString(a.Key) {
		case "deregistration_delay.timeout_seconds":
			got.DeregistrationDelay, _ = strconv.Atoi(aws.ToString(a.Value))
		case "deregistration_delay.connection_termination.enabled":
			got.ConnectionTermination = aws.ToString(a.Value) == "true"
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("target group (-want +got):\n%s", diff)
	}
}

func (w *world) listeners(t *testing.T, of topology.Listener) []elbtypes.Listener {
	t.Helper()
	out, err := w.env.clients.ELB.DescribeListeners(t.Context(), &elb.DescribeListenersInput{LoadBalancerArn: aws.String(w.ids[of.LoadBalancer])})
	if err != nil {
		t.Fatal(err)
	}
	return out.Listeners
}

func wantListener(t *testing.T, w *world, want topology.Listener) {
	t.Helper()
	found := w.listeners(t, want)
	if len(found) != 1 {
		t.Fatalf("there are %d listeners", len(found))
	}
	refs, l := w.refs(), found[0]
	got := topology.Listener{
		LoadBalancer: refs[aws.ToString(l.LoadBalancerArn)], Port: int(aws.ToInt32(l.Port)), Protocol: string(l.Protocol),
		TargetGroup: refs[aws.ToString(l.DefaultActions[0].TargetGroupArn)], SSLPolicy: aws.ToString(l.SslPolicy), Ownership: want.Ownership,
	}
	if !w.simulated { // moto gives every listener a policy
		got.SSLPolicy = want.SSLPolicy
	}
	for _, c := range l.Certificates {
		got.Certificate = aws.ToString(c.CertificateArn)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("listener (-want +got):\n%s", diff)
	}
}
