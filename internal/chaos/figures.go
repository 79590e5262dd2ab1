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
	Days, Rolls, Growths int
	Halts                int          // rolls that stopped by themselves and were resumed
	Faults               map[Kind]int // that took effect
	Kills                int
	Pairs                int // days with two services at once
	Passes, Calls        int
	Deeds                int // machines taken out, each judged
	Questions, Proceeded int // put to the gate in front of a ring of real members
	Samples              int // of the quorum margin
	Fewest               Margins
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
	f.Growths += g.Growths
	f.Halts += g.Halts
	f.Kills += g.Kills
	f.Pairs += g.Pairs
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
		f.Faults, f.Fewest = map[Kind]int{}, Margins{}
	}
	for k, n := range g.Faults {
		f.Faults[k] += n
	}
	for etcd, margins := range g.Fewest {
		for voters, up := range margins {
			f.Fewest.note(etcd, voters, up)
		}
	}
}

// String tells the margins, as in main 1 of 1, 2 of 3.
func (m Margins) String() string {
	var all []string
	for _, etcd := range slices.Sorted(maps.Keys(m)) {
		var margins []string
		for _, voters := range slices.Sorted(maps.Keys(m[etcd])) {
			margins = append(margins, fmt.Sprintf("%d of %d", m[etcd][voters], voters))
		}
		all = append(all, etcd+" "+strings.Join(margins, ", "))
	}
	return strings.Join(all, "; ")
}

// Table writes the figures for people.
func (f Figures) Table(out io.Writer) error {
	t := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	row := func(name string, value any) { fmt.Fprintf(t, "%s\t%v\n", name, value) }
	row("days", f.Days)
	row("rolls completed", f.Rolls)
	row("growths completed", f.Growths)
	row("of both, halted and resumed", f.Halts)
	row("with two services at once", f.Pairs)
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
	row("fewest voters up", f.Fewest)
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
