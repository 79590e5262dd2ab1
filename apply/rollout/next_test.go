package rollout

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// parse reads machines as people draw them, between blanks or bars: a letter for the zone, then o(ld) or n(ew), then marks:
// - not ready, d(etached), e(mptying), b(locked), l(eaving).
func parse(text string) []Machine {
	var machines []Machine
	for i, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '|' }) {
		m := Machine{ID: fmt.Sprintf("%d", i), Zone: word[:1], Ready: true, Launched: time.Unix(int64(i), 0)}
		if word[1] == 'o' {
			m.Old = "old template"
		}
		m.Ready = !strings.Contains(word[2:], "-")
		m.Detached, m.Emptying = strings.Contains(word[2:], "d"), strings.Contains(word[2:], "e")
		m.Blocked, m.Leaving = strings.Contains(word[2:], "b"), strings.Contains(word[2:], "l")
		machines = append(machines, m)
	}
	return machines
}

func told(d Decision) string {
	var words []string
	for _, a := range d.Actions {
		words = append(words, string(a.Verb)+" "+a.Machine)
	}
	if d.Wait != "" {
		words = append(words, "wait: "+d.Wait)
	}
	return strings.Join(words, ", ")
}

func TestWhichMachineGoesNext(t *testing.T) {
	surge := topology.RollingUpdate{MaxSurge: topology.Count{N: 1}}
	oneMissing := topology.RollingUpdate{MaxUnavailable: topology.Count{N: 1}}
	for name, c := range map[string]struct {
		desired  int
		machines string
		settings topology.RollingUpdate
		want     string
	}{
		"nothing is old": {3, "an bn cn", surge, ""},
		"the first is a surge, of the one whose turn is last": {3, "ao bo co", surge, "detach 2"},
		"nothing more until its successor is ready":           {3, "ao bo cod cn-", surge, "wait: the first machine made anew has to be ready before the others are touched"},
		"nor before it is there":                              {3, "ao bo cod", surge, "wait: the first machine made anew has to be ready before the others are touched"},
		"then the others go one by one":                       {3, "ao bo cod cn", surge, "replace 0"},
		"what was begun goes on":                              {3, "aoe bo cod cn", surge, "replace 0"},
		"and its successor is waited for":                     {3, "aol bo cod cn", surge, "wait: 3 machines of 3 work, and 0 may be missing; the next one goes when more are ready"},
		"the surge goes last":                                 {3, "cod cn an bn", surge, "replace 0"},
		"AWS is waited for at the end":                        {3, "codl cn an bn", surge, "wait: AWS is ending 1 machines"},
		"without a surge the first one goes alone":            {4, "ao|ao|bo|co", topology.RollingUpdate{MaxUnavailable: topology.Count{N: 2}}, "replace 0"},
		"and after that as many as may be missing":            {4, "ao|ao|bo|cn", topology.RollingUpdate{MaxUnavailable: topology.Count{N: 2}}, "replace 0, replace 1"},
		"the zone with most of them comes first":              {4, "ao|bo|bo|cn", oneMissing, "replace 1"},
		"a broken machine goes first, and costs nothing":      {3, "ao bo- co", surge, "replace 1"},
		"a broken one is the canary, alone":                   {3, "ao- bo- co", surge, "replace 0"},
		"a blocked one makes room for others":                 {3, "aoeb bo co cod cn", surge, "set aside 0, replace 2"},
		"and is tried again when it is the last":              {3, "aob bn cn cod", topology.RollingUpdate{MaxSurge: topology.Count{N: 1}}, "replace 0"},
		"and goes on being tried":                             {3, "aoeb bn cn", oneMissing, "replace 0"},
		"an interrupted roll's surge is no canary":            {3, "ao bo co cod", surge, "replace 2"},
		"a new template during a roll starts over":            {3, "ao bo cod co-", surge, "replace 3"},
		"both at once":                                 {3, "ao bo cn", topology.RollingUpdate{MaxSurge: topology.Count{N: 1}, MaxUnavailable: topology.Count{N: 1}}, "replace 0, detach 1"},
		"a share of a group":                           {8, "ao|ao|bo|bo|co|co|cn|cn", topology.RollingUpdate{MaxUnavailable: topology.Count{N: 25, Percent: true}}, "replace 0, replace 1"},
		"a share too small for one still moves":        {3, "ao bo cn", topology.RollingUpdate{MaxUnavailable: topology.Count{N: 10, Percent: true}}, "replace 0"},
		"surge only stops after detaching":             {2, "ao bo", topology.RollingUpdate{MaxSurge: topology.Count{N: 2}, SurgeOnly: true}, "detach 1"},
		"and leaves the rest to its owner":             {2, "aod bod an bn", topology.RollingUpdate{MaxSurge: topology.Count{N: 2}, SurgeOnly: true}, "wait: drainAndTerminate is false: 2 machines are detached, and whoever asked for that ends them"},
		"a group that is scaled to nothing has no old": {0, "", surge, ""},
	} {
		t.Run(name, func(t *testing.T) {
			if d := cmp.Diff(c.want, told(Next(Group{c.desired, parse(c.machines), c.settings}))); d != "" {
				t.Error(d)
			}
		})
	}
}

