package topology

import (
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
)

// A Topology is a set of resources that fit together. It does not change once made.
type Topology struct {
	byRef map[Ref]Resource
	refs  []Ref // sorted by CompareRefs
}

// New makes a topology. It refuses two resources of one name, and a reference to a
// resource that is not there; the error names every one of them.
func New(resources ...Resource) (Topology, error) {
	t := Topology{byRef: make(map[Ref]Resource, len(resources)), refs: make([]Ref, 0, len(resources))}
	var problems []error
	for _, r := range resources {
		ref := r.Ref()
		if _, taken := t.byRef[ref]; taken {
			problems = append(problems, fmt.Errorf("two resources are named %s", ref))
			continue
		}
		t.byRef[ref] = r
		t.refs = append(t.refs, ref)
	}
	slices.SortFunc(t.refs, CompareRefs)
	problems = append(problems, t.dangling()...)
	if len(problems) > 0 {
		return Topology{}, errors.Join(problems...)
	}
	return t, nil
}

func (t Topology) dangling() []error {
	var problems []error
	for _, r := range t.All() {
		for _, need := range r.Needs() {
			if need.Kind == KindGiven {
				continue
			}
			if _, ok := t.byRef[need]; !ok {
				problems = append(problems, fmt.Errorf("%s needs %s, which is not there", r.Ref(), need))
			}
		}
	}
	return problems
}

// All yields every resource, sorted by [CompareRefs].
func (t Topology) All() iter.Seq2[Ref, Resource] {
	return func(yield func(Ref, Resource) bool) {
		for _, ref := range t.refs {
			if !yield(ref, t.byRef[ref]) {
				return
			}
		}
	}
}

// Len is the number of resources.
func (t Topology) Len() int { return len(t.refs) }

// Get finds a resource by its reference.
func (t Topology) Get(ref Ref) (Resource, bool) {
	r, ok := t.byRef[ref]
	return r, ok
}

// Of lists the resources of one type, sorted by name.
func Of[T Resource](t Topology) []T {
	var found []T
	for _, r := range t.All() {
		if typed, ok := r.(T); ok {
			found = append(found, typed)
		}
	}
	return found
}

// Find is [Topology.Get] for one type.
func Find[T Resource](t Topology, ref Ref) (T, bool) {
	typed, ok := t.byRef[ref].(T)
	return typed, ok
}

// MarshalJSON writes the resources by kind, in the order of [Kinds].
func (t Topology) MarshalJSON() ([]byte, error) {
	type entry struct {
		Ref      Ref      `json:"ref"`
		Resource Resource `json:"resource"`
	}
	entries := make([]entry, 0, t.Len())
	for ref, r := range t.All() {
		entries = append(entries, entry{ref, r})
	}
	return json.Marshal(entries)
}
