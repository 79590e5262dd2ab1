package main

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fatih/color"
	"github.com/spf13/cobra"

	"github.com/quorate/quorate/actual/vitals"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/kopskeys"
	"github.com/quorate/quorate/internal/kopsstore"
	"github.com/quorate/quorate/sync/checkup"
)

func checkCommand() *cobra.Command {
	var x checking
	c := &cobra.Command{
		Use:   "check [CLUSTER] --file F",
		Short: "Say whether a cluster is healthy, and what to do if it is not",
		Long: `Look at a cluster from all sides and judge it: what kops validate cluster checks (machines,
nodes, the pods of the system, the API's name), and what it does not (the members of both
etcd clusters, volumes, targets, template versions, failed launches, version skew, the age
of backups, the ends of certificates). Nothing is changed.

Every finding is ok, a warning, a failure or unknown, with what to do. Unknown is never ok:
what you cannot or do not want to give access to is left out with --without.

Exits 0 if nothing failed and nothing is unknown, 1 if something did or is, and 2 if the
command line or the manifest is wrong. With --wait it asks again until all is well.`,
	}
	f := c.Flags()
	f.DurationVar(&x.wait, "wait", 0, "ask again until the cluster is healthy, for at most so long, e.g. 10m")
	f.DurationVar(&x.every, "every", 10*time.Second, "time between two looks of --wait")
	f.StringSliceVar(&x.without, "without", nil, "checks to leave out: "+strings.Join(checkup.Checks(), ", "))
	x.clusterFlags(c)
	outputFlag(c, &x.output, "text", "json")
	aboutACluster(c)
	c.RunE = func(c *cobra.Command, args []string) error { return x.run(c.Context(), c, args) }
	return c
}

// chosen is the cluster that a command is about, and how it is reached.
type chosen struct {
	file string
	r    *reach
}

func (x *chosen) clusterFlags(c *cobra.Command) {
	c.Flags().StringVarP(&x.file, "file", "f", ".", "the manifest, or a folder of manifests; of several clusters CLUSTER names one")
	x.r = reachFlags(c)
	x.r.proxyFlag(c)
}

func (x *chosen) cluster(c *cobra.Command, args []string) (desired.Cluster, error) {
	name := ""
	if len(args) > 0 {
		name = args[0]
	}
	cluster, err := namedCluster(c.ErrOrStderr(), x.file, name)
	if _, told := errors.AsType[exitError](err); told {
		return desired.Cluster{}, exitError(codeUsage)
	}
	if err != nil {
		return desired.Cluster{}, usageError{err}
	}
	return cluster, nil
}

// aboutACluster gives a command whose exit code 1 speaks of a cluster another one for its own misuse.
func aboutACluster(c *cobra.Command) {
	c.Args = func(c *cobra.Command, args []string) error {
		if err := cobra.MaximumNArgs(1)(c, args); err != nil {
			return usageError{err}
		}
		return nil
	}
	c.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usageError{err} })
	if before := c.PreRunE; before != nil {
		c.PreRunE = func(c *cobra.Command, args []string) error {
			if err := before(c, args); err != nil {
				return usageError{err}
			}
			return nil
		}
	}
}

// checking is one run of the check command.
type checking struct {
	chosen
	output      string
	wait, every time.Duration
	without     []string
}

func (x *checking) run(ctx context.Context, c *cobra.Command, args []string) error {
	for _, name := range x.without {
		if !slices.Contains(checkup.Checks(), name) {
			return usageError{fmt.Errorf("--without %s: there is no such check; there are %s", name, strings.Join(checkup.Checks(), ", "))}
		}
	}
	cluster, err := x.cluster(c, args)
	if err != nil {
		return err
	}
	report, err := x.patiently(ctx, c, cluster)
	if err != nil {
		return err
	}
	if err := x.print(c, report); err != nil {
		return err
	}
	if !report.Healthy {
		return exitError(codeError)
	}
	return nil
}

// patiently looks until the cluster is healthy or the time is over, and gives what was seen last.
func (x *checking) patiently(ctx context.Context, c *cobra.Command, cluster desired.Cluster) (checkup.Report, error) {
	end, said := time.Now().Add(x.wait), ""
	for {
		report, err := x.look(ctx, cluster)
		if err == nil && report.Healthy || time.Now().After(end) || ctx.Err() != nil {
			return report, err
		}
		var text string
		if err != nil {
			text = err.Error()
		} else {
			text = report.Sum(checkup.Plain)
		}
		if text != said {
			fmt.Fprintf(c.ErrOrStderr(), "… %s\n", text)
			said = text
		}
		wait(ctx, min(x.every, time.Until(end)))
	}
}

