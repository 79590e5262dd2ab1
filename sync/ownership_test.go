package sync_test

import (
	"bytes"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	gosync "sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/sync/drift"
	"github.com/quorate/quorate/sync/schedule"
	"github.com/quorate/quorate/topology"
)

// possession is a row of docs/ownership.md.
type possession struct {
	what string
	// not is the real drift that is nearest to it, by the names of [meddlings].
	not []string
}

// possessions reads the table.
func possessions(t *testing.T) []possession {
	t.Helper()
	page, err := os.ReadFile("../docs/ownership.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []possession
	for line := range strings.SplitSeq(string(page), "\n") {
		cells := strings.Split(line, " | ")
		what, isRow := strings.CutPrefix(cells[0], "| `")
		if !isRow {
			continue
		}
		if len(cells) != 5 {
			t.Fatalf("%d cells: %s", len(cells), line)
		}
		row := possession{what: strings.TrimSuffix(what, "`")}
		for name := range strings.SplitSeq(strings.Trim(cells[4], " |"), ";") {
			if name = strings.TrimSpace(name); name != "" {
				row.not = append(row.not, name)
			}
		}
		rows = append(rows, row)
	}
	return rows
}

func TestTheOwnershipTableIsWhatIsActedOut(t *testing.T) {
	drifts := map[string]bool{}
	for _, m := range meddlings {
		drifts[m.name] = true
	}
	var rows []string
	for _, p := range possessions(t) {
		rows = append(rows, p.what)
		for _, name := range p.not {
			if !drifts[name] {
				t.Errorf("%s: no test of drift is named %q", p.what, name)
			}
		}
	}
	slices.Sort(rows)
	if d := cmp.Diff(rows, slices.Sorted(maps.Keys(activities))); d != "" {
		t.Errorf("-docs/ownership.md +acted out:\n%s", d)
	}
}

// lively is the HA example with workers on spot machines, whose bounds follow the hour.
var lively = strings.NewReplacer(
	"  name: nodes\n", "  name: nodes\n  annotations:\n    quorate.dev/scaling-schedule: \"0 6 * * * min=2 max=9 tz=Europe/Berlin; 0 20 * * * min=1 max=4\"\n",
	"  minSize: 3\n", "  mixedInstancesPolicy: {instances: [t3.medium, t3a.medium], onDemandBase: 1, onDemandAboveBase: 0}\n  minSize: 3\n",
).Replace(small)

func newDay(t *testing.T, seed uint64) *day {
	t.Helper()
	return &day{night: newWatch(t, lively), rand: rand.New(rand.NewPCG(seed, 0))}
}

// wantCalm looks as the service does, and wants that there is nothing to say and nothing to do but to note,
// in tags of the service's own, since when a master is away.
func (d *day) wantCalm(after string) {
	d.Helper()
	var mu gosync.Mutex
	var made []string
	d.ground.region.SetIntercept(func(c awssim.Call) awssim.Fate {
		mu.Lock()
		defer mu.Unlock()
		if note := strings.HasSuffix(c.Operation, "Tags") && bytes.Contains(c.Body, []byte("quorate.dev%2F")); c.Mutating && !note {
			made = append(made, c.Operation)
		}
		return awssim.Proceed
	})
	d.pass()
	d.ground.region.SetIntercept(nil)
	if _, text := d.last.Planned.Drift.Say(its, d.clock.Now()); !d.known() || d.word() != drift.None {
		d.Fatalf("at %s after %s: %t, %s", d.clock.Now().Format("15:04"), after, d.known(), text)
	}
	if len(made) > 0 {
		d.Fatalf("at %s after %s, calls that were made: %q: %s", d.clock.Now().Format("15:04"), after, made, d.last.Report.Reason())
	}
}

func TestWhatOthersOwnIsNeverDrift(t *testing.T) {
	d := newDay(t, 1)
	for _, p := range possessions(t) {
		t.Run(p.what, func(t *testing.T) {
			outer := d.TB
			d.TB = t
			defer func() { d.TB = outer }()
			changed := p.what == "bounds-by-schedule" || p.what == "aws-tags" // whose doer is AWS, by no call
			for range 4 {                                                     // what comes goes again
				calls := d.ground.region.MutatingCalls()
				activities[p.what](d)
				changed = changed || d.ground.region.MutatingCalls() > calls
				d.wantCalm(p.what)
				for range 5 {
					d.minute()
				}
				d.wantCalm(p.what)
			}
			if !changed {
				t.Error("nothing was done")
			}
		})
	}
}

// looks are when a real schedule with all defaults looks for drift in a day.
func looks(t *testing.T, from time.Time, seed uint64) []time.Time {
	t.Helper()
	var at []time.Time
	synctest.Test(t, func(t *testing.T) {
		chance := rand.New(rand.NewPCG(seed, 1))
		s, err := schedule.New(schedule.Config{Poll: time.Hour, Rand: chance.Float64})
		if err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		for trigger := range s.Triggers(t.Context()) {
			since := time.Since(began)
			if since > 24*time.Hour {
				return
			}
			if trigger.Reason == schedule.Drift {
				at = append(at, from.Add(since))
			}
		}
	})
	return at
}

// usual is how often in a day each activity happens; what is not named happens forty times.
var usual = map[string]int{"lost-master": 3, "unhealthy": 6, "spot": 12, "bounds-by-schedule": 0, "service-linked-roles": 1, "service-balancers": 20}

// events are the activities of a day by the minute at which they happen.
func (d *day) events() map[int][]string {
	at := map[int][]string{}
	for _, what := range slices.Sorted(maps.Keys(activities)) {
		times, named := usual[what]
		if !named {
			times = 40
		}
		for range times {
			minute := d.rand.IntN(24 * 60)
			at[minute] = append(at[minute], what)
		}
	}
	return at
}

func TestADayOfAutoscalersSpotAndControllersRaisesNoAlarm(t *testing.T) {
	for seed := range uint64(3) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			d := newDay(t, seed)
			began := d.clock.Now()
			looks, events := looks(t, began, seed), d.events()
			if len(looks) < 143 {
				t.Fatalf("only %d looks a day", len(looks))
			}
			last := "nothing"
			for minute := range 24 * 60 {
				for _, what := range events[minute] {
					activities[what](d)
					last = what
				}
				for len(looks) > 0 && !looks[0].After(began.Add(time.Duration(minute)*time.Minute)) {
					d.wantCalm(last)
					looks = looks[1:]
				}
				d.minute()
			}
			if g := d.group(workers); aws.ToInt32(g.MinSize) != 1 || aws.ToInt32(g.MaxSize) != 4 {
				t.Errorf("the schedule did not work: %d to %d", *g.MinSize, *g.MaxSize)
			}
			d.wantQuorum()
		})
	}
}

// clusterTags are those that controllers put on what they make.
func clusterTags(more topology.Tags) topology.Tags {
	return topology.Tags{topology.TagCluster: its, topology.OwnershipTag(its): "owned"}.With(more)
}
