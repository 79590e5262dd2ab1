package main

import (
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
	"github.com/quorate/quorate/sync/lease"
	"github.com/quorate/quorate/sync/schedule"
)

// serving is the process: what it has once, however many repositories it watches.
type serving struct {
	// only is the repository that --repo names, and list the file that names several.
	only repository
	list string
	pace schedule.Config
	// listen is where webhooks arrive; empty for none.
	listen string
	// state is the folder for mirrors, leases and statuses that could not be posted.
	state    string
	parallel int
	reach    *reach
	reviews  reviewing
	site     site
	people   notifying
	log      *slog.Logger

	onPlan   func(sync.Planned)
	progress func(cluster string, o apply.Outcome)
	onResult func(schedule.Reason, desired.Cluster, sync.Result)
}

func runCommand() *cobra.Command {
	var s serving
	c := &cobra.Command{
		Use:   "run --repo URL | --repositories FILE",
		Short: "Watch Git repositories and keep their clusters true",
		Long: `Watch a branch or tag of a Git repository and keep every cluster below --path equal to its
manifests: a push is applied, drift is corrected on a schedule, and what became of each
commit is posted as commit statuses on the Git host, or as Git notes where there is none
(read them with: git log --notes=quorate).

A SIGTERM lets the AWS calls under way finish, posts, and exits. A kill at any point
loses nothing: the next start looks at Git and AWS, and goes on.

An https token is read from $QUORATE_GIT_TOKEN, a file, or is that of the Git host; ssh uses
the agent or --ssh-key, and known_hosts. Several repositories are listed in a file, each with
its own credentials.`,
		Args: cobra.NoArgs,
	}
	s.only.flags(c)
	f := c.Flags()
	f.StringVar(&s.list, "repositories", "", "file that lists several repositories, rather than --repo; see docs/watching.md")
	f.StringVar(&s.state, "state", "", "folder for the mirror, leases and unposted statuses (default in the user's cache)")
	f.DurationVar(&s.pace.Poll, "poll", 30*time.Second, "time between looks at the repository")
	f.StringVar(&s.pace.Drift, "drift", "*/10 * * * *", "cron line of the looks for drift")
	f.DurationVar(&s.pace.Soon, "soon", 5*time.Second, "time until a pass that waits is run again")
	f.IntVar(&s.parallel, "parallel", 4, "clusters at work at once")
	s.reviews.flags(c)
	s.site.flags(c)
	s.people.flags(c)
	f.StringVar(&s.listen, "webhook-listen", "", "address to hear webhooks of the Git host at, such as :8080 (default none)")
	s.reach = reachFlags(c)
	s.reach.proxyFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) (err error) {
		if (s.only.git.URL == "") == (s.list == "") {
			return errors.New("--repo or --repositories is required, and one of them")
		}
		if s.log, err = logger(c); err != nil {
			return err
		}
		s.only.git.Auth.Token = os.Getenv("QUORATE_GIT_TOKEN")
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
	hide, err := s.show()
	if err != nil {
		return err
	}
	defer hide()
	folder, err := s.takeFolder(ctx)
	if err != nil {
		return err
	}
	defer folder.Release() //nolint:errcheck // the process ends, and the kernel takes the lock back
	tellRest, err := s.notify()
	if err != nil {
		return err
	}
	defer tellRest()
	rooms, err := s.open()
	if err != nil {
		return err
	}
	if err := s.site.begin(rooms); err != nil {
		return err
	}
	hooks, err := s.hooks(rooms)
	if err != nil {
		return err
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	heard, err := s.listenTo(ctx, hooks)
	if err != nil {
		return err
	}
	keepTrue(ctx, rooms, (*watched).run)
	stop()
	heard()
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
		s.site.turned("")
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
