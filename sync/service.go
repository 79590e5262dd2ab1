package sync

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/lease"
	"github.com/quorate/quorate/sync/promotion"
	"github.com/quorate/quorate/sync/schedule"
)

// Repository is where the manifests come from; gitrepo.Repo is one.
type Repository interface {
	Head(ctx context.Context) (gitrepo.Commit, error)
	Units(commit, dir string) (gitrepo.Listing, error)
}

// Config is what a [Service] works with.
type Config struct {
	Repository Repository
	// Path is the folder of the repository that holds the clusters; empty for all of it.
	Path string
	// Own, if set, says which clusters are run from this branch; the others are not its business.
	Own func(cluster string) bool
	// Claimant, if set, is this repository among others of the same service.
	Claimant *Claimant
	Poster   commitstatus.Poster
	// Pending, if set, are the statuses that were posted and never ended, of all commits.
	Pending func() []commitstatus.Status
	// Auditor, if set, is told what every pass came to.
	Auditor Auditor
	// Trust, if set, decides which commits are applied at all.
	Trust *Trust
	// Promotion, if set, knows the rules of the repository; Run asks it for leave.
	Promotion *promotion.Promotion
	Schedule  *schedule.Schedule
	// Run does one pass; Pass.Run does.
	Run func(ctx context.Context, c desired.Cluster, commit string) Result
	// Look plans for a cluster without changing anything; Planner.Plan does.
	Look func(ctx context.Context, c desired.Cluster) (Planned, error)
	// Slots bound the clusters at work at once, and may be shared; nil means 4.
	Slots Slots
	Log   *slog.Logger
	// OnResult, if set, hears the end of every pass with what brought it about. It
	// may be called from several goroutines.
	OnResult func(reason schedule.Reason, c desired.Cluster, r Result)
	// OnTurn, if set, hears of each turn of the loop, and OnLook how each look at the repository ended.
	OnTurn func()
	OnLook func(error)
}

// Slots are places for clusters at work.
type Slots chan struct{}

// NewSlots makes n places.
func NewSlots(n int) Slots { return make(Slots, max(n, 1)) }

// postLimit bounds the posting of one status, also while the service stops.
const postLimit = 10 * time.Second

// A Service is the loop around passes. It keeps in memory only what a restart finds
// again: which manifests were read at which commit.
type Service struct {
	cfg   Config
	tasks sync.WaitGroup

	mu       sync.Mutex
	head     gitrepo.Commit
	refused  string             // the head of the branch, if it is not applied
	units    map[string]unit    // by path
	clusters map[string]*member // by name
}

// member is a cluster that the head of the branch asks for.
type member struct {
	want    desired.Cluster
	unit    string
	running bool
	// again is the reason for another pass right after the one that runs.
	again schedule.Reason
	// wait is what its last pass stood before; only the pass that runs has it in hand.
	wait wait
	// calmOf is the commit at which it was said last, at calmAt, that there is no drift; empty if something
	// else was said since. Only the pass at work touches the two.
	calmOf string
	calmAt time.Time
	// looked says that a pass was made since the service started. Only the pass at work touches it.
	looked bool
}

// New makes a service.
func New(cfg Config) *Service {
	if cfg.Slots == nil {
		cfg.Slots = NewSlots(4)
	}
	return &Service{cfg: cfg, clusters: map[string]*member{}}
}

// Run watches and runs until ctx ends; then it lets the calls under way finish, posts
// what it knows, and returns.
func (s *Service) Run(ctx context.Context) {
	for trigger := range s.cfg.Schedule.Triggers(ctx) {
		if s.cfg.OnTurn != nil {
			s.cfg.OnTurn()
		}
		switch trigger.Reason {
		case schedule.Poll, schedule.Webhook:
			s.flushTrail(ctx)
			for _, name := range s.look(ctx) {
				s.start(ctx, name, trigger.Reason)
			}
		default:
			for _, name := range s.named(trigger) {
				s.start(ctx, name, trigger.Reason)
			}
		}
	}
	s.tasks.Wait()
}

// named are the clusters that a trigger is about. Those that have a drift schedule of their own are not looked
// at with all others.
func (s *Service) named(t schedule.Trigger) []string {
	if t.Cluster != "" {
		return []string{t.Cluster}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Sorted(maps.Keys(s.clusters)), func(name string) bool {
		return t.Reason == schedule.Drift && s.clusters[name].want.Policy.DriftSchedule != ""
	})
}

