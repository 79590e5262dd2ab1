package awssim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/internal/awssim"
)

// network is a VPC with a subnet in each of three zones and one security group.
type network struct {
	vpc, group string
	subnets    []string
}

func (w *world) network(t *testing.T) network {
	t.Helper()
	vpc := w.vpc(t, "172.20.0.0/16")
	n := network{vpc: vpc, group: w.group(t, vpc, "masters")}
	for i, cidr := range []string{"172.20.32.0/19", "172.20.64.0/19", "172.20.96.0/19"} {
		n.subnets = append(n.subnets, w.subnet(t, vpc, cidr, "us-east-1"+string(rune('a'+i))))
	}
	return n
}

// instance launches a machine in a subnet and waits until it runs.
func (w *world) instance(t *testing.T, subnet string, tagPairs ...string) string {
	t.Helper()
	in := launch(subnet)
	if len(tagPairs) > 0 {
		in.TagSpecifications = tagged(types.ResourceTypeInstance, tagPairs...)
	}
	id := *call(w.ec2.RunInstances(t.Context(), in)).must(t).Instances[0].InstanceId
	w.clock.Advance(30 * time.Second)
	return id
}

func launch(subnet string) *ec2.RunInstancesInput {
	return &ec2.RunInstancesInput{MinCount: aws.Int32(1), MaxCount: aws.Int32(1), SubnetId: &subnet,
		ImageId: aws.String("ami-0123456789abcdef0"), InstanceType: "t3.medium"}
}

func (w *world) describedInstance(t *testing.T, id string) types.Instance {
	t.Helper()
	return call(w.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})).must(t).Reservations[0].Instances[0]
}

func (w *world) terminate(t *testing.T, id string) {
	t.Helper()
	call(w.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{id}})).must(t)
}

func TestInstanceIsLaunchedFromItsTemplate(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	net := w.network(t)
	template := w.template(t, "master", masterData(net.group))
	in := &ec2.RunInstancesInput{MinCount: aws.Int32(1), MaxCount: aws.Int32(1), SubnetId: &net.subnets[1], ClientToken: aws.String("once"),
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: &template, Version: aws.String("1")}, InstanceType: "t3.large"}
	id := *call(w.ec2.RunInstances(ctx, in)).must(t).Instances[0].InstanceId
	if again := *call(w.ec2.RunInstances(ctx, in)).must(t).Instances[0].InstanceId; again != id {
		t.Errorf("launched %s, then %s", id, again)
	}
	i := w.describedInstance(t, id)
	if i.State.Name != types.InstanceStateNamePending || i.InstanceType != "t3.large" || *i.Placement.AvailabilityZone != "us-east-1b" || i.InstanceLifecycle != "spot" {
		t.Errorf("launched %+v", i)
	}
	if *i.PrivateIpAddress != "172.20.64.4" || i.PublicIpAddress == nil || *i.PrivateDnsName != "ip-172-20-64-4.ec2.internal" {
		t.Errorf("addresses %s, %s, %s", *i.PrivateIpAddress, aws.ToString(i.PublicIpAddress), *i.PrivateDnsName)
	}
	if g := i.SecurityGroups; len(g) != 1 || *g[0].GroupId != net.group || *g[0].GroupName != "masters" {
		t.Errorf("groups %+v", g)
	}
	got := map[string]string{}
	for _, tag := range i.Tags {
		got[*tag.Key] = *tag.Value
	}
	if got["Name"] != "master-us-east-1a.masters.ha.example.com" || got["aws:ec2launchtemplate:id"] != template || got["aws:ec2launchtemplate:version"] != "1" {
		t.Errorf("tags %v", got)
	}
	root := w.describedVolume(t, *i.BlockDeviceMappings[0].Ebs.VolumeId)
	if *root.Size != 64 || !*root.Encrypted || len(root.Tags) != 1 {
		t.Errorf("root volume %+v", root)
	}
	w.clock.Advance(30 * time.Second)
	if got := w.describedInstance(t, id).State.Name; got != types.InstanceStateNameRunning {
		t.Errorf("then %s", got)
	}
}

