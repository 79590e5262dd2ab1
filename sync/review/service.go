package review

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"sync"
	"time"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/rules"
	"github.com/quorate/quorate/sync/schedule"
	"github.com/quorate/quorate/sync/webhook"
)

// A Service follows the open pull requests. What it keeps in memory saves work and nothing more: after a
// restart everything is planned once again.
type Service struct {
	cfg      Config
	schedule *schedule.Schedule
	slots    chan struct{}
	read     map[string]unit // by path and hash
	pulls    map[int]*pull

	mu sync.Mutex
	// moved is when a cluster is known to have changed in AWS.
	moved map[string]time.Time
	// heard are pull requests that the host told of.
	heard map[int]bool
}

// pull is what is known of a pull request from the last look at it.
type pull struct {
	seen    host.PullRequest
	touched touched
	refused string
	rows    map[string]row
	told    string // the comment as it was kept last
	at      time.Time
	// permitted is the head of a fork that somebody asked to plan.
	permitted string
	// closed says that it is heard for the last time.
	closed bool
	// goodbyes counts the tries to hear what was said before the pull request was closed.
	goodbyes int
	// unsettled says that the last look found it changed: it is looked at once more, for hosts count in
	// seconds.
	unsettled bool
}

// New makes a service.
func New(cfg Config) (*Service, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	for value, usual := range map[*int]int{&cfg.MaxClusters: 20, &cfg.Parallel: 4} {
		if *value == 0 {
			*value = usual
		}
	}
	if cfg.MaxAge == 0 {
		cfg.MaxAge = 15 * time.Minute
	}
	// A pull request that is due after a poll comes behind those that the host told of.
	stream, err := schedule.New(schedule.Config{Poll: cfg.Poll, Drift: "0 0 1 1 *", Soon: time.Millisecond, FirstRetry: time.Second})
	if err != nil {
		return nil, err
	}
	return &Service{
		cfg: cfg, schedule: stream, slots: make(chan struct{}, cfg.Parallel), read: map[string]unit{}, pulls: map[int]*pull{},
		moved: map[string]time.Time{}, heard: map[int]bool{},
	}, nil
}

// Hear takes what a webhook tells. It does not wait.
func (s *Service) Hear(e webhook.Event) {
	switch e := e.(type) {
	case webhook.PullRequest:
		s.wake(e.Number)
	case webhook.Comment:
		s.wake(e.Number)
	case webhook.Push:
		if e.Ref == "refs/heads/"+s.cfg.Branch {
			s.schedule.Wake("")
		}
	}
}

func (s *Service) wake(number int) {
	s.mu.Lock()
	s.heard[number] = true
	s.mu.Unlock()
	s.schedule.Wake(strconv.Itoa(number))
}

// Moved says that a cluster has changed in AWS: plans of it are made again.
func (s *Service) Moved(cluster string) {
	s.mu.Lock()
	s.moved[cluster] = s.cfg.Now()
	s.mu.Unlock()
	s.schedule.Wake("")
}

// Run follows pull requests until ctx ends.
func (s *Service) Run(ctx context.Context) {
	for trigger := range s.schedule.Triggers(ctx) {
		open, err := s.list(ctx)
		if err != nil {
			if ctx.Err() == nil {
				s.cfg.Log.Warn("cannot list the pull requests", "error", err)
				if trigger.Cluster != "" {
					s.schedule.Fails(trigger.Cluster)
				}
			}
			continue
		}
		if trigger.Cluster == "" {
			s.sift(ctx, open)
			continue
		}
		if number, err := strconv.Atoi(trigger.Cluster); err == nil {
			s.one(ctx, open, number)
		}
	}
}

func (s *Service) list(ctx context.Context) (map[int]host.PullRequest, error) {
	all, err := s.cfg.Host.PullRequests(ctx)
	if err != nil {
		return nil, err
	}
	open := map[int]host.PullRequest{}
	for _, pr := range all {
		if pr.Base == s.cfg.Branch {
			open[pr.Number] = pr
		}
	}
	return open, nil
}

