package actual

import (
	"net/netip"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/quorate/quorate/topology"
)

const testCluster = "ha.example.com"

// blank is an observation before any answer has come.
func blank(t *testing.T, shared ...topology.Ref) *observation {
	t.Helper()
	o, err := newObservation(Clients{}, Scope{Cluster: testCluster, Shared: shared})
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// AWS filters by tags already; this is the second lock, should a filter be ignored.
func TestWhoseAResourceIs(t *testing.T) {
	o := blank(t, topology.Ref{Kind: topology.KindSubnet, Name: "subnet-given"})
	ours := topology.BaseTags(testCluster, "a."+testCluster)
	for _, c := range []struct {
		name string
		id   string
		tags topology.Tags
		want identity
		ok   bool
	}{
		{"ours", "subnet-1", ours, identity{"a." + testCluster, topology.Owned}, true},
		{"given in the manifest, whatever its tags", "subnet-given", ours, identity{"subnet-given", topology.Shared}, true},
		{"another cluster's", "subnet-2", topology.BaseTags("other.example.com", "a.other.example.com"), identity{}, false},
		{"shared with us, but not in the manifest", "subnet-3", ours.With(topology.Tags{topology.OwnershipTag(testCluster): "shared"}), identity{}, false},
		{"nobody's", "subnet-4", nil, identity{}, false},
		{"ours without a name", "subnet-5", ours.With(topology.Tags{topology.TagName: ""}), identity{}, false},
	} {
		got, ok := o.identify(candidate{kind: topology.KindSubnet, id: c.id, tags: c.tags})
		if got != c.want || ok != c.ok {
			t.Errorf("%s: got %v %v, want %v %v", c.name, got, ok, c.want, c.ok)
		}
	}
	if len(o.leftovers) != 1 || o.leftovers[0].ID != "subnet-5" {
		t.Errorf("left over: %v", o.leftovers)
	}
}

func TestOnlyRoutesThatSomebodyWroteAreSeen(t *testing.T) {
	o := blank(t)
	o.refs["nat-1"] = topology.Ref{Kind: topology.KindNATGateway, Name: "a." + testCluster}
	got, err := o.routes([]ec2types.Route{
		{DestinationCidrBlock: aws.String("172.20.0.0/16"), GatewayId: aws.String("local"), Origin: ec2types.RouteOriginCreateRouteTable},
		{DestinationIpv6CidrBlock: aws.String("::/0"), EgressOnlyInternetGatewayId: aws.String("eigw-1"), Origin: ec2types.RouteOriginCreateRoute},
		{DestinationCidrBlock: aws.String("10.1.0.0/16"), GatewayId: aws.String("vgw-1"), Origin: ec2types.RouteOriginEnableVgwRoutePropagation},
		{DestinationPrefixListId: aws.String("pl-1"), GatewayId: aws.String("vpce-1"), Origin: ec2types.RouteOriginCreateRoute},
		{DestinationCidrBlock: aws.String("10.2.0.0/16"), InstanceId: aws.String("i-1"), NetworkInterfaceId: aws.String("eni-1"), Origin: ec2types.RouteOriginCreateRoute},
		{DestinationCidrBlock: aws.String("10.3.0.0/16"), NatGatewayId: aws.String("nat-gone"), State: ec2types.RouteStateBlackhole, Origin: ec2types.RouteOriginCreateRoute},
		{DestinationCidrBlock: aws.String("0.0.0.0/0"), NatGatewayId: aws.String("nat-1"), Origin: ec2types.RouteOriginCreateRoute},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []topology.Route{
		{Destination: netip.MustParsePrefix("0.0.0.0/0"), Target: o.refs["nat-1"]},
		{Destination: netip.MustParsePrefix("10.2.0.0/16"), Target: topology.Given("i-1")},
		{Destination: netip.MustParsePrefix("10.3.0.0/16"), Target: topology.Given("nat-gone")},
		{Destination: netip.MustParsePrefix("::/0"), Target: topology.Given("eigw-1")},
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateComparable(netip.Prefix{})); diff != "" {
		t.Error(diff)
	}
}

func TestAssociationsThatGoAreGone(t *testing.T) {
	o := blank(t)
	got := o.associated(ec2types.RouteTable{Associations: []ec2types.RouteTableAssociation{
		{Main: aws.Bool(true)},
		{SubnetId: aws.String("subnet-b"), AssociationState: &ec2types.RouteTableAssociationState{State: ec2types.RouteTableAssociationStateCodeAssociating}},
		{SubnetId: aws.String("subnet-a")},
		{SubnetId: aws.String("subnet-c"), AssociationState: &ec2types.RouteTableAssociationState{State: ec2types.RouteTableAssociationStateCodeDisassociating}},
	}})
	if diff := cmp.Diff([]topology.Ref{topology.Given("subnet-a"), topology.Given("subnet-b")}, got); diff != "" {
		t.Error(diff)
	}
}

func TestSubnetsOfTheAmazonBlockAreWrittenByTheirPlaceInIt(t *testing.T) {
	block := netip.MustParsePrefix("2600:1f13:abc:4d00::/56")
	for cidr, want := range map[string]string{
		"2600:1f13:abc:4d00::/64": "/64#0",
		"2600:1f13:abc:4dff::/64": "/64#ff",
		"2600:1f13:abc:4e00::/64": "2600:1f13:abc:4e00::/64", // beyond the block
		"2600:1f13:abc:4d00::/60": "2600:1f13:abc:4d00::/60",
	} {
		if got := relativeTo(block, netip.MustParsePrefix(cidr)); got != want {
			t.Errorf("%s is written %s, want %s", cidr, got, want)
		}
	}
}

func TestOnlyAnAssociatedBlockOfAmazonsCounts(t *testing.T) {
	association := func(pool string, state ec2types.VpcCidrBlockStateCode) ec2types.Vpc {
		return ec2types.Vpc{Ipv6CidrBlockAssociationSet: []ec2types.VpcIpv6CidrBlockAssociation{{
			Ipv6Pool: &pool, Ipv6CidrBlock: aws.String("2600:1f13:abc:4d00::/56"), Ipv6CidrBlockState: &ec2types.VpcCidrBlockState{State: state},
		}}}
	}
	for _, c := range []struct {
		name string
		vpc  ec2types.Vpc
		want bool
	}{
		{"associated", association("Amazon", ec2types.VpcCidrBlockStateCodeAssociated), true},
		{"on its way", association("Amazon", ec2types.VpcCidrBlockStateCodeAssociating), true},
		{"taken away", association("Amazon", ec2types.VpcCidrBlockStateCodeDisassociated), false},
		{"brought along", association("ipv6pool-ec2-1", ec2types.VpcCidrBlockStateCodeAssociated), false},
		{"none", ec2types.Vpc{}, false},
	} {
		if _, got := amazonBlock(c.vpc); got != c.want {
			t.Errorf("%s: %v, want %v", c.name, got, c.want)
		}
	}
}

func TestPortsAreWrittenOnlyWhereTheProtocolHasSome(t *testing.T) {
	for _, c := range []struct {
		number   string
		from, to int32
		want     string
		wantFrom int
		wantTo   int
	}{
		{"tcp", 0, 65535, "tcp", 0, 65535},
		{"6", 443, 443, "tcp", 443, 443},
		{"icmp", 3, 4, "icmp", 3, 4},
		{"58", -1, -1, "icmpv6", -1, -1},
		{"4", 0, 65535, "4", -1, -1},
		{"-1", 0, 0, "-1", -1, -1},
	} {
		name := protocol(c.number)
		from, to := ports(name, ec2types.SecurityGroupRule{FromPort: &c.from, ToPort: &c.to})
		if name != c.want || from != c.wantFrom || to != c.wantTo {
			t.Errorf("%s %d-%d became %s %d-%d, want %s %d-%d", c.number, c.from, c.to, name, from, to, c.want, c.wantFrom, c.wantTo)
		}
	}
}

// Taking away what a controller wrote cuts off a Service; leaving what a stranger wrote
// leaves a door open.
func TestRulesOfTheControllersInsideKubernetesAreNotOurs(t *testing.T) {
	o := blank(t)
	own := func(prefix string) topology.SecurityGroup {
		g := topology.SecurityGroup{Name: prefix + "." + testCluster, Ownership: topology.Owned}
		o.add("sg-"+prefix, g)
		return g
	}
	masters, nodes := own("masters").Ref(), own("nodes").Ref()
	shared := topology.SecurityGroup{Name: "sg-shared", Ownership: topology.Shared}
	o.add("sg-shared", shared)
	everywhere, foreign := netip.MustParsePrefix("0.0.0.0/0"), topology.Given("sg-k8s-elb")
	rule := func(group topology.Ref, protocol string, from, to int) topology.SecurityGroupRule {
		return topology.SecurityGroupRule{Group: group, Direction: topology.Ingress, Protocol: protocol, FromPort: from, ToPort: to, CIDR: everywhere}
	}
	peered := func(r topology.SecurityGroupRule, peer topology.Ref) topology.SecurityGroupRule {
		r.CIDR, r.Peer = netip.Prefix{}, peer
		return r
	}
	tagged := rule(shared.Ref(), "tcp", 22, 22)
	tagged.Tags = topology.BaseTags(testCluster, "from-…")
	for _, c := range []struct {
		name        string
		rule        topology.SecurityGroupRule
		description string
		want        topology.Ownership
	}{
		{"kops's rule without tags", peered(rule(masters, "tcp", 443, 443), nodes), "", topology.Owned},
		{"a door that somebody opened", rule(nodes, "tcp", 30000, 32767), "", topology.Owned},
		{"the cloud controller's way to node ports", rule(nodes, "tcp", 31234, 31234), "kubernetes.io/rule/nlb/client=abc", topology.Shared},
		{"a classic load balancer's group", peered(rule(nodes, "-1", -1, -1), foreign), "", topology.Shared},
		{"an open etcd port, however described", rule(masters, "tcp", 2380, 2380), "please leave", topology.Owned},
		{"any traffic into masters", peered(rule(masters, "-1", -1, -1), foreign), "", topology.Owned},
		{"a stranger's rule in a shared group", rule(shared.Ref(), "tcp", 22, 22), "", topology.Shared},
		{"our rule in a shared group", tagged, "", topology.Owned},
	} {
		if got := o.ruleOwner(c.rule, c.description); got != c.want {
			t.Errorf("%s is %s, want %s", c.name, got, c.want)
		}
	}
}

func TestPoliciesAreReadAsIAMEncodesThem(t *testing.T) {
	got, err := policyDocument(`%7B%22Statement%22%3A%5B%7B%22Action%22%3A%5B%22s3%3AGet%2A%22%5D%2C%22Resource%22%3A%22a+b%22%7D%5D%7D`)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"Statement":[{"Action":"s3:Get*","Resource":"a+b"}]}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestTagsThatPlacesDisagreeOnEqualNothingWanted(t *testing.T) {
	got := agreedTags(
		topology.Tags{"same": "1", "missing": "1", "other": "1"},
		topology.Tags{"same": "1", "other": "2"},
		topology.Tags{"same": "1", "missing": "1", "other": "2", "extra": ""},
	)
	want := topology.Tags{"same": "1", "missing": "1 | (none)", "other": "1 | 2", "extra": "(none) | "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestTheRootDeviceComesFirstUnderItsOwnName(t *testing.T) {
	ebs := &ec2types.LaunchTemplateEbsBlockDevice{VolumeType: ec2types.VolumeTypeGp3, VolumeSize: aws.Int32(64)}
	got := blockDevices([]ec2types.LaunchTemplateBlockDeviceMapping{
		{DeviceName: aws.String("/dev/sdc"), VirtualName: aws.String("ephemeral0")},
		{DeviceName: aws.String("/dev/xvda"), Ebs: ebs},
		{DeviceName: aws.String("/dev/sdb"), Ebs: &ec2types.LaunchTemplateEbsBlockDevice{VolumeType: ec2types.VolumeTypeGp2, VolumeSize: aws.Int32(8), Iops: aws.Int32(100)}},
	}, "/dev/xvda")
	want := []topology.BlockDevice{
		{Device: topology.RootDevice, Type: "gp3", SizeGiB: 64, IOPS: 3000, Throughput: 125},
		{Device: "/dev/sdb", Type: "gp2", SizeGiB: 8},
		{Device: "/dev/sdc", Ephemeral: "ephemeral0"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestImagesAreAskedForAsKopsDoes(t *testing.T) {
	for name, want := range map[string][3]string{ // id, owner, name
		"ami-0123456789abcdef0":       {"ami-0123456789abcdef0", "", ""},
		"099720109477/ubuntu/noble-1": {"", "099720109477", "ubuntu/noble-1"},
		"ubuntu/ubuntu/noble-1":       {"", "099720109477", "ubuntu/noble-1"},
		"my-image":                    {"", "self", "my-image"},
	} {
		q := imageQuestion(name)
		got := [3]string{first(q.ImageIds), first(q.Owners), first(first(q.Filters).Values)}
		if got != want {
			t.Errorf("%s is asked for as %q, want %q", name, got, want)
		}
	}
}

func TestTheNewestOfSeveralImagesIsTaken(t *testing.T) {
	image := func(id, date string) ec2types.Image { return ec2types.Image{ImageId: &id, CreationDate: &date} }
	got := newest([]ec2types.Image{image("ami-2", "2026-01-02T00:00:00.000Z"), image("ami-3", "2026-03-01T00:00:00.000Z"), image("ami-1", "2025-12-31T00:00:00.000Z")})
	if aws.ToString(got.ImageId) != "ami-3" {
		t.Errorf("got %s", aws.ToString(got.ImageId))
	}
}

func TestAListenerForwardsWhereItsActionSays(t *testing.T) {
	arn := aws.String("arn:tg")
	for name, listener := range map[string]elbtypes.Listener{
		"directly": {DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: arn}}},
		"by a list": {DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, ForwardConfig: &elbtypes.ForwardActionConfig{
			TargetGroups: []elbtypes.TargetGroupTuple{{TargetGroupArn: arn}},
		}}}},
	} {
		if got := forwardsTo(listener); got != arn {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestAVolumeSaysWhichMemberItIs(t *testing.T) {
	etcd, member, members, ok := etcdSeat(topology.Tags{"Name": "x", "k8s.io/etcd/events": "b/c,a,b"})
	if !ok || etcd != "events" || member != "b" || !cmp.Equal(members, []string{"a", "b", "c"}) {
		t.Errorf("got %s %s %v %v", etcd, member, members, ok)
	}
	if _, _, _, ok := etcdSeat(topology.Tags{"Name": "pvc-1", "kubernetes.io/created-for/pvc/name": "data"}); ok {
		t.Error("a volume of Kubernetes was taken for etcd's")
	}
}

func TestWhatCannotBeSharedIsRefused(t *testing.T) {
	ref := topology.Ref{Kind: topology.KindVolume, Name: "vol-1"}
	if _, err := newObservation(Clients{}, Scope{Cluster: testCluster, Shared: []topology.Ref{ref}}); err == nil {
		t.Error("an etcd volume was accepted by id")
	}
}
