package desired

import "github.com/quorate/quorate/topology"

// dhcpOptions of an owned VPC give machines the names that AWS's own resolver knows.
func (m manifest) dhcpOptions() []topology.DHCPOptions {
	if m.sharedVPC() {
		return nil
	}
	domain := m.region + ".compute.internal"
	if m.region == "us-east-1" {
		domain = "ec2.internal" // AWS's oldest region kept its first domain
	}
	return []topology.DHCPOptions{{
		Name:              m.Name(),
		DomainName:        domain,
		DomainNameServers: []string{"AmazonProvidedDNS"},
		Tags:              m.tags(m.Name()),
		Ownership:         topology.Owned,
	}}
}
