package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/actual/preflight"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff/render"
	"github.com/quorate/quorate/internal/picture"
	"github.com/quorate/quorate/internal/prices"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

func planCommand() *cobra.Command {
	var file, output, table string
	var bill bool
	c := &cobra.Command{
		Use:   "plan --file F",
		Short: "Compare a manifest with AWS and print what would change, in order",
		Long: `Compare a manifest with what AWS has and print every change in the order it would
happen. Only describing calls are made, and dry runs that ask for permissions. Exits 0 if nothing would change, 2 if something
would, and 1 on an error or if a change is forbidden.

AWS access is the SDK's default chain: environment, shared files, IAM roles, and
AWS_ENDPOINT_URL for another endpoint.`,
		Args: cobra.NoArgs,
	}
	c.Flags().StringVarP(&file, "file", "f", "", "the manifest, or a folder of manifests, of one cluster")
	c.Flags().BoolVar(&bill, "cost", false, "list in text what each resource costs a month, now and after")
	pricesFlag(c, &table)
	r := reachFlags(c)
	r.proxyFlag(c)
	outputFlag(c, &output, append([]string{"text", "json", "markdown"}, picture.Forms()...)...)
	c.RunE = func(c *cobra.Command, _ []string) error {
		known, err := priceTable(table)
		if err != nil {
			return err
		}
		return planning{r: r, file: file, output: output, prices: known, bill: bill}.run(c.Context(), c)
	}
	return c
}

// planner looks at AWS and asks it with clients that cannot change anything.
func (r *reach) planner(ctx context.Context, cluster desired.Cluster) (sync.Planner, error) {
	a, err := r.to(ctx, cluster)
	if err != nil {
		return sync.Planner{}, err
	}
	p := sync.Planner{
		Observe: func(ctx context.Context, scope actual.Scope) (actual.State, error) {
			return actual.Observe(ctx, actual.FromClients(a.look), scope)
		},
		Preflight: func(ctx context.Context, in preflight.Input) (preflight.Findings, error) {
			return preflight.Check(ctx, preflight.FromClients(a.look), in)
		},
	}
	p.Standing = func(ctx context.Context, c desired.Cluster, ids topology.Bindings) (apply.Standing, error) {
		watcher, err := r.watcher(ctx, c)
		if err != nil {
			return apply.Standing{}, err
		}
		return watcher.Look(ctx, c.Topology, ids)
	}
	nodes, err := r.kubernetes(ctx, cluster)
	if nodes != nil {
		p.Kubernetes = nodes
	}
	return p, err
}

// planning is one run of the plan command.
type planning struct {
	r            *reach
	file, output string
	prices       prices.Table
	bill         bool
}

func (p planning) run(ctx context.Context, c *cobra.Command) error {
	cluster, warnings, err := oneCluster(c.ErrOrStderr(), p.file)
	if err != nil {
		return err
	}
	planner, err := p.r.planner(ctx, cluster)
	if err != nil {
		return err
	}
	planner.Prices = p.prices
	planned, err := planner.Plan(ctx, cluster)
	if err != nil {
		return explained(err)
	}
	shown := planned.Render(warnings...)
	shown.Bill = p.bill
	if err := printPlan(c, p.output, shown); err != nil {
		return err
	}
	switch {
	case len(planned.Plan.Forbidden()) > 0:
		return exitError(codeError)
	case !planned.Plan.Empty():
		return exitError(codeChanges)
	}
	return nil
}

func printPlan(c *cobra.Command, output string, p render.Plan) error {
	switch output {
	case "json":
		return render.JSON(c.OutOrStdout(), p)
	case "markdown":
		return render.Markdown(c.OutOrStdout(), p)
	case picture.DOT, picture.Mermaid, picture.SVG:
		return picture.Write(c.OutOrStdout(), output, picture.OfPlan(p))
	}
	paint, err := painter(c)
	if err != nil {
		return err
	}
	return render.Text(c.OutOrStdout(), p, paint)
}

// explained turns an error of AWS into the sentence that helps.
func explained(err error) error { return errors.New(apply.Explain(err)) }
