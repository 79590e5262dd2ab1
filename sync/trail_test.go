package sync

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/examples"
	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/promotion"
	"github.com/quorate/quorate/topology"
)

// clerk is an auditor in memory.
type clerk struct {
	mu             sync.Mutex
	begun, records []audit.Record
	ended          []string
	full           error
}

func (c *clerk) Begin(r audit.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.begun = append(c.begun, r)
	return c.full
}

func (c *clerk) Record(_ context.Context, r audit.Record) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.records = append(c.records, r)
	return nil
}

func (c *clerk) Forget(cluster string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = append(c.ended, "forget "+cluster)
	return nil
}

func (c *clerk) Interrupt(_ context.Context, cluster, reason string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = append(c.ended, "interrupt "+cluster+": "+reason)
	return nil
}

func (c *clerk) Flush(context.Context) error { return nil }

func TestAPassIsRecordedIfItChangedOrRefusedAnything(t *testing.T) {
	vpc := topology.Ref{Kind: topology.KindVPC, Name: "ha.example.com"}
	group := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "a.masters.ha.example.com"}
	forbidden := Planned{Plan: diff.Plan{Changes: []diff.Change{{Ref: vpc, Effect: diff.Forbid, Reason: "a CIDR cannot be changed"}}}}
	no := quorum.Verdict{Answer: quorum.Refuse, Cluster: "main", Reason: "never a majority", Margin: quorum.Margin{Voters: 1, HealthyNow: 1, Majority: 1}}
	notYet := no
	notYet.Answer = quorum.Wait
	report := func(o ...apply.Outcome) Result { return Result{Report: apply.Report{Outcomes: o}} }
	for name, c := range map[string]struct {
		result Result
		want   audit.Result // empty for none
		states string
	}{
		"nothing to do":           {Result{}, "", ""},
		"a change":                {report(apply.Outcome{Ref: vpc, State: apply.Done, Acted: true}), audit.Changed, "done"},
		"only waiting":            {report(apply.Outcome{Ref: group, State: apply.Waiting, Reason: "soon", Verdict: &notYet}), "", ""},
		"waiting after a request": {report(apply.Outcome{Ref: group, State: apply.Waiting, Reason: "soon", RequestCount: 1}), audit.Changed, "waiting"},
		"a failure":               {report(apply.Outcome{Ref: vpc, State: apply.Failed, Reason: "denied", Acted: true}), audit.Failed, "failed"},
		"forbidden": {Result{Planned: forbidden, Report: apply.Report{Outcomes: []apply.Outcome{{Ref: vpc, Effect: diff.Forbid, State: apply.Failed, Reason: "not allowed"}}}},
			audit.Refused, "refused"},
		"the gate's no": {report(apply.Outcome{Ref: group, State: apply.Waiting, Reason: "never", Verdict: &no}), audit.Refused, "refused"},
		"the gate's no beside a change": {report(apply.Outcome{Ref: vpc, State: apply.Done, Acted: true}, apply.Outcome{Ref: group, State: apply.Waiting, Verdict: &no}),
			audit.Changed, "done refused"},
	} {
		t.Run(name, func(t *testing.T) {
			record, tells := recordOf(c.result)
			var states []string
			for _, s := range record.Steps {
				states = append(states, s.State)
			}
			if tells != (c.want != "") || tells && (record.Result != c.want || strings.Join(states, " ") != c.states) {
				t.Errorf("recorded: %t, as %q with steps %v", tells, record.Result, states)
			}
		})
	}
}

func TestARecordTellsTheStepsAndWhatTheGateSaw(t *testing.T) {
	began := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	vpc := topology.Ref{Kind: topology.KindVPC, Name: "ha.example.com"}
	group := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "a.masters.ha.example.com"}
	yes := quorum.Verdict{Answer: quorum.Proceed, Cluster: "main", Margin: quorum.Margin{Voters: 3, HealthyNow: 3, HealthyAfter: 2, Majority: 2}}
	record, _ := recordOf(Result{Report: apply.Report{Outcomes: []apply.Outcome{
		{Ref: group, Effect: diff.Roll, State: apply.Waiting, Reason: "it boots", Zone: "us-east-1a", Acted: true, Verdict: &yes, Began: began, Took: 1500 * time.Millisecond,
			Requests: []apply.Request{{Operation: "TerminateInstances", ID: "id-1"}}, RequestCount: 3},
		{Ref: vpc, Effect: diff.InPlace, State: apply.Waiting, Reason: "it comes after", Behind: group},
	}}})
	want := audit.Record{Result: audit.Changed, Behind: 1, Steps: []audit.Step{{
		Ref: group.String(), Effect: "roll", State: "waiting", Reason: "it boots", Zone: "us-east-1a", Began: began, Milliseconds: 1500,
		Quorum:   &audit.Quorum{Cluster: "main", Answer: "proceed", Voters: 3, HealthyNow: 3, HealthyAfter: 2, Majority: 2},
		Requests: []audit.Request{{Operation: "TerminateInstances", ID: "id-1"}}, MoreRequests: 2,
	}}}
	if d := cmp.Diff(want, record); d != "" {
		t.Errorf("record (-want +got):\n%s", d)
	}
}

