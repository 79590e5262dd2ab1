package apply

import (
	"net/netip"

	"github.com/quorate/quorate/topology"
)

// The resources of a small cluster, as desired would want them.

func base(name string) topology.Tags { return topology.BaseTags(testCluster, name) }

func ref(kind topology.Kind, name string) topology.Ref { return topology.Ref{Kind: kind, Name: name} }

func aDHCPOptions() topology.DHCPOptions {
	return topology.DHCPOptions{
		Name: testCluster, DomainName: "ec2.internal", DomainNameServers: []string{"AmazonProvidedDNS"},
		Tags: base(testCluster), Ownership: topology.Owned,
	}
}

func aVPC() topology.VPC {
	return topology.VPC{
		Name: testCluster, CIDR: netip.MustParsePrefix("172.20.0.0/16"), AmazonIPv6: true, DNSSupport: true, DNSHostnames: true,
		DHCPOptions: aDHCPOptions().Ref(), Tags: base(testCluster), Ownership: topology.Owned,
	}
}

func anInternetGateway() topology.InternetGateway {
	return topology.InternetGateway{Name: testCluster, VPC: aVPC().Ref(), Tags: base(testCluster), Ownership: topology.Owned}
}

func aVPCCIDR() topology.VPCCIDR {
	cidr := netip.MustParsePrefix("10.1.0.0/16")
	return topology.VPCCIDR{VPC: aVPC().Ref(), CIDR: cidr, Tags: topology.Tags{topology.VPCCIDRTag(cidr): "owned"}, Ownership: topology.Owned}
}

func anEgressOnlyGateway() topology.EgressOnlyGateway {
	return topology.EgressOnlyGateway{Name: testCluster, VPC: aVPC().Ref(), Tags: base(testCluster), Ownership: topology.Owned}
}

func aSubnet(name, cidr string) topology.Subnet {
	full := name + "." + testCluster
	return topology.Subnet{
		Name: full, VPC: aVPC().Ref(), Zone: testRegion + "a", CIDR: netip.MustParsePrefix(cidr),
		HostnameType: "resource-name", ResourceNameA: true, Tags: base(full), Ownership: topology.Owned,
	}
}

func anElasticIP() topology.ElasticIP {
	name := testRegion + "a." + testCluster
	return topology.ElasticIP{Name: name, Tags: base(name), Ownership: topology.Owned}
}

func aNATGateway(subnet topology.Subnet) topology.NATGateway {
	name := testRegion + "a." + testCluster
	return topology.NATGateway{Name: name, Subnet: subnet.Ref(), ElasticIP: anElasticIP().Ref(), Tags: base(name), Ownership: topology.Owned}
}

func aRouteTable(target topology.Ref, subnets ...topology.Ref) topology.RouteTable {
	return topology.RouteTable{
		Name: testCluster, VPC: aVPC().Ref(), Subnets: topology.SortRefs(subnets),
		Routes: []topology.Route{{Destination: netip.MustParsePrefix("0.0.0.0/0"), Target: target}},
		Tags:   base(testCluster), Ownership: topology.Owned,
	}
}

func aSecurityGroup(name string) topology.SecurityGroup {
	full := name + "." + testCluster
	return topology.SecurityGroup{
		Name: full, Description: "Security group for " + name, VPC: aVPC().Ref(), Tags: base(full), Ownership: topology.Owned,
	}
}

func aRole() topology.IAMRole {
	name := "masters." + testCluster
	return topology.IAMRole{
		Name:        name,
		TrustPolicy: `{"Statement":[{"Action":"sts:AssumeRole","Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"}}],"Version":"2012-10-17"}`,
		InlinePolicies: []topology.InlinePolicy{{
			Name: name, Document: `{"Statement":[{"Action":"ec2:DescribeInstances","Effect":"Allow","Resource":"*"}],"Version":"2012-10-17"}`,
		}},
		Tags: base(name), Ownership: topology.Owned,
	}
}

func anOIDCProvider() topology.OIDCProvider {
	return topology.OIDCProvider{
		Issuer: "https://issuer.example.com/" + testCluster, ClientIDs: []string{"amazonaws.com", "first.example.com"},
		Thumbprints: []string{"9e99a48a9960b14926bb7f3b02e22da2b0ab7280"}, Tags: base(testCluster), Ownership: topology.Owned,
	}
}

func anAccountRole(provider topology.Ref) topology.IAMRole {
	name := topology.AccountRoleName("a", "b", testCluster)
	return topology.IAMRole{
		Name:        name,
		TrustPolicy: `{"Statement":[{"Action":"sts:AssumeRoleWithWebIdentity","Effect":"Allow","Principal":{"Federated":"` + provider.String() + `"}}],"Version":"2012-10-17"}`,
		Provider:    provider, Tags: base(name), Ownership: topology.Owned,
	}
}

