package sync

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/rules"
)

// PromotionConfig is what a [Promotion] works with.
type PromotionConfig struct {
	// History holds the rules, and how changes came to the branch; gitrepo.Repo does.
	History History
	// Reviews knows who approved of what; nil where there is nobody to ask.
	Reviews Reviews
	// Branch is the one that is applied.
	Branch string
	// File keeps what a restart should not forget; empty for nothing. Losing it is safe: every
	// soak begins anew.
	File string
	Log  *slog.Logger
}

// A Promotion asks the rules of a repository for its clusters, and knows of each what the rules go by: what it was
// last seen to be, since when it is healthy, and whether a change of it is under way. A cluster that
// may proceed is busy from that moment, so that bounds on clusters at once hold however many ask at
// the same time.
type Promotion struct {
	cfg    PromotionConfig
	origin *origins

	mu      sync.Mutex
	head    gitrepo.Commit
	book    rulebook
	present []entrant // by name
	kept    map[string]promoted
	// held are the clusters that the rules keep waiting.
	held map[string]bool
}

// entrant is a cluster as the head of the branch wants it.
type entrant struct {
	name, unit, path, digest string
	// trouble says why nobody can tell what it should be.
	trouble string
}

// promoted is what is kept of a cluster.
type promoted struct {
	// Digest is of the manifests that the cluster was last seen to be as, and Commit the one that it was last
	// seen to be as and to work.
	Digest string `json:"digest,omitempty"`
	Commit string `json:"commit,omitempty"`
	// Healthy is since when it has been so, if not for Trouble since Troubled.
	Healthy  time.Time `json:"healthy,omitzero"`
	Trouble  string    `json:"trouble,omitempty"`
	Troubled time.Time `json:"troubled,omitzero"`
	// Busy is the digest of the manifests that were last begun to be carried out; empty once nothing is left to do.
	// Risk is the greatest that a plan had since, and Halted says that it does not get on.
	Busy   string    `json:"busy,omitempty"`
	Risk   diff.Risk `json:"risk,omitempty"`
	Halted bool      `json:"halted,omitempty"`
}

// NewPromotion makes a promotion of clusters that nobody has seen but an earlier process.
func NewPromotion(cfg PromotionConfig) *Promotion {
	p := &Promotion{cfg: cfg, origin: newOrigins(cfg), held: map[string]bool{}}
	var err error
	if p.kept, err = readPromoted(cfg.File); err != nil {
		cfg.Log.Warn("what was known of the clusters is lost, and every soak begins anew", "error", err)
	}
	return p
}

func (p *Promotion) read(commit string) (rulebook, error) { return readRulebook(p.cfg.History, commit) }

// current are the rules that count now; a service without any has none.
func (p *Promotion) current() rulebook {
	if p == nil {
		return rulebook{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.book
}

// take makes what a commit says count, and returns the clusters that were held by what was said before.
func (p *Promotion) take(commit gitrepo.Commit, book rulebook, entrants []entrant) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.head, p.book, p.present = commit, book, entrants
	slices.SortFunc(p.present, func(a, b entrant) int { return strings.Compare(a.name, b.name) })
	for name := range p.kept {
		if p.named(name).digest == "" {
			delete(p.kept, name)
		}
	}
	p.save()
	return p.letGo("")
}

func (p *Promotion) named(cluster string) entrant {
	for _, e := range p.present {
		if e.name == cluster && e.digest != "" {
			return e
		}
	}
	return entrant{}
}

// letGo returns the clusters that are held, but the one whose doing it is.
func (p *Promotion) letGo(but string) []string {
	var names []string
	for name := range p.held {
		if name != but {
			names = append(names, name)
			delete(p.held, name)
		}
	}
	slices.Sort(names)
	return names
}

// Leave decides whether the plan of a cluster may be carried out now. If so the cluster is busy until a pass
// of it ends without anything left to do.
func (p *Promotion) Leave(ctx context.Context, c desired.Cluster, commit string, planned Planned) Leave {
	p.mu.Lock()
	e, book, head, base := p.named(c.Name), p.book, p.head, p.kept[c.Name].Commit
	p.mu.Unlock()
	if e.digest != c.Digest || head.Hash != commit {
		return Leave{Verdict: rules.Verdict{Answer: rules.Wait, Reason: "a newer commit has come; the next pass is about that", Until: time.Now()}}
	}
	if why := book.broken(); why != "" {
		return p.hold(c.Name, Leave{Verdict: rules.Verdict{Answer: rules.Refuse, Reason: why}})
	}
	risk := planned.Plan.Risk()
	came := p.origin.of(ctx, change{head: commit, base: base, unit: e.unit, path: e.path})
	if came.doubt != "" && (book.rules.AsksPeople(e.path, risk) || head.Trailers.Get(rules.OverrideTrailer) != "") {
		return p.hold(c.Name, Leave{Verdict: rules.Verdict{Answer: rules.Wait, Reason: came.doubt, Until: time.Now().Add(doubtLimit)}})
	}
	leave := Leave{PullRequest: came.pullRequest, Approvers: came.approvers()}
	q := rules.Question{
		Now: time.Now(), Cluster: c.Name, Path: e.path, Risk: risk,
		Author: came.author, Approvals: came.approvals, Owners: came.owners, Unknown: came.unknown,
		Override: head.Trailers.Get(rules.OverrideTrailer), OverriddenBy: came.by, Vouched: came.vouched,
		Destroys: destroys(planned.Plan), Resources: planned.State.Topology.Len(), Ends: planned.Plan.EndsCluster(),
	}
	if q.Override != "" && q.OverriddenBy == "" {
		q.OverriddenBy = head.Author
	}
	return p.decide(q, leave, c.Digest)
}

// doubtLimit is how long it is let be until a host that did not answer is asked again.
const doubtLimit = time.Minute

// decide asks the rules while nobody else can, since what they allow to one they may not allow to the next.
func (p *Promotion) decide(q rules.Question, leave Leave, digest string) Leave {
	p.mu.Lock()
	k := p.kept[q.Cluster]
	q.Begun, q.Place = k.Busy != "" && k.Busy == digest, k.Risk
	q.Others = p.others(q.Cluster)
	leave.Verdict = p.book.rules.Decide(q)
	if leave.Answer == rules.Proceed && q.Risk > diff.RiskNothing {
		if q.Override != "" {
			leave.Override = fmt.Sprintf("%s (%s)", q.Override, q.OverriddenBy)
		}
		k.Busy, k.Risk = digest, max(q.Risk, k.Risk)
		p.keep(q.Cluster, k)
	}
	p.mu.Unlock()
	return p.hold(q.Cluster, leave)
}

// hold remembers who waits for others.
func (p *Promotion) hold(cluster string, leave Leave) Leave {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.held, cluster)
	if leave.Answer != rules.Proceed {
		p.held[cluster] = true
	}
	return leave
}

