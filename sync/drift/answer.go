package drift

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quorate/quorate/diff"
)

// Answer is the number of what waits for people: 12 hexadecimal digits that stand for each field with both its
// values and when it was first seen; empty if nothing waits that may be put back. quorate.dev/correct-drift
// with the number releases just this, once: what drifts again later, be it the same, has another number.
func (r Report) Answer() string {
	var held []string
	for _, f := range r.Findings {
		if f.Held() {
			held = append(held, fmt.Sprintf("%s %q %q %d\n", f.key(), f.Have, f.Want, f.Since.Unix()))
		}
	}
	if len(held) == 0 || r.Refused {
		return ""
	}
	slices.Sort(held)
	sum := sha256.Sum256([]byte(strings.Join(held, "")))
	return hex.EncodeToString(sum[:6])
}

// release is the memory after an answer: what waits is put back.
func (m Memory) release(findings []Finding) Memory {
	seen := maps.Clone(m.Seen)
	if seen == nil {
		seen = map[string]Sighting{}
	}
	for _, f := range findings {
		if f.Held() {
			seen[f.key()] = Sighting{Since: f.Since, Fought: f.Fought, Released: true}
		}
	}
	m.Seen = seen
	return m
}

// released reports that somebody answered a finding. The machines of a group that are to be made anew come with
// the template that was put back.
func (m Memory) released(f Finding) bool {
	if m.Seen[f.key()].Released {
		return true
	}
	return f.Path == diff.MachinesField && slices.ContainsFunc([]string{"template", "launchTemplate"}, func(path string) bool {
		return m.Seen[Finding{Ref: f.Ref, Path: path}.key()].Released
	})
}
