package desired

import (
	"strings"
)

var nameRules = []rule{
	{"the cluster's name fits into the key of a tag", clusterNameLengthRule},
	{"names of groups fit into those of launch templates", templateNameRule},
	{"additional names of the API server are names", alternativeNameRule},
}

// kops makes the names of roles, load balancers, target groups, queues and event rules fit by cutting and
// hashing them. These are cut by nobody.
const (
	clusterTag      = "kubernetes.io/cluster/"
	maxTemplateName = 128 // EC2, CreateLaunchTemplate
)

func clusterNameLengthRule(m manifest, r *report) {
	if n, most := len(m.Name()), maxTagKey-len(clusterTag); n > most {
		r.errorf(m.Source, "metadata.name", "the name has %d characters, and the tag %sNAME, by which everything of the cluster is found again, has room for %d; shorten it", n, clusterTag, most)
	}
}

func templateNameRule(m manifest, r *report) {
	for _, g := range m.groups {
		if name := m.groupName(g); len(name) > maxTemplateName {
			r.errorf(g.Source, "metadata.name", "the launch template of group %s would be named %s, which is %d characters, and EC2 takes %d; shorten the name of the group", g.Name(), name, len(name), maxTemplateName)
		}
	}
}

// alternativeNameRule: kops puts the names into the certificate of the API server as they are.
func alternativeNameRule(m manifest, r *report) {
	for i, name := range m.Spec.AdditionalSANs {
		if !isAlternativeName(name) {
			r.errorf(m.Source, item("spec.additionalSans", i), "%q is neither a DNS name nor an address; certificates hold no schemes, ports or ranges", name)
		}
	}
}

// isAlternativeName takes names of one label, too, and a wildcard for the first of several.
func isAlternativeName(name string) bool {
	if isAddress(name) {
		return true
	}
	name = strings.ToLower(name)
	return isDNSName(strings.TrimPrefix(name, "*.")) || dnsLabel.MatchString(name)
}
