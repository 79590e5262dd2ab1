package awssim_test

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/awssim/simnet"
)

// site is a VPC with an internet gateway and a subnet in each of three zones.
type site struct {
	*world
	elb     *elb.Client
	vpcID   string
	subnets []string
}

func newSite(t *testing.T, adjust ...func(*awssim.Config)) *site {
	t.Helper()
	w := newWorld(t, adjust...)
	s := &site{world: w, elb: elb.NewFromConfig(w.aws), vpcID: w.vpc(t, "172.20.0.0/16")}
	gateway := call(w.ec2.CreateInternetGateway(t.Context(), &ec2.CreateInternetGatewayInput{})).must(t).InternetGateway.InternetGatewayId
	call(w.ec2.AttachInternetGateway(t.Context(), &ec2.AttachInternetGatewayInput{InternetGatewayId: gateway, VpcId: &s.vpcID})).must(t)
	for i, zone := range []string{"us-east-1a", "us-east-1b", "us-east-1c"} {
		s.subnets = append(s.subnets, w.subnet(t, s.vpcID, fmt.Sprintf("172.20.%d.0/24", i+1), zone))
	}
	return s
}

// machine launches an instance into a subnet and lets it come up.
func (s *site) machine(t *testing.T, subnet string) ec2types.Instance {
	t.Helper()
	out := call(s.ec2.RunInstances(t.Context(), &ec2.RunInstancesInput{
		ImageId: aws.String("ami-0123456789abcdef0"), InstanceType: "t3.medium", SubnetId: &subnet,
		MinCount: aws.Int32(1), MaxCount: aws.Int32(1),
	})).must(t)
	s.clock.Advance(time.Minute)
	return out.Instances[0]
}

func (s *site) createLoadBalancer(name string, change ...func(*elb.CreateLoadBalancerInput)) (*elb.CreateLoadBalancerOutput, error) {
	in := &elb.CreateLoadBalancerInput{Name: &name, Type: types.LoadBalancerTypeEnumNetwork, Scheme: "internal", Subnets: s.subnets}
	for _, f := range change {
		f(in)
	}
	return s.elb.CreateLoadBalancer(context.Background(), in)
}

func (s *site) loadBalancer(t *testing.T, name string, change ...func(*elb.CreateLoadBalancerInput)) types.LoadBalancer {
	t.Helper()
	return call(s.createLoadBalancer(name, change...)).must(t).LoadBalancers[0]
}

// createTargetGroup asks for a group that probes as kops wants it: every ten seconds, two and two.
func (s *site) createTargetGroup(name string, port int32, change ...func(*elb.CreateTargetGroupInput)) (*elb.CreateTargetGroupOutput, error) {
	in := &elb.CreateTargetGroupInput{
		Name: &name, Protocol: "TCP", Port: &port, VpcId: &s.vpcID,
		HealthCheckIntervalSeconds: aws.Int32(10), HealthyThresholdCount: aws.Int32(2), UnhealthyThresholdCount: aws.Int32(2),
	}
	for _, f := range change {
		f(in)
	}
	return s.elb.CreateTargetGroup(context.Background(), in)
}

func (s *site) targetGroup(t *testing.T, name string, port int32, change ...func(*elb.CreateTargetGroupInput)) *string {
	t.Helper()
	return call(s.createTargetGroup(name, port, change...)).must(t).TargetGroups[0].TargetGroupArn
}

func (s *site) createListener(loadBalancer, group *string, port int32) (*elb.CreateListenerOutput, error) {
	return s.elb.CreateListener(context.Background(), &elb.CreateListenerInput{
		LoadBalancerArn: loadBalancer, Protocol: "TCP", Port: &port,
		DefaultActions: []types.Action{{Type: "forward", TargetGroupArn: group}},
	})
}

func (s *site) register(t *testing.T, group *string, instances ...string) {
	t.Helper()
	var targets []types.TargetDescription
	for _, id := range instances {
		targets = append(targets, types.TargetDescription{Id: aws.String(id)})
	}
	call(s.elb.RegisterTargets(t.Context(), &elb.RegisterTargetsInput{TargetGroupArn: group, Targets: targets})).must(t)
}

