package drift

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// witness is a keeper of the example's drift, and who tells it what happened.
type witness struct {
	*testing.T
	cluster desired.Cluster
	keeper  *Keeper
	deeds   map[string][]Deed
	err     error
	asked   []string
	log     strings.Builder
}

func newWitness(t *testing.T) *witness {
	t.Helper()
	w := &witness{T: t, cluster: example(t), deeds: map[string][]Deed{}}
	w.keeper = &Keeper{Dir: t.TempDir(), Log: slog.New(slog.NewTextHandler(&w.log, nil)), Deeds: func(_ context.Context, id string, _ time.Time) ([]Deed, error) {
		w.asked = append(w.asked, id)
		return w.deeds[id], w.err
	}}
	return w
}

// look is one look at a plan, with the number of requests that it took.
func (w *witness) look(plan diff.Plan, now time.Time) (Report, int) {
	w.Helper()
	c := w.cluster
	key, err := Key(c)
	if err != nil {
		w.Fatal(err)
	}
	before := len(w.asked)
	_, report := w.keeper.Look(c, marked("done "+key), plan, now)
	ids := topology.Bindings{aSubnet.Ref(): "subnet-1"}
	w.keeper.Attribute(w.Context(), c, plan, ids, &report, now)
	return report, len(w.asked) - before
}

func at(minute int, call, by string) Deed {
	return Deed{call, by, noon.Add(time.Duration(minute) * time.Minute)}
}

