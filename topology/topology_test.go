package topology

import (
	"encoding/json"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestConstructionNamesEveryMisfit(t *testing.T) {
	subnet := Subnet{Name: "a", VPC: VPC{Name: "gone"}.Ref()}
	_, err := New(ElasticIP{Name: "x"}, ElasticIP{Name: "x"}, subnet)
	if err == nil {
		t.Fatal("two of one name and a dangling reference are accepted")
	}
	for _, sentence := range []string{"two resources are named elastic-ip/x", "subnet/a needs vpc/gone, which is not there"} {
		if !strings.Contains(err.Error(), sentence) {
			t.Errorf("%q does not say %q", err, sentence)
		}
	}
}

func TestGivenReferencesNeedNoResource(t *testing.T) {
	if _, err := New(RouteTable{Name: "a", VPC: Given("vpc-1"), Routes: []Route{{Target: Given("tgw-1")}}}); err != nil {
		t.Error(err)
	}
}

func TestIterationIsSortedHoweverItWasMade(t *testing.T) {
	resources := []Resource{
		VPC{Name: "v"}, DHCPOptions{Name: "d"}, Subnet{Name: "b", VPC: VPC{Name: "v"}.Ref()}, Subnet{Name: "a", VPC: VPC{Name: "v"}.Ref()},
		Volume{Name: "x"}, KeyPair{Name: "k"},
	}
	want := []string{"dhcp-options/d", "vpc/v", "subnet/a", "subnet/b", "key-pair/k", "volume/x"}
	for range 50 {
		rand.Shuffle(len(resources), func(i, j int) { resources[i], resources[j] = resources[j], resources[i] })
		made, err := New(resources...)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for ref := range made.All() {
			got = append(got, ref.String())
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Fatalf("(-want +got):\n%s", d)
		}
	}
}

func TestEveryKindNeedsOnlyEarlierKinds(t *testing.T) {
	place := map[Kind]int{}
	for i, k := range Kinds() {
		place[k] = i
	}
	ref := func(k Kind) Ref { return Ref{k, "x"} }
	for _, r := range []Resource{
		VPC{DHCPOptions: ref(KindDHCPOptions)},
		InternetGateway{VPC: ref(KindVPC)},
		Subnet{VPC: ref(KindVPC)},
		NATGateway{Subnet: ref(KindSubnet), ElasticIP: ref(KindElasticIP)},
		RouteTable{VPC: ref(KindVPC), Subnets: []Ref{ref(KindSubnet)}, Routes: []Route{{Target: ref(KindNATGateway)}, {Target: ref(KindInternetGateway)}}},
		SecurityGroup{VPC: ref(KindVPC)},
		SecurityGroupRule{Group: ref(KindSecurityGroup), Peer: ref(KindSecurityGroup)},
		InstanceProfile{Role: ref(KindIAMRole)},
		TargetGroup{VPC: ref(KindVPC)},
		LoadBalancer{SecurityGroups: []Ref{ref(KindSecurityGroup)}, Subnets: []SubnetMapping{{Subnet: ref(KindSubnet), Allocation: ref(KindElasticIP)}}},
		Listener{LoadBalancer: ref(KindLoadBalancer), TargetGroup: ref(KindTargetGroup)},
		LaunchTemplate{KeyPair: ref(KindKeyPair), InstanceProfile: ref(KindInstanceProfile), SecurityGroups: []Ref{ref(KindSecurityGroup)}},
		AutoScalingGroup{LaunchTemplate: ref(KindLaunchTemplate), Subnets: []Ref{ref(KindSubnet)}, TargetGroups: []Ref{ref(KindTargetGroup)}},
	} {
		if len(r.Needs()) == 0 {
			t.Errorf("%s names nothing that it needs", r.Ref().Kind)
		}
		for _, need := range r.Needs() {
			if place[need.Kind] >= place[r.Ref().Kind] {
				t.Errorf("%s needs %s, which stands later in Kinds", r.Ref().Kind, need.Kind)
			}
		}
	}
}

func TestReferencesSurviveJSON(t *testing.T) {
	for _, want := range []Ref{{}, {KindSubnet, "us-east-1a.ha.example.com"}, {KindSecurityGroupRule, "masters-ingress-tcp-22-from-10.0.0.0/8"}} {
		text, err := json.Marshal(want)
		if err != nil {
			t.Fatal(err)
		}
		var got Ref
		if err := json.Unmarshal(text, &got); err != nil || got != want {
			t.Errorf("%s became %s (%v)", want, got, err)
		}
	}
}

func TestARuleIsNamedByAllThatItAllows(t *testing.T) {
	group := Ref{KindSecurityGroup, "masters.ha"}
	cases := map[string]SecurityGroupRule{
		"masters.ha-ingress-tcp-443-from-0.0.0.0/0":           {Group: group, Direction: Ingress, Protocol: "tcp", FromPort: 443, ToPort: 443, CIDR: netip.MustParsePrefix("0.0.0.0/0")},
		"masters.ha-ingress-tcp-1to2379-from-nodes.ha":        {Group: group, Direction: Ingress, Protocol: "tcp", FromPort: 1, ToPort: 2379, Peer: Ref{KindSecurityGroup, "nodes.ha"}},
		"masters.ha-egress-all-to-::/0":                       {Group: group, Direction: Egress, Protocol: "-1", FromPort: -1, ToPort: -1, CIDR: netip.MustParsePrefix("::/0")},
		"masters.ha-ingress-4-from-nodes.ha":                  {Group: group, Direction: Ingress, Protocol: "4", FromPort: -1, ToPort: -1, Peer: Ref{KindSecurityGroup, "nodes.ha"}},
		"masters.ha-ingress-tcp-22-from-pl-66666666":          {Group: group, Direction: Ingress, Protocol: "tcp", FromPort: 22, ToPort: 22, PrefixList: "pl-66666666"},
		"masters.ha-ingress-icmp-3to4-from-api-elb.ha":        {Group: group, Direction: Ingress, Protocol: "icmp", FromPort: 3, ToPort: 4, Peer: Ref{KindSecurityGroup, "api-elb.ha"}},
		"masters.ha-ingress-icmpv6-from-2001:db8::/32":        {Group: group, Direction: Ingress, Protocol: "icmpv6", FromPort: -1, ToPort: -1, CIDR: netip.MustParsePrefix("2001:db8::/32")},
		"masters.ha-ingress-udp-30000to32767-from-1.2.3.0/24": {Group: group, Direction: Ingress, Protocol: "udp", FromPort: 30000, ToPort: 32767, CIDR: netip.MustParsePrefix("1.2.3.0/24")},
	}
	for want, rule := range cases {
		if got := rule.Ref().Name; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestPoliciesThatMeanTheSameAreTheSameText(t *testing.T) {
	same := [][2]string{
		{`{"Statement":[{"Action":["a:B"],"Effect":"Allow"}]}`, `{ "Statement": [ {"Effect":"Allow", "Action":"a:B"} ] }`},
		{`{"Statement":[{"Action":["a:B","a:A"]}]}`, `{"Statement":[{"Action":["a:A","a:B"]}]}`},
	}
	for _, pair := range same {
		if a, b := canonical(t, pair[0]), canonical(t, pair[1]); a != b {
			t.Errorf("%s and %s differ", a, b)
		}
	}
	other := [][2]string{
		{`{"Statement":[{"Action":"a:B"}]}`, `{"Statement":[{"Action":"a:C"}]}`},
		{`{"Statement":[{"Effect":"Allow"},{"Effect":"Deny"}]}`, `{"Statement":[{"Effect":"Allow"}]}`},
	}
	for _, pair := range other {
		if a, b := canonical(t, pair[0]), canonical(t, pair[1]); a == b {
			t.Errorf("%s and %s are taken for the same", pair[0], pair[1])
		}
	}
	if _, err := CanonicalPolicy("not JSON"); err == nil {
		t.Error("what is not JSON is taken for a policy")
	}
}

func canonical(t *testing.T, document string) string {
	t.Helper()
	once, err := CanonicalPolicy(document)
	if err != nil {
		t.Fatal(err)
	}
	twice, err := CanonicalPolicy(once)
	if err != nil || twice != once {
		t.Errorf("canonical twice is %s, and once %s (%v)", twice, once, err)
	}
	return once
}

func TestAMachineReadsWhatThePlannerWrote(t *testing.T) {
	want := NodeConfig{
		APIVersion: NodeConfigVersion, Cluster: "ha.example.com", Group: "master-a", Role: ControlPlane, KubernetesVersion: "1.34.2",
		EtcdClusters: []NodeEtcd{{Name: "main", Member: "a", Members: []NodeEtcdMember{{"a", EtcdHost("ha.example.com", "main", "a")}}, ClientPort: 4001, PeerPort: 2380}},
	}
	got, err := ParseUserData(UserData(want))
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	for _, foreign := range []string{"", "#!/bin/bash\nset -o errexit\n", "#cloud-config\nruncmd: []\n"} {
		if _, err := ParseUserData(foreign); err == nil {
			t.Errorf("%q is taken for ours", foreign)
		}
	}
}

func TestEqualContentHasOneDigestAndOtherContentAnother(t *testing.T) {
	template := LaunchTemplate{Name: "nodes", InstanceType: "t3.medium", SecurityGroups: []Ref{{KindSecurityGroup, "nodes"}}, Tags: Tags{"a": "b", "c": "d"}}
	twin := template
	twin.Tags, twin.SecurityGroups = Tags{"c": "d", "a": "b"}, slices.Clone(template.SecurityGroups)
	if template.Digest() != twin.Digest() {
		t.Error("equal contents have two digests")
	}
	twin.InstanceType = "m5.large"
	if template.Digest() == twin.Digest() {
		t.Error("another machine type has the same digest")
	}
}

func TestRolesAreReadBackFromTheirTags(t *testing.T) {
	for _, role := range []Role{ControlPlane, APIServer, Worker, Bastion} {
		if got := RoleOf(BaseTags("ha", "x").With(RoleTags(role))); got != role {
			t.Errorf("%s is read back as %q", role, got)
		}
	}
	if got := RoleOf(BaseTags("ha", "x")); got != "" {
		t.Errorf("no role tag is read as %q", got)
	}
}