// sift asks for each pull request that there is something new of.
func (s *Service) sift(ctx context.Context, open map[int]host.PullRequest) {
	s.leave(ctx, open)
	for number, pr := range open {
		p := s.pulls[number]
		if p == nil || p.unsettled || !p.seen.Updated.Equal(pr.Updated) || p.seen.Head != pr.Head || p.seen.BaseCommit != pr.BaseCommit || s.aged(p) {
			s.schedule.Waits(strconv.Itoa(number))
		}
	}
}

func (s *Service) aged(p *pull) bool {
	for _, c := range p.touched.changes {
		if r, planned := p.rows[c.name]; planned && !r.again && !s.holds(r, c) {
			return true
		}
	}
	return false
}

// one looks at one pull request, and asks for it again if that failed.
func (s *Service) one(ctx context.Context, open map[int]host.PullRequest, number int) {
	pr, still := open[number]
	if !still {
		s.leave(ctx, open)
		return
	}
	s.mu.Lock()
	heard := s.heard[number]
	delete(s.heard, number)
	s.mu.Unlock()
	began := time.Now()
	again, err := s.review(ctx, pr, heard)
	key := strconv.Itoa(number)
	switch {
	case ctx.Err() != nil:
	case err != nil:
		s.cfg.Log.Warn("pull request", "number", number, "head", pr.Head, "error", err, "again", s.schedule.Fails(key))
	case again:
		s.cfg.Log.Warn("pull request: not all could be planned", "number", number, "head", pr.Head, "again", s.schedule.Fails(key))
	default:
		s.schedule.Settles(key)
		s.cfg.Log.Info("pull request", "number", number, "head", pr.Head, "base", pr.BaseCommit, "took", time.Since(began).Round(time.Millisecond))
	}
}

// review brings everything that is said of a pull request up to date. again asks for another try although
// all was said.
func (s *Service) review(ctx context.Context, pr host.PullRequest, heard bool) (again bool, err error) {
	p := s.pulls[pr.Number]
	moved := p == nil || p.seen.Head != pr.Head || p.seen.BaseCommit != pr.BaseCommit
	if moved {
		fresh, err := s.open(ctx, pr)
		if err != nil {
			return false, err
		}
		if p != nil {
			fresh.rows, fresh.told, fresh.permitted = p.rows, p.told, p.permitted
		}
		p = fresh
		s.pulls[pr.Number] = p
	}
	var unheard error // a plan is not held up by it
	if moved || heard || p.unsettled || !p.seen.Updated.Equal(pr.Updated) {
		unheard = s.obey(ctx, pr, p)
	}
	p.unsettled = unheard != nil || heard || moved || !p.seen.Updated.Equal(pr.Updated)
	p.seen = pr
	if err := s.cfg.Orders.follow(pr); err != nil {
		return false, err
	}
	f := s.find(ctx, pr, p)
	if ctx.Err() != nil {
		return false, ctx.Err() // what was broken off says nothing
	}
	s.post(ctx, f.statuses()...)
	if err := s.tell(ctx, p, f); err != nil {
		return false, err
	}
	for _, r := range f.rows {
		again = again || r.again
	}
	return again, unheard
}

// open reads what the pull request touches. What its author must mend is no error.
func (s *Service) open(ctx context.Context, pr host.PullRequest) (*pull, error) {
	p := &pull{at: s.cfg.Now()}
	t, err := s.touch(ctx, pr)
	switch {
	case errors.Is(err, gitrepo.ErrTooLarge):
		p.refused = "it is larger than is read: " + err.Error()
	case errors.Is(err, gitrepo.ErrUnrelated):
		p.refused = "it shares no history with " + pr.Base + ": begin it from there"
	case err != nil:
		return nil, err
	}
	if n := len(t.changes); n > s.cfg.MaxClusters {
		p.refused = fmt.Sprintf("it touches %d clusters, and no more than %d are planned at once: split it", n, s.cfg.MaxClusters)
		t.changes = nil
	}
	p.touched = t
	return p, nil
}

