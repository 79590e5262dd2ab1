package checkup

import (
	"fmt"
	"slices"

	"github.com/quorate/quorate/topology"
)

// placeholders are what kops writes into records that the dns-controller is to fill: addresses that nobody has.
var placeholders = []string{"203.0.113.123", "fd00:dead:add::"}

// dns asks whether names still lead to placeholders. That of the API is a failure, for nobody can reach it;
// machines find the others by other ways until the dns-controller runs.
func dns(f Facts) []Finding {
	var found []Finding
	records := topology.Of[topology.DNSRecord](f.Cluster.Topology)
	if len(records) == 0 {
		return ok("the cluster publishes no names")
	}
	for _, want := range records {
		have, there := topology.Find[topology.DNSRecord](f.State.Topology, want.Ref())
		unfilled := slices.ContainsFunc(have.Values, func(v string) bool { return slices.Contains(placeholders, v) })
		action := "see whether the pods of dns-controller run in kube-system, and may write to the hosted zone"
		switch {
		case !there:
			found = append(found, failure(want.Name, "there is no record of type "+want.Type, "quorate apply makes it"))
		case unfilled && want.Name == f.Cluster.API:
			found = append(found, failure(want.Name, "it still leads to kops's placeholder, "+have.Values[0], action))
		case unfilled:
			found = append(found, warning(want.Name, "it still leads to kops's placeholder, "+have.Values[0], action))
		}
	}
	if len(found) == 0 {
		return ok(fmt.Sprintf("%s there, and none is a placeholder", count(len(records), "record")))
	}
	return found
}
