package diff

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/quorate/quorate/topology"
)

// equalOptions is the one place that says what equal means: canonical values are
// equal if they are the same, and an empty list is the same as none.
var equalOptions = cmp.Options{
	cmpopts.EquateEmpty(),
	cmpopts.EquateComparable(topology.VPC{}.CIDR),
}

// A field is one thing of T that is compared. It returns no change where want and
// have agree, and several where the parts of a field are told one by one (tags).
type field[T topology.Resource] struct {
	path    string
	compare func(want, have T) []FieldChange
}

// A judge decides what a difference between two values means. Its sentence is
// needed for Forbid, and optional otherwise.
type judge[V any] func(want, have V) (Effect, string)

// on compares one value; any difference has the same effect.
func on[T topology.Resource, V any](path string, effect Effect, get func(T) V) field[T] {
	return judged(path, func(V, V) (Effect, string) { return effect, "" }, get)
}

// forbid compares a value that may not change, with the reason and the way out.
func forbid[T topology.Resource, V any](path, reason string, get func(T) V) field[T] {
	return judged(path, func(V, V) (Effect, string) { return Forbid, reason }, get)
}

// judged compares one value whose effect depends on the two sides.
func judged[T topology.Resource, V any](path string, decide judge[V], get func(T) V) field[T] {
	return field[T]{path, func(want, have T) []FieldChange {
		w, h := get(want), get(have)
		if cmp.Equal(w, h, equalOptions) {
			return nil
		}
		effect, reason := decide(w, h)
		return []FieldChange{{Path: path, Have: text(h), Want: text(w), Effect: effect, Reason: reason}}
	}}
}

// missingTags compares tags where extra ones are nobody's business: kops and
// Kubernetes both write tags on networking resources.
func missingTags[T topology.Resource](get func(T) topology.Tags) field[T] {
	return field[T]{"tags", func(want, have T) []FieldChange { return tagChanges(get(want), get(have), false) }}
}

// exactTags compares tags where an extra one is a difference too.
func exactTags[T topology.Resource](effect Effect, get func(T) topology.Tags) field[T] {
	return field[T]{"tags", func(want, have T) []FieldChange {
		changes := tagChanges(get(want), get(have), true)
		for i := range changes {
			changes[i].Effect = effect
		}
		return changes
	}}
}

func tagChanges(want, have topology.Tags, exact bool) []FieldChange {
	keys := maps.Clone(want)
	if exact {
		keys = want.With(have)
	}
	var changes []FieldChange
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		w, wanted := want[key]
		h, found := have[key]
		if wanted == found && w == h {
			continue
		}
		changes = append(changes, FieldChange{
			Path: "tags[" + key + "]", Have: quoteIf(found, h), Want: quoteIf(wanted, w), Effect: InPlace,
		})
	}
	return changes
}

func quoteIf(present bool, s string) string {
	if !present {
		return ""
	}
	return fmt.Sprintf("%q", s)
}

// text prints a value for people: scalars and prefixes as they are, the rest as JSON.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case fmt.Stringer:
		return v.String()
	case int, bool:
		return fmt.Sprint(v)
	}
	b, err := json.Marshal(v)
	if err != nil {
		return fmt.Sprint(v)
	}
	return string(b)
}
