package awssim_test

import (
	"bufio"
	"fmt"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	classic "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	"github.com/google/go-cmp/cmp"
)

func TestGroupsJoinOnlyClassicLoadBalancersThatExist(t *testing.T) {
	f := newFleet(t)
	named := func(names ...string) func(*asg.CreateAutoScalingGroupInput) {
		return func(in *asg.CreateAutoScalingGroupInput) { in.LoadBalancerNames = names }
	}
	call(f.create("nodes", 0, 1, named("web"))).refused(t, "ValidationError")
	f.AddClassicLoadBalancer("web")
	f.AddClassicLoadBalancer("api")
	f.group(t, "nodes", 0, 1, named("web"))

	name, ctx := "nodes", t.Context()
	for range 2 { // a second time is no error
		call(f.asg.AttachLoadBalancers(ctx, &asg.AttachLoadBalancersInput{AutoScalingGroupName: &name, LoadBalancerNames: []string{"api"}})).must(t)
	}
	if got := f.describe(t, name).LoadBalancerNames; !slices.Equal(got, []string{"web", "api"}) {
		t.Errorf("attached: %v", got)
	}
	call(f.asg.AttachLoadBalancers(ctx, &asg.AttachLoadBalancersInput{AutoScalingGroupName: &name, LoadBalancerNames: []string{"gone"}})).refused(t, "ValidationError")
	call(f.asg.DetachLoadBalancers(ctx, &asg.DetachLoadBalancersInput{AutoScalingGroupName: &name, LoadBalancerNames: []string{"web"}})).must(t)
	call(f.asg.DetachLoadBalancers(ctx, &asg.DetachLoadBalancersInput{AutoScalingGroupName: &name, LoadBalancerNames: []string{"web"}})).refused(t, "ValidationError")
	if got := f.describe(t, name).LoadBalancerNames; !slices.Equal(got, []string{"api"}) {
		t.Errorf("attached: %v", got)
	}
}

// classicSite is a site with a client for Classic load balancers.
type classicSite struct {
	*site
	classic *classic.Client
}

// balancer makes one in the first two subnets that checks every five seconds.
func (s *classicSite) balancer(t *testing.T, name string) (host string) {
	t.Helper()
	ctx := t.Context()
	out := call(s.classic.CreateLoadBalancer(ctx, &classic.CreateLoadBalancerInput{
		LoadBalancerName: &name, Subnets: s.subnets[:2],
		Listeners: []types.Listener{{LoadBalancerPort: 443, Protocol: aws.String("TCP"), InstancePort: aws.Int32(443)}},
	})).must(t)
	call(s.classic.ConfigureHealthCheck(ctx, &classic.ConfigureHealthCheckInput{LoadBalancerName: &name, HealthCheck: &types.HealthCheck{
		Target: aws.String("SSL:443"), Interval: aws.Int32(5), Timeout: aws.Int32(2), HealthyThreshold: aws.Int32(2), UnhealthyThreshold: aws.Int32(2),
	}})).must(t)
	return *out.DNSName
}

func (s *classicSite) states(t *testing.T, name string) map[string]string {
	t.Helper()
	out := call(s.classic.DescribeInstanceHealth(t.Context(), &classic.DescribeInstanceHealthInput{LoadBalancerName: &name})).must(t)
	states := map[string]string{}
	for _, i := range out.InstanceStates {
		states[*i.InstanceId] = *i.State + " " + *i.Description
	}
	return states
}

