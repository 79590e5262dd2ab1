package main

import (
	"bufio"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff/render"
	"github.com/quorate/quorate/internal/prices"
	"github.com/quorate/quorate/sync"
)

func applyCommand() *cobra.Command {
	var file, table string
	var yes bool
	var pause, stuck time.Duration
	c := &cobra.Command{
		Use:   "apply --file F",
		Short: "Bring AWS to what a manifest says: passes until converged, or stuck",
		Long: `Plan, ask, and apply, in passes, until AWS is what the manifest says and works. When a
pass has to wait (for AWS to settle, for a zone to come back, for etcd to catch up) it
says why. Exits 0 when converged, and 1 when something failed, is forbidden, or has not
moved for --stuck. Stopping it at any point loses nothing: run it again.`,
		Args: cobra.NoArgs,
	}
	c.Flags().StringVarP(&file, "file", "f", "", "the manifest, or a folder of manifests, of one cluster")
	c.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask before the first change")
	c.Flags().DurationVar(&pause, "pause", 5*time.Second, "pause between passes that wait")
	c.Flags().DurationVar(&stuck, "stuck", 20*time.Minute, "give up when nothing has moved for so long")
	pricesFlag(c, &table)
	r := reachFlags(c)
	r.proxyFlag(c)
	c.RunE = func(c *cobra.Command, _ []string) error {
		cluster, warnings, err := oneCluster(c.ErrOrStderr(), file)
		if err != nil {
			return err
		}
		known, err := priceTable(table)
		if err != nil {
			return err
		}
		return (&application{c: c, r: r, cluster: cluster, prices: known, warnings: warnings, yes: yes, pause: pause, stuck: stuck}).run(c.Context(), file)
	}
	return c
}

// application is one run of the apply command.
type application struct {
	c            *cobra.Command
	r            *reach
	cluster      desired.Cluster
	prices       prices.Table
	warnings     []string
	yes          bool
	pause, stuck time.Duration
}

func (a *application) run(ctx context.Context, file string) error {
	held, err := acquire(a.cluster)
	if err != nil {
		return err
	}
	defer held.Release() //nolint:errcheck // the process ends, and the kernel takes the lock back
	if err := held.Settle(ctx); err != nil {
		return err
	}
	planner, err := a.r.planner(ctx, a.cluster)
	if err != nil {
		return err
	}
	planner.Prices = a.prices
	commit, err := fingerprint(file)
	if err != nil {
		return err
	}
	applier, err := a.r.applier(ctx, a.cluster, commit, held)
	if err != nil {
		return err
	}
	first, err := planner.Plan(ctx, a.cluster)
	if err != nil {
		return explained(err)
	}
	if agreed, err := a.agreed(ctx, first); !agreed || err != nil {
		return err
	}
	planner.Preflight = nil // the first plan was asked about, and the passes only carry on with it
	shown := newProgress(a.c)
	pass := sync.Pass{
		Planner: planner, NewApplier: func(desired.Cluster, string) sync.Applier { return applier },
		OnPlan:   func(p sync.Planned) { shown.pass(len(p.Steps)) },
		Progress: func(_ string, o apply.Outcome) { shown.outcome(o) },
	}
	result, err := a.passes(ctx, pass, commit, shown)
	shown.end()
	if err == nil && result.Planned.Gone() {
		fmt.Fprintf(a.c.OutOrStdout(), "Gone: %s, with %d AWS calls.\n", result.Planned.Ended(), a.r.calls.Total())
	} else if err == nil {
		fmt.Fprintf(a.c.OutOrStdout(), "Converged: %d resources as the manifest says, with %d AWS calls.\n", result.Planned.State.Topology.Len(), a.r.calls.Total())
	}
	return err
}

// agreed shows the plan and asks, unless there is nothing to change or --yes was given. A
// plan with a forbidden change is not applied, so nobody is asked about it.
func (a *application) agreed(ctx context.Context, p sync.Planned) (bool, error) {
	paint, err := painter(a.c)
	if err != nil {
		return false, err
	}
	if err := render.Text(a.c.OutOrStdout(), p.Render(a.warnings...), paint); err != nil {
		return false, err
	}
	if forbidden := p.Plan.Forbidden(); len(forbidden) > 0 {
		return false, fmt.Errorf("nothing was changed: %s is not allowed: %s", forbidden[0].Ref, forbidden[0].Reason)
	}
	if a.yes || p.Plan.Empty() {
		return true, nil
	}
	return a.ask(ctx), nil
}

// ask takes yes for yes. Whoever presses Ctrl-C instead of answering has answered.
func (a *application) ask(ctx context.Context) bool {
	out := a.c.OutOrStdout()
	fmt.Fprint(out, "Apply? Only 'yes' is taken as yes: ")
	answers := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(a.c.InOrStdin()).ReadString('\n') // the end of the input is no yes
		answers <- line
	}()
	select {
	case answer := <-answers:
		if strings.TrimSpace(answer) == "yes" {
			return true
		}
	case <-ctx.Done():
	}
	fmt.Fprintln(out, "Nothing was changed.")
	return false
}

// passes runs until converged or stuck, with a pause behind each pass that waits.
func (a *application) passes(ctx context.Context, pass sync.Pass, commit string, shown progress) (sync.Result, error) {
	moved, last := time.Now(), ""
	for {
		result := pass.Run(ctx, a.cluster, commit)
		report := result.Report
		switch {
		case ctx.Err() != nil:
			return result, errors.New("stopped; run the command again to go on")
		case result.Err != nil:
			return result, explained(result.Err)
		case result.Converged():
			return result, nil
		case report.State() == apply.Failed:
			return result, errors.New(report.Reason())
		}
		reason := result.Reason()
		shown.waits(reason)
		if report.Acted() || reason != last {
			moved, last = time.Now(), reason
		}
		if time.Since(moved) > a.stuck {
			return result, fmt.Errorf("nothing has moved for %s: %s", a.stuck, reason)
		}
		if report.State() == apply.Waiting {
			wait(ctx, a.pause)
		}
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

// fingerprint stands for the commit where there is none: the content of the files.
func fingerprint(path string) (string, error) {
	files, err := readManifests(path)
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, f := range files {
		fmt.Fprintf(sum, "%s %d\n", f.Name, len(f.Data))
		sum.Write(f.Data)
	}
	return hex.EncodeToString(sum.Sum(nil)[:20]), nil
}
