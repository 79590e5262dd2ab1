package sync

import (
	"context"
	"fmt"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/promotion"
	"github.com/quorate/quorate/topology"
)

// Applier carries out one plan; apply.Applier does.
type Applier interface {
	Run(ctx context.Context, in apply.Input) apply.Report
}

// A Pass takes one cluster one step closer to its manifest.
type Pass struct {
	Planner
	// NewApplier makes what carries out a plan, for the cluster at the commit.
	NewApplier func(c desired.Cluster, commit string) Applier
	// Progress, if set, hears each outcome as it comes.
	Progress func(cluster string, o apply.Outcome)
	// Planned, if set, hears the plan before anything of it happens.
	OnPlan func(Planned)
	// Leave, if set, decides whether a plan may be carried out now, as far as people have a say; one that may
	// not comes to its next safe point. promotion.Promotion.Leave does.
	Leave func(ctx context.Context, r promotion.Request) promotion.Leave
	// Author, if set, names who wrote a commit.
	Author func(commit string) (string, error)
	// Auditor, if set, is told before anything happens, and nothing happens if it cannot note it.
	Auditor Auditor
	// Mark writes [topology.TagApplied] on groups; apply.Applier.MarkApplied does. A pass with Drift needs it.
	Mark func(ctx context.Context, groups []topology.Ref, value string) error
}

// Result is what one pass did.
type Result struct {
	Planned Planned
	Report  apply.Report
	// Leave is what the rules said of the plan; nil if they were not asked.
	Leave *promotion.Leave
	// Err is set if the pass could not look at AWS; nothing was changed then.
	Err error
}

// Converged reports that AWS is what the manifest says, and works.
func (r Result) Converged() bool { return r.settled() && r.Planned.held() == 0 }

// settled reports that it is, but for what drifted and waits for people.
func (r Result) settled() bool {
	return r.Err == nil && r.Planned.Plan.Empty() && r.Planned.Plan.Hop.Last() && r.Report.State() == apply.Done
}

// Run looks, plans, and carries out what can be carried out now.
func (p Pass) Run(ctx context.Context, c desired.Cluster, commit string) Result {
	planned, err := p.Plan(ctx, c)
	if err != nil {
		return Result{Err: err}
	}
	if p.OnPlan != nil {
		p.OnPlan(planned)
	}
	result := Result{Planned: planned, Leave: p.ask(ctx, c, commit, planned)}
	if err := p.begin(result, commit); err != nil {
		return Result{Err: fmt.Errorf("nothing was changed, for it could not be noted: %w", err)}
	}
	in := planned.Input(c)
	if result.held() {
		in.Paused = result.Leave.Reason
	} else if err := p.begins(ctx, c, planned); err != nil {
		return Result{Err: fmt.Errorf("nothing was changed, for it could not be noted that other manifests begin: %w", err)}
	}
	in.Progress = func(o apply.Outcome) {
		if p.Progress != nil {
			p.Progress(c.Name, o)
		}
	}
	result.Report = p.NewApplier(c, commit).Run(ctx, in)
	p.learn(ctx, c, &result)
	return result
}

// Input is what a run is about that carries out the plan, or only looks as one would. The cluster is the one of
// the manifest, which the plan may reach in several hops.
func (p Planned) Input(c desired.Cluster) apply.Input {
	return apply.Input{
		Plan: p.Plan, Steps: p.Steps, Want: p.Cluster.Topology, Have: p.State.Topology,
		Bindings: p.State.Bindings, Machines: p.State.Machines, Rolling: p.Cluster.Rolling,
		Marks: p.State.Facts.Marks, Observed: p.At, Digest: c.Digest, Resume: c.Policy.Resume, Paused: c.Policy.Paused,
	}
}
