package sync

import (
	"context"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/rules"
	"github.com/quorate/quorate/sync/schedule"
)

// An Auditor keeps the trail of what passes did; audit.Log is one.
type Auditor interface {
	// Begin notes durably what a pass is about to do, and one of the next three ends it.
	Begin(r audit.Record) error
	Record(ctx context.Context, r audit.Record) error
	Forget(cluster string) error
	Interrupt(ctx context.Context, cluster, reason string) error
	// Flush pushes what could not be pushed before.
	Flush(ctx context.Context) error
}

// begin notes what the plan may change from now on. A pass that leaves no trace must not happen.
func (p Pass) begin(of Result, commit string) error {
	planned := of.Planned
	if p.Auditor == nil || len(planned.Steps) == 0 || len(planned.Plan.Forbidden()) > 0 {
		return nil
	}
	r := audit.Record{
		Cluster: planned.Cluster.Name, Commit: commit, Began: planned.At,
		Manifest: planned.Cluster.Digest, Plan: planned.Plan.Digest(),
	}
	if planned.corrects() {
		r.Trigger = string(schedule.Drift)
	}
	if of.Leave != nil {
		r.PullRequest, r.Approver, r.Override = of.Leave.PullRequest, of.Leave.Approvers, of.Leave.Override
	}
	if p.Author != nil {
		r.Author, _ = p.Author(commit) // nothing is held up by a name
	}
	for _, s := range planned.Steps {
		r.Steps = append(r.Steps, audit.Step{Ref: s.Change.Ref.String(), Effect: s.Change.Effect.String(), State: "unknown", Zone: s.Zone})
	}
	return p.Auditor.Begin(r)
}

// audit ends the trail of a pass: with a record if it changed or refused anything.
func (s *Service) audit(ctx context.Context, commit gitrepo.Commit, reason schedule.Reason, want desired.Cluster, r Result, began time.Time) {
	if s.cfg.Auditor == nil {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postLimit)
	defer cancel()
	record, tells := recordOf(r)
	var err error
	switch {
	case r.Err != nil:
		err = s.cfg.Auditor.Interrupt(ctx, want.Name, apply.Explain(r.Err))
	case !tells:
		err = s.cfg.Auditor.Forget(want.Name)
	default:
		record.Cluster, record.Commit, record.Author, record.Trigger = want.Name, commit.Hash, commit.Author, string(reason)
		if r.Planned.corrects() {
			record.Trigger = string(schedule.Drift) // whatever made the pass look
		}
		if r.Leave != nil {
			record.PullRequest, record.Approver, record.Override = r.Leave.PullRequest, r.Leave.Approvers, r.Leave.Override
		}
		record.Manifest, record.Plan = want.Digest, r.Planned.Plan.Digest()
		record.Began, record.Ended = began, time.Now()
		err = s.cfg.Auditor.Record(ctx, record)
	}
	if err != nil {
		s.cfg.Log.Warn("audit trail not pushed yet", "cluster", want.Name, "error", err)
	}
}

// flushTrail pushes what could not be pushed before, in the background.
func (s *Service) flushTrail(ctx context.Context) {
	if s.cfg.Auditor == nil {
		return
	}
	s.tasks.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, postLimit)
		defer cancel()
		if err := s.cfg.Auditor.Flush(ctx); err != nil && ctx.Err() == nil {
			s.cfg.Log.Warn("audit trail not pushed yet", "error", err)
		}
	})
}

// recordOf is what a pass did, and whether that is worth a record: it changed or refused something.
func recordOf(r Result) (audit.Record, bool) {
	var record audit.Record
	changed, refused := false, len(r.Planned.Plan.Forbidden()) > 0 || r.held() && r.Leave.Answer == rules.Refuse
	for _, o := range r.Report.Outcomes {
		if !o.Behind.IsZero() {
			record.Behind++
			continue
		}
		changed = changed || o.Acted || o.RequestCount > 0
		refused = refused || refusedBy(o)
		record.Steps = append(record.Steps, stepOf(o, len(r.Planned.Plan.Forbidden()) > 0))
	}
	switch blocked := len(r.blocks()) > 0 && !r.Report.Acted(); {
	case refused && !changed, blocked:
		record.Result, record.Reason = audit.Refused, r.Reason()
	case r.Report.State() == apply.Failed:
		record.Result, record.Reason = audit.Failed, r.Reason()
	case changed:
		record.Result = audit.Changed
	default:
		return record, false
	}
	return record, true
}

// refusedBy reports whether the gate said no, as opposed to not yet.
func refusedBy(o apply.Outcome) bool { return o.Verdict != nil && o.Verdict.Answer == quorum.Refuse }

func stepOf(o apply.Outcome, forbidden bool) audit.Step {
	s := audit.Step{
		Ref: o.Ref.String(), Effect: o.Effect.String(), State: string(o.State), Reason: o.Reason, Zone: o.Zone,
		Began: o.Began, Milliseconds: o.Took.Milliseconds(), MoreRequests: o.RequestCount - len(o.Requests),
	}
	if forbidden || refusedBy(o) {
		s.State = "refused"
	}
	if v := o.Verdict; v != nil {
		s.Quorum = &audit.Quorum{
			Cluster: v.Cluster, Answer: v.Answer.String(), Voters: v.Margin.Voters,
			HealthyNow: v.Margin.HealthyNow, HealthyAfter: v.Margin.HealthyAfter, Majority: v.Margin.Majority,
		}
	}
	for _, request := range o.Requests {
		s.Requests = append(s.Requests, audit.Request(request))
	}
	return s
}
