package actual

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type securityGroupRuleReader interface {
	DescribeSecurityGroupRules(context.Context, *ec2.DescribeSecurityGroupRulesInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupRulesOutput, error)
}

type securityGroupRuleAnswers struct{ found []ec2types.SecurityGroupRule }

// lookSecurityGroupRules asks by group and not by tag: kops leaves some rules without
// tags, and people write others.
func lookSecurityGroupRules(ctx context.Context, o *observation) (err error) {
	var groups []string
	for _, g := range o.securityGroups.found {
		groups = append(groups, aws.ToString(g.GroupId))
	}
	if len(groups) == 0 {
		return nil
	}
	pages := ec2.NewDescribeSecurityGroupRulesPaginator(o.clients.EC2, &ec2.DescribeSecurityGroupRulesInput{
		Filters: []ec2types.Filter{filter("group-id", groups...)}, MaxResults: page1000,
	})
	o.rules.found, err = everything(ctx, pages, func(p *ec2.DescribeSecurityGroupRulesOutput) []ec2types.SecurityGroupRule {
		return p.SecurityGroupRules
	})
	return err
}

func convertSecurityGroupRules(o *observation) error {
	for _, r := range o.rules.found {
		id, group := aws.ToString(r.SecurityGroupRuleId), o.ref(r.GroupId)
		if group.Kind == topology.KindGiven {
			continue // the rule of a group that was left over
		}
		rule := topology.SecurityGroupRule{
			Group:      group,
			Direction:  topology.Ingress,
			Protocol:   protocol(aws.ToString(r.IpProtocol)),
			PrefixList: aws.ToString(r.PrefixListId),
			Tags:       ec2Tags(r.Tags),
		}
		if aws.ToBool(r.IsEgress) {
			rule.Direction = topology.Egress
		}
		if r.ReferencedGroupInfo != nil {
			rule.Peer = o.ref(r.ReferencedGroupInfo.GroupId)
		}
		var err error
		if rule.CIDR, err = prefix(either(r.CidrIpv4, r.CidrIpv6)); err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		rule.FromPort, rule.ToPort = ports(rule.Protocol, r)
		rule.Ownership = o.ruleOwner(rule, aws.ToString(r.Description))
		o.add(id, rule)
	}
	return nil
}

// protocol is AWS's word for the protocols that have one.
func protocol(number string) string {
	names := map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6"}
	if name, ok := names[number]; ok {
		return name
	}
	return number
}

// ports are -1 where the protocol has none, whatever was sent when the rule was made.
func ports(protocol string, r ec2types.SecurityGroupRule) (from, to int) {
	switch protocol {
	case "tcp", "udp", "icmp", "icmpv6":
		if r.FromPort != nil && r.ToPort != nil {
			return int(*r.FromPort), int(*r.ToPort)
		}
	}
	return -1, -1
}

// ruleOwner tells whose a rule is. Ours carry the tag, or are of a shape that kops
// writes without tags, or let something in where only we may. Any other rule in a
// group of ours is somebody's: a person's, or one of the controllers inside Kubernetes
// that let their load balancers in.
func (o *observation) ruleOwner(r topology.SecurityGroupRule, description string) topology.Ownership {
	group, _ := o.resources[r.Group].(topology.SecurityGroup)
	switch {
	case o.owns(r.Tags):
		return topology.Owned
	case group.Ownership == topology.Shared:
		return topology.Shared
	case o.guarded(r), description == "" && bare(r):
		return topology.Owned
	}
	return topology.Shared
}

// bare reports whether a rule looks like one of those that kops leaves without tags:
// between groups of the cluster, the path-MTU messages that load balancers let in, and
// the node ports, if their range is Kubernetes' own.
func bare(r topology.SecurityGroupRule) bool {
	switch {
	case !r.Peer.IsZero():
		return r.Peer.Kind != topology.KindGiven
	case r.Protocol == "icmp":
		return r.FromPort == 3 && r.ToPort == 4
	case r.Protocol == "tcp", r.Protocol == "udp":
		return r.FromPort == 30000 && r.ToPort == 32767
	}
	return r.Protocol == "icmpv6" || r.Direction == topology.Egress
}

// guardedPorts are the ports that kops keeps clean of rules it did not write, by the
// beginning of the group's name. For ICMP they are the type; -1 is all traffic.
var guardedPorts = map[string][]int{
	"masters":     {22, 443, 2380, 2381, 4001, 4002, 4789, 179, 8443, 3988, 3, -1},
	"nodes":       {22},
	"api-elb":     {443, 8443},
	"bastion":     {22, 3, -1},
	"bastion-elb": {22},
}

// guarded reports whether a rule lets something in where only our own rules may.
func (o *observation) guarded(r topology.SecurityGroupRule) bool {
	prefix := strings.TrimSuffix(r.Group.Name, "."+o.scope.Cluster)
	single := r.FromPort == r.ToPort || strings.HasPrefix(r.Protocol, "icmp")
	return r.Direction == topology.Ingress && single && slices.Contains(guardedPorts[prefix], r.FromPort)
}
