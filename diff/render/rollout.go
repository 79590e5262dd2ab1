package render

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// A Rollout is how the machines of a plan are replaced: who, in which order, behind which gate, and how
// long that takes. It has ids, zones, moments and counts, and nothing that a machine is made from.
type Rollout struct {
	// Hop is nil unless the way goes through several minor versions of Kubernetes.
	Hop *diff.Hop `json:"hop,omitempty"`
	// Stages are in the order in which they begin.
	Stages []Stage `json:"stages"`
	// Seconds are expected from the beginning of the first stage to the end of the last.
	Seconds int `json:"seconds"`
	// Members says where the counts of etcd members come from.
	Members string `json:"members,omitempty"`
}

// A Stage is the roll of one group.
type Stage struct {
	Group topology.Ref  `json:"group"`
	Role  topology.Role `json:"role"`
	Zones []string      `json:"zones"`
	// Machines are those that go, by zone and id.
	Machines []Going `json:"machines"`
	// Warm machines wait in the group's pool; they go at once.
	Warm int `json:"warm,omitempty"`
	// Order is why the group stands where it stands.
	Order string `json:"order"`
	// Gate is what has to hold before a machine goes, and Now what the gate says at this moment; empty if
	// nobody asked.
	Gate string `json:"gate"`
	Now  string `json:"now,omitempty"`
	// Margins are of the etcd clusters that have a member on the machine, sorted by name.
	Margins []Margin `json:"margins,omitempty"`
	// Pace is nil for masters, of which one goes at a time.
	Pace *Pace `json:"pace,omitempty"`
	// Each is how long one machine is expected to take until its successor does its work, and Seconds the
	// whole stage. Learned is from how many machines that is known; with none it is a guess.
	Each    int `json:"each"`
	Seconds int `json:"seconds"`
	Learned int `json:"learned"`
	// Within is how many seconds a machine may take before the roll halts.
	Within int `json:"within"`
}

// Going is a machine that is to be replaced.
type Going struct {
	ID   string `json:"id"`
	Zone string `json:"zone"`
	// Why goes on after "it was".
	Why string `json:"why"`
}

// A Margin is how many members of an etcd cluster are healthy before, during and after a stage.
type Margin struct {
	Etcd   string `json:"etcd"`
	Voters int    `json:"voters"`
	// Majority is how many have to be healthy.
	Majority int `json:"majority"`
	Before   int `json:"before"`
	During   int `json:"during"`
	After    int `json:"after"`
}

func (m Margin) String() string {
	return fmt.Sprintf("%s %d/%d → %d/%d → %d/%d, majority %d", m.Etcd, m.Before, m.Voters, m.During, m.Voters, m.After, m.Voters, m.Majority)
}

// A Pace is how many machines of a group are replaced side by side.
type Pace struct {
	Surge       int `json:"surge"`
	Unavailable int `json:"unavailable"`
	// Batches is how often that many go; the first machine goes alone if none of the group is of the new
	// template yet.
	Batches int  `json:"batches"`
	Canary  bool `json:"canary"`
	// SurgeOnly leaves the end of the machines to whoever asked for that.
	SurgeOnly bool `json:"surgeOnly,omitempty"`
}

func (p Pace) String() string {
	if p.SurgeOnly {
		return fmt.Sprintf("%d at a time leave their group and run on, for drainAndTerminate is false: you end them", p.Surge)
	}
	var parts []string
	if p.Surge > 0 {
		parts = append(parts, fmt.Sprintf("%d beside the others", p.Surge))
	}
	if p.Unavailable > 0 {
		parts = append(parts, fmt.Sprintf("%d missing", p.Unavailable))
	}
	text := strings.Join(parts, " and ") + " at a time, " + plural(p.Batches, "batch", "batches")
	if p.Canary {
		text += ", the first machine alone"
	}
	return text
}

// title says what is replaced, and how long that takes.
func (r Rollout) title() string {
	machines := 0
	for _, s := range r.Stages {
		machines += len(s.Machines)
	}
	return fmt.Sprintf("Rollout of %s in %s, %s", plural(machines, "machine", "machines"), plural(len(r.Stages), "stage", "stages"), minutes(r.Seconds))
}

