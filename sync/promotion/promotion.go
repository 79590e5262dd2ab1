package promotion

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/rules"
)

// Config is what a [Promotion] works with.
type Config struct {
	// History holds the rules, and how changes came to the branch; gitrepo.Repo does.
	History History
	// Reviews knows who approved of what; nil where there is nobody to ask.
	Reviews Reviews
	// Approvals are those that were given by a comment; nil for none.
	Approvals func(cluster, digest string) []Approval
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
	cfg    Config
	origin *origins

	mu      sync.Mutex
	head    gitrepo.Commit
	book    Rulebook
	present []Entrant // by name
	kept    map[string]record
	// held are the clusters that the rules keep waiting.
	held map[string]bool
}

// Entrant is a cluster as the head of the branch wants it.
type Entrant struct {
	Name string
	// Unit is the folder of its manifests, or their file; Path is the file that the cluster itself stands in.
	Unit, Path string
	Digest     string // of its manifests; empty if nobody can tell what it should be
	// Trouble says why nobody can.
	Trouble string
}

// Leave is what people have to say of a plan, by the rules of the repository.
type Leave struct {
	rules.Verdict
	// PullRequest brought the change, and Approvers agreed to it; empty where nobody knows.
	PullRequest, Approvers string
	// Override is the reason of somebody who passed the rules, and who it was.
	Override string
}

// Request asks for leave for the plan of one cluster.
type Request struct {
	Cluster string
	Digest  string // of the manifests that the plan is made from
	Commit  string
	Risk    diff.Risk
	// Destroys is how many of Resources the plan takes away.
	Destroys, Resources int
	// Ends says that the plan is the end of the cluster, by annotation.
	Ends bool
}

// New makes a promotion of clusters that nobody has seen but an earlier process.
func New(cfg Config) *Promotion {
	p := &Promotion{cfg: cfg, origin: newOrigins(cfg), held: map[string]bool{}}
	var err error
	if p.kept, err = readRecords(cfg.File); err != nil {
		cfg.Log.Warn("what was known of the clusters is lost, and every soak begins anew", "error", err)
	}
	return p
}

// Read reads the rules of a commit. It is an error if nobody could look; whatever is wrong with the file itself is a
// problem of the rulebook.
func (p *Promotion) Read(commit string) (Rulebook, error) { return readRulebook(p.cfg.History, commit) }

// Current are the rules that count now; nobody's are none.
func (p *Promotion) Current() Rulebook {
	if p == nil {
		return Rulebook{}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.book
}

// Take makes what a commit says count, and returns the clusters that were held by what was said before.
func (p *Promotion) Take(commit gitrepo.Commit, book Rulebook, entrants []Entrant) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.head, p.book, p.present = commit, book, entrants
	slices.SortFunc(p.present, func(a, b Entrant) int { return strings.Compare(a.Name, b.Name) })
	if !slices.ContainsFunc(p.present, func(e Entrant) bool { return e.Digest == "" }) {
		// Manifests that cannot be read may be those of any cluster that is gone.
		maps.DeleteFunc(p.kept, func(name string, _ record) bool { return p.named(name).Digest == "" })
	}
	p.save()
	return p.letGo("")
}

func (p *Promotion) named(cluster string) Entrant {
	for _, e := range p.present {
		if e.Name == cluster && e.Digest != "" {
			return e
		}
	}
	return Entrant{}
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

// Leave decides whether the plan may be carried out now. If so the cluster is busy until a pass of it ends without
// anything left to do.
func (p *Promotion) Leave(ctx context.Context, r Request) Leave {
	p.mu.Lock()
	e, book, head, base := p.named(r.Cluster), p.book, p.head, p.kept[r.Cluster].Commit
	p.mu.Unlock()
	if e.Digest != r.Digest || head.Hash != r.Commit {
		return Leave{Verdict: rules.Verdict{Answer: rules.Wait, Reason: "a newer commit has come; the next pass is about that", Until: time.Now()}}
	}
	if why := book.Broken(); why != "" {
		return p.hold(r.Cluster, Leave{Verdict: rules.Verdict{Answer: rules.Refuse, Reason: why}})
	}
	override := head.Trailers.Get(rules.OverrideTrailer)
	came := p.origin.of(ctx, change{head: r.Commit, base: base, unit: e.Unit, path: e.Path, cluster: r.Cluster, digest: r.Digest})
	p.origin.seat(ctx, &came, book.Rules.Named(e.Path, r.Risk, came.owners))
	if came.doubt != "" && (book.Rules.AsksPeople(e.Path, r.Risk) || override != "") {
		return p.hold(r.Cluster, Leave{Verdict: rules.Verdict{Answer: rules.Wait, Reason: came.doubt, Until: time.Now().Add(doubtLimit)}})
	}
	return p.decide(rules.Question{
		Now: time.Now(), Cluster: r.Cluster, Path: e.Path, Risk: r.Risk,
		Author: came.author, Approvals: came.approvals, Owners: came.owners, Unknown: came.unknown,
		Override: override, OverriddenBy: cmp.Or(came.by, head.Author), Vouched: came.vouched,
		Destroys: r.Destroys, Resources: r.Resources, Ends: r.Ends,
	}, Leave{PullRequest: came.pullRequest, Approvers: came.approvers()}, r.Digest)
}

// doubtLimit is how long it is let be until a host that did not answer is asked again.
const doubtLimit = time.Minute

// decide asks the rules while nobody else can, since what they allow to one they may not allow to the next.
func (p *Promotion) decide(q rules.Question, leave Leave, digest string) Leave {
	p.mu.Lock()
	k := p.kept[q.Cluster]
	q.Begun, q.Place = k.Busy != "" && k.Busy == digest, k.Risk
	q.Others = p.others(q.Cluster)
	leave.Verdict = p.book.Rules.Decide(q)
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

// others are all clusters but the one, and the manifests that may hold some and cannot be read. What was begun on
// a cluster whose manifests can be read no more is still under way.
func (p *Promotion) others(but string) []rules.Other {
	var others []rules.Other
	for _, e := range p.present {
		if e.Name == but && e.Digest != "" {
			continue
		}
		k := p.kept[e.Name]
		o := rules.Other{Cluster: e.Name, Path: e.Path, Trouble: e.Trouble}
		if e.Digest != "" {
			o.Busy, o.Risk, o.Trouble = k.Busy != "", k.Risk, k.Trouble
			o.Halted = k.Halted && k.Busy == e.Digest
			o.Current = k.Digest == e.Digest
		}
		if o.Current && k.Trouble == "" {
			o.Healthy = k.Healthy
		}
		others = append(others, o)
	}
	for _, name := range slices.Sorted(maps.Keys(p.kept)) {
		if k := p.kept[name]; k.Busy != "" && p.named(name).Digest == "" {
			others = append(others, rules.Other{Cluster: name, Busy: true, Risk: k.Risk})
		}
	}
	return others
}

// keep remembers it, also over a restart.
func (p *Promotion) keep(cluster string, k record) {
	if p.kept[cluster] == k {
		return
	}
	p.kept[cluster] = k
	p.save()
}

func (p *Promotion) save() {
	if err := writeRecords(p.cfg.File, p.kept); err != nil {
		p.cfg.Log.Warn("what is known of the clusters is not kept over a restart", "error", err)
	}
}