// TestNoDecisionTakesMoreThanItMay asks for every group of up to four machines in every state, under
// every pace up to two. The judge adds up what the decision would do to the group, and knows nothing of
// turns and slots.
func TestNoDecisionTakesMoreThanItMay(t *testing.T) {
	marks := []string{"n", "n-", "nl", "o", "o-", "oe", "oeb", "ob", "od", "ode", "odl", "ol"}
	groups := 0
	var build func(words []string)
	build = func(words []string) {
		for desired := range 4 {
			for pace := range 9 {
				g := Group{desired, parse(strings.Join(words, " ")), topology.RollingUpdate{MaxSurge: topology.Count{N: pace / 3}, MaxUnavailable: topology.Count{N: pace % 3}}}
				groups++
				if complaint := judge(g, Next(g)); complaint != "" {
					t.Fatalf("%d wanted, surge %d, unavailable %d, %v: %s: %s", desired, pace/3, pace%3, words, told(Next(g)), complaint)
				}
			}
		}
		if len(words) == 4 {
			return
		}
		for i, m := range marks {
			// The order of machines means nothing, so each set of them is asked for once.
			if len(words) == 0 || i >= slices.Index(marks, words[len(words)-1][1:]) {
				build(append(slices.Clone(words), string(rune('a'+len(words)%2))+m))
			}
		}
	}
	build(nil)
	t.Logf("%d groups", groups)
}

func judge(g Group, d Decision) (complaint string) {
	surge, missing := g.Settings.MaxSurge.N, g.Settings.MaxUnavailable.N
	if surge+missing == 0 {
		missing = 1
	}
	touched := map[string]bool{}
	working, taken, detached, anew, old := 0, 0, 0, 0, 0
	for _, m := range g.Machines {
		does := Verb("")
		for _, a := range d.Actions {
			if a.Machine != m.ID {
				continue
			}
			if touched[m.ID] {
				return "one machine is touched twice"
			}
			touched[m.ID], does = true, a.Verb
		}
		switch {
		case does != "" && m.Leaving:
			return "a machine that is ending is touched"
		case does != "" && m.Old == "":
			return "a machine that is as wanted is touched"
		case does == Detach && m.Detached:
			return "a detached machine is detached"
		}
		if m.Old != "" && !m.Leaving {
			old++
		}
		if m.Old == "" && m.Ready && !m.Leaving {
			anew++
		}
		if m.works() && does != Replace {
			working++
		}
		if m.works() && does == Replace {
			taken++
		}
		if m.Detached && !m.Leaving || does == Detach {
			detached++
		}
	}
	begun := slices.ContainsFunc(d.Actions, func(a Action) bool { return a.Verb == Detach })
	switch {
	case taken > 0 && working < g.Desired-missing:
		return fmt.Sprintf("only %d would work", working)
	case begun && detached > surge:
		return fmt.Sprintf("%d would be detached", detached)
	case anew == 0 && taken > 1:
		return "several go before the new template has shown that it works"
	case old == 0 && len(d.Actions) > 0:
		return "something is done although nothing is old"
	case old > 0 && d.Done():
		return "it says that it is done"
	}
	return ""
}

// TestEveryGroupEndsAnew plays groups to their end: machines boot, sometimes die, some pods are blocked
// for a while, and an autoscaler moves the desired capacity about.
func TestEveryGroupEndsAnew(t *testing.T) {
	for seed := range uint64(2000) {
		w := &play{Rand: rand.New(rand.NewPCG(seed, 1))}
		w.group.Desired = 1 + w.IntN(7)
		w.group.Settings = topology.RollingUpdate{MaxSurge: topology.Count{N: w.IntN(3)}, MaxUnavailable: topology.Count{N: w.IntN(3)}}
		for range w.group.Desired {
			w.launch("old template", true)
		}
		for turn := 0; ; turn++ {
			if turn > 2000 {
				t.Fatalf("seed %d: no end in sight: %+v", seed, w.group)
			}
			d := Next(w.group)
			if d.Done() {
				break
			}
			if complaint := judge(w.group, d); complaint != "" {
				t.Fatalf("seed %d: %s: %s", seed, told(d), complaint)
			}
			w.carryOut(d)
			w.aws(turn)
		}
		if i := slices.IndexFunc(w.group.Machines, func(m Machine) bool { return m.Old != "" }); i >= 0 {
			t.Fatalf("seed %d: machine %+v is still there", seed, w.group.Machines[i])
		}
	}
}

// play is a group with its AWS.
type play struct {
	*rand.Rand
	group Group
	made  int
}

func (w *play) launch(old string, ready bool) {
	w.made++
	w.group.Machines = append(w.group.Machines, Machine{
		ID: fmt.Sprintf("i-%d", w.made), Zone: string(rune('a' + w.made%3)), Launched: time.Unix(int64(w.made), 0), Old: old, Ready: ready,
	})
}

func (w *play) carryOut(d Decision) {
	for _, a := range d.Actions {
		m := &w.group.Machines[slices.IndexFunc(w.group.Machines, func(m Machine) bool { return m.ID == a.Machine })]
		switch a.Verb {
		case Detach:
			m.Detached = true
		case SetAside:
			m.Emptying = false
		case Replace:
			if m.Emptying && !m.Blocked {
				m.Leaving = true
			}
			m.Emptying, m.Blocked = true, w.IntN(4) == 0
		}
	}
}

func (w *play) aws(turn int) {
	w.group.Machines = slices.DeleteFunc(w.group.Machines, func(m Machine) bool { return m.Leaving && w.IntN(2) == 0 })
	attached := 0
	for i := range w.group.Machines {
		m := &w.group.Machines[i]
		m.Ready = m.Ready && w.IntN(200) != 0 || !m.Ready && w.IntN(3) == 0
		if !m.Detached && !m.Leaving {
			attached++
		}
	}
	if turn < 200 && w.IntN(20) == 0 {
		w.group.Desired = max(1, w.group.Desired+w.IntN(3)-1)
	}
	for ; attached < w.group.Desired; attached++ {
		w.launch("", false)
	}
	for i := range w.group.Machines {
		if m := &w.group.Machines[i]; attached > w.group.Desired && !m.Detached && !m.Leaving {
			m.Leaving = true
			attached--
		}
	}
}