// health gives the state and reason of each target of a group.
func (s *site) health(t *testing.T, group *string) map[string]string {
	t.Helper()
	out := call(s.elb.DescribeTargetHealth(t.Context(), &elb.DescribeTargetHealthInput{TargetGroupArn: group})).must(t)
	health := map[string]string{}
	for _, d := range out.TargetHealthDescriptions {
		health[*d.Target.Id] = strings.TrimSpace(string(d.TargetHealth.State) + " " + string(d.TargetHealth.Reason))
	}
	return health
}

func (s *site) wantHealth(t *testing.T, group *string, instance, want string) {
	t.Helper()
	if got := s.health(t, group)[instance]; got != want {
		t.Errorf("target is %q, want %q", got, want)
	}
}

func TestLoadBalancerBecomesActiveAfterAWhile(t *testing.T) {
	s := newSite(t)
	b := s.loadBalancer(t, "api-ha")
	if b.State.Code != types.LoadBalancerStateEnumProvisioning {
		t.Errorf("a new load balancer is %s", b.State.Code)
	}
	s.clock.Advance(5 * time.Minute)
	got := call(s.elb.DescribeLoadBalancers(t.Context(), &elb.DescribeLoadBalancersInput{Names: []string{"api-ha"}})).must(t).LoadBalancers[0]
	if got.State.Code != types.LoadBalancerStateEnumActive || *got.LoadBalancerArn != *b.LoadBalancerArn {
		t.Errorf("later it is %s (%s)", got.State.Code, *got.LoadBalancerArn)
	}
	if !strings.HasPrefix(*got.DNSName, "api-ha-") || !strings.HasSuffix(*got.DNSName, ".elb.us-east-1.amazonaws.com") {
		t.Errorf("DNS name %s", *got.DNSName)
	}
	var zones []string
	for _, z := range got.AvailabilityZones {
		zones = append(zones, *z.ZoneName+" "+*z.SubnetId)
	}
	want := []string{"us-east-1a " + s.subnets[0], "us-east-1b " + s.subnets[1], "us-east-1c " + s.subnets[2]}
	if diff := cmp.Diff(want, zones); diff != "" {
		t.Error(diff)
	}
}

func TestCreatingTheSameTwiceMakesOne(t *testing.T) {
	s := newSite(t)
	first, again := s.loadBalancer(t, "api"), s.loadBalancer(t, "api")
	group, groupAgain := s.targetGroup(t, "tcp", 443), s.targetGroup(t, "tcp", 443)
	listener := call(s.createListener(first.LoadBalancerArn, group, 443)).must(t).Listeners[0].ListenerArn
	listenerAgain := call(s.createListener(first.LoadBalancerArn, group, 443)).must(t).Listeners[0].ListenerArn
	if *first.LoadBalancerArn != *again.LoadBalancerArn || *group != *groupAgain || *listener != *listenerAgain {
		t.Error("the second creation made another")
	}
	other := s.targetGroup(t, "other", 443)
	call(s.createLoadBalancer("api", func(in *elb.CreateLoadBalancerInput) { in.Subnets = s.subnets[:2] })).refused(t, "DuplicateLoadBalancerName")
	call(s.createTargetGroup("tcp", 8443)).refused(t, "DuplicateTargetGroupName")
	call(s.createListener(first.LoadBalancerArn, other, 443)).refused(t, "DuplicateListener")
}

