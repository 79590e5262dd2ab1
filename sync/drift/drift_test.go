package drift

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/examples"
	"github.com/quorate/quorate/topology"
)

var (
	noon    = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)
	aGroup  = topology.AutoScalingGroup{Name: "nodes.ha.example.com", Role: topology.Worker, Ownership: topology.Owned}
	aSubnet = topology.Subnet{Name: "a.ha.example.com", Ownership: topology.Owned}
	raised  = diff.Change{Ref: aGroup.Ref(), Effect: diff.InPlace, Want: aGroup, Have: aGroup,
		Fields: []diff.FieldChange{{Path: "max", Have: "40", Want: "3", Effect: diff.InPlace}}}
	strange = diff.Change{Ref: aSubnet.Ref(), Effect: diff.Delete, Have: aSubnet}
)

func planOf(changes ...diff.Change) diff.Plan { return diff.Plan{Changes: changes} }

func refs(changes []diff.Change) []string {
	var names []string
	for _, c := range changes {
		names = append(names, c.Ref.String())
	}
	return names
}

func TestEachClassIsTreatedAsThePolicySays(t *testing.T) {
	for _, c := range []struct {
		policy     desired.DriftPolicy
		left, held []string
		word       Word
	}{
		{"", []string{"autoscaling-group/nodes.ha.example.com", "subnet/a.ha.example.com"}, nil, Asks},
		{"fix, destructive=ask", []string{"autoscaling-group/nodes.ha.example.com"}, []string{"subnet/a.ha.example.com"}, Asks},
		{"fix, destructive=report", []string{"autoscaling-group/nodes.ha.example.com"}, []string{"subnet/a.ha.example.com"}, Drifted},
		{"report, destructive=fix", []string{"subnet/a.ha.example.com"}, []string{"autoscaling-group/nodes.ha.example.com"}, Drifted},
	} {
		plan, report := Judge(planOf(raised, strange), c.policy, Memory{}, noon)
		if d := cmp.Diff(c.left, refs(plan.Changes)) + cmp.Diff(c.held, refs(report.Held)); d != "" {
			t.Errorf("%s: %s", c.policy, d)
		}
		if word, text := report.Say("ha.example.com", noon); word != c.word || !strings.Contains(text, "autoscaling-group/nodes max") || !strings.Contains(text, "subnet/a is there") {
			t.Errorf("%s: %s: %s", c.policy, word, text)
		}
	}
}

// What cannot be made without something that waits for people waits with it.
func TestWhatLeansOnAHeldChangeIsHeldToo(t *testing.T) {
	vpc := topology.VPC{Name: "ha.example.com", Ownership: topology.Owned}
	lower, upper := topology.Subnet{Name: "a.ha.example.com", VPC: vpc.Ref()}, topology.SecurityGroup{Name: "nodes.ha.example.com", VPC: vpc.Ref()}
	missing := diff.Change{Ref: vpc.Ref(), Effect: diff.Create, Want: vpc}
	for name, c := range map[string]struct {
		plan   diff.Plan
		policy desired.DriftPolicy
	}{
		"made in something that is not made":           {planOf(missing, diff.Change{Ref: lower.Ref(), Effect: diff.InPlace, Want: lower, Have: lower, Fields: []diff.FieldChange{{Path: "tags[Name]", Effect: diff.InPlace}}}), "fix, in place=ask"},
		"ended while something in it is left alone":    {planOf(diff.Change{Ref: vpc.Ref(), Effect: diff.Delete, Have: vpc}, diff.Change{Ref: upper.Ref(), Effect: diff.InPlace, Want: upper, Have: upper, Fields: []diff.FieldChange{{Path: "tags[Name]", Effect: diff.InPlace}}}), "fix, metadata=ask"},
		"a setting ended with something left as it is": {planOf(diff.Change{Ref: upper.Ref(), Effect: diff.Delete, Have: upper}, diff.Change{Ref: topology.Ref{Kind: topology.KindSecurityGroupRule, Name: "r"}, Effect: diff.Delete, Have: topology.SecurityGroupRule{Group: upper.Ref()}}), "fix, destructive=ask"},
	} {
		plan, report := Judge(c.plan, c.policy, Memory{}, noon)
		if !plan.Empty() || len(report.Held) != 2 || slices.ContainsFunc(report.Findings, func(f Finding) bool { return !f.Held() }) {
			t.Errorf("%s: left %q, held %q", name, refs(plan.Changes), refs(report.Held))
		}
	}
}

