package sync

import (
	"context"
	"strings"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/rules"
)

// Leave is what people have to say of a plan, by the rules of the repository.
type Leave struct {
	rules.Verdict
	// PullRequest brought the change, and Approvers agreed to it; empty where nobody knows.
	PullRequest, Approvers string
	// Override is the reason of somebody who passed the rules, and who it was.
	Override string
}

// ask asks whether the plan may be carried out; nil if it is not to be carried out anyway. It is asked in
// each pass, so that a roll under way hears of a window that has closed.
func (p Pass) ask(ctx context.Context, c desired.Cluster, commit string, planned Planned) *Leave {
	if p.Leave == nil || len(planned.Steps) == 0 || len(planned.Plan.Forbidden()) > 0 || c.Policy.Paused != "" {
		return nil
	}
	leave := p.Leave(ctx, c, commit, planned)
	return &leave
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
func (s *Service) holds(cluster string, leave *Leave) {
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
	for _, name := range s.cfg.Promotion.Ended(want, head.Hash, r) {
		s.cfg.Schedule.At(name, time.Now())
	}
}

const rulesContext = "quorate/rules"

// readRules reads the rules of the commit, and says what is wrong with them. It is false if they cannot be read
// now; then the commit is not taken yet.
func (s *Service) readRules(ctx context.Context, commit gitrepo.Commit) (rulebook, bool) {
	if s.cfg.Promotion == nil {
		return rulebook{}, true
	}
	book, err := s.cfg.Promotion.read(commit.Hash)
	if err != nil {
		s.cfg.Log.Error("cannot read the rules", "commit", commit.Hash, "error", err)
		s.say(ctx, commitstatus.Status{Commit: commit.Hash, Context: rulesContext, State: commitstatus.Error, Description: err.Error()})
		return rulebook{}, false
	}
	for _, p := range book.problems {
		s.cfg.Log.Error("problem", "at", p.String())
	}
	switch before := s.cfg.Promotion.current(); {
	case len(book.problems) > 0:
		s.say(ctx, commitstatus.Status{Commit: commit.Hash, Context: rulesContext, State: commitstatus.Failure, Description: problemText(book.problems)})
	case book.text != before.text:
		s.say(ctx, commitstatus.Status{Commit: commit.Hash, Context: rulesContext, State: commitstatus.Success, Description: book.summary()})
	}
	return book, true
}

// takeRules makes rules and clusters of the commit those that count, and returns the clusters whose waiting may
// have ended with that. The service is locked.
func (s *Service) takeRules(commit gitrepo.Commit, book rulebook) []string {
	if s.cfg.Promotion == nil {
		return nil
	}
	var entrants []entrant
	for name, m := range s.clusters {
		entrants = append(entrants, entrant{name: name, unit: m.unit, path: m.want.File, digest: m.want.Digest})
	}
	for path, u := range s.units {
		if len(u.refused) > 0 {
			entrants = append(entrants, entrant{name: path, unit: path, path: u.refused[0].File, trouble: "its manifests have problems"})
		}
	}
	return s.cfg.Promotion.take(commit, book, entrants)
}
