package web

import (
	"cmp"
	"slices"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/audit"
)

// A Run is one pass as its page shows it.
type Run struct {
	// Record is what the audit trail keeps of it; without a Result while it goes on.
	Record audit.Record `json:"record"`
	// Plan counts its changes by effect, such as "12 create, 3 roll", and Risk is its class.
	Plan string `json:"plan,omitempty"`
	Risk string `json:"risk,omitempty"`
	// Why are the reasons for where steps stand, by reference.
	Why map[string]string `json:"why,omitempty"`
}

// Running reports that it goes on.
func (r Run) Running() bool { return r.Record.Result == "" }

// A Wait is what a step waits for.
type Wait struct {
	Ref, Reason string
	// Who can end it, where that is not AWS or the service.
	Who string
	// Since and Limit are zero where nobody knows, or none is set.
	Since time.Time
	Limit time.Duration
}

// A Margin is how far an etcd cluster is from losing its majority.
type Margin struct {
	Etcd                      string
	Voters, Healthy, Majority int
	// Spare is how many voters may be lost.
	Spare int
	Text  string
}

// A Standing is how a cluster was at the end of its last pass.
type Standing struct {
	Commit  string
	At      time.Time
	Text    string
	Etcd    []Margin
	Waits   []Wait
	Working bool // a pass goes on
}

// standingOf is taken from fields that are meant for people, and from no value of a manifest or of AWS.
func standingOf(commit string, r sync.Result, at time.Time) Standing {
	s := Standing{Commit: commit, At: at, Text: sentence(r)}
	for _, v := range r.Report.Etcd {
		s.Etcd = append(s.Etcd, Margin{
			Etcd: v.Cluster, Voters: v.Margin.Voters, Healthy: v.Margin.HealthyNow, Majority: v.Margin.Majority,
			Spare: v.Margin.HealthyNow - v.Margin.Majority, Text: v.Reason,
		})
	}
	for _, o := range r.Report.Outcomes {
		if o.State == apply.Waiting && o.Behind.IsZero() {
			s.Waits = append(s.Waits, Wait{Ref: o.Ref.String(), Reason: o.Reason, Who: o.Who, Since: o.Since, Limit: o.Limit})
		}
	}
	for _, why := range r.Report.Settling {
		s.Waits = append(s.Waits, Wait{Reason: why})
	}
	return s
}

func sentence(r sync.Result) string {
	switch {
	case r.Err != nil:
		return apply.Explain(r.Err)
	case r.Converged():
		return "AWS is what the manifest says, and works."
	}
	return cmp.Or(r.Reason(), "The pass did all that it could; the next one looks again.")
}

// take writes the outcome of a step into the run.
func (r *Run) take(o apply.Outcome) {
	ref := o.Ref.String()
	i := slices.IndexFunc(r.Record.Steps, func(s audit.Step) bool { return s.Ref == ref })
	if i < 0 {
		return
	}
	step := &r.Record.Steps[i]
	step.State, step.Reason, step.Began, step.Milliseconds = string(o.State), o.Reason, o.Began, o.Took.Milliseconds()
	if v := o.Verdict; v != nil {
		step.Quorum = &audit.Quorum{
			Cluster: v.Cluster, Answer: v.Answer.String(), Voters: v.Margin.Voters,
			HealthyNow: v.Margin.HealthyNow, HealthyAfter: v.Margin.HealthyAfter, Majority: v.Margin.Majority,
		}
		if v.Answer == quorum.Refuse {
			step.State = "refused"
		}
	}
}

// repeats reports that nothing would be learned from the page: a refusal or failure that says what the one
// before it said, and changed as little.
func (r Run) repeats(before Run) bool {
	done := func(s audit.Step) bool { return s.State == "done" }
	return r.Record.Result != audit.Changed && r.Record.Commit == before.Record.Commit && r.Record.Result == before.Record.Result &&
		r.Record.Reason == before.Record.Reason && !slices.ContainsFunc(r.Record.Steps, done)
}

// planOf is what is told of a plan: counts, the class of its risk, and why steps stand where they stand.
func planOf(p sync.Planned) Run {
	run := Run{Plan: p.Render().Summary(), Risk: p.Plan.Risk().String(), Why: map[string]string{}}
	if p.Plan.Risk() == diff.RiskNothing {
		run.Risk = ""
	}
	for _, s := range p.Steps {
		run.Why[s.Change.Ref.String()] = s.Why
	}
	return run
}
