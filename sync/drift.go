package sync

import (
	"context"
	"fmt"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/drift"
	"github.com/quorate/quorate/topology"
)

// driftContext is the name under which the drift of a cluster is posted.
func driftContext(cluster string) string { return "quorate/drift/" + cluster }

// calmPause is how often it is said that there is no drift: hosts take 1000 statuses of one context for one
// commit (https://docs.github.com/en/rest/commits/statuses), which at this pace last 250 days.
const calmPause = 6 * time.Hour

// judge takes out of the plan what is drift and waits for people.
func (p Planner) judge(ctx context.Context, c desired.Cluster, planned *Planned) {
	if p.Drift == nil {
		return
	}
	plan, report := p.Drift.Look(c, planned.State.Facts.Marks, planned.Plan, planned.At)
	p.Drift.Attribute(ctx, c, planned.Plan, planned.State.Bindings, &report, planned.At)
	planned.Plan, planned.Drift = plan, &report
	planned.Cluster.Topology = leave(planned.Cluster.Topology, report)
}

// leave is what is wanted, with what drifted and waits for people as it is: nobody waits for it.
func leave(want topology.Topology, report drift.Report) topology.Topology {
	asFound := map[topology.Ref]topology.Resource{}
	for _, c := range report.Held {
		if c.Want != nil && c.Have != nil {
			asFound[c.Ref] = c.Have
		}
	}
	if len(asFound) == 0 {
		return want
	}
	var resources []topology.Resource
	for ref, r := range want.All() {
		if found, drifted := asFound[ref]; drifted {
			r = found
		}
		resources = append(resources, r)
	}
	left, err := topology.New(resources...)
	if err != nil {
		return want // it leans on something that nobody wants; then that is waited for
	}
	return left
}

// begins takes back, before anything of new manifests happens, that others were applied to their end.
func (p Pass) begins(ctx context.Context, c desired.Cluster, planned Planned) error {
	if p.Drift == nil || planned.Drift.Known || len(planned.Steps) == 0 || len(planned.Plan.Forbidden()) > 0 || planned.Plan.EndsCluster() {
		return nil
	}
	key, err := drift.Key(c)
	if err != nil {
		return err
	}
	return p.mark(ctx, planned, drift.Before(planned.State.Facts.Marks, key))
}

func (p Pass) mark(ctx context.Context, planned Planned, value string) error {
	groups := drift.Groups(planned.State.Topology)
	if value == "" || len(groups) == 0 {
		return nil
	}
	return p.Mark(ctx, groups, value)
}

// learn remembers what a pass came to: that the manifests are applied, or how often what drifted was corrected.
func (p Pass) learn(ctx context.Context, c desired.Cluster, r *Result) {
	if p.Drift == nil {
		return
	}
	var err error
	switch report := r.Planned.Drift; {
	case len(report.Findings) > 0:
		err = p.Drift.Corrected(c, *report, done(r.Report), r.Planned.At)
	case r.Converged() && !r.Planned.Plan.EndsCluster():
		err = p.ends(ctx, c, r.Planned)
	}
	if err != nil {
		r.Planned.Drift.Doubt = err.Error()
	}
}

func (p Pass) ends(ctx context.Context, c desired.Cluster, planned Planned) error {
	key, err := drift.Key(c)
	if err != nil {
		return err
	}
	if err := p.mark(ctx, planned, drift.After(planned.State.Facts.Marks, drift.Groups(planned.State.Topology), key)); err != nil {
		return fmt.Errorf("drift cannot be told from new commits, for it could not be noted that this one is applied: %w", err)
	}
	return nil
}

// done are the resources of which the change was carried out to its end.
func done(r apply.Report) []topology.Ref {
	var refs []topology.Ref
	for _, o := range r.Outcomes {
		if o.State == apply.Done {
			refs = append(refs, o.Ref)
		}
	}
	return refs
}

// corrects reports that the pass put something back that drifted.
func (p Planned) corrects() bool { return p.Drift != nil && p.Drift.Fixing() > 0 }

// held counts the fields that drifted and wait for people.
func (p Planned) held() int {
	n := 0
	if p.Drift != nil {
		for _, f := range p.Drift.Findings {
			if f.Held() {
				n++
			}
		}
	}
	return n
}

// tellDrift posts how the cluster fares since its commit was applied. While that is on its way there is no
// such thing, and nothing is said.
func (s *Service) tellDrift(ctx context.Context, m *member, commit string, want desired.Cluster, r Result) {
	report := r.Planned.Drift
	if r.Err != nil || report == nil || r.Planned.Plan.EndsCluster() || !report.Known && !r.Converged() {
		return
	}
	now := time.Now()
	word, text := report.Say(want.Name, now)
	if calm := word == drift.None; calm && m.calmOf == commit && now.Sub(m.calmAt) < calmPause {
		return
	} else if m.calmOf, m.calmAt = "", now; calm {
		m.calmOf = commit
	}
	s.say(ctx, commitstatus.Status{Commit: commit, Context: driftContext(want.Name), State: commitstatus.State(word), Description: text})
}
