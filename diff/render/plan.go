package render

import (
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/prices"
	"github.com/quorate/quorate/topology"
)

// Plan is what is shown.
type Plan struct {
	Cluster, Region string
	Lines           []Line
	Kept            []diff.Kept
	Leftovers       []Leftover
	// Machines end with the cluster.
	Machines []topology.Machine
	// At is when AWS was looked at; ages are told only if it is set.
	At time.Time
	// Notes tell what is no change.
	Notes []diff.Note
	// Warnings are sentences about the manifest that stop nothing.
	Warnings []string
	// Rollout is how machines are replaced; without stages none is.
	Rollout Rollout
	// Cost is zero if nobody priced the plan; Bill asks Text for its lines.
	Cost prices.Comparison
	Bill bool
}

// A Leftover carries the cluster's tags and is nothing that a plan could change. It is
// only told.
type Leftover struct {
	Kind topology.Kind `json:"kind"`
	ID   string        `json:"id"`
	Name string        `json:"name,omitempty"`
	// Created is zero where AWS does not tell.
	Created time.Time `json:"created,omitzero"`
	// Age is filled when the plan is written.
	Age    string `json:"age,omitempty"`
	Reason string `json:"reason"`
	// InTheWay holds the end of the cluster back.
	InTheWay bool `json:"inTheWay,omitempty"`
}

// aged are the leftovers with their ages.
func (p Plan) aged() []Leftover {
	aged := slices.Clone(p.Leftovers)
	for i, l := range aged {
		if !l.Created.IsZero() && !p.At.IsZero() {
			aged[i].Age = age(p.At.Sub(l.Created))
		}
	}
	return aged
}

// age is told in the largest unit that has passed: what is a day old was not made by the
// pass that runs.
func age(d time.Duration) string {
	const day = 24 * time.Hour
	switch {
	case d >= 2*day:
		return fmt.Sprintf("%d days", d/day)
	case d >= 2*time.Hour:
		return fmt.Sprintf("%d hours", d/time.Hour)
	}
	return fmt.Sprintf("%d minutes", max(d, 0)/time.Minute)
}

// String is the line for people.
func (l Leftover) String() string {
	text := string(l.Kind) + " " + l.ID
	if l.Name != "" {
		text += " (" + l.Name + ")"
	}
	switch {
	case l.Age != "":
		text += ", " + l.Age + " old,"
	case !l.Created.IsZero():
		text += " of " + l.Created.UTC().Format(time.DateOnly)
	}
	if l.InTheWay {
		return text + " is in the way: " + l.Reason
	}
	return text + " is left over: " + l.Reason
}

// A Line is one change with its place in the order. After and Why are empty for a
// forbidden change, which never happens.
type Line struct {
	Change diff.Change
	After  []topology.Ref
	Why    string
	Zone   string
}

// reason is the one sentence of a line: why it is done that way, or else why here.
func (l Line) reason() string {
	if l.Change.Reason != "" {
		return l.Change.Reason
	}
	return l.Why
}

// machine says which machine ends with the cluster.
func machine(m topology.Machine) string {
	text := m.ID + " (" + m.Zone
	if m.Role != "" {
		text += ", " + string(m.Role)
	}
	return text + ")"
}

// counted are the effects of a summary, in reading order.
var counted = []diff.Effect{diff.Create, diff.InPlace, diff.Roll, diff.Replace, diff.Delete, diff.Retire, diff.Forbid}

// Summary counts the changes by effect, such as "12 create, 3 roll".
func (p Plan) Summary() string {
	counts := p.counts()
	var parts []string
	for _, e := range counted {
		if n := counts[e]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, e))
		}
	}
	if len(parts) == 0 {
		return "no changes"
	}
	return strings.Join(parts, ", ")
}

func (p Plan) counts() map[diff.Effect]int {
	counts := map[diff.Effect]int{}
	for _, l := range p.Lines {
		counts[l.Change.Effect]++
	}
	return counts
}

type jsonChange struct {
	Ref    topology.Ref       `json:"ref"`
	Effect diff.Effect        `json:"effect"`
	Zone   string             `json:"zone,omitempty"`
	Fields []diff.FieldChange `json:"fields"`
	After  []topology.Ref     `json:"after"`
	Reason string             `json:"reason"`
}

type jsonPlan struct {
	Cluster  string         `json:"cluster"`
	Region   string         `json:"region"`
	Changes  []jsonChange   `json:"changes"`
	Rollout  *Rollout       `json:"rollout,omitempty"`
	Machines []string       `json:"machines,omitempty"`
	Kept     []jsonKept     `json:"kept,omitempty"`
	Notes    []jsonNote     `json:"notes,omitempty"`
	Leftover []Leftover     `json:"leftovers,omitempty"`
	Warnings []string       `json:"warnings,omitempty"`
	Cost     *jsonCost      `json:"cost,omitempty"`
	Summary  map[string]int `json:"summary"`
}

type jsonNote struct {
	Ref  topology.Ref `json:"ref"`
	Text string       `json:"text"`
}

type jsonKept struct {
	Ref    topology.Ref `json:"ref"`
	Reason string       `json:"reason"`
}

// JSON writes the plan as one indented object; lists are never null.
func JSON(w io.Writer, p Plan) error {
	out := jsonPlan{Cluster: p.Cluster, Region: p.Region, Changes: []jsonChange{}, Leftover: p.aged(), Warnings: p.Warnings, Cost: costJSON(p.Cost), Summary: map[string]int{}}
	for _, l := range p.Lines {
		out.Changes = append(out.Changes, jsonChange{
			Ref: l.Change.Ref, Effect: l.Change.Effect, Zone: l.Zone,
			Fields: orEmpty(l.Change.Fields), After: orEmpty(l.After), Reason: l.reason(),
		})
	}
	if len(p.Rollout.Stages) > 0 || p.Rollout.Hop != nil {
		out.Rollout = &p.Rollout
		out.Rollout.Stages = orEmpty(p.Rollout.Stages)
	}
	for _, m := range p.Machines {
		out.Machines = append(out.Machines, m.ID)
	}
	for _, n := range p.Notes {
		out.Notes = append(out.Notes, jsonNote(n))
	}
	for _, k := range p.Kept {
		out.Kept = append(out.Kept, jsonKept(k))
	}
	for effect, n := range p.counts() {
		out.Summary[effect.String()] = n
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	return encoder.Encode(out)
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
