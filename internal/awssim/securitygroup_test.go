package awssim_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (w *world) group(t *testing.T, vpc, name string) string {
	t.Helper()
	return *call(w.ec2.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
		VpcId: &vpc, GroupName: &name, Description: aws.String("Security group for " + name)})).must(t).GroupId
}

// tcp allows ports from an address block, or from a group if the peer is one.
func tcp(from, to int32, peer string) types.IpPermission {
	p := types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: &from, ToPort: &to}
	if len(peer) > 3 && peer[:3] == "sg-" {
		p.UserIdGroupPairs = []types.UserIdGroupPair{{GroupId: &peer}}
	} else {
		p.IpRanges = []types.IpRange{{CidrIp: &peer}}
	}
	return p
}

func (w *world) allow(t *testing.T, group string, permissions ...types.IpPermission) answer[*ec2.AuthorizeSecurityGroupIngressOutput] {
	return call(w.ec2.AuthorizeSecurityGroupIngress(t.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &group, IpPermissions: permissions}))
}

// rules lists a group's rules as text, sorted.
func (w *world) rules(t *testing.T, group string) []string {
	t.Helper()
	var list []string
	for _, r := range call(w.ec2.DescribeSecurityGroupRules(t.Context(), &ec2.DescribeSecurityGroupRulesInput{Filters: by("group-id", group)})).must(t).SecurityGroupRules {
		direction := "in"
		if *r.IsEgress {
			direction = "out"
		}
		peer := aws.ToString(r.CidrIpv4) + aws.ToString(r.CidrIpv6) + aws.ToString(r.PrefixListId)
		if r.ReferencedGroupInfo != nil {
			peer = *r.ReferencedGroupInfo.GroupId
		}
		list = append(list, fmt.Sprintf("%s %s %d-%d %s", direction, *r.IpProtocol, *r.FromPort, *r.ToPort, peer))
	}
	slices.Sort(list)
	return list
}

func TestNewGroupLetsEverythingOut(t *testing.T) {
	w := newWorld(t)
	g := w.group(t, w.vpc(t, "172.20.0.0/16"), "masters.ha.example.com")
	if got, want := w.rules(t, g), []string{"out -1 -1--1 0.0.0.0/0"}; !slices.Equal(got, want) {
		t.Errorf("rules %q, want %q", got, want)
	}
}

func TestGroupNamesAreUniqueWithinAVPC(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	one, two := w.vpc(t, "172.20.0.0/16"), w.vpc(t, "172.21.0.0/16")
	create := func(vpc, name, description string) func() error {
		return func() error {
			return only(w.ec2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{VpcId: &vpc, GroupName: &name, Description: &description}))
		}
	}
	try(t, []refusal{
		{"a new name", create(one, "nodes", "d"), ""},
		{"the same name again", create(one, "nodes", "d"), "InvalidGroup.Duplicate"},
		{"the same name in another VPC", create(two, "nodes", "d"), ""},
		{"no description", create(two, "masters", ""), "MissingParameter"},
		{"a name like an id", create(two, "sg-nodes", "d"), "InvalidParameterValue"},
		{"no VPC", create("", "nodes", "d"), "VPCIdNotSpecified"},
	})
}