// takes is the time of a stage, and where that is known from.
func (s Stage) takes() string {
	if len(s.Machines) == 0 {
		return "no machine runs; the next one is made from the new template"
	}
	known := "a guess, as no machine has told yet"
	if s.Learned > 0 {
		known = "as " + plural(s.Learned, "machine", "machines") + " of this role took"
	}
	text := minutes(s.Seconds)
	if len(s.Machines) > 1 {
		text += ", " + minutes(s.Each) + " each"
	}
	return text + " (" + known + "); halts if one is not back within " + strings.TrimPrefix(minutes(s.Within), "about ")
}

// minutes rounds up: nobody plans a night by seconds.
func minutes(seconds int) string {
	whole := (seconds + 59) / 60
	if whole < 120 {
		return fmt.Sprintf("about %d min", whole)
	}
	return fmt.Sprintf("about %d h %d min", whole/60, whole%60)
}

func plural(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}

// mostMachines are named in text for people; JSON has all.
const mostMachines = 12

// going tells the machines by what makes them old.
func (s Stage) going() []string {
	ids := map[string][]string{}
	for _, m := range s.Machines {
		ids[m.Why] = append(ids[m.Why], m.ID+" ("+m.Zone+")")
	}
	var lines []string
	for _, why := range slices.Sorted(maps.Keys(ids)) {
		named := ids[why]
		if more := len(named) - mostMachines; more > 0 {
			named = append(named[:mostMachines:mostMachines], fmt.Sprintf("%d more", more))
		}
		lines = append(lines, strings.Join(named, ", ")+": "+why)
	}
	if s.Warm > 0 {
		lines = append(lines, plural(s.Warm, "machine", "machines")+" of the warm pool: at once")
	}
	return lines
}

// facts are the lines about a stage, below its title.
func (s Stage) facts() []string {
	lines := s.going()
	lines = append(lines, "gate: "+s.Gate)
	if s.Now != "" {
		lines = append(lines, "now: "+s.Now)
	}
	for _, m := range s.Margins {
		lines = append(lines, "etcd "+m.String())
	}
	if s.Pace != nil && len(s.Machines) > 0 {
		lines = append(lines, "pace: "+s.Pace.String())
	}
	return append(lines, s.takes())
}

// textRollout writes the rollout for a terminal.
func textRollout(b *strings.Builder, r Rollout) {
	if r.Hop != nil {
		fmt.Fprintf(b, "  %s\n", r.Hop)
	}
	if len(r.Stages) == 0 {
		return
	}
	fmt.Fprintf(b, "  %s\n", r.title())
	if r.Members != "" {
		fmt.Fprintf(b, "       (%s)\n", r.Members)
	}
	for i, s := range r.Stages {
		fmt.Fprintf(b, "  %3d. %s in %s: %s\n", i+1, s.Role, strings.Join(s.Zones, ", "), s.Group)
		for _, fact := range s.facts() {
			fmt.Fprintf(b, "       %s\n", fact)
		}
	}
}

// markdownRollout writes it as a table.
func markdownRollout(b *strings.Builder, r Rollout) {
	if r.Hop != nil {
		fmt.Fprintf(b, "\n**%s**\n", cell(r.Hop.String()))
	}
	if len(r.Stages) == 0 {
		return
	}
	fmt.Fprintf(b, "\n#### %s\n\n| # | group | machines | gate | margin and pace | time |\n| --- | --- | --- | --- | --- | --- |\n", r.title())
	for i, s := range r.Stages {
		var going, pace []string
		for _, line := range s.going() {
			going = append(going, cell(line))
		}
		for _, m := range s.Margins {
			pace = append(pace, "etcd "+cell(m.String()))
		}
		if s.Pace != nil {
			pace = append(pace, s.Pace.String())
		}
		gate := cell(s.Gate)
		if s.Now != "" {
			gate += "<br>now: " + cell(s.Now)
		}
		fmt.Fprintf(b, "| %d | `%s`<br>%s | %s | %s | %s | %s |\n", i+1, code(s.Group.String()), cell(strings.Join(s.Zones, ", ")),
			strings.Join(going, "<br>"), gate, strings.Join(pace, "<br>"), s.takes())
	}
	if r.Members != "" {
		fmt.Fprintf(b, "\n%s\n", cell(r.Members))
	}
}

// Seconds are whole ones of a duration.
func Seconds(d time.Duration) int { return int(d.Round(time.Second) / time.Second) }
