package diff

import (
	"slices"

	"github.com/quorate/quorate/topology"
)

// A Plan is every difference between what is wanted and what AWS has, in the order
// of [topology.CompareRefs]. The order in which changes are carried out is the
// business of apply/order.
type Plan struct {
	Cluster string
	Region  string
	Changes []Change
	// Kept are resources that nobody wants any more and that stay.
	Kept []Kept
	// Machines end with the cluster; only a plan of [Teardown] has them.
	Machines []topology.Machine
	// ends has no setter, so that no other plan can take an etcd volume away.
	ends bool
	// Notes tell what is nothing to change now, and good to know.
	Notes []Note
	// Hop is nil unless the way goes through several minor versions of Kubernetes; the plan is then of this
	// one.
	Hop *Hop
}

// EndsCluster reports whether [Teardown] made the plan.
func (p Plan) EndsCluster() bool { return p.ends }

// A Note is a sentence about one resource.
type Note struct {
	Ref  topology.Ref
	Text string
}

// A Change is the difference of one resource.
type Change struct {
	Ref    topology.Ref
	Effect Effect
	// Fields differ; for Create and Delete it is empty, the whole resource differs.
	Fields []FieldChange
	// Reason says why the effect is what it is, where the fields do not tell.
	Reason string
	// Old are the machines of a group that are to be replaced, the oldest first; those in a warm pool too.
	// Whoever replaces machines takes them from here, and judges none by a rule of its own.
	Old []OldMachine
	// Want is nil for Delete, and Have is nil for Create.
	Want, Have topology.Resource
}

// A FieldChange is one field with both its values, as people read them.
type FieldChange struct {
	Path   string `json:"path"`
	Have   string `json:"have"`
	Want   string `json:"want"`
	Effect Effect `json:"-"`
	// Reason is a sentence for effects that need one: why it is forbidden, and the
	// way out.
	Reason string `json:"-"`
}

// Kept is a resource that stays although nobody wants it.
type Kept struct {
	Ref    topology.Ref
	Reason string
}

// Refuse puts what people must mend before anything of the plan can be done in place
// of the change of ref, if there is one: it may be no resource, but a hosted zone that
// is not there.
func (p *Plan) Refuse(ref topology.Ref, reason string) {
	p.Changes = slices.DeleteFunc(p.Changes, func(c Change) bool { return c.Ref == ref })
	p.Changes = append(p.Changes, Change{Ref: ref, Effect: Forbid, Reason: reason})
	slices.SortFunc(p.Changes, func(a, b Change) int { return topology.CompareRefs(a.Ref, b.Ref) })
}

// Empty reports whether there is nothing to change.
func (p Plan) Empty() bool { return len(p.Changes) == 0 }

// Forbidden lists the changes that are refused. A plan that has any is not applied
// at all: half of a change that somebody must think about is worse than none.
func (p Plan) Forbidden() []Change {
	return slices.DeleteFunc(slices.Clone(p.Changes), func(c Change) bool { return c.Effect != Forbid })
}

// Counts tells how many changes there are of each effect.
func (p Plan) Counts() map[Effect]int {
	counts := map[Effect]int{}
	for _, c := range p.Changes {
		counts[c.Effect]++
	}
	return counts
}

// Has reports whether the change touches the field of that path.
func (c Change) Has(path string) bool {
	return slices.ContainsFunc(c.Fields, func(f FieldChange) bool { return f.Path == path })
}

// HasPrefix reports whether the change touches a field whose path begins so.
func (c Change) HasPrefix(prefix string) bool {
	return slices.ContainsFunc(c.Fields, func(f FieldChange) bool { return len(f.Path) >= len(prefix) && f.Path[:len(prefix)] == prefix })
}