func TestTheLastFittingCallOfAnybodyIsNamed(t *testing.T) {
	tagged := diff.Change{Ref: aSubnet.Ref(), Effect: diff.InPlace, Want: aSubnet, Have: aSubnet, Fields: []diff.FieldChange{{Path: "tags[Name]", Effect: diff.InPlace}}}
	for name, c := range map[string]struct {
		change diff.Change
		deeds  []Deed
		want   string
	}{
		"the newest":                 {raised, []Deed{at(-1, "UpdateAutoScalingGroup", "user/new"), at(-9, "UpdateAutoScalingGroup", "user/old")}, "user/new"},
		"what others do all day":     {raised, []Deed{at(-1, "SetDesiredCapacity", "assumed-role/autoscaler/x"), at(-9, "UpdateAutoScalingGroup", "user/old")}, "user/old"},
		"tags are no sizes":          {raised, []Deed{at(-1, "CreateOrUpdateTags", "user/tagger")}, ""},
		"sizes are no tags":          {tagged, []Deed{at(-1, "ModifySubnetAttribute", "user/other"), at(-2, "DeleteTags", "user/tagger")}, "user/tagger"},
		"what came after it is seen": {raised, []Deed{at(1, "UpdateAutoScalingGroup", "user/late")}, ""},
		"nobody":                     {raised, nil, ""},
	} {
		w := newWitness(t)
		w.deeds["nodes.ha.example.com"], w.deeds["subnet-1"] = c.deeds, c.deeds
		report, _ := w.look(planOf(c.change), noon)
		got := ""
		if d := report.Findings[0].Deed; d != nil {
			got = d.By
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
		_, text := report.Say("ha.example.com", noon)
		if sentence := report.Findings[0].Sentence(); c.want != "" && (!strings.Contains(text, " by "+c.want+": ") || !strings.Contains(sentence, ", by "+c.want+" with ")) {
			t.Errorf("%s: %s; %s", name, text, sentence)
		}
	}
}

func TestWithoutDriftNobodyIsAsked(t *testing.T) {
	w := newWitness(t)
	if _, asked := w.look(diff.Plan{}, noon); asked > 0 {
		t.Errorf("asked %d times", asked)
	}
	w.deeds["nodes.ha.example.com"] = []Deed{at(-1, "UpdateAutoScalingGroup", "user/alice")}
	if _, asked := w.look(planOf(raised), noon); asked != 1 {
		t.Errorf("asked %d times", asked)
	}
	for _, plan := range []diff.Plan{planOf(raised), {}} {
		if report, asked := w.look(plan, noon.Add(time.Hour)); asked > 0 || len(report.Findings) > 0 && report.Findings[0].Deed == nil {
			t.Errorf("who it was is known, and asked for again: %d, %+v", asked, report.Findings)
		}
	}
}

// CloudTrail is late: what was corrected at once is still told of, in the log.
func TestWhoDidItIsAskedAFewTimesAlsoWhenItIsCorrected(t *testing.T) {
	w := newWitness(t)
	w.look(planOf(raised), noon)
	total := 0
	for second := range 3600 {
		if second == 900 {
			w.deeds["nodes.ha.example.com"] = []Deed{at(-1, "UpdateAutoScalingGroup", "user/alice")}
		}
		if second%5 == 0 {
			_, asked := w.look(diff.Plan{}, noon.Add(time.Duration(second)*time.Second))
			total += asked
		}
	}
	if total != maxAsks-1 || !strings.Contains(w.log.String(), "by=user/alice") {
		t.Errorf("asked %d times more; the log says:\n%s", total, w.log.String())
	}
}

func TestACloudTrailThatMayNotBeReadIsSaidOnceAndHoldsNothingUp(t *testing.T) {
	w := newWitness(t)
	w.err = errors.New("AccessDenied: cloudtrail:LookupEvents")
	total := 0
	for minute := range 120 {
		report, asked := w.look(planOf(raised, strange), noon.Add(time.Duration(minute)*time.Minute))
		if total += asked; len(report.Findings) != 2 || report.Doubt != "" {
			t.Fatalf("%+v", report)
		}
	}
	if said := strings.Count(w.log.String(), "cannot be told"); said != 1 || total != maxAsks {
		t.Errorf("said %d times, asked %d times", said, total)
	}
}

func TestOneLookAsksForAFewResourcesOnly(t *testing.T) {
	w := newWitness(t)
	var many []diff.Change
	for i := range 40 {
		g := topology.AutoScalingGroup{Name: string(rune('A'+i)) + ".ha.example.com"}
		many = append(many, diff.Change{Ref: g.Ref(), Effect: diff.InPlace, Want: g, Have: g, Fields: []diff.FieldChange{{Path: "max"}, {Path: "min"}}})
	}
	if _, asked := w.look(planOf(many...), noon); asked != maxLookups {
		t.Errorf("%d requests, want %d", asked, maxLookups)
	}
	for minute := range 60 {
		w.look(planOf(many...), noon.Add(time.Duration(minute)*time.Minute))
	}
	if total := len(w.asked); total != 40*maxAsks {
		t.Errorf("%d requests in all, want %d", total, 40*maxAsks)
	}
}

func TestWhatIsGoneIsLookedForByWhatItBelongedTo(t *testing.T) {
	masters := topology.SecurityGroup{Name: "masters.ha.example.com", Ownership: topology.Owned}
	rule := topology.SecurityGroupRule{Group: masters.Ref()}
	hook := topology.LifecycleHook{Name: "hook", Group: aGroup.Ref()}
	ids := topology.Bindings{masters.Ref(): "sg-1", aGroup.Ref(): "nodes.ha.example.com", rule.Ref(): "sgr-1", aSubnet.Ref(): "subnet-1"}
	for name, c := range map[string]struct {
		change diff.Change
		bound  topology.Bindings
		want   []string
	}{
		"a rule too many":       {diff.Change{Ref: rule.Ref(), Effect: diff.Delete, Have: rule}, ids, []string{"sgr-1", "sg-1"}},
		"a group that is gone":  {diff.Change{Ref: aGroup.Ref(), Effect: diff.Create, Want: aGroup}, topology.Bindings{}, []string{"nodes.ha.example.com"}},
		"a hook that is gone":   {diff.Change{Ref: hook.Ref(), Effect: diff.Create, Want: hook}, ids, []string{"nodes.ha.example.com"}},
		"a subnet":              {diff.Change{Ref: aSubnet.Ref(), Effect: diff.InPlace, Have: aSubnet, Want: aSubnet}, ids, []string{"subnet-1"}},
		"a subnet that is gone": {diff.Change{Ref: aSubnet.Ref(), Effect: diff.Create, Want: aSubnet}, topology.Bindings{}, nil},
	} {
		if d := cmp.Diff(c.want, names(c.change.Ref, planOf(c.change), c.bound)); d != "" {
			t.Errorf("%s: %s", name, d)
		}
	}
}