func TestRulesAreMadeOncePerPeer(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := w.vpc(t, "172.20.0.0/16")
	g, nodes := w.group(t, vpc, "masters"), w.group(t, vpc, "nodes")
	foreign := w.group(t, w.vpc(t, "172.21.0.0/16"), "nodes")
	both := tcp(443, 443, "10.1.2.3/8")
	both.Ipv6Ranges = []types.Ipv6Range{{CidrIpv6: aws.String("::/0")}}
	out := call(w.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &g,
		IpPermissions:     []types.IpPermission{both, tcp(1, 2379, nodes)},
		TagSpecifications: tagged(types.ResourceTypeSecurityGroupRule, "Name", "https")})).must(t)
	if len(out.SecurityGroupRules) != 3 || *out.SecurityGroupRules[0].Tags[0].Value != "https" {
		t.Errorf("made %+v", out.SecurityGroupRules)
	}
	want := []string{"in tcp 1-2379 " + nodes, "in tcp 443-443 10.0.0.0/8", "in tcp 443-443 ::/0", "out -1 -1--1 0.0.0.0/0"}
	if got := w.rules(t, g); !slices.Equal(got, want) {
		t.Errorf("rules %q, want %q", got, want)
	}
	refused := func(p ...types.IpPermission) func() error { return func() error { return w.allow(t, g, p...).err } }
	protocol := func(p string) types.IpPermission {
		return types.IpPermission{IpProtocol: &p, IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}
	}
	try(t, []refusal{
		{"a rule that exists", refused(tcp(443, 443, "10.0.0.0/8")), "InvalidPermission.Duplicate"},
		{"one new and one that exists", refused(tcp(22, 22, "10.0.0.0/8"), tcp(443, 443, "10.0.0.0/8")), "InvalidPermission.Duplicate"},
		{"the same rule twice", refused(tcp(23, 23, "10.0.0.0/8"), tcp(23, 23, "10.0.0.0/8")), "InvalidPermission.Duplicate"},
		{"a group that does not exist", refused(tcp(22, 22, "sg-0")), "InvalidGroup.NotFound"},
		{"a group of another VPC", refused(tcp(22, 22, foreign)), "InvalidGroup.NotFound"},
		{"a broken address block", refused(tcp(22, 22, "10.0.0.0/40")), "InvalidParameterValue"},
		{"a protocol nobody knows", refused(protocol("carrier-pigeon")), "InvalidPermission.Malformed"},
		{"TCP without ports", refused(protocol("tcp")), "InvalidParameterValue"},
		{"protocol 6 is TCP", func() error {
			p := tcp(443, 443, "10.0.0.0/8")
			p.IpProtocol = aws.String("6")
			return w.allow(t, g, p).err
		}, "InvalidPermission.Duplicate"},
		{"no rule at all", refused(), "MissingParameter"},
	})
	if got := w.rules(t, g); !slices.Equal(got, want) {
		t.Errorf("after the refusals %q, want %q", got, want)
	}
}

func TestGroupShowsItsRulesTogether(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := w.vpc(t, "172.20.0.0/16")
	g, nodes := w.group(t, vpc, "masters"), w.group(t, vpc, "nodes")
	w.allow(t, g, tcp(443, 443, "10.0.0.0/8"), tcp(443, 443, nodes), tcp(22, 22, "10.0.0.0/8")).must(t)
	got := call(w.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{GroupIds: []string{g}})).must(t).SecurityGroups[0]
	if len(got.IpPermissions) != 2 || *got.IpPermissions[1].FromPort != 443 || len(got.IpPermissions[1].IpRanges) != 1 || len(got.IpPermissions[1].UserIdGroupPairs) != 1 {
		t.Errorf("in: %+v", got.IpPermissions)
	}
	if len(got.IpPermissionsEgress) != 1 || got.IpPermissionsEgress[0].FromPort != nil {
		t.Errorf("out: %+v", got.IpPermissionsEgress)
	}
}

func TestRulesAreRevokedByIDOrByValue(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	g := w.group(t, w.vpc(t, "172.20.0.0/16"), "masters")
	id := *w.allow(t, g, tcp(22, 22, "10.0.0.0/8")).must(t).SecurityGroupRules[0].SecurityGroupRuleId
	w.allow(t, g, tcp(443, 443, "10.0.0.0/8")).must(t)
	byID := func() (*ec2.RevokeSecurityGroupIngressOutput, error) {
		return w.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g, SecurityGroupRuleIds: []string{id}})
	}
	byValue := func() (*ec2.RevokeSecurityGroupIngressOutput, error) {
		return w.ec2.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: &g, IpPermissions: []types.IpPermission{tcp(443, 443, "10.0.0.0/8")}})
	}
	call(w.ec2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: &g, SecurityGroupRuleIds: []string{id}})).refused(t, "InvalidSecurityGroupRuleId.NotFound")
	call(byID()).must(t)
	call(byID()).refused(t, "InvalidSecurityGroupRuleId.NotFound")
	call(byValue()).must(t)
	call(byValue()).refused(t, "InvalidPermission.NotFound")
	if got := w.rules(t, g); len(got) != 1 {
		t.Errorf("left %q", got)
	}
}

