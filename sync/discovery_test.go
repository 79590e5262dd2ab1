package sync_test

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/topology"
)

// An operator is somebody with a console, who works in the account beside the service.
type operator struct {
	awsapi.Clients
	testing.TB
}

func newOperator(t testing.TB, ground *ground) operator {
	t.Helper()
	return operatorIn(t, ground, "us-east-1")
}

func operatorIn(t testing.TB, ground *ground, region string) operator {
	t.Helper()
	return operator{(&life{region: ground.region}).clients(t, region, func(context.Context, string) error { return nil }), t}
}

func (o operator) must(err error) {
	o.Helper()
	if err != nil {
		o.Fatal(err)
	}
}

func (o operator) vpc(cidr string, tags topology.Tags) string {
	o.Helper()
	out, err := o.EC2.CreateVpc(o.Context(), &ec2.CreateVpcInput{CidrBlock: &cidr, TagSpecifications: tagging(ec2types.ResourceTypeVpc, tags)})
	o.must(err)
	return *out.Vpc.VpcId
}

func (o operator) gateway(vpc string) {
	o.Helper()
	out, err := o.EC2.CreateInternetGateway(o.Context(), &ec2.CreateInternetGatewayInput{})
	o.must(err)
	_, err = o.EC2.AttachInternetGateway(o.Context(), &ec2.AttachInternetGatewayInput{InternetGatewayId: out.InternetGateway.InternetGatewayId, VpcId: &vpc})
	o.must(err)
}

func (o operator) subnet(vpc, zone, cidr string, tags topology.Tags) string {
	o.Helper()
	out, err := o.EC2.CreateSubnet(o.Context(), &ec2.CreateSubnetInput{
		VpcId: &vpc, AvailabilityZone: &zone, CidrBlock: &cidr, TagSpecifications: tagging(ec2types.ResourceTypeSubnet, tags),
	})
	o.must(err)
	return *out.Subnet.SubnetId
}

func (o operator) tag(id string, tags topology.Tags) {
	o.Helper()
	_, err := o.EC2.CreateTags(o.Context(), &ec2.CreateTagsInput{Resources: []string{id}, Tags: ec2Tags(tags)})
	o.must(err)
}

func tagging(kind ec2types.ResourceType, tags topology.Tags) []ec2types.TagSpecification {
	if len(tags) == 0 {
		return nil
	}
	return []ec2types.TagSpecification{{ResourceType: kind, Tags: ec2Tags(tags)}}
}

func ec2Tags(tags topology.Tags) []ec2types.Tag {
	var list []ec2types.Tag
	for _, k := range slices.Sorted(maps.Keys(tags)) {
		list = append(list, ec2types.Tag{Key: &k, Value: aws.String(tags[k])})
	}
	return list
}

// items are what the region holds of one type, by their Name tags.
func items(ground *ground, kind string) map[string]awssim.Item {
	found := map[string]awssim.Item{}
	for _, item := range ground.region.Inventory() {
		if item.Type == kind {
			found[item.Tags[topology.TagName]] = item
		}
	}
	return found
}

const its = "ha.example.com"

func TestTwoResourcesOfOneNameStopThePassBeforeItsFirstChange(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, small, "small")
	o := newOperator(t, ground)
	first := items(ground, "subnet")["us-east-1a."+its]
	second := o.subnet(items(ground, "vpc")[its].ID, "us-east-1a", "172.20.200.0/24", first.Tags)
	before := inventory(ground.region)

	l := &life{region: ground.region}
	ground.region.ResetCalls()
	result := l.pass(t, ground, clusterOf(t, large), "large")
	for _, part := range []string{"subnet/us-east-1a." + its, first.ID, second} {
		if result.Err == nil || !strings.Contains(result.Err.Error(), part) {
			t.Errorf("the error does not say %q: %v", part, result.Err)
		}
	}
	if n := ground.region.MutatingCalls(); n != 0 {
		t.Errorf("%d mutating calls were made", n)
	}
	if d := cmp.Diff(before, inventory(ground.region)); d != "" {
		t.Errorf("the world moved (-before +after):\n%s", d)
	}
}

