package terraform

import (
	"bytes"
	"encoding/json"
	"flag"
	"net/netip"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func ref(kind topology.Kind, name string) topology.Ref { return topology.Ref{Kind: kind, Name: name} }

// everything has a resource of each kind, owned and small, with most of what can be said about it.
func everything(t *testing.T) topology.Topology {
	t.Helper()
	const n = "k.example.com"
	vpc, subnet, group := ref(topology.KindVPC, n), ref(topology.KindSubnet, "a."+n), ref(topology.KindSecurityGroup, "masters."+n)
	tags := topology.BaseTags(n, n)
	given, zone := topology.Given("tgw-1"), topology.HostedZone{Name: "example.com", Private: true}
	template := topology.LaunchTemplate{
		Name: "m.masters." + n, Image: "099720109477/ubuntu/noble", InstanceType: "m3.medium",
		KeyPair: ref(topology.KindKeyPair, "kubernetes."+n+"-aa:bb"), InstanceProfile: ref(topology.KindInstanceProfile, "masters."+n),
		SecurityGroups: []topology.Ref{topology.Given("sg-1"), group}, AssociatePublicIP: true, IPv6Addresses: 1,
		BlockDevices: []topology.BlockDevice{
			{Device: topology.RootDevice, Type: "gp3", SizeGiB: 64, IOPS: 3000, Throughput: 125, Encrypted: true, KMSKey: "key", DeleteOnTermination: true},
			{Device: "/dev/sdc", Ephemeral: "ephemeral0"},
		},
		HTTPTokens: "required", HTTPHopLimit: 1, MetadataIPv6: true, Monitoring: true, EBSOptimized: true, CPUCredits: "standard",
		Tenancy: "dedicated", Spot: topology.SpotOptions{MaxPrice: "0.1", DurationMinutes: 60, Interruption: "terminate"}, UserData: "#cloud-config\n", Tags: tags, Ownership: topology.Owned,
	}
	topo, err := topology.New(
		topology.DHCPOptions{Name: n, DomainName: "ec2.internal", DomainNameServers: []string{"AmazonProvidedDNS"}, Tags: tags, Ownership: topology.Owned},
		topology.VPC{Name: n, CIDR: netip.MustParsePrefix("10.0.0.0/16"), AmazonIPv6: true, DNSSupport: true, DHCPOptions: ref(topology.KindDHCPOptions, n), Tags: tags, Ownership: topology.Owned},
		topology.VPCCIDR{VPC: vpc, CIDR: netip.MustParsePrefix("10.1.0.0/16"), Ownership: topology.Owned},
		topology.InternetGateway{Name: n, VPC: vpc, Tags: tags, Ownership: topology.Owned},
		topology.EgressOnlyGateway{Name: n, VPC: vpc, Tags: tags, Ownership: topology.Owned},
		topology.Subnet{Name: "b." + n, VPC: vpc, Zone: "us-east-1b", IPv6CIDR: "2001:db8::/64", AssignIPv6: true, DNS64: true, HostnameType: "resource-name", ResourceNameAAAA: true, Tags: tags, Ownership: topology.Owned},
		topology.Subnet{Name: "a." + n, VPC: vpc, Zone: "us-east-1a", CIDR: netip.MustParsePrefix("10.0.0.0/20"), IPv6CIDR: "/64#1a", AssignIPv6: true,
			HostnameType: "resource-name", ResourceNameA: true, ResourceNameAAAA: true, Tags: tags, Ownership: topology.Owned},
		topology.ElasticIP{Name: "us-east-1a." + n, Tags: tags, Ownership: topology.Owned},
		topology.NATGateway{Name: "us-east-1a." + n, Subnet: subnet, ElasticIP: ref(topology.KindElasticIP, "us-east-1a."+n), Tags: tags, Ownership: topology.Owned},
		topology.RouteTable{Name: n, VPC: vpc, Subnets: []topology.Ref{subnet}, Tags: topology.Tags{topology.TagRouteRole: "public"}, Ownership: topology.Owned, Routes: []topology.Route{
			{Destination: netip.MustParsePrefix("0.0.0.0/0"), Target: ref(topology.KindInternetGateway, n)},
			{Destination: netip.MustParsePrefix("::/0"), Target: ref(topology.KindInternetGateway, n)},
		}},
		topology.RouteTable{Name: "private-us-east-1a." + n, VPC: vpc, Tags: topology.Tags{topology.TagRouteRole: "private-us-east-1a"}, Ownership: topology.Owned, Routes: []topology.Route{
			{Destination: netip.MustParsePrefix("0.0.0.0/0"), Target: ref(topology.KindNATGateway, "us-east-1a."+n)},
			{Destination: netip.MustParsePrefix("192.168.0.0/24"), Target: given},
			{Destination: netip.MustParsePrefix("::/0"), Target: ref(topology.KindEgressOnlyGateway, n)},
			{Destination: netip.MustParsePrefix("64:ff9b::/96"), Target: ref(topology.KindNATGateway, "us-east-1a."+n)},
		}},
		topology.SecurityGroup{Name: "masters." + n, Description: "Security group for masters", VPC: vpc, Tags: tags, Ownership: topology.Owned},
		topology.SecurityGroupRule{Group: group, Direction: topology.Egress, Protocol: "-1", FromPort: -1, ToPort: -1, CIDR: netip.MustParsePrefix("::/0"), Tags: topology.Tags{topology.TagName: "from-masters-egress-all-0to0-::/0"}, Ownership: topology.Owned},
		topology.SecurityGroupRule{Group: group, Direction: topology.Ingress, Protocol: "4", FromPort: -1, ToPort: -1, Peer: group, Ownership: topology.Owned},
		topology.SecurityGroupRule{Group: group, Direction: topology.Ingress, Protocol: "icmpv6", FromPort: -1, ToPort: -1, PrefixList: "pl-1", Ownership: topology.Owned},
		topology.SecurityGroupRule{Group: group, Direction: topology.Ingress, Protocol: "tcp", FromPort: 22, ToPort: 22, CIDR: netip.MustParsePrefix("10.0.0.0/8"), Ownership: topology.Owned},
		topology.IAMRole{Name: "masters." + n, TrustPolicy: "{}", InlinePolicies: []topology.InlinePolicy{{Name: "masters." + n, Document: `{"Resource":"arn:aws:` + topology.ZoneARN + `"}`}}, ManagedPolicies: []string{"arn:aws:iam::1:policy/p"}, PermissionsBoundary: "arn:b", Tags: tags, Ownership: topology.Owned},
		topology.OIDCProvider{Issuer: "https://issuer.example.com/k", ClientIDs: []string{"amazonaws.com"}, Thumbprints: []string{"9e99a48a9960b14926bb7f3b02e22da2b0ab7280"}, Tags: tags, Ownership: topology.Owned},
		topology.IAMRole{Name: "a.b.sa." + n, TrustPolicy: `{"Federated":"oidc-provider/issuer.example.com/k"}`, Provider: topology.OIDCProviderRef("https://issuer.example.com/k"), Tags: tags, Ownership: topology.Owned},
		topology.InstanceProfile{Name: "masters." + n, Role: ref(topology.KindIAMRole, "masters."+n), Tags: tags, Ownership: topology.Owned},
		topology.KeyPair{Name: "kubernetes." + n + "-aa:bb", PublicKey: "ssh-rsa AAAA", Tags: tags, Ownership: topology.Owned},
		topology.Volume{Name: "a.etcd-main." + n, Zone: "us-east-1a", Type: "gp3", SizeGiB: 20, IOPS: 3000, Throughput: 125, Encrypted: true, KMSKey: "key", Tags: tags, Ownership: topology.Owned},
		topology.TargetGroup{Name: "tcp-k", VPC: vpc, Port: 443, Protocol: "TCP", HealthProtocol: "HTTPS", HealthPath: "/healthz", HealthInterval: 10, HealthyThreshold: 2, UnhealthyThreshold: 2, DeregistrationDelay: 30, ConnectionTermination: true, Tags: tags, Ownership: topology.Owned},
		topology.LoadBalancer{Name: "api." + n, AWSName: "api-k", Internal: true, CrossZone: true, AddressType: "dualstack", AccessLog: topology.AccessLog{Bucket: "logs"}, SecurityGroups: []topology.Ref{group}, Tags: tags, Ownership: topology.Owned,
			Subnets: []topology.SubnetMapping{{Subnet: subnet, PrivateIPv4: "10.0.0.9", Allocation: topology.Given("eipalloc-1")}}},
		topology.ClassicELB{Name: "api." + n, AWSName: "api-k", Subnets: []topology.Ref{subnet}, SecurityGroups: []topology.Ref{group}, Listeners: []topology.ClassicListener{{Port: 443, Protocol: "SSL", InstancePort: 443, InstanceProtocol: "SSL", Certificate: "arn:c"}},
			HealthCheck: topology.ClassicCheck{Target: "SSL:443", Interval: 10, Timeout: 5, HealthyThreshold: 2, UnhealthyThreshold: 2}, IdleTimeout: 300, DrainingTimeout: 300,
			AccessLog: topology.AccessLog{Bucket: "logs", Prefix: "api", Interval: 5}, Tags: tags, Ownership: topology.Owned},
		topology.Listener{LoadBalancer: ref(topology.KindLoadBalancer, "api."+n), Port: 443, Protocol: "TLS", TargetGroup: ref(topology.KindTargetGroup, "tcp-k"), Certificate: "arn:c", SSLPolicy: "p", Ownership: topology.Owned},
		topology.DNSRecord{Name: "api." + n, Type: "A", Zone: zone, Alias: ref(topology.KindLoadBalancer, "api."+n), Ownership: topology.Owned},
		topology.DNSRecord{Name: "api." + n, Type: "AAAA", Zone: zone, Alias: ref(topology.KindLoadBalancer, "api."+n), Ownership: topology.Owned},
		topology.DNSRecord{Name: "api.internal." + n, Type: "A", Zone: zone, Values: []string{"203.0.113.123"}, TTL: 10, Ownership: topology.Owned},
		topology.ZoneAssociation{Zone: zone, VPC: vpc, Ownership: topology.Owned},
		template,
		topology.AutoScalingGroup{Name: "m.masters." + n, LaunchTemplate: template.Ref(), Min: 1, Max: 1, Subnets: []topology.Ref{subnet}, TargetGroups: []topology.Ref{ref(topology.KindTargetGroup, "tcp-k")},
			Metrics: []string{"GroupMaxSize"}, ProtectFromScaleIn: true, SuspendedProcesses: []string{"AZRebalance"}, MaxInstanceLifetime: 86400, CapacityRebalance: true, Tags: tags, Ownership: topology.Owned},
		topology.AutoScalingGroup{Name: "spot." + n, ClassicLoadBalancers: []topology.Ref{topology.Given("web"), {Kind: topology.KindClassicELB, Name: "api." + n}}, LaunchTemplate: template.Ref(), Max: 3, Subnets: []topology.Ref{subnet}, Tags: tags, Ownership: topology.Owned, Mixed: topology.MixedInstances{
			Overrides: []topology.InstanceOverride{{InstanceType: "m5.xlarge"}, {InstanceType: "m5.large"}}, OnDemandStrategy: topology.OnDemandPrioritized,
			OnDemandBase: 1, SpotStrategy: "capacity-optimized", SpotMaxPrice: "0.1",
		}},
		topology.AutoScalingGroup{Name: "any." + n, LaunchTemplate: template.Ref(), Max: 3, WarmPool: topology.WarmPool{State: "Running", MinSize: 1, MaxPrepared: 2, Reuse: true}, Subnets: []topology.Ref{subnet}, Tags: tags, Ownership: topology.Owned, Mixed: topology.MixedInstances{
			Overrides: []topology.InstanceOverride{{Requirements: topology.InstanceRequirements{
				VCPUs: topology.Bounds{Min: 2, Max: 16}, MemoryMiB: topology.Bounds{Min: 2048}, Excluded: []string{"d3*"}, Burstable: "included",
			}}}, OnDemandStrategy: topology.OnDemandPrioritized, OnDemandPercent: 100, SpotStrategy: topology.SpotLowestPrice, SpotPools: 3,
		}},
		topology.Queue{Name: "k-example-com-nth", Retention: 300, Policy: `{"Statement":[{"Resource":"arn:aws:sqs:us-east-1::k-example-com-nth"}]}`, Tags: tags, Ownership: topology.Owned},
		topology.EventRule{Name: n + "-ASGLifecycle", Pattern: `{"source":["aws.autoscaling"]}`, Target: ref(topology.KindQueue, "k-example-com-nth"), Tags: tags, Ownership: topology.Owned},
		topology.EventRule{Name: n + "-SpotInterruption", Pattern: `{"source":["aws.ec2"]}`, Enabled: true, Tags: tags, Ownership: topology.Owned},
		topology.ScalingPolicy{Name: topology.CPUPolicyName, Group: ref(topology.KindAutoScalingGroup, "m.masters."+n), Type: topology.TargetTracking, Metric: topology.AverageCPU, Target: 62.5, ScaleIn: true, Enabled: true, Ownership: topology.Owned},
		topology.ScheduledAction{Name: topology.ScheduledActionName("0 6 * * 1,2", "Europe/Berlin"), Group: ref(topology.KindAutoScalingGroup, "m.masters."+n), Recurrence: "0 6 * * 1,2", TimeZone: "Europe/Berlin", Min: 1, Max: 4, Desired: topology.KeepDesired, Ownership: topology.Owned},
		topology.Alarm{
			Name: topology.AlarmPrefix(n) + "machines-lost/m", Description: "lost", Watches: ref(topology.KindAutoScalingGroup, "m.masters."+n), Namespace: topology.NamespaceAutoScaling,
			Metric: "GroupInServiceInstances", Statistic: "Minimum", Comparison: topology.LessThan, Threshold: 1, Period: 60, Periods: 10, Datapoints: 10, MissingData: topology.Breaching,
			AlarmActions: []string{"arn:aws:sns:us-east-1:123456789012:alarms"}, Enabled: true, Tags: tags, Ownership: topology.Owned,
		},
		topology.LifecycleHook{Name: "m-NTHLifecycleHook", Group: ref(topology.KindAutoScalingGroup, "m.masters."+n), Transition: topology.Terminating, DefaultResult: "CONTINUE", Heartbeat: 300, Ownership: topology.Owned},
	)
	if err != nil {
		t.Fatal(err)
	}
	return topo
}

func write(t *testing.T, topo topology.Topology) string {
	t.Helper()
	text, err := JSON(topo, "")
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestEveryKindIsWrittenAsTheGoldenFileSays(t *testing.T) {
	const file = "testdata/everything.tf.json"
	got := write(t, everything(t))
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("differs (-want +got); run with -update if it is right:\n%s", diff)
	}
}

func TestEveryKindHasARow(t *testing.T) {
	topo := everything(t)
	present := map[topology.Kind]bool{}
	for r := range topo.All() {
		present[r.Kind] = true
	}
	for _, kind := range topology.Kinds() {
		if kinds[kind] == nil {
			t.Errorf("kinds.go has no row for %s", kind)
		}
		if !present[kind] {
			t.Errorf("the golden file shows no %s", kind)
		}
	}
}

// TestEveryReferenceHasItsBlock follows each expression: a label that nobody wrote is an error in Terraform.
func TestEveryReferenceHasItsBlock(t *testing.T) {
	text := write(t, everything(t))
	var d document
	if err := json.Unmarshal([]byte(text), &d); err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`(data\.)?(aws_[a-z0-9_]+)\.([A-Za-z0-9_-]+)\.[a-z0-9_]+`).FindAllStringSubmatch(text, -1)
	if len(found) < 20 {
		t.Fatalf("only %d references were found", len(found))
	}
	for _, m := range found {
		blocks := d.Resource
		if m[1] != "" {
			blocks = d.Data
		}
		if blocks[m[2]][m[3]] == nil {
			t.Errorf("%s refers to nothing", m[0])
		}
	}
}

