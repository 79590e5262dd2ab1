package diff

import "github.com/quorate/quorate/topology"

// A record changes its target and nothing else. The addresses in a record without one
// are the dns-controller's, which writes what it finds inside the cluster.
var dnsRecordFields = []field[topology.DNSRecord]{
	judged("alias", stillLeads, aliasOf),
}

// stillLeads refuses to let go of a load balancer: the record would say an address that nobody has, and the
// dns-controller finds the machines' own only where they were made without a load balancer.
func stillLeads(want, _ string) (Effect, string) {
	if want == "" {
		return Forbid, "the name would lead nowhere until the machines are made anew without a load balancer; put api.loadBalancer back"
	}
	return InPlace, ""
}

// aliasOf is empty for a record that leads to no load balancer.
func aliasOf(r topology.DNSRecord) string {
	if r.Alias.IsZero() {
		return ""
	}
	return r.Alias.String()
}

// recordKept is why a record that nobody wants stays as long as its cluster does.
func recordKept(have topology.Resource) string {
	if r, ok := have.(topology.DNSRecord); ok && r.Alias.IsZero() {
		return "the cluster's dns-controller keeps it"
	}
	return ""
}
