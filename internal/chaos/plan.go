package chaos

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
)

// Kind is a sort of fault.
type Kind string

// The faults. Those of calls hit the service's calls to AWS; those of machines hit the cluster.
const (
	Throttled     Kind = "calls throttled"
	ServerErrors  Kind = "server errors"
	LostAnswers   Kind = "answers lost"
	StaleReads    Kind = "stale reads"
	SlowAttach    Kind = "slow attachments"
	SlowDetach    Kind = "slow detachments"
	NeverBoots    Kind = "machine never boots"
	ZoneLost      Kind = "zone lost"
	MachineKilled Kind = "etcd members killed"
	CutOff        Kind = "service cut off from a member"
	ServiceKilled Kind = "service killed"
)

// kinds are all of them, in the order of the table of figures.
var kinds = []Kind{Throttled, ServerErrors, LostAnswers, StaleReads, SlowAttach, SlowDetach, NeverBoots, ZoneLost, MachineKilled, CutOff, ServiceKilled}

// A Fault is one thing that goes wrong. Times are simulated and count from the commit.
type Fault struct {
	Kind    Kind
	At, For time.Duration
	Zone    string  // of machines and volumes; of the member that the service cannot reach
	Rate    float64 // share of the calls that are hit
	Call    int     // ServiceKilled: at which of its mutating calls; 0 means At
	Effect  bool    // ServiceKilled: after that call's effect
}

// String tells the fault in a line.
func (f Fault) String() string {
	text := fmt.Sprintf("%s at %s for %s", f.Kind, f.At, f.For)
	switch {
	case f.Kind == ServiceKilled && f.Call > 0 && f.Effect:
		text = fmt.Sprintf("%s after the effect of mutating call %d, back after %s", f.Kind, f.Call, f.For)
	case f.Kind == ServiceKilled && f.Call > 0:
		text = fmt.Sprintf("%s before mutating call %d, back after %s", f.Kind, f.Call, f.For)
	case f.Rate > 0:
		text += fmt.Sprintf(", %.0f%%", 100*f.Rate)
	case f.Zone != "":
		text += " in " + f.Zone
	}
	return text
}

// A Plan is all that a seed draws.
type Plan struct {
	Seed     uint64
	Course   Course
	Services int // at work at once
	Faults   []Fault
}

// String tells the plan, one line for each fault.
func (p Plan) String() string {
	lines := []string{fmt.Sprintf("seed %d: %s, %d services", p.Seed, p.Course.Name, p.Services)}
	for _, f := range p.Faults {
		lines = append(lines, "  "+f.String())
	}
	return strings.Join(lines, "\n")
}

// courses are drawn evenly.
var courses = []Course{Roll, Roll, Roll, OneToThree, ThreeToFive}

// The roll of three masters takes seven to ten simulated minutes on a good day.
const rollLasts = 8 * time.Minute

// Draw makes the plan of a seed.
func Draw(seed uint64) Plan {
	rng := rand.New(rand.NewPCG(seed, 0))
	p := Plan{Seed: seed, Services: 1, Course: courses[rng.IntN(len(courses))]}
	zones := zonesOf(p.Course.After)
	if rng.IntN(4) == 0 {
		p.Services = 2
	}
	if rng.IntN(2) == 0 {
		p.Faults = append(p.Faults, drawFault(rng, zones, ServiceKilled))
	}
	for range 2 + rng.IntN(3) {
		p.Faults = append(p.Faults, drawFault(rng, zones, kinds[rng.IntN(len(kinds))]))
	}
	slices.SortStableFunc(p.Faults, func(a, b Fault) int { return int(a.At - b.At) })
	return p
}

func drawFault(rng *rand.Rand, zones []string, k Kind) Fault {
	minutes := func(least, most float64) time.Duration {
		return time.Duration((least + rng.Float64()*(most-least)) * float64(time.Minute)).Round(time.Second)
	}
	f := Fault{Kind: k, At: time.Duration(rng.Int64N(int64(rollLasts))).Round(time.Second), For: minutes(1, 4)}
	zone := zones[rng.IntN(len(zones))]
	switch f.Kind {
	case Throttled, ServerErrors:
		f.Rate = 0.1 + 0.4*rng.Float64()
	case LostAnswers:
		f.Rate = 0.2 + 0.5*rng.Float64()
		f.At, f.For = 0, rollLasts // a roll makes few calls that change something
	case StaleReads:
	case SlowAttach, SlowDetach, NeverBoots:
		f.Zone, f.For = zone, minutes(1, 6)
		f.At = 0 // machines come and go all through the roll
		if f.Kind == NeverBoots && rng.IntN(3) == 0 {
			f.For = minutes(17, 20) // longer than any machine may take
		}
	case ZoneLost, MachineKilled, CutOff:
		f.Zone = zone
	case ServiceKilled:
		f.For = minutes(0, 1.5)
		if rng.IntN(3) > 0 {
			f.Call, f.Effect = 1+rng.IntN(12), rng.IntN(2) == 0
		}
	}
	return f
}
