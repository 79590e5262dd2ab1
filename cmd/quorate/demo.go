package main

import (
	"context"
	"log/slog"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/examples"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/demo"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/gitrepo"
)

func demoCommand() *cobra.Command {
	var exit bool
	var output string
	c := &cobra.Command{
		Use:   "demo",
		Short: "Play the whole story on a simulated AWS region with real etcd members",
		Long: `Start a simulated AWS region, a Git repository and the service, and play the main job:
commit a cluster and build it, roll its masters while a client writes to etcd, drift it by
hand and correct it. Then everything stays up for you to try, until Ctrl-C; with --exit the
command ends with the story, and exits 0 only if everything held.`,
		Args: cobra.NoArgs,
	}
	c.Flags().BoolVar(&exit, "exit", false, "end with the story; exit 0 only if everything held")
	outputFlag(c, &output, "text", "json")
	c.RunE = func(c *cobra.Command, _ []string) error {
		paint, err := painter(c)
		if err != nil {
			return err
		}
		out := c.OutOrStdout()
		if output == "json" {
			out = c.ErrOrStderr() // the story goes beside the summary
		}
		log := slog.New(slog.DiscardHandler)
		summary, err := demo.Run(c.Context(), demo.Config{
			Out: out, Paint: paint, Manifest: examples.HA, Stay: !exit,
			Serve: func(ctx context.Context, s demo.Serving) error { return serveDemo(ctx, s, log) },
			Plan:  planOnce,
		})
		if err != nil {
			return err
		}
		if output == "json" {
			if err := writeJSON(c.OutOrStdout(), summary); err != nil {
				return err
			}
		}
		if !summary.Held {
			return exitError(codeError)
		}
		return nil
	}
	return c
}

// serveDemo runs the same service as the run command.
func serveDemo(ctx context.Context, s demo.Serving, log *slog.Logger) error {
	return serving{
		only: repository{git: gitrepo.Config{URL: s.Repository, Branch: "main"}, path: s.Path}, pace: s.Pace, state: s.State,
		reach: &reach{calls: &awsapi.Calls{}, dial: s.Dial}, log: log,
		onPlan: s.OnPlan, progress: s.Progress, onResult: s.OnResult,
	}.run(ctx)
}

// planOnce looks at AWS with clients of its own.
func planOnce(ctx context.Context, c desired.Cluster) (sync.Planned, error) {
	planner, err := (&reach{calls: &awsapi.Calls{}}).planner(ctx, c)
	if err != nil {
		return sync.Planned{}, err
	}
	return planner.Plan(ctx, c)
}
