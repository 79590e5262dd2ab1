package main

import (
	"context"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/explain"
	"github.com/quorate/quorate/sync/lease"
)

func explainCommand() *cobra.Command {
	var x explaining
	c := &cobra.Command{
		Use:   "explain [CLUSTER] --file F",
		Short: "Say what a cluster is waiting for, since when, and who can unblock it",
		Long: `Look at a cluster and say in sentences what keeps it from being what its manifest says, and
working: a pause, a change that is not allowed, a master that is not back, a drain that a
PodDisruptionBudget blocks, machines that are still to be replaced; since when, until when
nobody needs to do anything, and who can unblock it. Nothing is changed.

Exits 0 whatever it waits for, 1 if it could not look, and 2 if the command line or the
manifest is wrong. To judge whether a cluster is healthy: quorate check.`,
	}
	x.clusterFlags(c)
	outputFlag(c, &x.output, "text", "json")
	aboutACluster(c)
	c.RunE = func(c *cobra.Command, args []string) error { return x.run(c.Context(), c, args) }
	return c
}

// explaining is one run of the explain command.
type explaining struct {
	chosen
	output string
}

func (x *explaining) run(ctx context.Context, c *cobra.Command, args []string) error {
	cluster, err := x.cluster(c, args)
	if err != nil {
		return err
	}
	sources, err := x.r.waits(ctx, cluster)
	if err != nil {
		return err
	}
	facts, err := sources.Gather(ctx, cluster)
	if err != nil {
		return explained(err)
	}
	report := explain.Of(facts)
	if x.output == "json" {
		return explain.JSON(c.OutOrStdout(), report)
	}
	colored, err := colored(c)
	if err != nil {
		return err
	}
	paint := explain.Plain
	if colored {
		paint = func(text string) string { return inColor(color.Bold, text) }
	}
	return explain.Text(c.OutOrStdout(), report, paint)
}

// waits are where it is seen what a cluster waits for.
func (r *reach) waits(ctx context.Context, cluster desired.Cluster) (explain.Sources, error) {
	planner, err := r.planner(ctx, cluster)
	if err != nil {
		return explain.Sources{}, err
	}
	planner.Preflight = nil // whether a plan could happen is the plan's to say
	watcher, err := r.watcher(ctx, cluster)
	if err != nil {
		return explain.Sources{}, err
	}
	s := explain.Sources{Plan: planner.Plan, Advise: watcher.Advise, Holder: holder, Now: time.Now}
	nodes, err := r.kubernetes(ctx, cluster)
	if nodes != nil {
		s.Kubernetes = nodes
	}
	return s, err
}

// holder is the process of this user that is at work on a cluster; 0 for none, or where nobody can tell.
func holder(cluster string) int {
	dir, err := lease.Dir()
	if err != nil {
		return 0
	}
	return lease.Holder(dir, cluster)
}
