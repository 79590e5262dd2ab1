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
