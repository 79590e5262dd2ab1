package desired

import (
	"slices"

	"github.com/quorate/quorate/desired/kopsspec"
)

// rule is a sentence about manifests that a good one fulfils. A rule looks at one thing and stays silent
// where another rule already complains, so that one mistake is one problem.
type rule struct {
	name  string
	check func(manifest, *report)
}

// rules are all rules, in the order in which a reader would check them. Those of kops's own validator are
// here, and those that kops leaves to AWS to find out at night.
var rules = slices.Concat(clusterRules, nameRules, annotationRules, accountRules, arnRules, networkRules, subnetRules, rangeRules, ipv6Rules, apiRules, dnsRules, etcdRules, groupRules, machineRules, nodeRules, typeRules, spotRules, scalingRules, warmPoolRules)

func checkRules(m manifest, r *report) {
	for _, rule := range rules {
		rule.check(m, r)
	}
}

// checkOwners finds documents that belong to no cluster, and clusters of one name.
func checkOwners(docs kopsspec.Documents, r *report) {
	clusters := map[string]kopsspec.Position{}
	for _, c := range docs.Clusters {
		if c.Name() == "" {
			r.errorf(c.Source, "metadata.name", "the cluster has no name; give it its DNS name")
			continue
		}
		if first, twice := clusters[c.Name()]; twice {
			r.errorf(c.Source, "metadata.name", "cluster %s is already described at %s:%d; keep one of the two", c.Name(), first.File, first.Line)
			continue
		}
		clusters[c.Name()] = c.Source.At("metadata.name")
	}
	for _, g := range docs.InstanceGroups {
		checkOwner("instance group", g.Cluster(), g.Source, clusters, r)
	}
	for _, k := range docs.SSHCredentials {
		checkOwner("SSH credential", k.Cluster(), k.Source, clusters, r)
	}
}

func checkOwner(what, cluster string, s kopsspec.Source, clusters map[string]kopsspec.Position, r *report) {
	const label = `metadata.labels["` + kopsspec.ClusterLabel + `"]`
	if cluster == "" {
		r.errorf(s, label, "the %s belongs to no cluster; add the label %s with the cluster's name", what, kopsspec.ClusterLabel)
	} else if _, ok := clusters[cluster]; !ok {
		r.errorf(s, label, "there is no cluster %s in these files; correct the label or add the Cluster document", cluster)
	}
}
