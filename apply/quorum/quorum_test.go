package quorum

import (
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

const most = 7 // members; kops manifests with more are refused before anybody asks

// answer is Decide without its sentences, which would be most of the time spent on millions of questions.
func answer(rules []rule, c Cluster, out []bool) Answer {
	if r := firstObjection(rules, ask(c, indexed(out))); r != nil {
		return r.answer
	}
	return Proceed
}

func describe(c Cluster, out []bool) string {
	return fmt.Sprintf("%+v, out %v", c, out)
}

func TestEveryQuestionUpToSevenMembersIsAnsweredAsTheJudgeAnswersIt(t *testing.T) {
	t.Parallel()
	var total atomic.Int64
	var wg sync.WaitGroup
	for n := range most + 1 {
		wg.Go(func() { total.Add(compare(t, questions(n))) })
		wg.Go(func() { total.Add(compare(t, anySubset(n))) })
	}
	wg.Wait()
	t.Logf("%d questions", total.Load())
}

func compare(t *testing.T, space iter.Seq2[Cluster, []bool]) (n int64) {
	for c, out := range space {
		n++
		got := answer(rules, c, out)
		if want := judge(c, out); got != want {
			t.Errorf("%s: got %v, the judge says %v", describe(c, out), got, want)
			return n
		}
		if got != Proceed {
			continue
		}
		for _, l := range laws {
			if !l.holds(c, out) {
				t.Errorf("%s: proceeds, although %s", describe(c, out), l.broken)
				return n
			}
		}
	}
	return n
}

// laws hold whenever the answer is to proceed. They repeat in plain words what the judge is right about.
var laws = []struct {
	broken string
	holds  func(c Cluster, out []bool) bool
}{
	{"no majority is certainly up", func(c Cluster, out []bool) bool {
		return outnumbers(c, func(i int) bool { return c.Members[i].Health == Healthy && !out[i] })
	}},
	{"there is doubt about a member", func(c Cluster, _ []bool) bool {
		return !slices.ContainsFunc(c.Members, func(m Member) bool { return m.Health == Unknown || m.Learner })
	}},
	{"a second zone would be down", func(c Cluster, out []bool) bool {
		zones := slices.Clone(c.UnderWay)
		for i, m := range c.Members {
			if out[i] {
				zones = append(zones, m.Zone)
			}
		}
		slices.Sort(zones)
		return len(slices.Compact(zones)) <= 1
	}},
	{"it would not if one more member were healthy", func(c Cluster, out []bool) bool {
		for i := range c.Members {
			healed := c
			healed.Members = slices.Clone(c.Members)
			healed.Members[i].Health = Healthy
			if answer(rules, healed, out) != Proceed {
				return false
			}
		}
		return true
	}},
}

// Each rule has to earn its place: without it, some question is answered otherwise than the judge does.
func TestTheJudgeNoticesWhenAnyRuleIsMissing(t *testing.T) {
	for i, dropped := range rules {
		t.Run(dropped.name, func(t *testing.T) {
			rest := slices.Delete(slices.Clone(rules), i, i+1)
			for n := range most + 1 {
				for c, out := range questions(n) {
					if answer(rest, c, out) != judge(c, out) {
						t.Logf("noticed with %s", describe(c, out))
						return
					}
				}
			}
			t.Error("nobody noticed")
		})
	}
}

// The order is part of the contract too: doubt before arithmetic, and work under way before refusals
// that may only be an artefact of it.
func TestTheJudgeNoticesWhenARefusalComesBeforeADoubt(t *testing.T) {
	for i := range rules[1:] {
		if rules[i].answer == rules[i+1].answer {
			continue // swapping these changes the sentence, not the answer
		}
		swapped := slices.Clone(rules)
		swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
		t.Run(swapped[i].name+" before "+swapped[i+1].name, func(t *testing.T) {
			for n := range most + 1 {
				for c, out := range questions(n) {
					if answer(swapped, c, out) != judge(c, out) {
						return
					}
				}
			}
			t.Error("nobody noticed")
		})
	}
}

// A gate that always waits would be safe too.
func TestThreeHealthyMembersInThreeZonesProceedOneByOne(t *testing.T) {
	c := three(Healthy, Healthy, Healthy)
	for _, m := range c.Members {
		if v := Decide(c, named(m.Name)); v.Answer != Proceed {
			t.Errorf("%s: %v, %s", m.Name, v.Answer, v.Reason)
		}
	}
}

func TestTheMemberThatIsAlreadyDownMayBeRepaired(t *testing.T) {
	c := three(Healthy, Unhealthy, Healthy)
	if v := Decide(c, named("b")); v.Answer != Proceed {
		t.Errorf("repairing b: %v, %s", v.Answer, v.Reason)
	}
	if v := Decide(c, named("a")); v.Answer != Wait {
		t.Errorf("taking a while b is down: %v, %s", v.Answer, v.Reason)
	}
}

// With five members in five zones and one down, arithmetic alone would say proceed.
func TestASumThatWouldDoDoesNotStartASecondZone(t *testing.T) {
	c := Cluster{Name: "main", UnderWay: []string{"z1"}}
	for i := range 5 {
		c.Members = append(c.Members, Member{Name: fmt.Sprintf("m%d", i), Zone: fmt.Sprintf("z%d", i), Health: Healthy})
	}
	c.Members[1].Health = Unhealthy
	if v := Decide(c, named("m0")); v.Answer != Wait {
		t.Errorf("got %v: %s", v.Answer, v.Reason)
	}
	if v := Decide(c, named("m1")); v.Answer != Proceed {
		t.Errorf("the zone under way itself: got %v: %s", v.Answer, v.Reason)
	}
}

// This is the licence for the symmetries that enumerate_test.go uses, so it uses none of them: every list
// in every order, each compared with its neighbours, which are one swap of two members, of two members'
// names, or of two zones away. Swaps generate all permutations.
func TestNamesAndOrderChangeNothing(t *testing.T) {
	t.Parallel()
	for n := range 4 {
		out := make([]bool, n)
		for members := range orderedLists(n) {
			for _, underWay := range allZoneSets {
				c := Cluster{Name: "main", Members: members, UnderWay: underWay}
				for o := range candidates(members, out) {
					q := questionAs(c, o)
					sameAnswers(t, q, neighbours(q))
				}
			}
		}
	}
}

func sameAnswers(t *testing.T, a asked, others []asked) {
	t.Helper()
	qa := ask(a.Cluster, a.leaves)
	ra := firstObjection(rules, qa)
	for _, b := range others {
		qb := ask(b.Cluster, b.leaves)
		if rb := firstObjection(rules, qb); ra != rb || qa.margin != qb.margin {
			t.Fatalf("%+v: %v %+v\n%+v: %v %+v", a, ra, qa.margin, b, rb, qb.margin)
		}
	}
}

// asked is a question whose candidates are known by name, so that they can be swapped.
type asked struct {
	Cluster
	names []string
}

func (a asked) leaves(m Member) bool { return slices.Contains(a.names, m.Name) }

func questionAs(c Cluster, out []bool) asked {
	a := asked{Cluster: c}
	for i, m := range c.Members {
		if out[i] {
			a.names = append(a.names, m.Name)
		}
	}
	return a
}

func neighbours(a asked) []asked {
	var all []asked
	for i := range a.Members[min(1, len(a.Members)):] {
		places, names := a, a
		places.Members, names.Members = slices.Clone(a.Members), slices.Clone(a.Members)
		places.Members[i], places.Members[i+1] = places.Members[i+1], places.Members[i]
		swap := swapping(memberNames[i], memberNames[i+1])
		names.names = replaceAll(swap, a.names)
		for j := range names.Members {
			names.Members[j].Name = swap(names.Members[j].Name)
		}
		all = append(all, places, names)
	}
	for i := range zoneNames[1:] {
		swap := swapping(zoneNames[i], zoneNames[i+1])
		zones := a
		zones.Members = slices.Clone(a.Members)
		zones.UnderWay = replaceAll(swap, a.UnderWay)
		for j := range zones.Members {
			zones.Members[j].Zone = swap(zones.Members[j].Zone)
		}
		all = append(all, zones)
	}
	return all
}

func swapping(a, b string) func(string) string {
	return func(s string) string {
		switch s {
		case a:
			return b
		case b:
			return a
		}
		return s
	}
}

func replaceAll(swap func(string) string, words []string) []string {
	replaced := make([]string, len(words))
	for i, w := range words {
		replaced[i] = swap(w)
	}
	return replaced
}

func TestEveryVerdictHasASentenceThatNamesItsCluster(t *testing.T) {
	for n := range 4 {
		for c, out := range questions(n) {
			v := Decide(c, indexed(out))
			if !strings.HasPrefix(v.Reason, "main: ") || !strings.HasSuffix(v.Reason, ".") || strings.Contains(v.Reason, "  ") {
				t.Fatalf("%s: %q", describe(c, out), v.Reason)
			}
			if v.Answer != answer(rules, c, out) {
				t.Fatalf("%s: Decide says %v", describe(c, out), v.Answer)
			}
		}
	}
}

func TestAHealthNobodyDefinedIsUnknown(t *testing.T) {
	c := three(Healthy, Health(42), Healthy)
	if v := Decide(c, named("b")); v.Answer != Wait || !strings.Contains(v.Reason, "unknown") {
		t.Errorf("got %v: %s", v.Answer, v.Reason)
	}
}

func TestTheStrictestVerdictSpeaksForAll(t *testing.T) {
	verdict := func(a Answer, name string) Verdict { return Verdict{Answer: a, Cluster: name} }
	for _, tc := range []struct {
		name string
		in   []Verdict
		want Verdict
	}{
		{"both agree", []Verdict{verdict(Proceed, "main"), verdict(Proceed, "events")}, verdict(Proceed, "main")},
		{"one waits", []Verdict{verdict(Proceed, "main"), verdict(Wait, "events")}, verdict(Wait, "events")},
		{"refuse beats wait", []Verdict{verdict(Wait, "main"), verdict(Refuse, "events")}, verdict(Refuse, "events")},
		{"the first of equals", []Verdict{verdict(Wait, "main"), verdict(Wait, "events")}, verdict(Wait, "main")},
		{"a verdict nobody filled in", []Verdict{verdict(Proceed, "main"), {}}, Verdict{}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := All(tc.in...); got != tc.want {
				t.Errorf("got %+v, want %+v", got, tc.want)
			}
		})
	}
	if v := All(); v.Answer != Refuse || v.Reason == "" {
		t.Errorf("nobody asked: %+v", v)
	}
}

func three(a, b, c Health) Cluster {
	return Cluster{Name: "main", Members: []Member{
		{Name: "a", Zone: "us-test-1a", Health: a},
		{Name: "b", Zone: "us-test-1b", Health: b},
		{Name: "c", Zone: "us-test-1c", Health: c},
	}}
}
