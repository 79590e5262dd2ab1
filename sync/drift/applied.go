package drift

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/topology"
)

// Key stands for what a cluster's manifests ask for, in 16 hexadecimal digits. A version of Quorate that makes
// other resources of the same manifests gives another one: that is a change that somebody wanted, too.
func Key(c desired.Cluster) (string, error) {
	sum := sha256.New()
	if err := json.NewEncoder(sum).Encode([]any{c.Unanswered, c.Topology}); err != nil {
		return "", fmt.Errorf("stand for the manifests of %s: %w", c.Name, err)
	}
	return hex.EncodeToString(sum.Sum(nil))[:16], nil
}

const (
	doneWord  = "done "
	begunWord = "begun "
)

// Done is the value of [topology.TagApplied] when the manifests of the key are applied to their end, and Begun
// while they are on their way.
func Done(key string) string { return doneWord + key }

// Begun is the other value; see [Done].
func Begun(key string) string { return begunWord + key }

// Applied reports whether the marks of groups say that the manifests of the key were applied to their end.
// Groups without the mark say nothing: they may have been made anew by hand. If others are on their way, or
// two groups contradict each other, then these were not.
func Applied(marks map[topology.Ref]topology.Tags, key string) bool {
	values := said(marks)
	return len(values) == 1 && values[0] == Done(key)
}

// said are the values of the marks, each once.
func said(marks map[topology.Ref]topology.Tags) []string {
	var values []string
	for _, tags := range marks {
		if value := tags[topology.TagApplied]; value != "" && !slices.Contains(values, value) {
			values = append(values, value)
		}
	}
	return values
}

// Before is what is to be written on the groups before manifests of the key are applied; empty if nothing is.
// What was applied earlier is not any more from then on: who returns to it by a commit finds no drift, but
// the rest of what came between.
func Before(marks map[topology.Ref]topology.Tags, key string) string {
	if slices.ContainsFunc(said(marks), func(v string) bool { return v != Begun(key) }) {
		return Begun(key)
	}
	return "" // what nobody remembers need not be taken back
}

// After is what is to be written on the groups when the manifests of the key are applied to their end; empty
// if it is there.
func After(marks map[topology.Ref]topology.Tags, groups []topology.Ref, key string) string {
	for _, g := range groups {
		if marks[g][topology.TagApplied] != Done(key) {
			return Done(key)
		}
	}
	return ""
}

// Groups are those of a cluster that carry the mark.
func Groups(have topology.Topology) []topology.Ref {
	var refs []topology.Ref
	for _, g := range topology.Of[topology.AutoScalingGroup](have) {
		if g.Role == topology.ControlPlane && g.Ownership == topology.Owned {
			refs = append(refs, g.Ref())
		}
	}
	return refs
}