func TestLaunchesAreRefused(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	net := w.network(t)
	foreign := w.group(t, w.vpc(t, "172.21.0.0/16"), "masters")
	w.ZoneDown("us-east-1c")
	run := func(adjust func(*ec2.RunInstancesInput)) func() error {
		return func() error {
			in := launch(net.subnets[0])
			adjust(in)
			return only(w.ec2.RunInstances(ctx, in))
		}
	}
	before := len(w.Inventory())
	try(t, []refusal{
		{"no subnet", run(func(in *ec2.RunInstancesInput) { in.SubnetId = nil }), "MissingInput"},
		{"an unknown subnet", run(func(in *ec2.RunInstancesInput) { in.SubnetId = aws.String("subnet-0") }), "InvalidSubnetID.NotFound"},
		{"an unknown image", run(func(in *ec2.RunInstancesInput) { in.ImageId = aws.String("ami-00000000") }), "InvalidAMIID.NotFound"},
		{"an unknown type", run(func(in *ec2.RunInstancesInput) { in.InstanceType = "m5.huge" }), "InvalidParameterValue"},
		{"a type of another architecture", run(func(in *ec2.RunInstancesInput) { in.InstanceType = "m7g.large" }), "InvalidParameterValue"},
		{"an unknown key", run(func(in *ec2.RunInstancesInput) { in.KeyName = aws.String("k") }), "InvalidKeyPair.NotFound"},
		{"an unknown group", run(func(in *ec2.RunInstancesInput) { in.SecurityGroupIds = []string{"sg-0"} }), "InvalidGroup.NotFound"},
		{"another VPC's group", run(func(in *ec2.RunInstancesInput) { in.SecurityGroupIds = []string{foreign} }), "InvalidParameter"},
		{"an unknown profile", run(func(in *ec2.RunInstancesInput) {
			in.IamInstanceProfile = &types.IamInstanceProfileSpecification{Name: aws.String("p")}
		}), "InvalidParameterValue"},
		{"a zone that is down", run(func(in *ec2.RunInstancesInput) { in.SubnetId = &net.subnets[2] }), "InsufficientInstanceCapacity"},
		{"a root volume of an unknown type", run(func(in *ec2.RunInstancesInput) {
			in.BlockDeviceMappings = []types.BlockDeviceMapping{{DeviceName: aws.String("/dev/xvda"), Ebs: &types.EbsBlockDevice{VolumeType: "gp9"}}}
		}), "UnknownVolumeType"},
	})
	if after := len(w.Inventory()); after != before {
		t.Errorf("%d things before, %d after", before, after)
	}
	if left := call(w.ec2.DescribeNetworkInterfaces(ctx, nil)).must(t).NetworkInterfaces; len(left) != 0 {
		t.Errorf("interfaces left: %+v", left)
	}
}

func TestTerminatedInstanceGivesBackWhatItHad(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	net := w.network(t)
	id := w.instance(t, net.subnets[0], "Name", "a")
	data := w.volume(t, "us-east-1a")
	call(w.ec2.AttachVolume(ctx, &ec2.AttachVolumeInput{VolumeId: &data, InstanceId: &id, Device: aws.String("/dev/xvdu")})).must(t)
	root := *w.describedInstance(t, id).BlockDeviceMappings[1].Ebs.VolumeId
	if root == data {
		root = *w.describedInstance(t, id).BlockDeviceMappings[0].Ebs.VolumeId
	}
	inUse := func() error {
		return only(w.ec2.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &net.subnets[0]}))
	}

	w.terminate(t, id)
	if i := w.describedInstance(t, id); i.State.Name != types.InstanceStateNameShuttingDown {
		t.Errorf("at first %s", i.State.Name)
	}
	wantCode(t, inUse(), "DependencyViolation")
	if slices.ContainsFunc(w.Inventory(), isType("instance")) {
		t.Error("an instance that shuts down is in the inventory")
	}
	w.clock.Advance(30 * time.Second)
	if i := w.describedInstance(t, id); i.State.Name != types.InstanceStateNameTerminated || i.PrivateIpAddress != nil || len(i.Tags) != 1 {
		t.Errorf("then %+v", i)
	}
	if v := w.describedVolume(t, data); v.State != types.VolumeStateInUse {
		t.Errorf("its volume is %s at once", v.State)
	}
	w.clock.Advance(10 * time.Second)
	if v := w.describedVolume(t, data); v.State != types.VolumeStateAvailable {
		t.Errorf("its volume is %s later", v.State)
	}
	call(w.ec2.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{root}})).refused(t, "InvalidVolume.NotFound")
	wantCode(t, inUse(), "")
	w.terminate(t, id)
	w.clock.Advance(time.Hour)
	call(w.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{InstanceIds: []string{id}})).refused(t, "InvalidInstanceID.NotFound")
}

func TestProtectedInstanceIsNotTerminated(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.instance(t, w.network(t).subnets[0])
	protect := func(on bool) {
		call(w.ec2.ModifyInstanceAttribute(ctx, &ec2.ModifyInstanceAttributeInput{InstanceId: &id, DisableApiTermination: &types.AttributeBooleanValue{Value: &on}})).must(t)
	}
	protect(true)
	call(w.ec2.TerminateInstances(ctx, &ec2.TerminateInstancesInput{InstanceIds: []string{id}})).refused(t, "OperationNotPermitted")
	protect(false)
	w.terminate(t, id)
}

