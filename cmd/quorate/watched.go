package main

import (
	"cmp"
	"context"
	"log/slog"
	"path/filepath"
	"time"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/host"
	"github.com/quorate/quorate/sync/lease"
	"github.com/quorate/quorate/sync/review"
	"github.com/quorate/quorate/sync/schedule"
)

// repository is what an operator says of one repository that is to be watched.
type repository struct {
	name    string         // among several; empty for the only one
	git     gitrepo.Config // without a folder, which the service gives it
	path    string         // of the folder that holds the clusters
	hosting hosting
	// trusted is the commit from which on commits must be signed, if the operator names one.
	trusted string
}

// watched is a repository at work: what a service has once for each of them.
type watched struct {
	repository
	service serving
	// dir is the folder of its mirror, its trail and its unposted statuses.
	dir string
	log *slog.Logger

	repo   *gitrepo.Repo
	host   host.Host
	spool  *commitstatus.Spool
	trail  *audit.Log
	trust  *sync.Trust
	stream *schedule.Schedule

	reviews *review.Service
	orders  *review.Orders
}

// watch opens a repository, without asking for anything on the network.
func (s serving) watch(of repository) (*watched, error) {
	w := &watched{repository: of, service: s, dir: s.state, log: s.log}
	w.git.Dir = filepath.Join(w.dir, "git")
	var err error
	if w.repo, err = gitrepo.Open(w.git); err != nil {
		return nil, err
	}
	if w.host, err = w.hosting.open(w.git.URL, commitstatus.NewNotes(w.repo), w.log); err != nil {
		return nil, err
	}
	said, err := commitstatus.NewLedger(filepath.Join(w.dir, "said"), w.host)
	if err != nil {
		return nil, err
	}
	if w.spool, err = commitstatus.NewSpool(filepath.Join(w.dir, "statuses"), said); err != nil {
		return nil, err
	}
	if w.trail, err = w.openTrail(); err != nil {
		return nil, err
	}
	if w.trust, err = w.openTrust(); err != nil {
		return nil, err
	}
	if w.stream, err = schedule.New(s.pace); err != nil {
		return nil, err
	}
	w.reviews, err = w.openReviews()
	return w, err
}

// run keeps the clusters of the repository true until ctx ends.
func (w *watched) run(ctx context.Context) {
	ctx, stop := context.WithCancel(ctx)
	defer catchUp(ctx, w.spool, cmp.Or(w.service.pace.Poll, 30*time.Second), w.log)()
	defer w.follow(ctx)()
	defer stop()
	w.log.Info("watching", "host", w.host.String(), "repository", w.repo.String(), "branch", w.git.Branch, "path", w.path)
	site := w.service.site
	sync.New(sync.Config{
		Repository: w.repo, Path: w.path, Poster: site.linked(w.spool), Auditor: w.auditor(), Trust: w.trust, Schedule: w.stream,
		Run: site.timed(w.pass), Look: w.look, Parallel: w.service.parallel, Log: w.log, OnResult: w.heardOf(w.service.onResult),
		OnTurn: func() { site.turned(w.name) }, OnLook: func(err error) { site.looked(w.name, err) },
	}).Run(ctx)
}

// look plans for a cluster, and changes nothing.
func (w *watched) look(ctx context.Context, c desired.Cluster) (sync.Planned, error) {
	c = w.orders.Obey(c)
	planner, err := w.service.reach.planner(ctx, c)
	if err != nil {
		return sync.Planned{}, err
	}
	return planner.Plan(ctx, c)
}

// pass takes the cluster's lease for the time of one pass.
func (w *watched) pass(ctx context.Context, c desired.Cluster, commit string) sync.Result {
	c = w.orders.Obey(c)
	held, err := lease.Acquire(filepath.Join(w.service.state, "leases"), c.Name)
	if err != nil {
		return sync.Result{Err: err}
	}
	defer held.Release() //nolint:errcheck // a lease that cannot be given back is taken back by the kernel
	if err := held.Settle(ctx); err != nil {
		return sync.Result{Err: err}
	}
	planner, err := w.service.reach.planner(ctx, c)
	if err != nil {
		return sync.Result{Err: err}
	}
	applier, err := w.service.reach.applier(ctx, c, commit, held)
	if err != nil {
		return sync.Result{Err: err}
	}
	return sync.Pass{
		Planner:    planner,
		NewApplier: func(desired.Cluster, string) sync.Applier { return applier },
		Progress:   w.service.progress,
		OnPlan:     w.service.onPlan,
		Auditor:    w.auditor(),
	}.Run(ctx, c, commit)
}
