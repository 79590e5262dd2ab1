package drift

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

const (
	// corrections is how often in a row the same thing is corrected.
	corrections = 2
	// window is how long ago a correction may be to count as one in a row with the next.
	window = 24 * time.Hour
	// lag is how long AWS may tell the value from before a correction: what is written again within it is
	// the same correction.
	lag = time.Minute
)

// A Memory is what is remembered of a cluster's drift between looks. Nothing safe depends on it: without it,
// drift seems to have begun now, and is corrected as if for the first time.
type Memory struct {
	// Key stands for the manifests that it is about; see [Key]. New manifests begin a new memory.
	Key string `json:"key"`
	// Seen are the findings of the last look.
	Seen map[string]Sighting `json:"seen,omitempty"`
	// Corrected says when each thing was corrected, the earliest first.
	Corrected map[string][]time.Time `json:"corrected,omitempty"`
	// Traces are the searches for who made what.
	Traces map[string]Trace `json:"traces,omitempty"`
	// Silent is why CloudTrail told nothing when it was asked last; empty if it told.
	Silent string `json:"silent,omitempty"`
}

// A Sighting is what is remembered of a finding.
type Sighting struct {
	Since time.Time `json:"since"`
	// Fought stays until the finding is gone: time alone must not begin the fight anew.
	Fought bool `json:"fought,omitempty"`
	// Released stays until the finding is gone, too: the correction may take many looks.
	Released bool `json:"released,omitempty"`
}

// of is the memory if it is about the manifests of the key.
func (m Memory) of(key string) Memory {
	if m.Key != key {
		return Memory{Key: key}
	}
	return m
}

// about says what is remembered of a finding that is seen now.
func (m Memory) about(finding string, now time.Time) (since time.Time, fought bool) {
	seen, known := m.Seen[finding]
	if !known {
		seen.Since = now
	}
	recent := 0
	for _, at := range m.Corrected[finding] {
		if now.Sub(at) <= window {
			recent++
		}
	}
	// AWS tells the old value for a moment after the last correction.
	fresh := recent > 0 && now.Sub(m.Corrected[finding][len(m.Corrected[finding])-1]) < lag
	return seen.Since, seen.Fought || recent >= corrections && !fresh
}

// saw is the memory after a look: what is no longer there is forgotten, but for how often it was corrected.
func (m Memory) saw(findings []Finding, now time.Time) Memory {
	seen := map[string]Sighting{}
	for _, f := range findings {
		seen[f.key()] = Sighting{Since: f.Since, Fought: f.Fought, Released: f.Released}
	}
	corrected := maps.Clone(m.Corrected)
	maps.DeleteFunc(corrected, func(finding string, at []time.Time) bool {
		_, there := seen[finding]
		return !there && now.Sub(slices.MaxFunc(at, time.Time.Compare)) > window
	})
	m.Seen, m.Corrected = seen, corrected
	return m
}

// correctedNow is the memory after the findings were corrected.
func (m Memory) correctedNow(findings []Finding, now time.Time) Memory {
	corrected := map[string][]time.Time{}
	maps.Copy(corrected, m.Corrected)
	for _, f := range findings {
		before := corrected[f.key()]
		if len(before) > 0 && now.Sub(before[len(before)-1]) < lag {
			continue
		}
		before = append(slices.Clone(before), now)
		corrected[f.key()] = before[max(0, len(before)-corrections):]
	}
	m.Corrected = corrected
	return m
}

// Oldest is when the first of the findings was first seen.
func (r Report) Oldest() time.Time {
	if len(r.Findings) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(r.Findings, func(a, b Finding) int { return cmp.Compare(a.Since.UnixNano(), b.Since.UnixNano()) }).Since
}
