package desired

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

func named(name string) manifest {
	return manifest{Cluster: kopsspec.Cluster{Metadata: kopsspec.Metadata{Name: name}}}
}

// TestNamesAreThoseThatKopsMakes has the vectors of kops 1.37.
func TestNamesAreThoseThatKopsMakes(t *testing.T) {
	for cluster, names := range map[string][]string{
		"minimal.example.com": {
			"api-minimal-example-com-gecgf7", "tcp-minimal-example-com-5905t8", "tls-minimal-example-com-01angp",
			"bastion-minimal-example-c-9p4nt1", "kops-controller-minimal-e-uvauf3", "etcd-cilium-minimal-examp-7c7q55",
		},
		"this.is.truly.a.really.really.long.cluster-name.minimal.example.com": {"api-this-is-truly-a-reall-boq5pm", "tcp-this-is-truly-a-reall-1orbcf"},
	} {
		for _, want := range names {
			for _, prefix := range []string{"kops-controller", "etcd-cilium", "bastion", "api", "tcp", "tls"} {
				if got := named(cluster).loadBalancerName(prefix); strings.HasPrefix(want, prefix+"-") && got != want {
					t.Errorf("%s of %s is %s, want %s", prefix, cluster, got, want)
				}
			}
		}
	}
}

// TestSubnetsGetTheRangesOfKops: n big and n little subnets in as many zones.
func TestSubnetsGetTheRangesOfKops(t *testing.T) {
	for name, c := range map[string]struct {
		network     string
		big, little int
		given       string // of the first big subnet
		want        string
	}{
		"one subnet has all":            {"172.20.0.0/16", 1, 0, "", "172.20.0.0/16"},
		"three subnets":                 {"172.20.0.0/16", 3, 0, "", "172.20.0.0/18 172.20.64.0/18 172.20.128.0/18"},
		"three with utility":            {"172.20.0.0/16", 3, 3, "", "172.20.64.0/18 172.20.128.0/18 172.20.192.0/18 172.20.0.0/21 172.20.8.0/21 172.20.16.0/21"},
		"four with utility":             {"172.20.0.0/16", 4, 1, "", "172.20.32.0/19 172.20.64.0/19 172.20.96.0/19 172.20.128.0/19 172.20.0.0/22"},
		"given ranges are left out":     {"172.20.0.0/16", 3, 0, "172.20.0.0/20", "172.20.0.0/20 172.20.64.0/18 172.20.128.0/18"},
		"ranges outside do not count":   {"172.20.0.0/16", 2, 0, "10.0.0.0/20", "10.0.0.0/20 172.20.0.0/16"},
		"too many for eight blocks":     {"172.20.0.0/16", 9, 0, "", strings.TrimSpace(strings.Repeat("invalid Prefix ", 9))},
		"too small a network":           {"172.20.0.0/31", 4, 0, "", strings.TrimSpace(strings.Repeat("invalid Prefix ", 4))},
		"a network that does not exist": {"", 1, 0, "", "invalid Prefix"},
	} {
		t.Run(name, func(t *testing.T) {
			network, _ := netip.ParsePrefix(c.network)
			var subnets []subnet
			for i := range c.big {
				subnets = append(subnets, subnet{Subnet: kopsspec.Subnet{Type: "Private", Zone: fmt.Sprint(i)}})
			}
			for i := range c.little {
				subnets = append(subnets, subnet{Subnet: kopsspec.Subnet{Type: "Utility", Zone: fmt.Sprint(i)}})
			}
			if c.given != "" {
				subnets[0].CIDR, subnets[0].cidr = c.given, netip.MustParsePrefix(c.given)
			}
			assignCIDRs(network, subnets)
			var got []string
			for _, s := range subnets {
				got = append(got, s.cidr.String())
			}
			if diff := cmp.Diff(c.want, strings.Join(got, " ")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPartitionFollowsTheRegion(t *testing.T) {
	for region, want := range map[string]string{
		"us-east-1": "aws", "us-gov-east-1": "aws-us-gov", "cn-north-1": "aws-cn", "us-iso-east-1": "aws-iso",
		"us-isob-east-1": "aws-iso-b", "us-test-1": "aws-test", "eusc-de-east-1": "aws-eusc",
	} {
		if got := (manifest{region: region}).partition(); got != want {
			t.Errorf("%s is in %s, want %s", region, got, want)
		}
	}
}

// TestWorkersNeverReachEtcdPeersOrClients looks at each port instead of at ranges.
func TestWorkersNeverReachEtcdPeersOrClients(t *testing.T) {
	for name, c := range map[string]struct {
		edits  []edit
		closed []int
	}{
		"main and events": {nil, []int{2380, 2381, 4001, 4002}},
		"Cilium's own etcd": {
			[]edit{{"calico: {}", "cilium: {etcdManaged: true}"}, {"  - name: main\n", ciliumEtcd + "  - name: main\n"}},
			[]int{2380, 2381, 2382, 4001, 4002},
		},
		"leases": {[]edit{{"  - name: main\n", strings.Replace(ciliumEtcd, "cilium", "leases", 1) + "  - name: main\n"}}, []int{2380, 2381, 2383, 4001, 4002, 4004}},
	} {
		t.Run(name, func(t *testing.T) {
			open := map[int]bool{}
			for _, r := range topology.Of[topology.SecurityGroupRule](buildOne(t, c.edits...).Topology) {
				if r.Group.Name == "masters.k.example.com" && r.Peer.Name == "nodes.k.example.com" && r.Protocol == "tcp" {
					for port := r.FromPort; port <= r.ToPort; port++ {
						open[port] = true
					}
				}
			}
			var closed []int
			for port := 1; port <= 65535; port++ {
				if !open[port] {
					closed = append(closed, port)
				}
			}
			if diff := cmp.Diff(c.closed, closed); diff != "" {
				t.Errorf("closed ports (-want +got):\n%s", diff)
			}
		})
	}
}

const ciliumEtcd = `  - name: cilium
    etcdMembers:
    - {name: a, instanceGroup: master-a}
    - {name: b, instanceGroup: master-b}
    - {name: c, instanceGroup: master-c}
`

func TestNodePortsAreOpenedForTCPAndUDP(t *testing.T) {
	c := buildOne(t, edit{"  cloudProvider: aws\n", "  cloudProvider: aws\n  nodePortAccess: [192.0.2.0/24, pl-1]\n  kubeAPIServer: {serviceNodePortRange: 28000-28009}\n"})
	var got []string
	for _, r := range topology.Of[topology.SecurityGroupRule](c.Topology) {
		if r.FromPort == 28000 {
			got = append(got, r.Ref().Name)
			if len(r.Tags) > 0 {
				t.Errorf("%s has tags, and kops leaves it bare", r.Ref())
			}
		}
	}
	want := []string{
		"nodes.k.example.com-ingress-tcp-28000to28009-from-192.0.2.0/24", "nodes.k.example.com-ingress-tcp-28000to28009-from-pl-1",
		"nodes.k.example.com-ingress-udp-28000to28009-from-192.0.2.0/24", "nodes.k.example.com-ingress-udp-28000to28009-from-pl-1",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestAGivenSecurityGroupGetsTheRulesOfItsRole(t *testing.T) {
	c := buildOne(t, edit{"subnets: [a]", "subnets: [a]\n  securityGroupOverride: sg-1"})
	group, ok := topology.Find[topology.SecurityGroup](c.Topology, topology.Ref{Kind: topology.KindSecurityGroup, Name: "sg-1"})
	if !ok || group.Ownership != topology.Shared || group.Tags != nil {
		t.Errorf("the given group is %+v, want a shared one", group)
	}
	rules := map[string]topology.Tags{}
	for _, r := range topology.Of[topology.SecurityGroupRule](c.Topology) {
		rules[r.Ref().Name] = r.Tags
	}
	for _, name := range []string{"sg-1-ingress-tcp-443-from-api-elb.k.example.com", "sg-1-ingress-all-from-sg-1", "masters.k.example.com-ingress-all-from-sg-1"} {
		if _, ok := rules[name]; !ok {
			t.Errorf("there is no rule %s", name)
		}
	}
	if got, want := rules["sg-1-ingress-all-from-sg-1"][topology.TagName], "from-sg-1-ControlPlane-ingress-all-0to0-sg-1-ControlPlane"; got != want {
		t.Errorf("the rule is named %s, want %s", got, want)
	}
}

func TestACertificateAddsATLSListener(t *testing.T) {
	c := buildOne(t, edit{"      type: Public\n", "      type: Public\n      sslCertificate: arn:aws:acm:eu-west-1:1:certificate/1\n"})
	var got []string
	for _, l := range topology.Of[topology.Listener](c.Topology) {
		got = append(got, fmt.Sprint(l.Ref().Name, " ", l.Protocol, " ", l.TargetGroup.Name[:3], " ", l.SSLPolicy))
	}
	want := []string{
		"api.k.example.com:443 TLS tls ELBSecurityPolicy-2016-08",
		"api.k.example.com:8443 TCP tcp ",
		"bastion.k.example.com:22 TCP bas ",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLoadBalancersPreferUtilitySubnetsThenThoseOfMasters(t *testing.T) {
	m := manifest{
		groups: []kopsspec.InstanceGroup{{Spec: kopsspec.InstanceGroupSpec{Role: "Master", Subnets: []string{"c"}}}},
		subnets: []subnet{
			{Subnet: kopsspec.Subnet{Name: "a", Zone: "1", Type: "Public"}},
			{Subnet: kopsspec.Subnet{Name: "b", Zone: "1", Type: "Utility"}},
			{Subnet: kopsspec.Subnet{Name: "d", Zone: "2", Type: "Public"}},
			{Subnet: kopsspec.Subnet{Name: "c", Zone: "2", Type: "Public"}},
			{Subnet: kopsspec.Subnet{Name: "f", Zone: "3", Type: "Public"}},
			{Subnet: kopsspec.Subnet{Name: "e", Zone: "3", Type: "Public"}},
			{Subnet: kopsspec.Subnet{Name: "g", Zone: "3", Type: "Private"}},
		},
	}
	for typ, want := range map[string]string{"Public": "b c e", "Internal": "g"} {
		var got []string
		for _, s := range m.loadBalancerSubnets(typ) {
			got = append(got, s.Name)
		}
		if strings.Join(got, " ") != want {
			t.Errorf("a %s load balancer is in %s, want %s", typ, got, want)
		}
	}
}

func TestAdditionalUserDataFollowsTheNodeConfiguration(t *testing.T) {
	part := "additionalUserData: [{name: hello.sh, type: text/x-shellscript, content: \"#!/bin/sh\\necho hello\\n\"}]"
	c := buildOne(t,
		edit{"  minSize: 3\n", "  minSize: 3\n  " + part + "\n"},
		edit{"  subnets: [utility-a, utility-b, utility-c]\n", "  subnets: [utility-a, utility-b, utility-c]\n  " + part + "\n"},
	)
	for _, template := range topology.Of[topology.LaunchTemplate](c.Topology) {
		group := template.Tags[topology.TagGroup]
		config, err := topology.ParseUserData(template.UserData)
		if group == "bastions" {
			if err == nil || !strings.Contains(template.UserData, "echo hello") {
				t.Errorf("a bastion boots from %q", template.UserData)
			}
			continue
		}
		if err != nil || config.Group != group {
			t.Errorf("%s boots from the configuration of %q: %v", group, config.Group, err)
		}
		if got := strings.Contains(template.UserData, "echo hello"); got != (group == "nodes") {
			t.Errorf("%s has the additional part: %v", group, got)
		}
	}
}

func TestTheKeyPairIsTheGivenOneOrNone(t *testing.T) {
	for name, c := range map[string]struct {
		line string
		want []topology.KeyPair
	}{
		"a name is a key that exists": {"sshKeyName: admin", []topology.KeyPair{{Name: "admin", Ownership: topology.Shared}}},
		"an empty name is no key":     {`sshKeyName: ""`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			built := buildOne(t, edit{"  cloudProvider: aws\n", "  cloudProvider: aws\n  " + c.line + "\n"})
			if diff := cmp.Diff(c.want, topology.Of[topology.KeyPair](built.Topology)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestInstanceStoreIsMapped(t *testing.T) {
	want := []topology.BlockDevice{{Device: "/dev/sdc", Ephemeral: "ephemeral0"}, {Device: "/dev/sdd", Ephemeral: "ephemeral1"}}
	if diff := cmp.Diff(want, ephemeralDevices("m3.xlarge")); diff != "" {
		t.Error(diff)
	}
	if got := ephemeralDevices("t3.medium"); got != nil {
		t.Errorf("t3.medium has %v, and no instance store", got)
	}
}

func TestQueueModeOfTheNodeTerminationHandlerIsTheDefault(t *testing.T) {
	for line, want := range map[string]struct{ queues, rules, hooks int }{
		"": {1, 4, 5},
		"nodeTerminationHandler: {enabled: true}":                                 {1, 4, 5},
		"nodeTerminationHandler: {enableRebalanceDraining: true}":                 {1, 5, 5},
		"nodeTerminationHandler: {enabled: false}":                                {},
		"nodeTerminationHandler: {enableSQSTerminationDraining: false}":           {},
		"nodeTerminationHandler: {enabled: false, enableRebalanceDraining: true}": {},
	} {
		c := buildOne(t, edit{"  cloudProvider: aws\n", "  cloudProvider: aws\n  " + line + "\n"})
		rules := topology.Of[topology.EventRule](c.Topology)
		hooks := topology.Of[topology.LifecycleHook](c.Topology)
		if n := len(topology.Of[topology.Queue](c.Topology)); n != want.queues || len(rules) != want.rules || len(hooks) != want.hooks {
			t.Errorf("with %q there are %d queues, %d rules and %d hooks; want %+v", line, n, len(rules), len(hooks), want)
		}
	}
}

// kops's own words, which its users see in AWS.
func TestQueuePolicyLetsEventBridgeSend(t *testing.T) {
	queue := topology.Of[topology.Queue](buildOne(t).Topology)[0]
	const want = `{"Statement":[{"Action":"sqs:SendMessage","Effect":"Allow",` +
		`"Principal":{"Service":["events.amazonaws.com","sqs.amazonaws.com"]},` +
		`"Resource":"arn:aws:sqs:eu-west-1:123456789012:k-example-com-nth"}],"Version":"2012-10-17"}`
	if diff := cmp.Diff(want, queue.PolicyIn("123456789012")); diff != "" {
		t.Error(diff)
	}
}

func TestEventPatternsAreCanonical(t *testing.T) {
	for _, e := range append(slices.Clone(awsEvents), rebalanceEvent) {
		if got, err := topology.CanonicalPattern(e.pattern); err != nil || got != e.pattern {
			t.Errorf("%s: %s is written %s, %v", e.name, e.pattern, got, err)
		}
	}
}

func TestNodeTerminationHandlerTagFollowsItsMode(t *testing.T) {
	for line, want := range map[string]string{
		"": tagNTH,
		"nodeTerminationHandler: {enabled: false}":                      "",
		"nodeTerminationHandler: {enableSQSTerminationDraining: false}": "",
		"nodeTerminationHandler: {managedASGTag: mine}":                 "mine",
	} {
		c := buildOne(t, edit{"  cloudProvider: aws\n", "  cloudProvider: aws\n  " + line + "\n"})
		for _, g := range topology.Of[topology.AutoScalingGroup](c.Topology) {
			for _, key := range []string{tagNTH, "mine"} {
				if _, ok := g.Tags[key]; ok != (key == want) {
					t.Errorf("with %q, group %s has tag %s: %v", line, g.Name, key, ok)
				}
			}
		}
	}
}