func TestLoadBalancersRefuseWhatAWSRefuses(t *testing.T) {
	s := newSite(t)
	ctx := t.Context()
	b := s.loadBalancer(t, "api")
	second := s.loadBalancer(t, "second")
	group := s.targetGroup(t, "tcp", 443)
	udp := s.targetGroup(t, "udp", 53, func(in *elb.CreateTargetGroupInput) { in.Protocol = "UDP" })
	call(s.createListener(b.LoadBalancerArn, group, 443)).must(t)
	isolated := s.vpc(t, "10.0.0.0/16")
	isolatedSubnet := s.subnet(t, isolated, "10.0.0.0/24", "us-east-1a")
	sibling := s.subnet(t, s.vpcID, "172.20.9.0/24", "us-east-1a")
	create := func(change func(*elb.CreateLoadBalancerInput)) func() error {
		return func() error { return only(s.createLoadBalancer("new", change)) }
	}
	try(t, []refusal{
		{"no subnets", create(func(in *elb.CreateLoadBalancerInput) { in.Subnets = nil }), "ValidationError"},
		{"an unknown subnet", create(func(in *elb.CreateLoadBalancerInput) { in.Subnets = []string{"subnet-00000000000000000"} }), "SubnetNotFound"},
		{"two subnets in one zone", create(func(in *elb.CreateLoadBalancerInput) { in.Subnets = []string{s.subnets[0], sibling} }), "InvalidConfigurationRequest"},
		{"facing the internet without a gateway", create(func(in *elb.CreateLoadBalancerInput) {
			in.Subnets, in.Scheme = []string{isolatedSubnet}, "internet-facing"
		}), "InvalidSubnet"},
		{"an unknown security group", create(func(in *elb.CreateLoadBalancerInput) { in.SecurityGroups = []string{"sg-00000000000000000"} }), "InvalidSecurityGroup"},
		{"dual stack without IPv6", create(func(in *elb.CreateLoadBalancerInput) { in.IpAddressType = "dualstack" }), "InvalidConfigurationRequest"},
		{"a name that ends in a hyphen", func() error { return only(s.createLoadBalancer("api-")) }, "ValidationError"},
		{"a name of 33 characters", func() error { return only(s.createLoadBalancer(strings.Repeat("a", 33))) }, "ValidationError"},
		{"a listener for no load balancer", func() error { return only(s.createListener(aws.String(*b.LoadBalancerArn+"0"), group, 80)) }, "LoadBalancerNotFound"},
		{"a listener for no group", func() error { return only(s.createListener(b.LoadBalancerArn, aws.String(*group+"0"), 80)) }, "TargetGroupNotFound"},
		{"a TCP listener for a UDP group", func() error { return only(s.createListener(b.LoadBalancerArn, udp, 53)) }, "IncompatibleProtocols"},
		{"a group behind two load balancers", func() error { return only(s.createListener(second.LoadBalancerArn, group, 443)) }, "TargetGroupAssociationLimit"},
		{"deleting a group in use", func() error {
			return only(s.elb.DeleteTargetGroup(ctx, &elb.DeleteTargetGroupInput{TargetGroupArn: group}))
		}, "ResourceInUse"},
		{"a group with an interval of 4 seconds", func() error {
			return only(s.createTargetGroup("new", 443, func(in *elb.CreateTargetGroupInput) { in.HealthCheckIntervalSeconds = aws.Int32(4) }))
		}, "ValidationError"},
		{"registering what does not exist", func() error {
			return only(s.elb.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: group, Targets: []types.TargetDescription{{Id: aws.String("i-0")}}}))
		}, "InvalidTarget"},
		{"describing an unknown name", func() error {
			return only(s.elb.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{"absent"}}))
		}, "LoadBalancerNotFound"},
		{"setting security groups where there were none", func() error {
			return only(s.elb.SetSecurityGroups(ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: b.LoadBalancerArn, SecurityGroups: []string{"sg-0"}}))
		}, "InvalidConfigurationRequest"},
		{"an attribute that does not exist", func() error {
			return only(s.elb.ModifyTargetGroupAttributes(ctx, &elb.ModifyTargetGroupAttributesInput{
				TargetGroupArn: group, Attributes: []types.TargetGroupAttribute{{Key: aws.String("typo"), Value: aws.String("1")}}}))
		}, "ValidationError"},
		{"tags of 21 resources at once", func() error {
			return only(s.elb.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: strings.Fields(strings.Repeat(*group+" ", 21))}))
		}, "ValidationError"},
		{"tags of what does not exist", func() error {
			return only(s.elb.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{*group + "0"}}))
		}, "TargetGroupNotFound"},
		{"deleting a listener that does not exist", func() error {
			return only(s.elb.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: aws.String(*b.LoadBalancerArn + "/0")}))
		}, "ListenerNotFound"},
		{"deleting a load balancer that does not exist", func() error {
			return only(s.elb.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: aws.String(*b.LoadBalancerArn + "0")}))
		}, ""},
	})
}