func TestSharedResourcesAppearAsTheirIDs(t *testing.T) {
	vpc := topology.VPC{Name: "vpc-1", Ownership: topology.Shared}
	gateway := topology.InternetGateway{Name: "vpc-1", VPC: vpc.Ref(), Ownership: topology.Shared}
	subnet := topology.Subnet{Name: "subnet-1", VPC: vpc.Ref(), Ownership: topology.Shared}
	table := topology.RouteTable{Name: "k", VPC: vpc.Ref(), Subnets: []topology.Ref{subnet.Ref()}, Ownership: topology.Owned,
		Routes: []topology.Route{{Destination: netip.MustParsePrefix("0.0.0.0/0"), Target: gateway.Ref()}}}
	address := topology.ElasticIP{Name: "203.0.113.9", Ownership: topology.Shared}
	nat := topology.NATGateway{Name: "a.k", Subnet: subnet.Ref(), ElasticIP: address.Ref(), Ownership: topology.Owned}
	topo, err := topology.New(vpc, gateway, subnet, table, address, nat)
	if err != nil {
		t.Fatal(err)
	}
	text := write(t, topo)
	for _, want := range []string{`"vpc_id": "vpc-1"`, `"subnet_id": "subnet-1"`, `"gateway_id": "${data.aws_internet_gateway.vpc-1.id}"`,
		`"allocation_id": "${data.aws_eip.prefix_203-0-113-9.id}"`, `"public_ip": "203.0.113.9"`} {
		if !strings.Contains(text, want) {
			t.Errorf("%s is missing in:\n%s", want, text)
		}
	}
	for _, typ := range []string{"aws_vpc\"", "aws_subnet\""} {
		if strings.Contains(text, typ) {
			t.Errorf("%s is made, and it is shared", typ)
		}
	}
}

