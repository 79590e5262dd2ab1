package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/audit"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/gitrepo"
	"github.com/quorate/quorate/sync/lease"
	"github.com/quorate/quorate/sync/schedule"
)

// serving is what the service runs with.
type serving struct {
	repository gitrepo.Config
	path       string
	hosting    hosting
	pace       schedule.Config
	// state is the folder for mirrors, leases and statuses that could not be posted.
	state    string
	parallel int
	reach    *reach
	log      *slog.Logger
	// trail is set while it runs.
	trail *audit.Log
	// trusted is the commit from which on commits must be signed, if the operator names one.
	trusted string

	onPlan   func(sync.Planned)
	progress func(cluster string, o apply.Outcome)
	onResult func(schedule.Reason, desired.Cluster, sync.Result)
}

func runCommand() *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use:   "run --repo URL",
		Short: "Watch a Git repository and keep its clusters true",
		Long: `Watch a branch of a Git repository and keep every cluster below --path equal to its
manifests: a push is applied, drift is corrected on a schedule, and what became of each
commit is posted as commit statuses on the Git host, or as Git notes where there is none
(read them with: git log --notes=quorate).

A SIGTERM lets the AWS calls under way finish, posts, and exits. A kill at any point
loses nothing: the next start looks at Git and AWS, and goes on.

An https token is read from $QUORATE_GIT_TOKEN; ssh uses the agent or --ssh-key, and known_hosts.`,
		Args: cobra.NoArgs,
	}
	f := c.Flags()
	f.StringVar(&s.repository.URL, "repo", "", "repository: a path, or a file, https or ssh URL")
	f.StringVar(&s.repository.Branch, "branch", "main", "branch to follow")
	f.StringVar(&s.path, "path", "", "folder of the repository that holds the clusters (default all of it)")
	f.StringVar(&s.repository.Auth.SSHKeyFile, "ssh-key", "", "private key for ssh URLs")
	f.StringVar(&s.state, "state", "", "folder for the mirror, leases and unposted statuses (default in the user's cache)")
	f.DurationVar(&s.pace.Poll, "poll", 30*time.Second, "time between looks at the repository")
	f.StringVar(&s.pace.Drift, "drift", "*/10 * * * *", "cron line of the looks for drift")
	f.DurationVar(&s.pace.Soon, "soon", 5*time.Second, "time until a pass that waits is run again")
	f.StringVar(&s.trusted, "trusted-commit", "", "commit from which on the signature policy counts (default the first head that is seen)")
	f.IntVar(&s.parallel, "parallel", 4, "clusters at work at once")
	s.hosting.flags(c)
	s.reach = reachFlags(c)
	s.reach.proxyFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		if s.repository.URL == "" {
			return fmt.Errorf("--repo is required")
		}
		if s.log, err = logger(c); err != nil {
			return err
		}
		s.repository.Auth.Token = os.Getenv("QUORATE_GIT_TOKEN")
		s.progress = s.logStep
		return s.run(c.Context())
	}
	return c
}

// run serves until ctx ends.
func (s serving) run(ctx context.Context) error {
	if s.state == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			return fmt.Errorf("--state is required here: %w", err)
		}
		s.state = filepath.Join(cache, "quorate")
	}
	folder, err := s.takeFolder(ctx)
	if err != nil {
		return err
	}
	defer folder.Release() //nolint:errcheck // the process ends, and the kernel takes the lock back
	s.repository.Dir = filepath.Join(s.state, "git")
	repo, err := gitrepo.Open(s.repository)
	if err != nil {
		return err
	}
	at, err := s.hosting.open(s.repository.URL, commitstatus.NewNotes(repo), s.log)
	if err != nil {
		return err
	}
	spool, err := commitstatus.NewSpool(filepath.Join(s.state, "statuses"), at)
	if err != nil {
		return err
	}
	if s.trail, err = openTrail(s, repo); err != nil {
		return err
	}
	trust, err := openTrust(s, repo)
	if err != nil {
		return err
	}
	stream, err := schedule.New(s.pace)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	heard, err := s.hosting.hear(ctx, s.repository.URL, s.repository.Branch, stream, s.log)
	if err != nil {
		stop()
		return err
	}
	defer heard()
	defer catchUp(ctx, spool, cmp.Or(s.pace.Poll, 30*time.Second), s.log)()
	defer stop()
	s.log.Info("watching", "host", at.String(), "repository", repo.String(), "branch", s.repository.Branch, "path", s.path)
	sync.New(sync.Config{
		Repository: repo, Path: s.path, Poster: commitstatus.NewOnce(spool), Auditor: s.trail, Trust: trust, Schedule: stream,
		Run: s.pass, Look: s.look, Parallel: s.parallel, Log: s.log, OnResult: s.onResult,
	}).Run(ctx)
	s.log.Info("stopped")
	return nil
}

// takeFolder waits until no other service works from the state folder: the mirror and the
// unposted statuses are for one at a time. A successor may thus be started before its
// predecessor has ended.
func (s serving) takeFolder(ctx context.Context) (*lease.Lease, error) {
	for told := false; ; told = true {
		folder, err := lease.Acquire(s.state, "service")
		if !errors.Is(err, lease.ErrHeld) {
			return folder, err
		}
		if !told {
			s.log.Warn("another service works from this state folder; standing by until it ends", "folder", s.state)
		}
		if wait(ctx, time.Second); ctx.Err() != nil {
			return nil, fmt.Errorf("stopped while standing by: %w", err)
		}
	}
}

// logStep leaves a line about each change to AWS; what is only waited for is told at the
// end of the pass.
func (s serving) logStep(cluster string, o apply.Outcome) {
	level := slog.LevelDebug
	if o.State == apply.Done {
		level = slog.LevelInfo
	}
	s.log.Log(context.Background(), level, "step", "cluster", cluster, "effect", o.Effect, "ref", o.Ref, "state", o.State, "reason", o.Reason, "took", o.Took)
}

// look plans for a cluster, and changes nothing.
func (s serving) look(ctx context.Context, c desired.Cluster) (sync.Planned, error) {
	planner, err := s.reach.planner(ctx, c)
	if err != nil {
		return sync.Planned{}, err
	}
	return planner.Plan(ctx, c)
}

// pass takes the cluster's lease for the time of one pass.
func (s serving) pass(ctx context.Context, c desired.Cluster, commit string) sync.Result {
	held, err := lease.Acquire(filepath.Join(s.state, "leases"), c.Name)
	if err != nil {
		return sync.Result{Err: err}
	}
	defer held.Release() //nolint:errcheck // a lease that cannot be given back is taken back by the kernel
	if err := held.Settle(ctx); err != nil {
		return sync.Result{Err: err}
	}
	planner, err := s.reach.planner(ctx, c)
	if err != nil {
		return sync.Result{Err: err}
	}
	applier, err := s.reach.applier(ctx, c, commit, held)
	if err != nil {
		return sync.Result{Err: err}
	}
	return sync.Pass{
		Planner:    planner,
		NewApplier: func(desired.Cluster, string) sync.Applier { return applier },
		Progress:   s.progress,
		OnPlan:     s.onPlan,
		Auditor:    s.trail,
	}.Run(ctx, c, commit)
}
