package checkup

import "fmt"

// manifest asks whether AWS has what the manifest says.
func manifest(f Facts) []Finding {
	var found []Finding
	if f.Cluster.Policy.Paused != "" {
		found = append(found, warning("", "it is paused: "+f.Cluster.Policy.Paused, "remove the annotation quorate.dev/paused when the reason is gone"))
	}
	for _, c := range f.Plan.Forbidden() {
		found = append(found, failure(c.Ref.String(), "the manifest asks for what is not allowed, so nothing is applied: "+c.Reason, "change the manifest; quorate plan tells the way out"))
	}
	if n := len(f.Plan.Changes) - len(f.Plan.Forbidden()); n > 0 {
		found = append(found, warning("", count(n, "change")+" to AWS to be made", "see what with quorate plan; the service, or quorate apply, makes them"))
	}
	if len(found) == 0 {
		return ok(fmt.Sprintf("%d resources are as the manifest says", f.State.Topology.Len()))
	}
	return found
}
