package diff

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/quorate/quorate/topology"
)

// Digest stands for what the plan would change: plans with the same changes have the same one,
// in whatever order they are listed, and any other change, value or effect gives another. It is
// 64 hex digits of SHA-256; sentences for people do not count.
func (p Plan) Digest() string {
	changes := slices.SortedFunc(slices.Values(p.Changes), func(a, b Change) int { return topology.CompareRefs(a.Ref, b.Ref) })
	sum := sha256.New()
	encoder := json.NewEncoder(sum)
	parts := []any{p.Cluster, p.Region, p.ends}
	for _, c := range changes {
		parts = append(parts, c.Ref.String(), c.Effect, fieldDigests(c.Fields), c.Want)
	}
	for _, part := range parts {
		if err := encoder.Encode(part); err != nil {
			// Resources are plain values; the text stands for what JSON has no word for.
			fmt.Fprintf(sum, "%+v\n", part)
		}
	}
	return hex.EncodeToString(sum.Sum(nil))
}

// fieldDigests are the fields with the effect of each, which their JSON leaves out.
func fieldDigests(fields []FieldChange) [][4]string {
	out := [][4]string{}
	for _, f := range fields {
		out = append(out, [4]string{f.Path, f.Have, f.Want, f.Effect.String()})
	}
	slices.SortFunc(out, func(a, b [4]string) int { return slices.Compare(a[:], b[:]) })
	return out
}
