package topology

import "maps"

// A Resource is one thing on AWS, as a plain value. The set is closed: only the
// structs of this package are resources.
type Resource interface {
	// Ref names the resource; no two resources of a topology share it.
	Ref() Ref
	// Needs lists what must exist first. Every reference in it is in the same
	// topology, or of [KindGiven].
	Needs() []Ref
	// Owner tells whether the resource is ours to change.
	Owner() Ownership
	// Labels are the tags wanted or found on the resource; nil where AWS has none.
	Labels() Tags

	resource()
}

// Ownership tells whether a resource is the cluster's own.
type Ownership string

// A resource is owned if it carries kubernetes.io/cluster/NAME=owned, and shared if
// the manifest gives it by id. A shared resource is named by its AWS id, is wanted
// as found, and is never made, changed or removed.
const (
	Owned  Ownership = "owned"
	Shared Ownership = "shared"
)

// Tags are AWS tags, key to value.
type Tags map[string]string

// With returns a copy that has the other tags too; the other's values win.
func (t Tags) With(other Tags) Tags {
	merged := maps.Clone(t)
	if merged == nil {
		merged = Tags{}
	}
	maps.Copy(merged, other)
	return merged
}

// Has reports whether every wanted tag is present with its value. kops only adds
// tags to networking resources, so extra ones are no difference there.
func (t Tags) Has(wanted Tags) bool {
	for k, v := range wanted {
		if got, ok := t[k]; !ok || got != v {
			return false
		}
	}
	return true
}

// TagReplaces is the key of the tag on a load balancer that takes the place of a Classic one, until that
// one is gone. Its value is written by [Replaces.Tag].
const TagReplaces = "quorate.dev/replaces"

// Tag keys that kops writes, and that this product reads back.
const (
	TagName         = "Name"
	TagCluster      = "KubernetesCluster"
	TagGroup        = "kops.k8s.io/instancegroup"
	TagEtcdPrefix   = "k8s.io/etcd/"
	TagRolePrefix   = "k8s.io/role/"
	TagRouteRole    = "kubernetes.io/kops/role"
	tagOwnedPrefix  = "kubernetes.io/cluster/"
	TagSubnetType   = "SubnetType"
	TagRoleMaster   = TagRolePrefix + "master"
	TagRoleControl  = TagRolePrefix + "control-plane"
	TagRoleNode     = TagRolePrefix + "node"
	TagRoleBastion  = TagRolePrefix + "bastion"
	TagRoleAPI      = TagRolePrefix + "apiserver"
	TagAWSReserved  = "aws:"
	TagDetachedFrom = "kops.k8s.io/detached-from-asg"
	TagAccountName  = "service-account.kops.k8s.io/name"
	TagAccountSpace = "service-account.kops.k8s.io/namespace"
)

// TagBackAfter is the key of the tag on a machine that says how long after its launch it was first seen to do
// its part of the work: a [time.Duration] such as 4m12s. Plans learn from it how long a replacement takes.
const TagBackAfter = "quorate.dev/back-after"

// TagRetired marks an etcd volume of a cluster that is being deleted, and the snapshot
// taken of it since. Both have the same value, the moment at which the volume was seen
// to be attached to nothing. kops knows no such tag, so a volume that is wanted again
// loses it before a machine can write to it.
const TagRetired = "quorate.dev/retired"

// TagEtcdExists marks an etcd volume that was made when its etcd cluster had begun already, for a member
// that joins or whose volume was lost. A machine that finds it on an empty volume never begins a cluster
// of its own, not even if all others are out of its reach. It stays: it is as true later.
const TagEtcdExists = "quorate.dev/etcd-exists"

// OwnershipTag is the key of the tag that says whose a resource is; its value is
// "owned" or "shared".
func OwnershipTag(cluster string) string { return tagOwnedPrefix + cluster }

// BaseTags are the three tags that kops puts on almost everything it makes.
func BaseTags(cluster, name string) Tags {
	return Tags{TagName: name, TagCluster: cluster, OwnershipTag(cluster): string(Owned)}
}
