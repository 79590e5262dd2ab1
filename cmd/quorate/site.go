package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/lease"
	"github.com/quorate/quorate/sync/metrics"
	"github.com/quorate/quorate/sync/review"
	"github.com/quorate/quorate/sync/schedule"
	"github.com/quorate/quorate/sync/web"
)

// site is what the service shows of itself: health, metrics, and a page for each run. All but its flags is
// nil if nothing is shown.
type site struct {
	listen, public string

	base    *url.URL
	health  *web.Health
	board   *web.Board
	plans   *web.Plans
	metrics *metrics.Metrics
}

func (s *site) flags(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.listen, "listen", "", "address for /healthz, /readyz, /metrics and the pages of runs, such as :8081 (default none); not meant for strangers, unlike --webhook-listen")
	f.StringVar(&s.public, "public-url", "", "where people find what --listen shows; statuses then link to the pages of their runs")
}

// show listens, and lets the site hear of everything. It comes before the state folder is ours: who stands
// by lives, and is not ready.
func (s *serving) show() (hide func(), err error) {
	if s.site.listen == "" {
		if s.site.public != "" {
			return nil, errors.New("--public-url needs --listen")
		}
		return func() {}, nil
	}
	if s.site.base, err = publicURL(s.site.public); err != nil {
		return nil, err
	}
	listener, err := net.Listen("tcp", s.site.listen)
	if err != nil {
		return nil, fmt.Errorf("listen for --listen: %w", err)
	}
	s.site.health = web.NewHealth(s.state, s.pace.Poll, nil)
	s.site.board = web.NewBoard(filepath.Join(s.state, "runs"), s.log)
	s.site.plans = web.NewPlans(filepath.Join(s.state, "plans"), s.log)
	s.site.metrics = metrics.New(versionText())
	s.hear()
	s.log.Info("showing health, metrics and pages", "address", listener.Addr().String())
	ctx, stop := context.WithCancel(context.Background()) // until the last pass has ended
	wait := serve(ctx, listener, web.Handler(web.Config{
		Health: s.site.health, Board: s.site.board, Plans: s.site.plans, Metrics: s.site.metrics.Handler(), Public: s.site.base,
	}))
	return func() { stop(); wait() }, nil
}

func publicURL(text string) (*url.URL, error) {
	if text == "" {
		return nil, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return nil, fmt.Errorf("--public-url %q: write an address such as https://quorate.example.com", text)
	}
	return u, nil
}

// hear puts the site behind whoever listens already.
func (s *serving) hear() {
	onPlan, progress, onResult, site := s.onPlan, s.progress, s.onResult, s.site
	s.onPlan = func(p sync.Planned) {
		site.board.Planned(p)
		if onPlan != nil {
			onPlan(p)
		}
	}
	s.progress = func(cluster string, o apply.Outcome) {
		site.board.Progress(cluster, o)
		if progress != nil {
			progress(cluster, o)
		}
	}
	s.onResult = func(reason schedule.Reason, c desired.Cluster, r sync.Result) {
		if reason == schedule.Drift && r.Err == nil {
			site.metrics.Drift(c.Name, r.Planned.Plan)
		}
		if onResult != nil {
			onResult(reason, c, r)
		}
	}
	s.reach.onAnswer = func(a awsapi.Answer) { site.metrics.Called(a.Service, a.Operation, a.Throttled) }
}

// begin says that the state folder is ours, and what is watched.
func (s site) begin(rooms []*watched) error {
	if s.board == nil {
		return nil
	}
	s.health.Begin()
	for _, w := range rooms {
		s.metrics.Watch(w.spool)
	}
	return s.board.Open()
}

// auditor is the trail, with the pages behind it.
func (w *watched) auditor() sync.Auditor {
	if w.service.site.board == nil {
		return w.trail
	}
	return w.service.site.board.Trail(w.trail)
}

// linked is the poster, with links to pages if people can follow them.
func (s site) linked(next commitstatus.Poster) commitstatus.Poster {
	if s.base == nil {
		return next
	}
	return web.Linked{Next: next, Public: s.base}
}

// planned keeps the page of a plan, and tells where people find it, if they can.
func (s site) planned(p review.Page) (one, all string) {
	if s.plans == nil {
		return "", ""
	}
	s.plans.Keep(web.Plan(p))
	if s.base == nil {
		return "", ""
	}
	return web.PlanPages(s.base, p.Head, p.Cluster)
}

// pageOf finds pages for those who are told of them; nil if people cannot follow.
func (s site) pageOf() func(cluster, commit string) string {
	if s.base == nil {
		return nil
	}
	return func(cluster, commit string) string { return web.Page(s.base, cluster, commit) }
}

// turned hears of each turn of the loop around a repository; it has no name before there is one.
func (s site) turned(repository string) {
	if s.health != nil {
		s.health.Turn(repository)
	}
}

func (s site) looked(repository string, err error) {
	if s.health != nil && !errors.Is(err, context.Canceled) {
		s.health.Read(repository, err)
	}
}

type passFunc = func(ctx context.Context, c desired.Cluster, commit string) sync.Result

// timed is the pass with the site hearing of how it ended.
func (s site) timed(pass passFunc) passFunc {
	if s.board == nil {
		return pass
	}
	return func(ctx context.Context, c desired.Cluster, commit string) sync.Result {
		began := time.Now()
		r := pass(ctx, c, commit)
		s.metrics.Pass(c.Name, r, time.Since(began), time.Now())
		s.board.Passed(c.Name, commit, r)
		if !errors.Is(r.Err, lease.ErrHeld) && !errors.Is(r.Err, context.Canceled) {
			s.health.Looked(c.Name, r.Err)
		}
		return r
	}
}
