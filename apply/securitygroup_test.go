package apply

import (
	"net/netip"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestSecurityGroupIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aSecurityGroup("masters")
		w.create(t, aDHCPOptions(), aVPC(), want)
		w.create(t, want)
		wantSecurityGroup(t, w, want)

		want.Tags = want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		wantSecurityGroup(t, w, want)

		w.remove(t, want)
		if left := w.securityGroups(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestLostAnswerNeverMakesASecondSecurityGroup(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.create(t, aDHCPOptions(), aVPC())
		w.lossy(t, "CreateSecurityGroup", aSecurityGroup("masters"))
		wantSecurityGroup(t, w, aSecurityGroup("masters"))
	})
}

func TestStrangersSecurityGroupIsNotTaken(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.create(t, aDHCPOptions(), aVPC())
		_, err := w.env.clients.EC2.CreateSecurityGroup(t.Context(), &ec2.CreateSecurityGroupInput{
			GroupName: aws.String(aSecurityGroup("masters").Name), Description: aws.String("not ours"), VpcId: aws.String(w.ids[aVPC().Ref()]),
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.tryCreate(t, aSecurityGroup("masters")); err == nil || w.ids[aSecurityGroup("masters").Ref()] != "" {
			t.Errorf("the group was taken: %v", err)
		}
	})
}

func TestSecurityGroupRulesAreMadeAndRemoved(t *testing.T) {
	masters, nodes := aSecurityGroup("masters").Ref(), aSecurityGroup("nodes").Ref()
	anywhere, anywhere6 := netip.MustParsePrefix("0.0.0.0/0"), netip.MustParsePrefix("::/0")
	all := func(r topology.SecurityGroupRule) topology.SecurityGroupRule {
		r.Protocol, r.FromPort, r.ToPort = "-1", -1, -1
		return r
	}
	for name, rule := range map[string]topology.SecurityGroupRule{
		"a port from a range":      {Group: masters, Direction: topology.Ingress, Protocol: "tcp", FromPort: 443, ToPort: 443, CIDR: anywhere},
		"a port from IPv6":         {Group: masters, Direction: topology.Ingress, Protocol: "tcp", FromPort: 443, ToPort: 443, CIDR: anywhere6},
		"ports from a group":       {Group: masters, Direction: topology.Ingress, Protocol: "udp", FromPort: 1, ToPort: 65535, Peer: nodes},
		"all from itself":          all(topology.SecurityGroupRule{Group: masters, Direction: topology.Ingress, Peer: masters}),
		"all to IPv6":              all(topology.SecurityGroupRule{Group: masters, Direction: topology.Egress, CIDR: anywhere6}),
		"path discovery":           {Group: masters, Direction: topology.Ingress, Protocol: "icmp", FromPort: 3, ToPort: 4, CIDR: anywhere},
		"all ICMPv6":               {Group: masters, Direction: topology.Ingress, Protocol: "icmpv6", FromPort: -1, ToPort: -1, CIDR: anywhere6},
		"IP in IP, without ports":  {Group: masters, Direction: topology.Ingress, Protocol: "4", FromPort: -1, ToPort: -1, Peer: nodes},
		"a port from prefix lists": {Group: masters, Direction: topology.Ingress, Protocol: "tcp", FromPort: 22, ToPort: 22, PrefixList: "pl-12345678"},
	} {
		t.Run(name, func(t *testing.T) {
			inEveryWorld(t, func(t *testing.T, w *world) {
				rule.Tags, rule.Ownership = base("from-somewhere"), topology.Owned
				w.create(t, aDHCPOptions(), aVPC(), aSecurityGroup("masters"), aSecurityGroup("nodes"))
				w.create(t, rule)
				w.create(t, rule)
				wantRule(t, w, rule)
				w.remove(t, rule)
				if n := w.count(t, rule); n != 0 {
					t.Errorf("it is still there %d times", n)
				}
			})
		})
	}
}

// AWS puts this rule into every new group, so making it is taking it up.
func TestFirstEgressRuleIsTakenUpAndTagged(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		masters := aSecurityGroup("masters")
		rule := topology.SecurityGroupRule{
			Group: masters.Ref(), Direction: topology.Egress, Protocol: "-1", FromPort: -1, ToPort: -1, CIDR: netip.MustParsePrefix("0.0.0.0/0"),
			Tags: base("from-masters.ha.example.com-egress-all-0to0-0.0.0.0/0"), Ownership: topology.Owned,
		}
		w.create(t, aDHCPOptions(), aVPC(), masters, rule)
		wantRule(t, w, rule)
	})
}

func (w *world) securityGroups(t *testing.T) []ec2types.SecurityGroup {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeSecurityGroups(t.Context(), &ec2.DescribeSecurityGroupsInput{Filters: carrying(testCluster)})
	if err != nil {
		t.Fatal(err)
	}
	return out.SecurityGroups
}

func wantSecurityGroup(t *testing.T, w *world, want topology.SecurityGroup) {
	t.Helper()
	found := w.securityGroups(t)
	if len(found) != 1 {
		t.Fatalf("there are %d security groups", len(found))
	}
	got := want
	got.Name, got.Description, got.Tags = aws.ToString(found[0].GroupName), aws.ToString(found[0].Description), tagsOf(found[0].Tags)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("security group (-want +got):\n%s", diff)
	}
}

func (w *world) rules(t *testing.T, group topology.Ref) map[string]ec2types.SecurityGroupRule {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeSecurityGroupRules(t.Context(), &ec2.DescribeSecurityGroupRulesInput{
		Filters: []ec2types.Filter{filter("group-id", w.ids[group])},
	})
	if err != nil {
		t.Fatal(err)
	}
	rules := map[string]ec2types.SecurityGroupRule{}
	for _, r := range out.SecurityGroupRules {
		rules[aws.ToString(r.SecurityGroupRuleId)] = r
	}
	return rules
}

// count is how many times a group has a rule.
func (w *world) count(t *testing.T, rule topology.SecurityGroupRule) int {
	t.Helper()
	permission, err := permissionOf(rule, w.ids)
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, r := range w.rules(t, rule.Group) {
		if aws.ToBool(r.IsEgress) == (rule.Direction == topology.Egress) && allows(r, permission) {
			n++
		}
	}
	return n
}

func wantRule(t *testing.T, w *world, want topology.SecurityGroupRule) {
	t.Helper()
	if n := w.count(t, want); n != 1 {
		t.Errorf("%s is there %d times", want.Ref(), n)
	}
	if diff := cmp.Diff(want.Tags, tagsOf(w.rules(t, want.Group)[w.ids[want.Ref()]].Tags)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}