func TestMachinesWhoseTimeHasComeHaveNotDrifted(t *testing.T) {
	due := diff.Change{Ref: aGroup.Ref(), Effect: diff.Roll, Want: aGroup, Have: aGroup,
		Fields: []diff.FieldChange{{Path: diff.MachinesField, Effect: diff.Roll}, {Path: "follows", Effect: diff.Roll}},
		Old:    []diff.OldMachine{{Why: "launched before 2026-11-21T11:00:00Z (quorate.dev/roll-at)"}}}
	plan, report := Judge(planOf(due), "report", Memory{}, noon)
	if len(plan.Changes) != 1 || len(report.Findings) > 0 {
		t.Errorf("left %q, found %+v", refs(plan.Changes), report.Findings)
	}
	due.Old = append(due.Old, diff.OldMachine{Why: "made from an older template"})
	if plan, report := Judge(planOf(due), "report", Memory{}, noon); !plan.Empty() || len(report.Findings) != 1 {
		t.Errorf("a machine of another template: left %q, found %+v", refs(plan.Changes), report.Findings)
	}
}

// A master's group comes back with its member; a member whose volume is gone does not.
func TestALostMasterIsMadeAnewInPlaceUnlessItsVolumeIsLostToo(t *testing.T) {
	group := topology.AutoScalingGroup{Name: "master-a.masters.ha.example.com", Role: topology.ControlPlane, Zones: []string{"a"}}
	volume := topology.Volume{Name: "a.etcd-main.ha.example.com", EtcdCluster: "main", Member: "a", Zone: "a"}
	lost := func(r topology.Resource) diff.Change { return diff.Change{Ref: r.Ref(), Effect: diff.Create, Want: r} }
	for name, c := range map[string]struct {
		plan diff.Plan
		held int
	}{
		"the group":                {planOf(lost(group)), 0},
		"the volume":               {planOf(lost(volume)), 1},
		"the group and its volume": {planOf(lost(group), lost(volume)), 2},
	} {
		if plan, report := Judge(c.plan, "fix, quorum-affecting=ask", Memory{}, noon); len(report.Held) != c.held || len(plan.Changes)+c.held != len(c.plan.Changes) {
			t.Errorf("%s: left %q, held %q", name, refs(plan.Changes), refs(report.Held))
		}
	}
}

func TestAForbiddenDriftAsksAndStopsAll(t *testing.T) {
	no := diff.Change{Ref: aSubnet.Ref(), Effect: diff.Forbid, Want: aSubnet, Have: aSubnet, Fields: []diff.FieldChange{{Path: "zone", Effect: diff.Forbid}}}
	plan, report := Judge(planOf(no, raised), "", Memory{}, noon)
	word, text := report.Say("ha.example.com", noon)
	if len(plan.Changes) != 2 || report.Fixing() > 0 || word != Drifted || !strings.Contains(text, "subnet/a zone") {
		t.Errorf("%s: %s; left %q", word, text, refs(plan.Changes))
	}
}

// play lets the same thing drift again and again, corrected each time, and tells at which look it is left.
func play(pause time.Duration, looks int) (left int) {
	m, now := Memory{}, noon
	for look := range looks {
		plan, report := Judge(planOf(raised), "", m, now)
		m = m.saw(report.Findings, now)
		if plan.Empty() {
			return look + 1
		}
		m = m.correctedNow(report.Findings, now)
		m = m.saw(nil, now) // it is seen to be corrected
		now = now.Add(pause)
	}
	return 0
}

func TestTwoCorrectionsInARowAreEnough(t *testing.T) {
	for pause, want := range map[time.Duration]int{
		10 * time.Minute: 3,
		8 * time.Hour:    3,
		20 * time.Hour:   0, // the first is a day old at the third look
		2 * time.Minute:  3,
	} {
		if got := play(pause, 10); got != want {
			t.Errorf("every %s: left at look %d, want %d", pause, got, want)
		}
	}
}