// others are all clusters but the one, and the manifests that may hold some and cannot be read.
func (p *Promotion) others(but string) []rules.Other {
	var others []rules.Other
	for _, e := range p.present {
		if e.name == but && e.digest != "" {
			continue
		}
		k := p.kept[e.name]
		o := rules.Other{Cluster: e.name, Path: e.path, Trouble: e.trouble}
		if e.digest != "" {
			o.Busy, o.Risk, o.Trouble = k.Busy != "", k.Risk, k.Trouble
			o.Halted = k.Halted && k.Busy == e.digest
			o.Current = k.Digest == e.digest
		}
		if o.Current && k.Trouble == "" {
			o.Healthy = k.Healthy
		}
		others = append(others, o)
	}
	return others
}

// Ended takes in how a pass of the cluster ended, and returns the clusters that waited and may go on by that.
func (p *Promotion) Ended(c desired.Cluster, commit string, r Result) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.named(c.Name).digest != c.Digest {
		return nil // it says nothing of what is wanted by now
	}
	before := p.kept[c.Name]
	k := before.after(c.Digest, commit, r, time.Now().UTC().Round(0))
	p.keep(c.Name, k)
	if k.Digest == before.Digest && (k.Trouble == "") == (before.Trouble == "") && k.Healthy.Equal(before.Healthy) && (k.Busy == "") == (before.Busy == "") && k.Halted == before.Halted {
		return nil
	}
	return p.letGo(c.Name)
}

// settleGrace is how long a cluster may settle by itself, such as when it gets another machine, without its
// health beginning anew: twice the time that kops allows a machine to boot.
const settleGrace = 30 * time.Minute

// after is what is known of the cluster when a pass for the digest has ended.
func (k promoted) after(digest, commit string, r Result, now time.Time) promoted {
	if r.carriedOut() {
		if k.Digest != digest {
			k.Healthy = time.Time{} // it has not been so with this
		}
		k.Digest, k.Busy, k.Risk = digest, "", diff.RiskNothing
	}
	k.Halted = k.Busy != "" && r.halts()
	why, passing := r.trouble()
	if k.Digest != digest && !k.Halted {
		why = "" // it is on its way there, which is no trouble
	}
	if why != "" && k.Trouble == "" {
		k.Troubled = now
	}
	lasted := !k.Troubled.IsZero() && now.Sub(k.Troubled) > settleGrace
	if lasted || why != "" && !passing {
		k.Healthy = time.Time{}
	}
	k.Trouble = why
	if why == "" {
		k.Troubled = time.Time{}
	}
	if r.Converged() {
		k.Commit = commit
		if k.Healthy.IsZero() {
			k.Healthy = now
		}
	}
	return k
}

// carriedOut reports that nothing is left to be changed, whether it works or not.
func (r Result) carriedOut() bool {
	return r.Err == nil && r.Planned.Plan.Empty() && r.Planned.Plan.Hop.Last()
}

// halts reports that the change does not get on by itself.
func (r Result) halts() bool {
	return r.Err != nil || r.Report.State() == apply.Failed || r.NeedsPeople() || len(r.Planned.Plan.Forbidden()) > 0
}

// trouble says why a cluster cannot be taken for healthy after the pass; empty if it can, as far as the
// pass could see. passing is trouble that comes and goes without anything being wrong: machines that boot,
// an AWS that does not answer.
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

// keep remembers it, also over a restart.
func (p *Promotion) keep(cluster string, k promoted) {
	if p.kept[cluster] == k {
		return
	}
	p.kept[cluster] = k
	p.save()
}

func (p *Promotion) save() {
	if err := writePromoted(p.cfg.File, p.kept); err != nil {
		p.cfg.Log.Warn("what is known of the clusters is not kept over a restart", "error", err)
	}
}