func TestClassicLoadBalancerForwardsToWhatIsInService(t *testing.T) {
	live, network := newLiveSite(t)
	s := &classicSite{live, classic.NewFromConfig(live.aws)}
	ctx, name := t.Context(), "api"
	a, b := s.machine(t, s.subnets[0]), s.machine(t, s.subnets[1])
	booted(t, network, a)
	booted(t, network, b)
	host := s.balancer(t, name)
	if !strings.HasSuffix(host, ".us-east-1.elb.amazonaws.com") {
		t.Errorf("DNS name %s", host)
	}
	both := []types.Instance{{InstanceId: a.InstanceId}, {InstanceId: b.InstanceId}}
	call(s.classic.RegisterInstancesWithLoadBalancer(ctx, &classic.RegisterInstancesWithLoadBalancerInput{LoadBalancerName: &name, Instances: both})).must(t)
	if zone, _ := greet(t, network, s.LookupHost(host)[0]); zone != "" {
		t.Errorf("%s answers before a check has passed", zone)
	}
	s.clock.Advance(time.Minute)
	nodes := s.LookupHost(host)
	var zones []string
	var conns []net.Conn
	for _, node := range nodes {
		zone, conn := greet(t, network, node)
		zones, conns = append(zones, zone), append(conns, conn)
	}
	if diff := cmp.Diff([]string{"us-east-1a", "us-east-1b"}, zones); diff != "" {
		t.Fatal(diff)
	}

	// What leaves has time to end its connections, where that is turned on.
	call(s.classic.ModifyLoadBalancerAttributes(ctx, &classic.ModifyLoadBalancerAttributesInput{LoadBalancerName: &name, LoadBalancerAttributes: &types.LoadBalancerAttributes{
		ConnectionDraining:     &types.ConnectionDraining{Enabled: true, Timeout: aws.Int32(60)},
		CrossZoneLoadBalancing: &types.CrossZoneLoadBalancing{Enabled: true},
	}})).must(t)
	call(s.classic.DeregisterInstancesFromLoadBalancer(ctx, &classic.DeregisterInstancesFromLoadBalancerInput{LoadBalancerName: &name, Instances: both[:1]})).must(t)
	if got := s.states(t, name)[*a.InstanceId]; got != "InService Instance deregistration currently in progress." {
		t.Errorf("it is %q", got)
	}
	if zone, _ := greet(t, network, nodes[0]); zone != "us-east-1b" {
		t.Errorf("a new connection goes to %q", zone)
	}
	fmt.Fprintln(conns[0], "still there?")
	if line, err := bufio.NewReader(conns[0]).ReadString('\n'); err != nil || line != "still there?\n" {
		t.Errorf("the old connection answers %q (%v)", line, err)
	}
	s.clock.Advance(time.Minute)
	if _, err := conns[0].Read(make([]byte, 1)); err == nil {
		t.Error("the old connection outlives its draining")
	}

	// What fails its checks is out of service, and with nobody left nobody answers.
	s.KillMachine(*b.InstanceId)
	s.clock.Advance(30 * time.Second)
	if got := s.states(t, name)[*b.InstanceId]; !strings.HasPrefix(got, "OutOfService") {
		t.Errorf("the dead machine is %q", got)
	}
	if zone, _ := greet(t, network, nodes[1]); zone != "" {
		t.Errorf("%q answers", zone)
	}
}

func TestClassicLoadBalancerRefusesWhatAWSRefuses(t *testing.T) {
	base := newSite(t)
	s := &classicSite{base, classic.NewFromConfig(base.aws)}
	ctx, name := t.Context(), "api"
	s.balancer(t, name)
	call(s.classic.CreateLoadBalancer(ctx, &classic.CreateLoadBalancerInput{LoadBalancerName: &name, Subnets: s.subnets[:1],
		Listeners: []types.Listener{{LoadBalancerPort: 443, Protocol: aws.String("TCP"), InstancePort: aws.Int32(443)}}})).refused(t, "DuplicateLoadBalancerName")
	call(s.classic.CreateLoadBalancerListeners(ctx, &classic.CreateLoadBalancerListenersInput{LoadBalancerName: &name,
		Listeners: []types.Listener{{LoadBalancerPort: 443, Protocol: aws.String("TCP"), InstancePort: aws.Int32(8443)}}})).refused(t, "DuplicateListener")
	call(s.classic.CreateLoadBalancerListeners(ctx, &classic.CreateLoadBalancerListenersInput{LoadBalancerName: &name,
		Listeners: []types.Listener{{LoadBalancerPort: 8443, Protocol: aws.String("SSL"), InstancePort: aws.Int32(443)}}})).refused(t, "ValidationError")
	call(s.classic.SetLoadBalancerListenerSSLCertificate(ctx, &classic.SetLoadBalancerListenerSSLCertificateInput{LoadBalancerName: &name, LoadBalancerPort: 22, SSLCertificateId: aws.String("arn:c")})).refused(t, "ListenerNotFound")
	call(s.classic.ConfigureHealthCheck(ctx, &classic.ConfigureHealthCheckInput{LoadBalancerName: &name, HealthCheck: &types.HealthCheck{
		Target: aws.String("SSL:443"), Interval: aws.Int32(5), Timeout: aws.Int32(5), HealthyThreshold: aws.Int32(2), UnhealthyThreshold: aws.Int32(2)}})).refused(t, "ValidationError")
	call(s.classic.DetachLoadBalancerFromSubnets(ctx, &classic.DetachLoadBalancerFromSubnetsInput{LoadBalancerName: &name, Subnets: s.subnets[:2]})).refused(t, "InvalidConfigurationRequest")
	call(s.classic.DescribeLoadBalancers(ctx, &classic.DescribeLoadBalancersInput{LoadBalancerNames: []string{"gone"}})).refused(t, "LoadBalancerNotFound")
	call(s.classic.DeleteLoadBalancer(ctx, &classic.DeleteLoadBalancerInput{LoadBalancerName: aws.String("gone")})).must(t)

	// A name may be taken by both generations, and neither shows the other's.
	s.loadBalancer(t, name)
	if got := call(s.classic.DescribeLoadBalancers(ctx, nil)).must(t).LoadBalancerDescriptions; len(got) != 1 {
		t.Errorf("there are %d", len(got))
	}
	if subnet := only(s.ec2.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &s.subnets[0]})); code(subnet) != "DependencyViolation" {
		t.Errorf("its subnet could go: %v", subnet)
	}
}