func (x *checking) look(ctx context.Context, cluster desired.Cluster) (checkup.Report, error) {
	sources, err := x.r.sources(ctx, cluster)
	if err != nil {
		return checkup.Report{}, err
	}
	facts, err := sources.Gather(ctx, cluster, x.without...)
	if err != nil {
		return checkup.Report{}, explained(err)
	}
	return checkup.Judge(facts, x.without...), nil
}

func (x *checking) print(c *cobra.Command, report checkup.Report) error {
	if x.output == "json" {
		return checkup.JSON(c.OutOrStdout(), report)
	}
	colored, err := colored(c)
	if err != nil {
		return err
	}
	paint := checkup.Plain
	if colored {
		paint = paintSeverity
	}
	return checkup.Text(c.OutOrStdout(), report, paint)
}

var severityColors = map[checkup.Severity]color.Attribute{
	checkup.OK: color.FgGreen, checkup.Warning: color.FgYellow, checkup.Failure: color.FgRed, checkup.Unknown: color.FgMagenta,
}

func paintSeverity(s checkup.Severity, text string) string { return inColor(severityColors[s], text) }

// watcher sees the control plane of a cluster, and can change nothing.
func (r *reach) watcher(ctx context.Context, cluster desired.Cluster) (apply.Watcher, error) {
	a, err := r.to(ctx, cluster)
	if err != nil {
		return apply.Watcher{}, err
	}
	dial, err := r.dialer()
	if err != nil {
		return apply.Watcher{}, err
	}
	config := apply.WatchConfig{Clients: a.look, Cluster: cluster.Name, Etcd: health.Prober{Dial: dial}, Rolling: cluster.Rolling}
	nodes, err := r.kubernetes(ctx, cluster)
	if nodes != nil {
		config.Nodes = nodes
	}
	return apply.NewWatcher(config), err
}

// sources ask AWS with clients that refuse every changing call.
func (r *reach) sources(ctx context.Context, cluster desired.Cluster) (checkup.Sources, error) {
	planner, err := r.planner(ctx, cluster)
	if err != nil {
		return checkup.Sources{}, err
	}
	planner.Preflight = nil // whether a plan could happen says nothing of what is there
	watcher, err := r.watcher(ctx, cluster)
	if err != nil {
		return checkup.Sources{}, err
	}
	a, err := r.to(ctx, cluster)
	if err != nil {
		return checkup.Sources{}, err
	}
	dial, err := r.dialer()
	if err != nil {
		return checkup.Sources{}, err
	}
	s := checkup.Sources{
		Plan: planner.Plan, Advise: watcher.Advise,
		Groups: func(ctx context.Context, name string) ([]vitals.Group, error) {
			return vitals.Groups(ctx, a.look.AutoScaling, name)
		},
		Snapshots: func(ctx context.Context, volumes []string) ([]vitals.Snapshot, error) {
			return vitals.Snapshots(ctx, a.look.EC2, volumes)
		},
		List: func(ctx context.Context, url string) ([]string, error) {
			store, err := r.store(ctx, url, cluster.Region)
			if err != nil {
				return nil, err
			}
			return store.List(ctx, "")
		},
		Authority: r.authority,
		Dial:      dial,
		Now:       time.Now,
	}
	nodes, err := r.kubernetes(ctx, cluster)
	if nodes != nil {
		s.Kubernetes = nodes
	}
	return s, err
}

// authority reads the half of the keyset that is no secret.
func (r *reach) authority(ctx context.Context, cluster desired.Cluster) ([]*x509.Certificate, error) {
	store, err := r.store(ctx, cluster.ConfigBase, cluster.Region)
	if err != nil {
		return nil, err
	}
	all, err := kopskeys.Certificates(ctx, store, "")
	var certificates []*x509.Certificate
	for _, c := range all {
		certificates = append(certificates, c.Certificate)
	}
	return certificates, err
}

// store opens a folder in a bucket, of which keys and secrets stay closed.
func (r *reach) store(ctx context.Context, url, region string) (kopsstore.Store, error) {
	return kopsstore.Open(ctx, url, region, func(ctx context.Context, region string) (awsapi.Clients, error) {
		return awsapi.Load(ctx, r.options(desired.Cluster{Region: region}))
	})
}