// A correction that AWS does not show yet is not made "in a row"; one that is undone in the same minute, again and again, is.
func TestStaleAnswersAreNoFight(t *testing.T) {
	m, now := Memory{}, noon
	for range 3 {
		plan, report := Judge(planOf(raised), "", m, now)
		if plan.Empty() {
			t.Fatal("it is left after stale answers")
		}
		m = m.saw(report.Findings, now).correctedNow(report.Findings, now)
		now = now.Add(5 * time.Second)
	}
	for range 60 {
		plan, report := Judge(planOf(raised), "", m, now)
		if plan.Empty() {
			return
		}
		m = m.saw(report.Findings, now).correctedNow(report.Findings, now)
		now = now.Add(5 * time.Second)
	}
	t.Error("somebody undoes it within seconds, for five minutes, and it is corrected still")
}

func TestAFightIsNotTakenUpAgainByTimeAlone(t *testing.T) {
	m := Memory{Corrected: map[string][]time.Time{"autoscaling-group/nodes.ha.example.com max": {noon.Add(-time.Hour), noon.Add(-30 * time.Minute)}}}
	now := noon
	for range 5 {
		plan, report := Judge(planOf(raised), "", m, now)
		if word, text := report.Say("ha.example.com", now); !plan.Empty() || word != Drifted || !strings.Contains(text, "came back after 2 corrections") {
			t.Fatalf("at %s: %s: %s", now, word, text)
		}
		m, now = m.saw(report.Findings, now), now.Add(24*time.Hour)
	}
	m = m.saw(nil, now)
	if plan, _ := Judge(planOf(raised), "", m, now.Add(48*time.Hour)); plan.Empty() {
		t.Error("it is left although it had been well for two days")
	}
}

func TestDriftKeepsTheMomentWhenItWasFirstSeen(t *testing.T) {
	_, first := Judge(planOf(raised), "report", Memory{}, noon)
	_, later := Judge(planOf(raised), "report", Memory{}.saw(first.Findings, noon), noon.Add(time.Hour))
	if got := later.Oldest(); !got.Equal(noon) {
		t.Errorf("since %s", got)
	}
	if _, text := later.Say("ha.example.com", noon); text != "1 drifted since 11-21 12:00 (answer "+later.Answer()+"): autoscaling-group/nodes max" {
		t.Error(text)
	}
	if got := later.Findings[0].Sentence(); got != "autoscaling-group/nodes.ha.example.com max: is 40, applied was 3, since 2026-11-21T12:00:00Z" {
		t.Error(got)
	}
}

func marked(values ...string) map[topology.Ref]topology.Tags {
	marks := map[topology.Ref]topology.Tags{}
	for i, v := range values {
		marks[topology.Ref{Kind: topology.KindAutoScalingGroup, Name: string(rune('a' + i))}] = topology.Tags{topology.TagApplied: v}
	}
	return marks
}