func TestEgressRulesAreTheirOwn(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	g := w.group(t, w.vpc(t, "172.20.0.0/16"), "masters")
	everything := types.IpPermission{IpProtocol: aws.String("-1"), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}}}
	out := func(p types.IpPermission) error {
		return only(w.ec2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: &g, IpPermissions: []types.IpPermission{p}}))
	}
	try(t, []refusal{
		{"everything may go out already", func() error { return out(everything) }, "InvalidPermission.Duplicate"},
		{"everything may be let in besides", func() error { return w.allow(t, g, everything).err }, ""},
		{"one port may go out besides", func() error { return out(tcp(443, 443, "10.0.0.0/8")) }, ""},
		{"a rule in short form", func() error {
			return only(w.ec2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: &g,
				IpProtocol: aws.String("tcp"), FromPort: aws.Int32(22), ToPort: aws.Int32(22), CidrIp: aws.String("10.0.0.0/8")}))
		}, ""},
		{"which is the same in long form", func() error { return w.allow(t, g, tcp(22, 22, "10.0.0.0/8")).err }, "InvalidPermission.Duplicate"},
	})
	want := []string{"in -1 -1--1 0.0.0.0/0", "in tcp 22-22 10.0.0.0/8", "out -1 -1--1 0.0.0.0/0", "out tcp 443-443 10.0.0.0/8"}
	if got := w.rules(t, g); !slices.Equal(got, want) {
		t.Errorf("rules %q, want %q", got, want)
	}
}

func TestRuleCanBeModifiedInPlace(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	g := w.group(t, w.vpc(t, "172.20.0.0/16"), "masters")
	id := w.allow(t, g, tcp(22, 22, "10.0.0.0/8")).must(t).SecurityGroupRules[0].SecurityGroupRuleId
	w.allow(t, g, tcp(443, 443, "10.0.0.0/8")).must(t)
	modify := func(port int32) (*ec2.ModifySecurityGroupRulesOutput, error) {
		return w.ec2.ModifySecurityGroupRules(ctx, &ec2.ModifySecurityGroupRulesInput{GroupId: &g, SecurityGroupRules: []types.SecurityGroupRuleUpdate{{
			SecurityGroupRuleId: id, SecurityGroupRule: &types.SecurityGroupRuleRequest{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port, CidrIpv4: aws.String("10.0.0.0/8")}}}})
	}
	call(modify(443)).refused(t, "InvalidPermission.Duplicate")
	call(modify(23)).must(t)
	if got := w.rules(t, g); got[0] != "in tcp 23-23 10.0.0.0/8" {
		t.Errorf("rules %q", got)
	}
}

func TestGroupIsKeptWhileInUse(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := w.vpc(t, "172.20.0.0/16")
	masters, nodes := w.group(t, vpc, "masters"), w.group(t, vpc, "nodes")
	w.allow(t, masters, tcp(443, 443, nodes), tcp(1, 2, masters)).must(t)
	remove := func(id string) func() error {
		return func() error { return only(w.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &id})) }
	}
	byDefault := call(w.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: by("group-name", "default")})).must(t).SecurityGroups[0]
	try(t, []refusal{
		{"a group another group's rule names", remove(nodes), "DependencyViolation"},
		{"the default group", remove(*byDefault.GroupId), "CannotDelete"},
		{"a group only its own rule names", remove(masters), ""},
		{"the group nobody names any more", remove(nodes), ""},
		{"a group that is gone", remove(nodes), "InvalidGroup.NotFound"},
	})
}
