package topology

import (
	"encoding/json"
	"fmt"
)

// EventRule is a rule of EventBridge that sends one kind of event to one target.
type EventRule struct {
	// Name is both the AWS name (its cluster part shortened by kops's rule) and the
	// Name tag.
	Name string `json:"name"`
	// Pattern says which events, as [CanonicalPattern] writes it.
	Pattern string `json:"pattern"`
	Enabled bool   `json:"enabled"`
	// Target is the queue that gets the events; zero if it does not get them.
	Target    Ref       `json:"target,omitzero"`
	Tags      Tags      `json:"tags"`
	Ownership Ownership `json:"ownership"`
}

func (r EventRule) Ref() Ref         { return Ref{KindEventRule, r.Name} }
func (r EventRule) Needs() []Ref     { return present(r.Target) }
func (r EventRule) Owner() Ownership { return r.Ownership }
func (r EventRule) Labels() Tags     { return r.Tags }
func (EventRule) resource()          {}

// CanonicalPattern rewrites an event pattern so that patterns that differ in spaces
// and in the order of their keys alone are the same text.
func CanonicalPattern(pattern string) (string, error) {
	var fields map[string]any
	if err := json.Unmarshal([]byte(pattern), &fields); err != nil {
		return "", fmt.Errorf("event pattern is not a JSON object: %w", err)
	}
	canonical, err := json.Marshal(fields)
	return string(canonical), err
}