// start runs a pass for the cluster, or another one right after the one that runs.
func (s *Service) start(ctx context.Context, name string, reason schedule.Reason) {
	s.mu.Lock()
	defer s.mu.Unlock()
	m, known := s.clusters[name]
	switch {
	case !known:
	case m.running:
		m.again = reason
	default:
		m.running = true
		s.tasks.Go(func() { s.work(ctx, m, reason) })
	}
}

// work runs passes for one cluster until nobody asks for another at once.
func (s *Service) work(ctx context.Context, m *member, reason schedule.Reason) {
	for reason != "" {
		s.cfg.Slots <- struct{}{}
		s.pass(ctx, m, reason)
		<-s.cfg.Slots

		s.mu.Lock()
		reason, m.again = m.again, ""
		if ctx.Err() != nil {
			reason = ""
		}
		m.running = reason != ""
		s.mu.Unlock()
	}
}

func (s *Service) pass(ctx context.Context, m *member, reason schedule.Reason) {
	s.mu.Lock()
	want, head, began := m.want, s.head, time.Now()
	commit, gone := head.Hash, s.clusters[want.Name] != m
	s.mu.Unlock()
	if gone {
		return // its manifest went while it waited for its turn, and that is told
	}
	if reason != schedule.Drift && reason != schedule.Retry {
		s.say(ctx, commitstatus.Status{Commit: commit, Context: applyContext(want.Name), State: commitstatus.Pending, Description: "looking at AWS", First: !m.looked})
	}
	m.looked = true
	result := s.guarded(ctx, want, commit)
	m.wait = m.wait.after(result, time.Now())
	state, text := statusOf(result, time.Since(m.wait.since))
	if ctx.Err() != nil && errors.Is(result.Err, context.Canceled) {
		state, text = commitstatus.Pending, "the service was stopped; it goes on here when it starts again"
	}
	if state == commitstatus.Pending && s.vanishedMeanwhile(m) {
		state, text = commitstatus.Failure, "its manifest is gone from the branch, and nothing more is done"
	}
	s.post(ctx, commit, want.Name, state, text)
	s.endPending(ctx, commit, want, state, text)
	s.tellDrift(ctx, m, commit, want, result)
	s.audit(ctx, head, reason, want, result, began)
	s.plan(want.Name, result)
	s.learn(ctx, head, want, result)
	s.cfg.Log.Info("pass", "cluster", want.Name, "commit", commit, "reason", reason, "state", state,
		"changes", len(result.Planned.Plan.Changes), "text", text)
	if s.cfg.OnResult != nil {
		s.cfg.OnResult(reason, want, result)
	}
}

// vanishedMeanwhile reports that the branch has no manifest of the cluster any more.
func (s *Service) vanishedMeanwhile(m *member) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.clusters[m.want.Name] != m
}

// guarded keeps a bug in one cluster's pass from ending everybody's service.
func (s *Service) guarded(ctx context.Context, want desired.Cluster, commit string) (result Result) {
	defer func() {
		if p := recover(); p != nil {
			s.cfg.Log.Error("a pass ended in a bug", "cluster", want.Name, "bug", p)
			result = Result{Err: fmt.Errorf("the pass ended in a bug of quorate, and changed nothing more: %v", p)}
		}
	}()
	return s.cfg.Run(ctx, want, commit)
}

// plan says when the cluster is run next, by how this pass ended. What a person must
// mend first is left to the next commit, or the next look for drift.
func (s *Service) plan(cluster string, r Result) {
	switch {
	case r.Err == nil && len(r.Planned.Plan.Forbidden()) > 0, r.settled(), r.Err == nil && r.Report.Stopped() && !r.Report.Acted():
		s.cfg.Schedule.Settles(cluster)
	case errors.Is(r.Err, lease.ErrHeld):
		s.cfg.Schedule.Waits(cluster)
	case r.Err != nil, r.Report.State() == apply.Failed, r.Planned.held() > 0 && !r.Report.Acted():
		s.cfg.Schedule.Fails(cluster)
	case r.held() && r.rests():
		s.holds(cluster, r.Leave)
	default:
		s.cfg.Schedule.Waits(cluster)
	}
}

// post says it even while the service stops, or commits would stay pending for ever.
// That it could not be said is logged: the poster keeps it and tries again.
func (s *Service) post(ctx context.Context, commit, cluster string, state commitstatus.State, text string) {
	s.say(ctx, commitstatus.Status{Commit: commit, Context: applyContext(cluster), State: state, Description: text})
}

func (s *Service) say(ctx context.Context, status commitstatus.Status) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), postLimit)
	defer cancel()
	if err := s.cfg.Poster.Post(ctx, status); err != nil {
		s.cfg.Log.Warn("status not posted yet", "context", status.Context, "error", err)
	}
}