func TestEqualTopologiesGiveEqualBytes(t *testing.T) {
	first, second := write(t, everything(t)), write(t, everything(t))
	if !bytes.Equal([]byte(first), []byte(second)) {
		t.Error("two runs differ")
	}
}

func TestImagesAreLookedUpByOwnerAndName(t *testing.T) {
	for name, want := range map[string]string{
		"099720109477/ubuntu/images/noble": `{"filter":[{"name":"name","values":["ubuntu/images/noble"]}],"most_recent":true,"owners":["099720109477"]}`,
		"ubuntu/images/noble":              `{"filter":[{"name":"name","values":["ubuntu/images/noble"]}],"most_recent":true,"owners":["099720109477"]}`,
		"debian/debian-12":                 `{"filter":[{"name":"name","values":["debian-12"]}],"most_recent":true,"owners":["136693071363"]}`,
		"golden-image":                     `{"filter":[{"name":"name","values":["golden-image"]}],"most_recent":true,"owners":["self"]}`,
		"ami-1":                            `{"filter":[{"name":"image-id","values":["ami-1"]}]}`,
		"ssm:/aws/al2023":                  `{"filter":[{"name":"image-id","values":["${data.aws_ssm_parameter.ssm_--aws--al2023.value}"]}]}`,
	} {
		d := &document{Data: map[string]map[string]attrs{}}
		if id := d.image(name); id != "${data.aws_ami."+label(name)+".id}" {
			t.Errorf("%s is %s", name, id)
		}
		got, err := json.Marshal(d.Data["aws_ami"][label(name)])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, string(got)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

func TestLabelsAreThoseOfKops(t *testing.T) {
	for name, want := range map[string]string{
		"a.etcd-main.k.example.com": "a-etcd-main-k-example-com",
		"route-0.0.0.0/0":           "route-0-0-0-0--0",
		"route-::/0":                "route-__--0",
		"1.etcd-main.k.example.com": "prefix_1-etcd-main-k-example-com",
	} {
		if got := label(name); got != want {
			t.Errorf("label(%q) = %q, want %q", name, got, want)
		}
	}
}

// A zone that the manifest does not name is asked for: Terraform could not find it. One that it names by
// its id is that.
func TestAZoneIsLookedUpAskedForOrGiven(t *testing.T) {
	for want, zone := range map[string]topology.HostedZone{
		`"${data.aws_route53_zone.example-com.zone_id}"`: {Name: "example.com"},
		`"${var.hosted_zone_id}"`:                        {Name: "k.example.com", Enclosing: true},
		`"Z0123"`:                                        {Name: "Z0123"},
	} {
		balancer := topology.LoadBalancer{Name: "api.k.example.com", Ownership: topology.Owned}
		topo, err := topology.New(balancer, topology.DNSRecord{Name: "api.k.example.com", Type: "A", Zone: zone, Alias: balancer.Ref(), Ownership: topology.Owned})
		if err != nil {
			t.Fatal(err)
		}
		got := write(t, topo)
		if !strings.Contains(got, `"zone_id": `+want) || strings.Contains(got, `"variable"`) != zone.Enclosing {
			t.Errorf("want the zone %s, got:\n%s", want, got)
		}
	}
}

func TestPolicyNamesTheAccountIfItIsKnown(t *testing.T) {
	q := topology.Queue{Name: "nth", Policy: `"arn:aws:sqs:us-east-1::nth"`, Ownership: topology.Owned}
	topo, err := topology.New(q)
	if err != nil {
		t.Fatal(err)
	}
	for account, want := range map[string]string{
		"123456789012": `arn:aws:sqs:us-east-1:123456789012:nth`,
		"":             `arn:aws:sqs:us-east-1:${data.aws_caller_identity.current.account_id}:nth`,
	} {
		text, err := JSON(topo, account)
		if err != nil || !strings.Contains(string(text), want) || strings.Contains(string(text), "aws_caller_identity\": {") != (account == "") {
			t.Errorf("with account %q: %v\n%s", account, err, text)
		}
	}
}
