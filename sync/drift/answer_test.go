package drift

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

func TestAnAnswerReleasesWhatItNamesOnce(t *testing.T) {
	k := &Keeper{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	c := example(t)
	key, err := Key(c)
	if err != nil {
		t.Fatal(err)
	}
	c.Policy.Drift = "ask"
	minute := 0
	look := func(plan diff.Plan) (diff.Plan, Report) {
		minute++
		return k.Look(c, marked("done "+key), plan, noon.Add(time.Duration(minute)*time.Minute))
	}
	_, report := look(planOf(raised))
	answer := report.Answer()
	if _, text := report.Say(c.Name, noon); len(answer) != 12 || !strings.Contains(text, "(answer "+answer+")") {
		t.Fatalf("%q: %s", answer, text)
	}

	c.Policy.Answer = "0123456789ab"
	if plan, _ := look(planOf(raised)); !plan.Empty() {
		t.Error("another answer releases it")
	}
	c.Policy.Answer = answer
	if plan, _ := look(planOf(raised, strange)); !plan.Empty() {
		t.Error("it is released with something that nobody saw")
	}
	if plan, report := look(planOf(raised)); len(plan.Changes) != 1 || report.Fixing() != 1 || report.Answer() != "" {
		t.Errorf("it is not released: %+v", report)
	}
	// While it is put back, something else drifts: that waits, and this goes on.
	plan, report := look(planOf(raised, strange))
	if len(plan.Changes) != 1 || plan.Changes[0].Ref != raised.Ref || len(report.Held) != 1 {
		t.Errorf("left %q, held %q", refs(plan.Changes), refs(report.Held))
	}
	if err := k.Corrected(c, report, []topology.Ref{raised.Ref}, noon); err != nil {
		t.Fatal(err)
	}
	look(diff.Plan{})
	plan, report = look(planOf(raised))
	if !plan.Empty() || report.Answer() == answer || report.Answer() == "" {
		t.Errorf("the answer counts for what came later: left %q, answer %q", refs(plan.Changes), report.Answer())
	}
}

func TestAFightIsTakenUpAgainWhenPeopleAnswer(t *testing.T) {
	m := Memory{Corrected: map[string][]time.Time{"autoscaling-group/nodes.ha.example.com max": {noon.Add(-time.Hour), noon.Add(-30 * time.Minute)}}}
	_, report := Judge(planOf(raised), "", m, noon)
	if report.Answer() == "" {
		t.Fatal("nobody can answer")
	}
	plan, report := Judge(planOf(raised), "", m.release(report.Findings), noon)
	if word, text := report.Say("ha.example.com", noon); len(plan.Changes) != 1 || word != Asks || strings.Contains(text, "came back") {
		t.Errorf("left %q; %s: %s", refs(plan.Changes), word, text)
	}
}

func TestWhatMustNotBeCorrectedHasNoAnswer(t *testing.T) {
	no := diff.Change{Ref: aSubnet.Ref(), Effect: diff.Forbid, Want: aSubnet, Have: aSubnet, Fields: []diff.FieldChange{{Path: "zone", Effect: diff.Forbid}}}
	_, report := Judge(planOf(no, raised), "ask", Memory{}, noon)
	if answer := report.Answer(); answer != "" {
		t.Error(answer)
	}
	if _, report = Judge(planOf(no), "ask", Memory{}.release(report.Findings), noon); report.Findings[0].Released {
		t.Error("a forbidden change is released")
	}
}
