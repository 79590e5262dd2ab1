package desired

import (
	"regexp"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
)

var dnsRules = []rule{
	{"the hosted zone is a name or an id", dnsZoneRule},
	{"records have names in the hosted zone", recordNameRule},
	{"bastions have a name if they exist", bastionNameRule},
}

// zoneID is what Route 53 calls a hosted zone; its ids have at most 32 characters.
var zoneID = regexp.MustCompile(`^Z[A-Z0-9]{1,31}$`)

func dnsZoneRule(m manifest, r *report) {
	if zone := m.Spec.DNSZone; zone != "" && !zoneID.MatchString(zone) && !isDNSName(m.hostedZone().Name) {
		r.errorf(m.Source, "spec.dnsZone", "%q is neither the name of a hosted zone, such as example.com, nor its id, such as Z0123456789ABCDEFGHIJ", zone)
	}
}

// isDNSName tells whether a name has two labels or more, and no dot at its end.
func isDNSName(name string) bool {
	labels := strings.Split(name, ".")
	return len(labels) > 1 && len(name) <= maxDomainName && !slices.ContainsFunc(labels, func(l string) bool { return !dnsLabel.MatchString(l) })
}

// recordNameRule only warns of names outside of the zone, as kops makes its model with them too: the plan
// refuses them, and so does Route 53.
func recordNameRule(m manifest, r *report) {
	if !m.publishesDNS() {
		return
	}
	zone := m.hostedZone()
	seen := map[string]string{m.qualified("api.internal"): "api.internal", m.qualified("kops-controller.internal"): "kops-controller.internal"}
	for _, given := range []struct{ path, name string }{
		{"spec.masterPublicName", m.Spec.MasterPublicName},
		{"spec.topology.bastion.bastionPublicName", m.Spec.Topology.Bastion.PublicName},
	} {
		name := recordName(given.name)
		if name == "" {
			continue
		}
		switch other, taken := seen[name]; {
		case !isDNSName(name) && given.name == m.qualified("api"):
			// what is wrong with it is wrong with the cluster's name
		case !isDNSName(name):
			r.errorf(m.Source, given.path, "%q is not a DNS name", given.name)
		case taken:
			r.errorf(m.Source, given.path, "%s is already the name of %s; choose another one", name, other)
		case isDNSName(zone.Name) && !zone.Enclosing && !zone.Encloses(name):
			r.warnf(m.Source, given.path, "%s is not in the hosted zone %s, so it cannot have a record there; choose a name that ends in .%s", name, zone.Name, zone.Name)
		}
		seen[name] = given.path
	}
	if isDNSName(zone.Name) && !zone.Encloses(m.Name()) {
		r.warnf(m.Source, "spec.dnsZone", "the cluster %s is not in the hosted zone %s, so it cannot have records there; choose a zone that its name ends in", m.Name(), zone.Name)
	}
}

func bastionNameRule(m manifest, r *report) {
	if m.Spec.Topology.Bastion.PublicName != "" && !m.has(kopsspec.Bastion) {
		r.warnf(m.Source, "spec.topology.bastion.bastionPublicName", "there are no bastions, so the name has no record; add an instance group with role Bastion")
	}
}
