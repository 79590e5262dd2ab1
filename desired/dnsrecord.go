package desired

import (
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// What kops writes into the records that the dns-controller will keep: addresses that nobody has, from
// the ranges for documentation and for private use, and a time to live (in seconds) that is soon over.
const (
	placeholderIPv4 = "203.0.113.123"
	placeholderIPv6 = "fd00:dead:add::"
	placeholderTTL  = 10
)

// hostedZone is the zone that the manifest names, or else the one that the cluster's name lies in.
func (m manifest) hostedZone() topology.HostedZone {
	private := m.Spec.Topology.DNS.Type == "Private"
	if zone := m.Spec.DNSZone; zoneID.MatchString(zone) {
		return topology.HostedZone{Name: zone, Private: private}
	}
	if zone := recordName(m.Spec.DNSZone); zone != "" {
		return topology.HostedZone{Name: zone, Private: private}
	}
	return topology.HostedZone{Name: m.Name(), Enclosing: true, Private: private}
}

// dnsRecords are the names under which the cluster is reached.
func (m manifest) dnsRecords() []topology.DNSRecord {
	if !m.publishesDNS() {
		return nil
	}
	var records []topology.DNSRecord
	internal := m.qualified("api.internal")
	if lb := m.apiLoadBalancer(); lb == nil {
		records = append(records, m.placeholders(m.Spec.MasterPublicName, "A")...)
		if m.ipv6Only() {
			records = append(records, m.placeholders(m.Spec.MasterPublicName, "AAAA")...)
		}
		records = append(records, m.placeholders(internal, m.addressRecord())...)
	} else {
		records = append(records, m.apiAliases(m.Spec.MasterPublicName)...)
		if lb.UseForInternalAPI {
			records = append(records, m.apiAliases(internal)...)
		} else {
			records = append(records, m.placeholders(internal, m.addressRecord())...)
		}
	}
	if name := m.Spec.Topology.Bastion.PublicName; name != "" && m.has(kopsspec.Bastion) {
		records = append(records, m.aliases(name, "bastion")...)
	}
	return append(records, m.placeholders(m.qualified("kops-controller.internal"), m.addressRecord())...)
}

// apiAliases let a name stand for the API servers' load balancer. A Classic one in a VPC has addresses of
// one family only.
func (m manifest) apiAliases(name string) []topology.DNSRecord {
	if !m.classicAPI() {
		return m.aliases(name, "api")
	}
	r := m.record(name, "A")
	r.Alias = m.ref(topology.KindClassicELB, "api")
	return []topology.DNSRecord{r}
}

// aliases let a name stand for a load balancer. kops writes both types, whatever addresses it has.
func (m manifest) aliases(name, loadBalancer string) []topology.DNSRecord {
	var records []topology.DNSRecord
	for _, typ := range []string{"A", "AAAA"} {
		r := m.record(name, typ)
		r.Alias = m.ref(topology.KindLoadBalancer, loadBalancer)
		records = append(records, r)
	}
	return records
}

// placeholders are a record for the dns-controller to fill, in a list like the others.
func (m manifest) placeholders(name, typ string) []topology.DNSRecord {
	r := m.record(name, typ)
	r.Values, r.TTL = []string{placeholderIPv4}, placeholderTTL
	if typ == "AAAA" {
		r.Values = []string{placeholderIPv6}
	}
	return []topology.DNSRecord{r}
}

func (m manifest) record(name, typ string) topology.DNSRecord {
	return topology.DNSRecord{Name: recordName(name), Type: typ, Zone: m.hostedZone(), Ownership: topology.Owned}
}

// recordName is a name as records have it: in lower case, without the dot at the end.
func recordName(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }

// addressRecord is the type of record for the addresses of machines.
func (m manifest) addressRecord() string {
	if m.ipv6Only() {
		return "AAAA"
	}
	return "A"
}

// ipv6Only tells whether pods have IPv6 addresses alone.
func (m manifest) ipv6Only() bool { return m.Spec.NonMasqueradeCIDR == "::/0" }