// errMoved says that a commit is not where the host said a moment ago.
var errMoved = errors.New("it moved while it was looked at")

func (s *Service) touch(ctx context.Context, pr host.PullRequest) (touched, error) {
	for ref, want := range map[string]string{pr.HeadRef: pr.Head, "refs/heads/" + pr.Base: pr.BaseCommit} {
		got, err := s.cfg.Repository.Fetch(ctx, ref)
		if err != nil {
			return touched{}, err
		}
		if got != want {
			return touched{}, fmt.Errorf("%s is %.12s and not %.12s: %w", ref, got, want, errMoved)
		}
	}
	return s.between(pr)
}

// between reads what a pull request touches, of commits that are here.
func (s *Service) between(pr host.PullRequest) (touched, error) {
	fork, err := s.cfg.Repository.MergeBase(pr.BaseCommit, pr.Head)
	if err != nil {
		return touched{}, err
	}
	var units [3]map[string]unit
	for i, commit := range []string{fork, pr.Head, pr.BaseCommit} {
		if units[i], err = s.units(commit); err != nil {
			return touched{}, err
		}
	}
	t := compare(units[0], units[1], units[2])
	t.rules, err = s.rulesDiffer(fork, pr.Head)
	if t.rules && s.cfg.Rules != nil {
		t.problems = append(t.problems, s.cfg.Rules(pr.Head)...)
	}
	if t.rules && s.cfg.RulesChange != nil && len(t.errors()) == 0 {
		t.ruled = s.cfg.RulesChange(fork, pr.Head, manifests(units[1]))
	}
	return t, err
}

func (s *Service) rulesDiffer(fork, head string) (bool, error) {
	var texts [2]string
	for i, commit := range []string{fork, head} {
		data, err := s.cfg.Repository.File(commit, rules.File)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return false, err
		}
		texts[i] = string(data)
	}
	return texts[0] != texts[1], nil
}

// find plans what may be planned.
func (s *Service) find(ctx context.Context, pr host.PullRequest, p *pull) finding {
	f := finding{number: pr.Number, head: pr.Head, base: pr.BaseCommit, baseBranch: pr.Base, touched: p.touched, refused: p.refused, at: p.at}
	if len(p.touched.changes) == 0 || f.refused != "" {
		p.rows = nil
		return f
	}
	if pr.Fork && !s.cfg.Forks && p.permitted != pr.Head {
		f.held = "it comes from a fork: it is planned when somebody who may write here says /quorate plan"
		p.rows = nil
		return f
	}
	if !p.planned() {
		s.post(ctx, commitstatus.Status{Commit: pr.Head, Context: rollUp, State: commitstatus.Pending, Description: "planning"})
	}
	p.rows = s.plan(ctx, p.touched.changes, p.rows)
	f.rows, f.all = p.rows, s.show(pr, p)
	for _, r := range f.rows {
		if r.at.After(f.at) {
			f.at = r.at
		}
	}
	return f
}

// planned says that every cluster has been planned as the pull request has it now.
func (p *pull) planned() bool {
	for _, c := range p.touched.changes {
		if p.rows[c.name].files != c.files {
			return false
		}
	}
	return true
}

// tell keeps the comment. A pull request that never touched a cluster gets none.
func (s *Service) tell(ctx context.Context, p *pull, f finding) error {
	body := f.comment()
	if body == p.told {
		return nil
	}
	if f.touched.nothing() && f.refused == "" && p.told == "" {
		ours, err := s.cfg.Host.Remarks(ctx, f.number)
		if _, spoken := ours[remarkName]; err != nil || !spoken {
			return err
		}
	}
	if err := s.cfg.Host.Keep(ctx, f.number, host.Remark{Name: remarkName, Body: body, Full: f.all}); err != nil {
		return err
	}
	p.told = body
	return nil
}
