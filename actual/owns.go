package actual

import (
	"time"

	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

// ours asks EC2 for the cluster's own resources: kops writes both tags on each, while
// the controllers inside Kubernetes write only one of them on most of theirs.
func (o *observation) ours() []ec2types.Filter {
	return []ec2types.Filter{
		filter("tag:"+topology.TagCluster, o.scope.Cluster),
		filter("tag:"+topology.OwnershipTag(o.scope.Cluster), string(topology.Owned)),
	}
}

// lookups are the filters of the calls that find a kind's resources: one call for our
// own, and one more if the manifest gives some by id. A filter, unlike a list of ids,
// is not an error when an id is gone.
func (o *observation) lookups(kind topology.Kind, idFilter string) [][]ec2types.Filter {
	lookups := [][]ec2types.Filter{o.ours()}
	if ids := o.shared[kind]; len(ids) > 0 {
		lookups = append(lookups, []ec2types.Filter{filter(idFilter, ids...)})
	}
	return lookups
}

func filter(name string, values ...string) ec2types.Filter {
	return ec2types.Filter{Name: &name, Values: values}
}

// owns reports whether the tags say that something is the cluster's own.
func (o *observation) owns(tags topology.Tags) bool {
	return tags.Has(topology.Tags{
		topology.TagCluster:                    o.scope.Cluster,
		topology.OwnershipTag(o.scope.Cluster): string(topology.Owned),
	})
}

// candidate is something found in AWS that may be a resource of the cluster.
type candidate struct {
	kind    topology.Kind
	id      string
	tags    topology.Tags
	created time.Time // zero where AWS does not tell
}

// identity is what a resource is called, and whose it is.
type identity struct {
	name  string
	owner topology.Ownership
}

// identify tells the identity of a candidate. It is ok if the manifest gives it by
// id, or if it carries the cluster's tags and a name; something of ours without a
// name is left over.
func (o *observation) identify(c candidate) (who identity, ok bool) {
	switch {
	case o.isShared(c.kind, c.id):
		return identity{c.id, topology.Shared}, true
	case !o.owns(c.tags):
		return identity{}, false
	case c.tags[topology.TagName] == "":
		o.leave(c, "it has no Name tag")
		return identity{}, false
	}
	return identity{c.tags[topology.TagName], topology.Owned}, true
}

// leave notes something of ours that is no resource of the topology.
func (o *observation) leave(c candidate, reason string) {
	o.leftovers = append(o.leftovers, Leftover{
		Kind: c.kind, ID: c.id, Name: c.tags[topology.TagName], Tags: c.tags, Created: c.created, Reason: reason,
	})
}

// lack notes what people must mend before the manifest can be followed.
func (o *observation) lack(ref topology.Ref, reason string) {
	o.lacking = append(o.lacking, Lack{ref, reason})
}