// TestAHalfMadeClusterIsFinishedAndNotMadeTwice begins where an interrupted `kops
// update` might have: a network without options, one subnet of three.
func TestAHalfMadeClusterIsFinishedAndNotMadeTwice(t *testing.T) {
	reference := newGround(t)
	never.commit(t, reference, small, "small")
	ground := newGround(t)
	o := newOperator(t, ground)
	subnet := items(reference, "subnet")["us-east-1b."+its]
	vpc := o.vpc("172.20.0.0/16", items(reference, "vpc")[its].Tags)
	o.subnet(vpc, "us-east-1b", "172.20.64.0/19", subnet.Tags)

	never.commit(t, ground, small, "small")
	if d := cmp.Diff(inventory(reference.region), inventory(ground.region)); d != "" {
		t.Errorf("another world (-want +got):\n%s", d)
	}
	if got := items(ground, "vpc")[its].ID; got != vpc {
		t.Errorf("the cluster lives in %s, not in the %s that was there", got, vpc)
	}
}

// TestTagsThatOthersPutOnOurNetworkAreTheirs plays backup tools, cost reports and another
// cluster that was let in. On volumes and groups the set of tags is ours alone, as with
// kops: other tools read orders from them.
func TestTagsThatOthersPutOnOurNetworkAreTheirs(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, small, "small")
	o := newOperator(t, ground)
	foreign := topology.Tags{"backup": "daily", "kubernetes.io/cluster/other.example.com": "shared"}
	for _, item := range ground.region.Inventory() {
		switch item.Type {
		case "vpc", "subnet", "security-group", "route-table", "internet-gateway":
			o.tag(item.ID, foreign)
		}
	}
	l := &life{region: ground.region}
	result := l.pass(t, ground, clusterOf(t, small), "small")
	if !result.Converged() {
		t.Errorf("foreign tags are taken for drift: %v", result.Planned.Plan.Changes)
	}
	if got := items(ground, "vpc")[its].Tags["backup"]; got != "daily" {
		t.Errorf("the tag of the VPC is now %q", got)
	}
}

// TestWhatOnlyLooksLikeOursIsNotTouched has a network of our cluster's name that
// another tool tagged as its own.
func TestWhatOnlyLooksLikeOursIsNotTouched(t *testing.T) {
	ground := newGround(t)
	o := newOperator(t, ground)
	theirs := o.vpc("172.20.0.0/16", topology.Tags{topology.TagName: its, "owner": "terraform"})
	o.subnet(theirs, "us-east-1a", "172.20.32.0/19", topology.Tags{topology.TagName: "us-east-1a." + its})
	never.commit(t, ground, small, "small")
	var networks []string
	for _, item := range ground.region.Inventory() {
		if item.Type == "vpc" && item.Tags[topology.TagName] == its {
			networks = append(networks, item.ID)
		}
		if item.ID == theirs && len(item.Tags) != 2 {
			t.Errorf("their network is tagged %v now", item.Tags)
		}
	}
	if len(networks) != 2 {
		t.Errorf("there are the networks %v, want theirs and ours", networks)
	}
}

// within puts a cluster into a network that exists, with subnets of its own.
func within(vpc, name, block string) string {
	return strings.NewReplacer(
		its, name,
		"  networkCIDR: 172.20.0.0/16\n", "  networkCIDR: 172.20.0.0/16\n  networkID: "+vpc+"\n",
		"172.20.32.0/19", "172.20."+block+"0.0/24", "172.20.64.0/19", "172.20."+block+"1.0/24", "172.20.96.0/19", "172.20."+block+"2.0/24",
	).Replace(small)
}

func TestTwoClustersInOneNetworkLeaveEachOtherAlone(t *testing.T) {
	ground := newGround(t)
	o := newOperator(t, ground)
	vpc := o.vpc("172.20.0.0/16", topology.Tags{topology.TagName: "platform"})
	o.gateway(vpc)
	one, two := within(vpc, "one.example.com", "1"), within(vpc, "two.example.com", "2")
	never.commit(t, ground, one, "one")
	alone := inventory(ground.region)
	never.commit(t, ground, two, "two")

	l := &life{region: ground.region}
	if plan, err := l.planner(t, clusterOf(t, one)).Plan(t.Context(), clusterOf(t, one)); err != nil || !plan.Plan.Empty() {
		t.Errorf("the first cluster sees its neighbour as drift: %v, %v", plan.Plan.Changes, err)
	}
	wider := strings.Replace(two, "maxSize: 6", "maxSize: 9", 1)
	never.commit(t, ground, strings.Replace(wider, "  - 10.0.0.0/8\n", "  - 10.9.0.0/16\n", 1), "wider")
	for thing, n := range alone {
		if strings.HasSuffix(thing, "one.example.com") && inventory(ground.region)[thing] != n {
			t.Errorf("changing the neighbour left %d of %d %s", inventory(ground.region)[thing], n, thing)
		}
	}
	if n := len(items(ground, "internet-gateway")); n != 1 {
		t.Errorf("the network has %d gateways", n)
	}
}