func TestOnlyWhatWasAppliedToItsEndCanDrift(t *testing.T) {
	for name, c := range map[string]struct {
		marks map[topology.Ref]topology.Tags
		want  bool
	}{
		"nothing is remembered":            {marked(), false},
		"it was applied":                   {marked("done k", "done k", "done k"), true},
		"a group was made anew":            {marked("done k", "", "done k"), true},
		"it is on its way":                 {marked("begun k"), false},
		"another one was applied":          {marked("done j"), false},
		"another one was begun since":      {marked("begun j"), false},
		"two groups contradict themselves": {marked("done k", "begun j"), false},
	} {
		if got := Applied(c.marks, "k"); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
}

// Who goes back by a commit to what was applied once finds the rest of what came between, and no drift.
func TestWhatBeginsTakesBackWhatWasApplied(t *testing.T) {
	groups := []topology.Ref{{Kind: topology.KindAutoScalingGroup, Name: "a"}, {Kind: topology.KindAutoScalingGroup, Name: "b"}}
	for _, c := range []struct {
		marks         map[topology.Ref]topology.Tags
		before, after string
	}{
		{marked("", ""), "", "done k"},
		{marked("done j", "done j"), "begun k", "done k"},
		{marked("begun j", "begun j"), "begun k", "done k"},
		{marked("begun k", "begun k"), "", "done k"},
		{marked("done k", "done k"), "begun k", ""},
		{marked("done k"), "begun k", "done k"},
	} {
		if before, after := Before(c.marks, "k"), After(c.marks, groups, "k"); before != c.before || after != c.after {
			t.Errorf("%v: %q and %q", c.marks, before, after)
		}
	}
}

func example(t *testing.T) desired.Cluster {
	t.Helper()
	clusters, problems := desired.Build([]desired.File{{Name: "ha.yaml", Data: examples.HA}})
	if len(clusters) != 1 {
		t.Fatal(problems)
	}
	return clusters[0]
}

func TestAnotherManifestOrAnotherMeaningOfItIsAnotherKey(t *testing.T) {
	c := example(t)
	keys := map[string]bool{}
	for _, change := range []func(*desired.Cluster){
		func(*desired.Cluster) {}, func(*desired.Cluster) {},
		func(c *desired.Cluster) { c.Unanswered = "other" },
		func(c *desired.Cluster) { c.Topology = topology.Topology{} },
	} {
		other := c
		change(&other)
		key, err := Key(other)
		if err != nil || len(key) != 16 {
			t.Fatal(key, err)
		}
		keys[key] = true
	}
	if len(keys) != 3 {
		t.Errorf("%d keys, want 3", len(keys))
	}
}

func TestAMemoryOfOtherManifestsOrADamagedOneCountsForNothing(t *testing.T) {
	c := example(t)
	key, err := Key(c)
	if err != nil {
		t.Fatal(err)
	}
	k := &Keeper{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	look := func(at time.Time) Report { _, r := k.Look(c, marked("done "+key), planOf(raised), at); return r }
	look(noon)
	if got := look(noon.Add(time.Hour)).Oldest(); !got.Equal(noon) {
		t.Errorf("since %s", got)
	}
	if err := os.WriteFile(filepath.Join(k.Dir, c.Name+".json"), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	later := noon.Add(2 * time.Hour)
	if r := look(later); !r.Oldest().Equal(later) || r.Doubt != "" {
		t.Errorf("since %s, %s", r.Oldest(), r.Doubt)
	}
	if err := k.remember(c.Name, Memory{Key: "other", Seen: map[string]Sighting{raised.Ref.String() + " max": {Since: noon, Fought: true}}}); err != nil {
		t.Fatal(err)
	}
	if r := look(later); !r.Oldest().Equal(later) || r.Findings[0].Fought {
		t.Errorf("%+v", r.Findings)
	}
}

func TestANewCommitIsNeverDrift(t *testing.T) {
	c := example(t)
	c.Policy.Drift = "report"
	k := &Keeper{Dir: t.TempDir(), Log: slog.New(slog.DiscardHandler)}
	plan, report := k.Look(c, marked("done other"), planOf(raised, strange), noon)
	if len(plan.Changes) != 2 || report.Known || len(report.Findings) > 0 {
		t.Errorf("left %q, %+v", refs(plan.Changes), report)
	}
}

func TestAMemoryThatCannotBeKeptIsSaid(t *testing.T) {
	c := example(t)
	key, err := Key(c)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	k := &Keeper{Dir: file, Log: slog.New(slog.DiscardHandler)}
	_, report := k.Look(c, marked("done "+key), planOf(raised), noon)
	if word, text := report.Say(c.Name, noon); word != Troubled || !strings.Contains(text, "remember the drift of ha.example.com") {
		t.Errorf("%s: %s", word, text)
	}
}

func TestTheClassesOfPoliciesAreThoseOfPlans(t *testing.T) {
	var classes []string
	for r := diff.RiskMetadata; r <= diff.RiskDestructive; r++ {
		classes = append(classes, r.String())
	}
	if d := cmp.Diff(desired.DriftClasses, classes); d != "" {
		t.Error(d)
	}
}