func TestTargetGroupKeepsItsHealthCheckAndAttributes(t *testing.T) {
	s := newSite(t)
	arn := s.targetGroup(t, "kops-controller", 3988, func(in *elb.CreateTargetGroupInput) {
		in.HealthCheckProtocol, in.HealthCheckPath = "HTTPS", aws.String("/healthz")
		in.Tags = []types.Tag{{Key: aws.String("Name"), Value: aws.String("kops-controller")}}
	})
	call(s.elb.ModifyTargetGroupAttributes(t.Context(), &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: arn,
		Attributes: []types.TargetGroupAttribute{{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("30")}}})).must(t)
	got := call(s.elb.DescribeTargetGroups(t.Context(), &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{*arn}})).must(t).TargetGroups[0]
	want := "HTTPS traffic-port /healthz 200-399 10 10 2 2"
	if check := fmt.Sprint(got.HealthCheckProtocol, " ", *got.HealthCheckPort, " ", *got.HealthCheckPath, " ", *got.Matcher.HttpCode, " ",
		*got.HealthCheckIntervalSeconds, *got.HealthCheckTimeoutSeconds, *got.HealthyThresholdCount, *got.UnhealthyThresholdCount); check != want {
		t.Errorf("health check %s, want %s", check, want)
	}
	attributes := call(s.elb.DescribeTargetGroupAttributes(t.Context(), &elb.DescribeTargetGroupAttributesInput{TargetGroupArn: arn})).must(t)
	seen := map[string]string{}
	for _, a := range attributes.Attributes {
		seen[*a.Key] = *a.Value
	}
	if seen["deregistration_delay.timeout_seconds"] != "30" || seen["preserve_client_ip.enabled"] != "true" {
		t.Errorf("attributes %v", seen)
	}
	tags := call(s.elb.DescribeTags(t.Context(), &elb.DescribeTagsInput{ResourceArns: []string{*arn}})).must(t).TagDescriptions[0]
	if *tags.ResourceArn != *arn || len(tags.Tags) != 1 || *tags.Tags[0].Value != "kops-controller" {
		t.Errorf("tags %+v", tags)
	}
}

func TestSubnetIsHeldUntilTheLoadBalancersInterfacesAreGone(t *testing.T) {
	s := newSite(t)
	b := s.loadBalancer(t, "api")
	deleteSubnet := func() error {
		return only(s.ec2.DeleteSubnet(t.Context(), &ec2.DeleteSubnetInput{SubnetId: &s.subnets[0]}))
	}
	wantCode(t, deleteSubnet(), "DependencyViolation")
	found := call(s.ec2.DescribeNetworkInterfaces(t.Context(), &ec2.DescribeNetworkInterfacesInput{
		Filters: by("description", "ELB "+strings.SplitN(*b.LoadBalancerArn, "loadbalancer/", 2)[1])})).must(t)
	if len(found.NetworkInterfaces) != 3 {
		t.Errorf("%d interfaces carry the load balancer's description", len(found.NetworkInterfaces))
	}
	call(s.elb.DeleteLoadBalancer(t.Context(), &elb.DeleteLoadBalancerInput{LoadBalancerArn: b.LoadBalancerArn})).must(t)
	wantCode(t, deleteSubnet(), "DependencyViolation")
	s.clock.Advance(time.Minute)
	wantCode(t, deleteSubnet(), "")
}

func TestSubnetsCanBeAddedAndDropped(t *testing.T) {
	s := newSite(t)
	arn := s.loadBalancer(t, "api", func(in *elb.CreateLoadBalancerInput) { in.Subnets = s.subnets[:2] }).LoadBalancerArn
	out := call(s.elb.SetSubnets(t.Context(), &elb.SetSubnetsInput{LoadBalancerArn: arn, Subnets: s.subnets[1:]})).must(t)
	var zones []string
	for _, z := range out.AvailabilityZones {
		zones = append(zones, *z.ZoneName)
	}
	if diff := cmp.Diff([]string{"us-east-1b", "us-east-1c"}, zones); diff != "" {
		t.Error(diff)
	}
	sibling := s.subnet(t, s.vpcID, "172.20.9.0/24", "us-east-1b")
	call(s.elb.SetSubnets(t.Context(), &elb.SetSubnetsInput{LoadBalancerArn: arn, Subnets: []string{sibling, s.subnets[2]}})).refused(t, "InvalidConfigurationRequest")
}

