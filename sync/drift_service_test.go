package sync

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/drift"
	"github.com/quorate/quorate/topology"
)

func TestThatThereIsNoDriftIsSaidAtMostEverySixHours(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		report := &drift.Report{Known: true}
		w := &world{answer: map[string]func() Result{"one.example.com": func() Result { return Result{Planned: Planned{Drift: report}} }}}
		w.branch.push("a", map[string]string{"one": named("one.example.com")})
		serve(t, w)
		said := func() (texts []string) {
			w.wall.mu.Lock()
			defer w.wall.mu.Unlock()
			for _, s := range w.wall.posted {
				if s.Context == "quorate/drift/one.example.com" {
					texts = append(texts, string(s.State)+": "+s.Description)
				}
			}
			return texts
		}
		time.Sleep(13 * time.Hour)
		synctest.Wait()
		if got := said(); len(got) != 3 || !strings.HasPrefix(got[2], "success: no drift, looked at 2000-01-01 12:") {
			t.Errorf("said %q", got)
		}
		subnet := topology.Ref{Kind: topology.KindSubnet, Name: "a.one.example.com"}
		w.mu.Lock()
		report = &drift.Report{Known: true, Findings: []drift.Finding{{Ref: subnet, Path: "dns64", Mode: "report", Risk: diff.RiskInPlace, Since: time.Now()}}}
		w.mu.Unlock()
		time.Sleep(15 * time.Minute)
		synctest.Wait()
		if got := w.wall.last("quorate/drift/one.example.com"); got.State != commitstatus.Failure || !strings.HasSuffix(got.Description, ": subnet/a dns64") {
			t.Errorf("said %+v", got)
		}
	})
}

// Whatever made the pass look, what it puts back is on record as drift; what a commit asks for is not.
func TestACorrectionIsOnRecordAsDrift(t *testing.T) {
	subnet := topology.Ref{Kind: topology.KindSubnet, Name: "a.one.example.com"}
	found := func(mode desired.DriftMode) *drift.Report {
		return &drift.Report{Known: true, Findings: []drift.Finding{{Ref: subnet, Path: "dns64", Mode: mode, Risk: diff.RiskInPlace}}}
	}
	steps := []order.Step{{Change: diff.Change{Ref: subnet, Effect: diff.InPlace}}}
	for name, c := range map[string]struct {
		report *drift.Report
		begun  string
		ended  string
	}{
		"a commit":                           {&drift.Report{}, "", "poll"},
		"a correction":                       {found(desired.FixDrift), "drift", "drift"},
		"drift that is left, with a commit":  {found(desired.AskDrift), "", "poll"},
		"a service that tells no such thing": {nil, "", "poll"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				planned := Planned{Drift: c.report, Steps: steps}
				begun := &clerk{}
				if err := (Pass{Auditor: begun}).begin(Result{Planned: planned}, "a"); err != nil || len(begun.begun) != 1 || begun.begun[0].Trigger != c.begun {
					t.Errorf("begun as %+v, %v", begun.begun, err)
				}
				ended := &clerk{}
				w := &world{auditor: ended, answer: map[string]func() Result{"one.example.com": func() Result {
					return Result{Planned: planned, Report: apply.Report{Outcomes: []apply.Outcome{{Ref: subnet, State: apply.Done, Acted: true}}}}
				}}}
				w.branch.push("1", map[string]string{"one": named("one.example.com")})
				serve(t, w)
				synctest.Wait()
				w.stop()
				synctest.Wait()
				if len(ended.records) != 1 || ended.records[0].Trigger != c.ended {
					t.Errorf("ended as %+v", ended.records)
				}
			})
		})
	}
}

func TestAClusterWithADriftScheduleIsNotLookedAtWithAllOthers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &world{}
		own := strings.Replace(named("own.example.com"), "metadata:\n", "metadata:\n  annotations:\n    quorate.dev/drift-schedule: \"0 * * * *\"\n", 1)
		w.branch.push("a", map[string]string{"one": named("one.example.com"), "own": own})
		serve(t, w)
		after(t, w, time.Second, "a one.example.com", "a own.example.com")
		after(t, w, 15*time.Minute, "a one.example.com")
		after(t, w, 46*time.Minute, "a one.example.com", "a one.example.com", "a one.example.com", "a one.example.com", "a one.example.com", "a own.example.com")
	})
}