func anInstanceProfile() topology.InstanceProfile {
	return topology.InstanceProfile{Name: aRole().Name, Role: aRole().Ref(), Tags: base(aRole().Name), Ownership: topology.Owned}
}

const testKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAlJFQ9uTg3qIwvbJxqjfZ5Xx1Ui1y3AlJKxLBhX0Tgb"

func aKeyPair() topology.KeyPair {
	return topology.KeyPair{
		Name: "kubernetes.ha.example.com-c4:a6:ed:9a:a8:89:b9:e2:c3:9c:d6:63:eb:9c:71:57", PublicKey: testKey,
		Tags: base(testCluster), Ownership: topology.Owned,
	}
}

func aVolume() topology.Volume {
	name := "a.etcd-main." + testCluster
	return topology.Volume{
		Name: name, EtcdCluster: "main", Member: "a", Members: []string{"a", "b", "c"}, Zone: testRegion + "a",
		Type: "gp3", SizeGiB: 20, IOPS: 3000, Throughput: 125, Encrypted: true,
		Tags: base(name).With(topology.Tags{topology.TagEtcdPrefix + "main": "a/a,b,c"}).With(topology.RoleTags(topology.ControlPlane)), Ownership: topology.Owned,
	}
}

func aTargetGroup() topology.TargetGroup {
	name := "tcp-ha-example-com-isubkm"
	return topology.TargetGroup{
		Name: name, VPC: aVPC().Ref(), Port: 443, Protocol: "TCP", HealthProtocol: "TCP", HealthInterval: 10, HealthyThreshold: 2, UnhealthyThreshold: 2,
		DeregistrationDelay: 30, ConnectionTermination: true, Tags: base(name), Ownership: topology.Owned,
	}
}

func aLoadBalancer(group topology.SecurityGroup, subnets ...topology.Subnet) topology.LoadBalancer {
	balancer := topology.LoadBalancer{
		Name: "api." + testCluster, AWSName: "api-ha-example-com-9e692d", SecurityGroups: []topology.Ref{group.Ref()}, AddressType: "ipv4",
		Tags: base("api." + testCluster), Ownership: topology.Owned,
	}
	for _, s := range subnets {
		balancer.Subnets = append(balancer.Subnets, topology.SubnetMapping{Subnet: s.Ref()})
	}
	return balancer
}

func aListener(balancer topology.LoadBalancer) topology.Listener {
	return topology.Listener{LoadBalancer: balancer.Ref(), Port: 443, Protocol: "TCP", TargetGroup: aTargetGroup().Ref(), Ownership: topology.Owned}
}

func aLaunchTemplate(groups ...topology.SecurityGroup) topology.LaunchTemplate {
	name := "control-plane-us-east-1a.masters." + testCluster
	template := topology.LaunchTemplate{
		Name: name, Image: testImage, InstanceType: "t3.medium", KeyPair: aKeyPair().Ref(), InstanceProfile: anInstanceProfile().Ref(),
		AssociatePublicIP: true, HTTPTokens: "required", HTTPHopLimit: 3, CPUCredits: "standard", Tenancy: "default",
		BlockDevices: []topology.BlockDevice{
			{Device: topology.RootDevice, Type: "gp3", SizeGiB: 64, IOPS: 3000, Throughput: 125, Encrypted: true, DeleteOnTermination: true},
			{Device: "/dev/sdd", Type: "gp2", SizeGiB: 20, DeleteOnTermination: true},
		},
		UserData: topology.UserData(topology.NodeConfig{Cluster: testCluster, Group: "control-plane-us-east-1a", Role: topology.ControlPlane}),
		Tags:     base(name).With(topology.RoleTags(topology.ControlPlane)), Ownership: topology.Owned,
	}
	for _, g := range groups {
		template.SecurityGroups = append(template.SecurityGroups, g.Ref())
	}
	return template
}

func aGroup(template topology.LaunchTemplate, subnets ...topology.Subnet) topology.AutoScalingGroup {
	group := topology.AutoScalingGroup{
		Name: template.Name, Role: topology.ControlPlane, LaunchTemplate: template.Ref(), Template: template.Digest(), Min: 1, Max: 1,
		TargetGroups: []topology.Ref{aTargetGroup().Ref()}, Metrics: []string{"GroupDesiredCapacity", "GroupInServiceInstances"},
		Tags: template.Tags, Ownership: topology.Owned,
	}
	for _, s := range subnets {
		group.Subnets, group.Zones = append(group.Subnets, s.Ref()), append(group.Zones, s.Zone)
	}
	return group
}
