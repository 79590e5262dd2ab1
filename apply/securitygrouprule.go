package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type securityGroupRuleWriter interface {
	ec2Tagger
	DescribeSecurityGroupRules(context.Context, *ec2.DescribeSecurityGroupRulesInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupRulesOutput, error)
	AuthorizeSecurityGroupIngress(context.Context, *ec2.AuthorizeSecurityGroupIngressInput, ...func(*ec2.Options)) (*ec2.AuthorizeSecurityGroupIngressOutput, error)
	AuthorizeSecurityGroupEgress(context.Context, *ec2.AuthorizeSecurityGroupEgressInput, ...func(*ec2.Options)) (*ec2.AuthorizeSecurityGroupEgressOutput, error)
	RevokeSecurityGroupIngress(context.Context, *ec2.RevokeSecurityGroupIngressInput, ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupIngressOutput, error)
	RevokeSecurityGroupEgress(context.Context, *ec2.RevokeSecurityGroupEgressInput, ...func(*ec2.Options)) (*ec2.RevokeSecurityGroupEgressOutput, error)
}

type securityGroupRules struct{ api securityGroupRuleWriter }

// Create takes up a rule that is there: a group has each rule once, and AWS itself
// puts the first egress rules into every new group, without our tags.
func (r securityGroupRules) Create(ctx context.Context, want topology.SecurityGroupRule, ids topology.Bindings) (topology.Bindings, error) {
	group, err := idOf(ids, want.Group)
	if err != nil {
		return nil, err
	}
	permission, err := permissionOf(want, ids)
	if err != nil {
		return nil, err
	}
	id, err := r.authorize(ctx, want, group, permission)
	if err != nil && awsapi.AlreadyExists(err) {
		return r.takeUp(ctx, want, group, permission)
	}
	if err != nil {
		return nil, settling(err, "AWS does not know the new security group everywhere yet")
	}
	return topology.Bindings{want.Ref(): id}, nil
}

func (r securityGroupRules) authorize(ctx context.Context, want topology.SecurityGroupRule, group string, permission ec2types.IpPermission) (string, error) {
	tags := tagged(ec2types.ResourceTypeSecurityGroupRule, want.Tags)
	var made []ec2types.SecurityGroupRule
	if want.Direction == topology.Egress {
		out, err := r.api.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{
			GroupId: aws.String(group), IpPermissions: []ec2types.IpPermission{permission}, TagSpecifications: tags,
		})
		if err != nil {
			return "", err
		}
		made = out.SecurityGroupRules
	} else {
		out, err := r.api.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{
			GroupId: aws.String(group), IpPermissions: []ec2types.IpPermission{permission}, TagSpecifications: tags,
		})
		if err != nil {
			return "", err
		}
		made = out.SecurityGroupRules
	}
	if len(made) != 1 {
		return "", fmt.Errorf("AWS made %d rules where one was asked for", len(made))
	}
	return aws.ToString(made[0].SecurityGroupRuleId), nil
}

// takeUp finds the rule that is there already and gives it the wanted tags.
func (r securityGroupRules) takeUp(ctx context.Context, want topology.SecurityGroupRule, group string, permission ec2types.IpPermission) (topology.Bindings, error) {
	in := &ec2.DescribeSecurityGroupRulesInput{Filters: []ec2types.Filter{filter("group-id", group)}}
	for pages := ec2.NewDescribeSecurityGroupRulesPaginator(r.api, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, rule := range page.SecurityGroupRules {
			if aws.ToBool(rule.IsEgress) == (want.Direction == topology.Egress) && allows(rule, permission) {
				id := aws.ToString(rule.SecurityGroupRuleId)
				return topology.Bindings{want.Ref(): id}, addTags(ctx, r.api, id, want.Tags)
			}
		}
	}
	return nil, &WaitError{Reason: "AWS has the rule already and does not show it yet"}
}

// permissionOf writes the rule as AWS takes it.
func permissionOf(want topology.SecurityGroupRule, ids topology.Bindings) (ec2types.IpPermission, error) {
	p := ec2types.IpPermission{
		IpProtocol: aws.String(want.Protocol), FromPort: aws.Int32(int32(want.FromPort)), ToPort: aws.Int32(int32(want.ToPort)),
	}
	switch {
	case want.CIDR.IsValid() && want.CIDR.Addr().Is4():
		p.IpRanges = []ec2types.IpRange{{CidrIp: aws.String(want.CIDR.String())}}
	case want.CIDR.IsValid():
		p.Ipv6Ranges = []ec2types.Ipv6Range{{CidrIpv6: aws.String(want.CIDR.String())}}
	case want.PrefixList != "":
		p.PrefixListIds = []ec2types.PrefixListId{{PrefixListId: aws.String(want.PrefixList)}}
	default:
		peer, err := idOf(ids, want.Peer)
		if err != nil {
			return p, err
		}
		p.UserIdGroupPairs = []ec2types.UserIdGroupPair{{GroupId: aws.String(peer)}}
	}
	return p, nil
}

// allows reports whether AWS's rule is the one that the permission asks for. AWS
// looks at ports only with the protocols that have them (or types and codes).
func allows(rule ec2types.SecurityGroupRule, p ec2types.IpPermission) bool {
	switch protocol := aws.ToString(rule.IpProtocol); {
	case protocol != *p.IpProtocol:
		return false
	case !slices.Contains([]string{"tcp", "udp", "icmp", "icmpv6"}, protocol):
	case aws.ToInt32(rule.FromPort) != *p.FromPort || aws.ToInt32(rule.ToPort) != *p.ToPort:
		return false
	}
	switch {
	case len(p.IpRanges) > 0:
		return aws.ToString(rule.CidrIpv4) == *p.IpRanges[0].CidrIp
	case len(p.Ipv6Ranges) > 0:
		return aws.ToString(rule.CidrIpv6) == *p.Ipv6Ranges[0].CidrIpv6
	case len(p.PrefixListIds) > 0:
		return aws.ToString(rule.PrefixListId) == *p.PrefixListIds[0].PrefixListId
	}
	return rule.ReferencedGroupInfo != nil && aws.ToString(rule.ReferencedGroupInfo.GroupId) == *p.UserIdGroupPairs[0].GroupId
}

func (r securityGroupRules) Update(ctx context.Context, _, want topology.SecurityGroupRule, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	return nil, addTags(ctx, r.api, id, tagChangeOf(change).set)
}

func (r securityGroupRules) Delete(ctx context.Context, have topology.SecurityGroupRule, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	group, err := idOf(ids, have.Group)
	if err != nil {
		return err
	}
	if have.Direction == topology.Egress {
		_, err = r.api.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: aws.String(group), SecurityGroupRuleIds: []string{id}})
	} else {
		_, err = r.api.RevokeSecurityGroupIngress(ctx, &ec2.RevokeSecurityGroupIngressInput{GroupId: aws.String(group), SecurityGroupRuleIds: []string{id}})
	}
	return removed(err, "the rule is still changing")
}