func TestFixedAddressesBelongToTheRightScheme(t *testing.T) {
	s := newSite(t)
	at := func(m types.SubnetMapping, scheme types.LoadBalancerSchemeEnum) func(*elb.CreateLoadBalancerInput) {
		return func(in *elb.CreateLoadBalancerInput) {
			m.SubnetId = &s.subnets[0]
			in.Subnets, in.SubnetMappings, in.Scheme = nil, []types.SubnetMapping{m}, scheme
		}
	}
	fixed := types.SubnetMapping{PrivateIPv4Address: aws.String("172.20.1.100")}
	b := s.loadBalancer(t, "internal", at(fixed, "internal"))
	if got := b.AvailabilityZones[0].LoadBalancerAddresses; len(got) != 1 || *got[0].PrivateIPv4Address != "172.20.1.100" {
		t.Errorf("addresses %+v", got)
	}
	eip := call(s.ec2.AllocateAddress(t.Context(), &ec2.AllocateAddressInput{})).must(t).AllocationId
	public := s.loadBalancer(t, "public", at(types.SubnetMapping{AllocationId: eip}, "internet-facing"))
	if got := public.AvailabilityZones[0].LoadBalancerAddresses; len(got) != 1 || *got[0].AllocationId != *eip {
		t.Errorf("addresses %+v", got)
	}
	call(s.createLoadBalancer("a", at(fixed, "internet-facing"))).refused(t, "InvalidConfigurationRequest")
	call(s.createLoadBalancer("b", at(types.SubnetMapping{AllocationId: eip}, "internal"))).refused(t, "InvalidConfigurationRequest")
	call(s.createLoadBalancer("c", at(types.SubnetMapping{AllocationId: eip}, "internet-facing"))).refused(t, "ResourceInUse")
	call(s.createLoadBalancer("d", at(types.SubnetMapping{AllocationId: aws.String("eipalloc-0")}, "internet-facing"))).refused(t, "AllocationIdNotFound")
}

func TestTargetHealthFollowsTheLifeOfAMachine(t *testing.T) {
	s := newSite(t)
	id := *s.machine(t, s.subnets[0]).InstanceId
	group := s.targetGroup(t, "tcp", 443)
	s.register(t, group, id)
	s.wantHealth(t, group, id, "unused Target.NotInUse")

	b := s.loadBalancer(t, "api")
	call(s.createListener(b.LoadBalancerArn, group, 443)).must(t)
	s.wantHealth(t, group, id, "initial Elb.RegistrationInProgress")
	s.clock.Advance(time.Minute)
	s.wantHealth(t, group, id, "healthy")

	s.ZoneDown("us-east-1a")
	s.clock.Advance(10 * time.Second)
	s.wantHealth(t, group, id, "healthy") // one failure is not enough
	s.clock.Advance(10 * time.Second)
	s.wantHealth(t, group, id, "unhealthy Target.FailedHealthChecks")
	s.ZoneUp("us-east-1a")
	s.clock.Advance(10 * time.Second)
	s.wantHealth(t, group, id, "unhealthy Target.FailedHealthChecks") // nor is one success
	s.clock.Advance(10 * time.Second)
	s.wantHealth(t, group, id, "healthy")

	call(s.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})).must(t)
	s.wantHealth(t, group, id, "unused Target.InvalidState")
	s.clock.Advance(2 * time.Minute)
	s.wantHealth(t, group, id, "draining Target.DeregistrationInProgress")
	s.clock.Advance(5 * time.Minute) // the delay AWS starts with
	if left := s.health(t, group); len(left) != 0 {
		t.Errorf("still registered: %v", left)
	}
}

func TestRegisteringAgainEndsADraining(t *testing.T) {
	s := newSite(t)
	id := *s.machine(t, s.subnets[0]).InstanceId
	group := s.targetGroup(t, "tcp", 443)
	b := s.loadBalancer(t, "api")
	call(s.createListener(b.LoadBalancerArn, group, 443)).must(t)
	s.register(t, group, id)
	s.clock.Advance(time.Minute)
	call(s.elb.DeregisterTargets(t.Context(), &elb.DeregisterTargetsInput{TargetGroupArn: group,
		Targets: []types.TargetDescription{{Id: &id}}})).must(t)
	s.wantHealth(t, group, id, "draining Target.DeregistrationInProgress")
	s.register(t, group, id)
	s.wantHealth(t, group, id, "initial Elb.RegistrationInProgress")
	s.clock.Advance(10 * time.Minute) // past the end of the first draining
	s.wantHealth(t, group, id, "healthy")
}