// changer counts the plans it is given to carry out.
type changer int

func (c *changer) Run(context.Context, apply.Input) apply.Report { *c++; return apply.Report{} }

func TestNothingIsChangedThatCannotBeNoted(t *testing.T) {
	clusters, _ := desired.Build([]desired.File{{Name: "ha.yaml", Data: examples.HA}})
	if len(clusters) != 1 {
		t.Fatal("the example is no cluster")
	}
	for _, full := range []error{nil, errors.New("the disk is full")} {
		var ran changer
		c := &clerk{full: full}
		result := Pass{
			Planner:    Planner{Observe: func(context.Context, actual.Scope) (actual.State, error) { return actual.State{}, nil }},
			NewApplier: func(desired.Cluster, string) Applier { return &ran },
			Auditor:    c,
		}.Run(t.Context(), clusters[0], strings.Repeat("a", 40))
		if len(c.begun) != 1 || len(c.begun[0].Steps) < 10 || c.begun[0].Plan == "" {
			t.Errorf("noted beforehand: %+v", c.begun)
		}
		if (ran == 0) != (full != nil) || (result.Err == nil) != (full == nil) {
			t.Errorf("with %v: %d runs, and %v", full, ran, result.Err)
		}
	}
}

func TestTheServiceTellsTheAuditorOfEveryPass(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		vpc := topology.Ref{Kind: topology.KindVPC, Name: "a.example.com"}
		c := &clerk{}
		w := &world{auditor: c, answer: map[string]func() Result{
			"a.example.com": func() Result {
				return Result{Report: apply.Report{Outcomes: []apply.Outcome{{Ref: vpc, State: apply.Done, Acted: true}}}}
			},
			"c.example.com": func() Result { return Result{Err: errors.New("a bug")} },
		}}
		w.branch.push("1", map[string]string{"a": named("a.example.com"), "b": named("b.example.com"), "c": named("c.example.com")})
		serve(t, w)
		synctest.Wait()
		w.stop()
		synctest.Wait()
		if len(c.records) != 1 || c.records[0].Cluster != "a.example.com" || c.records[0].Commit != strings.Repeat("1", 40) || c.records[0].Trigger != "poll" || c.records[0].Manifest == "" {
			t.Errorf("records: %+v", c.records)
		}
		for _, want := range []string{"forget b.example.com", "interrupt c.example.com: a bug"} {
			if !strings.Contains(strings.Join(c.ended, "\n"), want) {
				t.Errorf("the auditor heard %q, and not %q", c.ended, want)
			}
		}
	})
}

// TestAPassThatGoesOnIsOnRecordWithWhoIsBehindIt also has a commit whose author nobody can read.
func TestAPassThatGoesOnIsOnRecordWithWhoIsBehindIt(t *testing.T) {
	vpc := topology.Ref{Kind: topology.KindVPC, Name: "one.example.com"}
	of := Result{
		Planned: Planned{Steps: []order.Step{{Change: diff.Change{Ref: vpc, Effect: diff.Create}}}},
		Leave:   &promotion.Leave{PullRequest: "https://git.example.com/pulls/7", Approvers: "ada, eve", Override: "it burns (ada)"},
	}
	for want, author := range map[string]func(string) (string, error){
		"Bob of abc": func(commit string) (string, error) { return "Bob of " + commit, nil },
		"":           func(string) (string, error) { return "", errors.New("the commit is gone") },
	} {
		c := &clerk{}
		if err := (Pass{Auditor: c, Author: author}).begin(of, "abc"); err != nil {
			t.Fatal(err)
		}
		if r := c.begun[0]; r.Author != want || r.PullRequest != of.Leave.PullRequest || r.Approver != "ada, eve" || r.Override != "it burns (ada)" {
			t.Errorf("begun as %+v", r)
		}
	}
}