func TestInstancesAreFilteredAsTheProductAsks(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	net := w.network(t)
	master := w.instance(t, net.subnets[0], "k8s.io/role/master", "1", "Name", "a")
	node := w.instance(t, net.subnets[1], "k8s.io/role/node", "1")
	for _, c := range []struct {
		name    string
		filters []types.Filter
		want    []string
	}{
		{"running", by("instance-state-name", "pending", "running"), []string{master, node}},
		{"terminated", by("instance-state-name", "terminated"), nil},
		{"by tag key", by("tag-key", "k8s.io/role/master"), []string{master}},
		{"by subnet", by("subnet-id", net.subnets[1]), []string{node}},
		{"by VPC", by("vpc-id", net.vpc), []string{master, node}},
		{"by zone", by("availability-zone", "us-east-1a"), []string{master}},
		{"by address", by("private-ip-address", "172.20.64.4"), []string{node}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, r := range call(w.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: c.filters})).must(t).Reservations {
				for _, i := range r.Instances {
					got = append(got, *i.InstanceId)
				}
			}
			slices.Sort(got)
			slices.Sort(c.want)
			if !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

func TestSuccessorGetsAnotherAddress(t *testing.T) {
	w := newWorld(t)
	net := w.network(t)
	first := w.instance(t, net.subnets[0])
	ip := *w.describedInstance(t, first).PrivateIpAddress
	w.terminate(t, first)
	w.clock.Advance(minutes(1))
	second := w.instance(t, net.subnets[0])
	if got := *w.describedInstance(t, second).PrivateIpAddress; got == ip {
		t.Errorf("both have %s", ip)
	}
}

func TestStatusChecksFailInAZoneThatIsDown(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	net := w.network(t)
	here, there := w.instance(t, net.subnets[0]), w.instance(t, net.subnets[1])
	w.ZoneDown("us-east-1a")
	status := func() map[string]types.SummaryStatus {
		got := map[string]types.SummaryStatus{}
		for _, s := range call(w.ec2.DescribeInstanceStatus(ctx, nil)).must(t).InstanceStatuses {
			got[*s.InstanceId] = s.SystemStatus.Status
		}
		return got
	}
	if got := status(); got[here] != types.SummaryStatusImpaired || got[there] != types.SummaryStatusOk {
		t.Errorf("status %v", got)
	}
	id := w.volume(t, "us-east-1a")
	call(w.ec2.AttachVolume(ctx, &ec2.AttachVolumeInput{VolumeId: &id, InstanceId: &here, Device: aws.String("/dev/xvdu")})).refused(t, "Unavailable")
	w.ZoneUp("us-east-1a")
	if got := status(); got[here] != types.SummaryStatusOk {
		t.Errorf("with the zone up again: %v", got)
	}
}

func TestFullSubnetTakesNoMore(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	small := w.subnet(t, w.vpc(t, "172.20.0.0/16"), "172.20.0.0/28", "us-east-1a")
	in := launch(small)
	in.MinCount, in.MaxCount = aws.Int32(11), aws.Int32(11)
	tooMany := *in
	tooMany.MinCount, tooMany.MaxCount = aws.Int32(12), aws.Int32(12)
	call(w.ec2.RunInstances(ctx, &tooMany)).refused(t, "InsufficientFreeAddressesInSubnet")
	if items := w.Inventory(); slices.ContainsFunc(items, isType("instance")) || slices.ContainsFunc(items, isType("volume")) {
		t.Errorf("a refused launch left %+v", items)
	}
	out := call(w.ec2.RunInstances(ctx, in)).must(t)
	if len(out.Instances) != 11 {
		t.Errorf("%d instances", len(out.Instances))
	}
	call(w.ec2.RunInstances(ctx, launch(small))).refused(t, "InsufficientFreeAddressesInSubnet")
	if got := *call(w.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{small}})).must(t).Subnets[0].AvailableIpAddressCount; got != 0 {
		t.Errorf("%d addresses free", got)
	}
}

func TestSameSeedGivesTheSameIDs(t *testing.T) {
	ids := func(seed uint64) string {
		w := newWorld(t, func(c *awssim.Config) { c.Seed = seed })
		return w.vpc(t, "172.20.0.0/16")
	}
	for _, c := range []struct {
		one, other uint64
		same       bool
	}{{7, 7, true}, {7, 8, false}, {0, 0, false}} {
		if a, b := ids(c.one), ids(c.other); (a == b) != c.same {
			t.Errorf("seeds %d and %d give %s and %s", c.one, c.other, a, b)
		}
	}
}