func TestTargetInAZoneWithoutANodeIsNotUsed(t *testing.T) {
	s := newSite(t)
	id := *s.machine(t, s.subnets[2]).InstanceId
	group := s.targetGroup(t, "tcp", 443)
	b := s.loadBalancer(t, "api", func(in *elb.CreateLoadBalancerInput) { in.Subnets = s.subnets[:2] })
	call(s.createListener(b.LoadBalancerArn, group, 443)).must(t)
	s.register(t, group, id)
	s.clock.Advance(time.Minute)
	s.wantHealth(t, group, id, "unused Target.NotInUse")
	call(s.elb.ModifyLoadBalancerAttributes(t.Context(), &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: b.LoadBalancerArn,
		Attributes: []types.LoadBalancerAttribute{{Key: aws.String("load_balancing.cross_zone.enabled"), Value: aws.String("true")}}})).must(t)
	s.clock.Advance(time.Minute)
	s.wantHealth(t, group, id, "healthy")
}

func TestNameLeavesOutTheNodesOfALostZoneAtOnce(t *testing.T) {
	s := newSite(t)
	group := s.targetGroup(t, "tcp", 443)
	b := s.loadBalancer(t, "api", func(in *elb.CreateLoadBalancerInput) { in.Subnets = s.subnets[:2] })
	call(s.createListener(b.LoadBalancerArn, group, 443)).must(t)
	s.register(t, group, *s.machine(t, s.subnets[0]).InstanceId, *s.machine(t, s.subnets[1]).InstanceId)
	s.clock.Advance(2 * time.Minute)
	both := s.LookupHost(*b.DNSName)
	s.ZoneDown("us-east-1a")
	if got := s.LookupHost(*b.DNSName); len(both) != 2 || len(got) != 1 || got[0] != both[1] {
		t.Errorf("the name resolved to %v, then to %v", both, got)
	}
	if got := s.LookupHost("absent.elb.us-east-1.amazonaws.com"); got != nil {
		t.Errorf("a name of nothing resolves to %v", got)
	}
}

// echo is the software of a machine in these tests: it says its zone and repeats what it hears.
type echo struct {
	sockets []net.Listener
	done    chan struct{}
	once    sync.Once
}

func (e *echo) Kill() {
	e.once.Do(func() {
		for _, s := range e.sockets {
			s.Close()
		}
		close(e.done)
	})
}

func (e *echo) Done() <-chan struct{} { return e.done }

// bootEcho serves TCP on port 443 and HTTP on port 3988, where only /healthz is found.
func bootEcho(network simnet.Network) awssim.Boot {
	return func(ctx context.Context, m awssim.Machine) (awssim.Process, error) {
		e := &echo{done: make(chan struct{})}
		for _, port := range []uint16{443, 3988} {
			socket, err := network.Listen(ctx, netip.AddrPortFrom(m.PrivateIP, port))
			if err != nil {
				e.Kill()
				return nil, err
			}
			e.sockets = append(e.sockets, socket)
		}
		go serveEcho(e.sockets[0], m.Zone)
		go http.Serve(e.sockets[1], http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/healthz" {
				http.NotFound(w, r)
			}
		}))
		return e, nil
	}
}

func serveEcho(socket net.Listener, zone string) {
	for {
		conn, err := socket.Accept()
		if err != nil {
			return
		}
		go func() {
			defer conn.Close()
			fmt.Fprintln(conn, zone)
			io.Copy(conn, conn)
		}()
	}
}

// newLiveSite is a site whose machines run echo.
func newLiveSite(t *testing.T) (*site, simnet.Network) {
	t.Helper()
	network, release, err := simnet.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	s := newSite(t, func(c *awssim.Config) {
		c.Network = network
		c.Boot = bootEcho(network)
	})
	t.Cleanup(s.Close)
	return s, network
}

