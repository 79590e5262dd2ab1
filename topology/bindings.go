package topology

import "maps"

// Bindings tell which AWS id stands behind a reference. actual fills them from what
// it finds, and apply extends a copy as it makes things. The facts that are no
// resources ([KindImage], [KindRootDevice], [KindTemplateVersion], [KindHostedZone]) live here too.
type Bindings map[Ref]string

// ID returns the AWS id of a reference: an id, an ARN (load balancers, target
// groups, listeners) or a name (IAM, key pairs, Auto Scaling groups), whichever
// AWS's calls take. A [Given] reference is its own id.
func (b Bindings) ID(ref Ref) (id string, ok bool) {
	if ref.Kind == KindGiven {
		return ref.Name, true
	}
	id, ok = b[ref]
	return id, ok
}

// Clone returns a copy to extend.
func (b Bindings) Clone() Bindings {
	if b == nil {
		return Bindings{}
	}
	return maps.Clone(b)
}
