package sync_test

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/sync/drift"
)

// newWatch is a night whose cluster was applied to its end, with somebody who notices drift.
func newWatch(t *testing.T, manifest string) *night {
	t.Helper()
	n := newNight(t, manifest)
	n.keeper = &drift.Keeper{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	n.until("it is noted that the cluster is built", time.Hour, func() bool { return n.well() && n.known() })
	n.ids = n.last.Planned.State.Bindings
	return n
}

func (n *night) known() bool { return n.last.Planned.Drift != nil && n.last.Planned.Drift.Known }

// found are the fields that drifted, as the last pass saw them.
func (n *night) found() []string {
	var names []string
	for _, f := range n.last.Planned.Drift.Findings {
		names = append(names, strings.TrimSpace(f.Ref.String()+" "+f.Path))
	}
	return names
}

func (n *night) word() drift.Word {
	word, _ := n.last.Planned.Drift.Say(its, n.clock.Now())
	return word
}

// guarded is the HA example with a policy.
func guarded(policy string) string {
	return strings.Replace(small, "metadata:\n", "metadata:\n  annotations:\n    quorate.dev/drift: \""+policy+"\"\n", 1)
}

func TestEveryKindOfDriftIsFoundAndCorrected(t *testing.T) {
	if len(meddlings) < 30 {
		t.Fatalf("only %d kinds of drift", len(meddlings))
	}
	for _, m := range meddlings {
		t.Run(m.name, func(t *testing.T) {
			n := newWatch(t, small)
			before := m.read(n)
			m.do(n)
			if m.read(n) == before {
				t.Fatal("it changed nothing")
			}
			n.pass()
			if !n.known() || !slices.Contains(n.found(), m.field) {
				t.Errorf("found %q, want %q", n.found(), m.field)
			}
			for _, f := range n.last.Planned.Drift.Findings {
				if f.Risk.String() != m.class {
					t.Errorf("%s %s is %s, want %s", f.Ref, f.Path, f.Risk, m.class)
				}
			}
			n.until("it is corrected", 3*time.Hour, n.well)
			if got := m.read(n); got != before {
				t.Errorf("afterwards:\n%s\nwant:\n%s", got, before)
			}
			n.pass()
			if got := n.found(); n.word() != drift.None || len(got) > 0 {
				t.Errorf("%s: %q is left", n.word(), got)
			}
		})
	}
}

// TestWhatIsAskedOrReportedIsLeftAsItIsUntilACommit tries the first two kinds of each class.
func TestWhatIsAskedOrReportedIsLeftAsItIsUntilACommit(t *testing.T) {
	tried := map[string]int{}
	for _, m := range meddlings {
		mode, word := "ask", drift.Asks
		if tried[m.class]++; tried[m.class] == 2 {
			mode, word = "report", drift.Drifted
		}
		if tried[m.class] > 2 {
			continue
		}
		t.Run(mode+" when "+m.name, func(t *testing.T) {
			policy := "fix, " + m.class + "=" + mode
			n := newWatch(t, guarded(policy))
			before := m.read(n)
			m.do(n)
			drifted := m.read(n)
			calls := n.ground.region.MutatingCalls()
			for range 3 {
				n.pass()
				n.minute()
			}
			if made := n.ground.region.MutatingCalls() - calls; made > 0 || m.read(n) != drifted {
				t.Errorf("%d calls were made, and it is\n%s", made, m.read(n))
			}
			if n.word() != word || !slices.Contains(n.found(), m.field) || n.well() {
				t.Errorf("%s: found %q, want %s of %q", n.word(), n.found(), word, m.field)
			}

			n.commits(strings.Replace(guarded(policy), "  annotations:\n", "  annotations:\n    quorate.dev/correct-drift: \"yes, please\"\n", 1), "answer")
			n.until("the answer is carried out", 3*time.Hour, n.well)
			if got := m.read(n); got != before {
				t.Errorf("afterwards:\n%s\nwant:\n%s", got, before)
			}
		})
	}
}

// The answer to drift is a commit, of which a person may be asked to approve like of any other: it names what
// is put back, by the number of the status.
func TestAnAnswerPutsBackWhatItNamesAndNothingElse(t *testing.T) {
	for _, name := range []string{"the world may log in on masters", "workers are made from something else", "a subnet appears with the cluster's tags"} {
		t.Run(name, func(t *testing.T) {
			m := meddlings[slices.IndexFunc(meddlings, func(m meddling) bool { return m.name == name })]
			n := newWatch(t, guarded("ask"))
			before := m.read(n)
			m.do(n)
			n.pass()
			answer := n.last.Planned.Drift.Answer()
			answered := strings.Replace(guarded("ask"), "  annotations:\n", "  annotations:\n    quorate.dev/correct-drift: \""+answer+"\"\n", 1)

			n.commits(answered, "answer")
			n.until("the answer is carried out", 3*time.Hour, n.well)
			if got := m.read(n); got != before {
				t.Errorf("afterwards:\n%s\nwant:\n%s", got, before)
			}
			n.wantQuorum()

			m.do(n)
			calls := n.ground.region.MutatingCalls()
			for range 3 {
				n.pass()
				n.minute()
			}
			if made := n.ground.region.MutatingCalls() - calls; made > 0 {
				t.Errorf("%d calls were made for what drifted later", made)
			}
			if again := n.last.Planned.Drift.Answer(); n.word() != drift.Asks || again == "" || again == answer {
				t.Errorf("%s, answer %q after %q", n.word(), again, answer)
			}
		})
	}
}
