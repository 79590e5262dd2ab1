package sync

import (
	"context"
	"strings"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/promotion"
	"github.com/quorate/quorate/sync/rules"
)

// ask asks whether the plan may be carried out; nil if it is not to be carried out anyway. It is asked in
// each pass, so that a roll under way hears of a window that has closed.
func (p Pass) ask(ctx context.Context, c desired.Cluster, commit string, planned Planned) *promotion.Leave {
	if p.Leave == nil || len(planned.Steps) == 0 || len(planned.Plan.Forbidden()) > 0 || c.Policy.Paused != "" {
		return nil
	}
	leave := p.Leave(ctx, promotion.Request{
		Cluster: c.Name, Digest: c.Digest, Commit: commit, Risk: planned.Plan.Risk(),
		Destroys: destroys(planned.Plan), Resources: planned.State.Topology.Len(), Ends: planned.Plan.EndsCluster(),
	})
	return &leave
}

// destroys counts the resources that the plan takes away.
func destroys(plan diff.Plan) int {
	n := 0
	for _, c := range plan.Changes {
		if c.Destroys() {
			n++
		}
	}
	return n
}

// held reports that the rules keep the plan from being carried out now.
func (r Result) held() bool { return r.Leave != nil && r.Leave.Answer != rules.Proceed }

// whyHeld is what the rules say, and what is wrong besides.
func (r Result) whyHeld() string {
	why := r.Leave.Reason
	if len(r.Report.Repairs) > 0 {
		why += "; " + r.Report.Repairs[0].Sentence
	}
	return why
}

// heldStatus is for a plan that waits for people, or for its time.
func heldStatus(r Result) (commitstatus.State, string) {
	if r.Leave.Answer == rules.Refuse {
		return commitstatus.Failure, "refused: " + r.whyHeld()
	}
	return commitstatus.Pending, "waiting: " + r.whyHeld()
}

// rests reports that a pass of a plan that is held has nothing to come to an end any more: every zone that
// was taken out is back.
func (r Result) rests() bool {
	for _, m := range r.Report.Repairs {
		if m.Who == repair.Quorate || m.Err != nil {
			return false
		}
	}
	for _, o := range r.Report.Outcomes {
		if o.State == apply.Waiting && o.Behind.IsZero() && !strings.Contains(o.Reason, r.Leave.Reason) {
			return false
		}
	}
	return !r.Report.Acted()
}

// holds runs the cluster again when the rules may answer otherwise: at their time, or when another cluster's
// pass has changed what they go by. Nobody asks again and again in between.
func (s *Service) holds(cluster string, leave *promotion.Leave) {
	if leave.Until.IsZero() {
		s.cfg.Schedule.Settles(cluster)
		return
	}
	s.cfg.Schedule.At(cluster, leave.Until)
}

// learn lets the rules go by how the pass ended, and runs those again who waited for it.
func (s *Service) learn(ctx context.Context, head gitrepo.Commit, want desired.Cluster, r Result) {
	if s.cfg.Promotion == nil || ctx.Err() != nil {
		return // what a stopping service did not see to its end says nothing about the cluster
	}
	if r.Leave != nil && r.Leave.Override != "" && !r.held() {
		s.say(ctx, commitstatus.Status{Commit: head.Hash, Context: rulesContext, State: commitstatus.Success, Description: r.Leave.Reason})
	}
	for _, name := range s.cfg.Promotion.Ended(outcomeOf(want, head.Hash, r)) {
		s.cfg.Schedule.At(name, time.Now())
	}
}

// outcomeOf is how a pass ended, as far as others go by it.
func outcomeOf(c desired.Cluster, commit string, r Result) promotion.End {
	why, passing := r.trouble()
	return promotion.End{
		Cluster: c.Name, Digest: c.Digest, Commit: commit,
		CarriedOut: r.carriedOut(), Converged: r.Converged(), Halts: r.halts(), Trouble: why, Passing: passing,
	}
}

// carriedOut reports that nothing is left to be changed, whether it works or not.
func (r Result) carriedOut() bool {
	return r.Err == nil && r.Planned.Plan.Empty() && r.Planned.Plan.Hop.Last()
}

// halts reports that the change does not get on by itself.
func (r Result) halts() bool {
	return r.Err != nil || r.Report.State() == apply.Failed || r.NeedsPeople() || len(r.Planned.Plan.Forbidden()) > 0
}

// trouble says why a cluster cannot be taken for healthy after the pass, and whether that comes and goes by itself.
func (r Result) trouble() (why string, passing bool) {
	switch {
	case r.Err != nil:
		return "nobody knows: " + apply.Explain(r.Err), true
	case len(r.Planned.Plan.Forbidden()) > 0:
		return "refused: " + r.Planned.Plan.Forbidden()[0].Reason, false
	case r.held() && r.Report.State() != apply.Failed:
		return "it has drifted: " + r.Leave.Reason, false
	case r.Converged():
		return "", false
	case r.Report.State() == apply.Done:
		return "it had drifted, and is put right", false
	}
	return r.Reason(), r.carriedOut() && r.Report.State() == apply.Waiting && len(r.Report.Repairs) == 0
}

const rulesContext = "quorate/rules"

// readRules reads the rules of the commit, and says what is wrong with them. It is false if they cannot be read
// now; then the commit is not taken yet.
func (s *Service) readRules(ctx context.Context, commit gitrepo.Commit) (promotion.Rulebook, bool) {
	if s.cfg.Promotion == nil {
		return promotion.Rulebook{}, true
	}
	book, err := s.cfg.Promotion.Read(commit.Hash)
	if err != nil {
		s.cfg.Log.Error("cannot read the rules", "commit", commit.Hash, "error", err)
		s.say(ctx, commitstatus.Status{Commit: commit.Hash, Context: rulesContext, State: commitstatus.Error, Description: err.Error()})
		return promotion.Rulebook{}, false
	}
	for _, p := range book.Problems {
		s.cfg.Log.Error("problem", "at", p.String())
	}
	switch before := s.cfg.Promotion.Current(); {
	case len(book.Problems) > 0:
		s.say(ctx, commitstatus.Status{Commit: commit.Hash, Context: rulesContext, State: commitstatus.Failure, Description: book.Broken()})
	case book.Text != before.Text:
		s.say(ctx, commitstatus.Status{Commit: commit.Hash, Context: rulesContext, State: commitstatus.Success, Description: book.Summary()})
	}
	return book, true
}

// takeRules makes rules and clusters of the commit those that count, and returns the clusters whose waiting may
// have ended with that. The service is locked.
func (s *Service) takeRules(commit gitrepo.Commit, book promotion.Rulebook) []string {
	if s.cfg.Promotion == nil {
		return nil
	}
	var entrants []promotion.Entrant
	for name, m := range s.clusters {
		entrants = append(entrants, promotion.Entrant{Name: name, Unit: m.unit, Path: m.want.File, Digest: m.want.Digest})
	}
	for path, u := range s.units {
		if len(u.refused) > 0 {
			entrants = append(entrants, promotion.Entrant{Name: path, Unit: path, Path: u.refused[0].File, Trouble: "its manifests have problems"})
		}
	}
	return s.cfg.Promotion.Take(commit, book, entrants)
}