// greet connects to an address and reads which zone answers; "" if none does.
func greet(t *testing.T, network simnet.Network, at netip.Addr) (zone string, conn net.Conn) {
	t.Helper()
	conn, err := network.DialContext(t.Context(), "tcp", netip.AddrPortFrom(at, 443).String())
	if err != nil {
		return "", nil
	}
	conn.SetDeadline(time.Now().Add(10 * time.Second)) // a test that fails must not hang
	t.Cleanup(func() { conn.Close() })
	line, _ := bufio.NewReader(conn).ReadString('\n')
	return strings.TrimSpace(line), conn
}

// booted waits until the software of a machine answers.
func booted(t *testing.T, network simnet.Network, m ec2types.Instance) {
	t.Helper()
	at := netip.MustParseAddr(*m.PrivateIpAddress)
	for end := time.Now().Add(5 * time.Second); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if zone, _ := greet(t, network, at); zone != "" {
			return
		}
	}
	t.Fatalf("machine at %s does not answer", at)
}

func TestLoadBalancerForwardsToTheHealthyOfItsZone(t *testing.T) {
	s, network := newLiveSite(t)
	a, b := s.machine(t, s.subnets[0]), s.machine(t, s.subnets[1])
	booted(t, network, a)
	booted(t, network, b)
	group := s.targetGroup(t, "tcp", 443)
	nlb := s.loadBalancer(t, "api", func(in *elb.CreateLoadBalancerInput) { in.Subnets = s.subnets[:2] })
	call(s.createListener(nlb.LoadBalancerArn, group, 443)).must(t)
	s.register(t, group, *a.InstanceId, *b.InstanceId)
	s.clock.Advance(5 * time.Minute)

	nodes := s.LookupHost(*nlb.DNSName)
	if len(nodes) != 2 {
		t.Fatalf("the name resolves to %v", nodes)
	}
	var zones []string
	var conns []net.Conn
	for _, node := range nodes {
		zone, conn := greet(t, network, node)
		zones, conns = append(zones, zone), append(conns, conn)
	}
	if diff := cmp.Diff([]string{"us-east-1a", "us-east-1b"}, zones); diff != "" {
		t.Error(diff)
	}

	// A target that has become unhealthy loses its connections, and its zone leaves the DNS.
	s.KillMachine(*a.InstanceId)
	s.clock.Advance(30 * time.Second)
	s.wantHealth(t, group, *a.InstanceId, "unhealthy Target.FailedHealthChecks")
	if _, err := io.ReadAll(conns[0]); err != nil {
		t.Errorf("the connection to the dead machine ended with %v", err)
	}
	if got := s.LookupHost(*nlb.DNSName); len(got) != 1 || got[0] != nodes[1] {
		t.Errorf("the name now resolves to %v", got)
	}
	fmt.Fprintln(conns[1], "still there?")
	if line, err := bufio.NewReader(conns[1]).ReadString('\n'); err != nil || line != "still there?\n" {
		t.Errorf("the other connection answers %q (%v)", line, err)
	}

	call(s.elb.DeleteLoadBalancer(t.Context(), &elb.DeleteLoadBalancerInput{LoadBalancerArn: nlb.LoadBalancerArn})).must(t)
	if zone, _ := greet(t, network, nodes[1]); zone != "" {
		t.Errorf("a deleted load balancer still forwards to %s", zone)
	}
}

func TestProbesOverHTTPJudgeTheAnswer(t *testing.T) {
	s, network := newLiveSite(t)
	m := s.machine(t, s.subnets[0])
	booted(t, network, m)
	nlb := s.loadBalancer(t, "api")
	groups := map[string]*string{}
	for i, path := range []string{"/healthz", "/absent"} {
		groups[path] = s.targetGroup(t, fmt.Sprintf("g%d", i), 3988, func(in *elb.CreateTargetGroupInput) {
			in.HealthCheckProtocol, in.HealthCheckPath = "HTTP", &path
		})
		call(s.createListener(nlb.LoadBalancerArn, groups[path], int32(80+i))).must(t)
		s.register(t, groups[path], *m.InstanceId)
	}
	s.clock.Advance(2 * time.Minute)
	s.wantHealth(t, groups["/healthz"], *m.InstanceId, "healthy")
	s.wantHealth(t, groups["/absent"], *m.InstanceId, "unhealthy Target.ResponseCodeMismatch")
}
