package chaos

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"text/tabwriter"
	"time"
)

// Figures are what days come to. They add up.
type Figures struct {
	Days, Rolls          int
	Faults               map[Kind]int // that took effect
	Kills                int
	Passes, Calls        int
	Deeds                int // machines taken out, each judged
	Questions, Proceeded int // put to the gate in front of a ring of real members
	Samples              int // of the quorum margin
	Fewest               map[string]int
	QuorumLosses         int
	Operations, Unknown  int
	Writes               int
	FailedWrites         int
	LostWrites           int
	NotLinearizable      int
	LongestStall         time.Duration
	Wall                 time.Duration
}

// Add makes f the sum of both.
func (f *Figures) Add(g Figures) {
	f.Days += g.Days
	f.Rolls += g.Rolls
	f.Kills += g.Kills
	f.Passes += g.Passes
	f.Calls += g.Calls
	f.Deeds += g.Deeds
	f.Samples += g.Samples
	f.Questions += g.Questions
	f.Proceeded += g.Proceeded
	f.QuorumLosses += g.QuorumLosses
	f.Operations += g.Operations
	f.Unknown += g.Unknown
	f.Writes += g.Writes
	f.FailedWrites += g.FailedWrites
	f.LostWrites += g.LostWrites
	f.NotLinearizable += g.NotLinearizable
	f.Wall += g.Wall
	f.LongestStall = max(f.LongestStall, g.LongestStall)
	if f.Faults == nil {
		f.Faults, f.Fewest = map[Kind]int{}, map[string]int{}
	}
	for k, n := range g.Faults {
		f.Faults[k] += n
	}
	for etcd, n := range g.Fewest {
		if least, known := f.Fewest[etcd]; !known || n < least {
			f.Fewest[etcd] = n
		}
	}
}

// Table writes the figures for people.
func (f Figures) Table(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(t, "%s\t%v\n", name, value) }
	row("days", f.Days)
	row("rolls completed", f.Rolls)
	total := 0
	for _, k := range kinds {
		total += f.Faults[k]
	}
	row("faults injected", total)
	for _, k := range kinds {
		row("  "+string(k), f.Faults[k])
	}
	row("kill -9 of the service", f.Kills)
	row("passes", f.Passes)
	row("calls to AWS", f.Calls)
	row("machines taken out, each judged", f.Deeds)
	row("questions to the gate", fmt.Sprintf("%d, and %d done as it let them", f.Questions, f.Proceeded))
	row("samples of the margin", f.Samples)
	var fewest []string
	for _, etcd := range slices.Sorted(maps.Keys(f.Fewest)) {
		fewest = append(fewest, fmt.Sprintf("%s %d of %d", etcd, f.Fewest[etcd], len(members)))
	}
	row("fewest members up", strings.Join(fewest, ", "))
	row("quorum losses", f.QuorumLosses)
	row("operations in histories", fmt.Sprintf("%d, %d of them with an unknown outcome", f.Operations, f.Unknown))
	row("histories not linearizable", f.NotLinearizable)
	row("writes acknowledged", f.Writes)
	row("writes failed", f.FailedWrites)
	row("acknowledged writes lost", f.LostWrites)
	row("longest write", f.LongestStall.Round(time.Millisecond))
	row("wall time of all days", f.Wall.Round(time.Second))
	return t.Flush()
}
