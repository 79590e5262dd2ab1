package sync

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/diff/render"
	"github.com/quorate/quorate/internal/prices"
	"github.com/quorate/quorate/sync/drift"
	"github.com/quorate/quorate/topology"
)

// Observe looks at the AWS resources of a cluster; it can change nothing.
type Observe func(ctx context.Context, scope actual.Scope) (actual.State, error)

// A Planner compares what a manifest wants with what AWS has.
type Planner struct {
	Observe Observe
	// Prices tell what a plan costs; without any it is not said.
	Prices prices.Table
	// Preflight is asked before a plan with changes counts as applicable; nil asks nothing.
	Preflight Preflight
	// Kubernetes is nil without access to it.
	Kubernetes Kubernetes
	// Standing is how the control plane is, by which its machines are ordered when several roll; nil
	// without access to etcd.
	Standing Standing
	// Drift, if set, leaves out of plans what appeared after the manifests were applied and waits for people.
	// Who only looks has none.
	Drift *drift.Keeper
	// Now is the clock of whoever carries the plan out; nil means time.Now.
	Now func() time.Time
}

// Planned is one comparison with both its sides.
type Planned struct {
	// Cluster is what the plan leads to: what the manifest wants, or a hop on the way there.
	Cluster desired.Cluster
	State   actual.State
	Plan    diff.Plan
	Steps   []order.Step
	// Standing is how the control plane was seen when its machines were put in order; nil if nobody looked.
	Standing *apply.Standing
	// Drift tells what appeared since the manifests were applied; nil if nobody judged that.
	Drift *drift.Report
	// Rollout is how the machines of the plan are replaced.
	Rollout render.Rollout
	// Cost is zero if the planner has no prices.
	Cost prices.Comparison
	// At is when AWS began to be looked at.
	At time.Time
	// Warnings are sentences that stop nothing: what the preflight could not ask or did not
	// like, and what a rehearsal of evictions found.
	Warnings []string
}

// Plan looks at AWS and plans. It makes describing calls and dry runs only.
func (p Planner) Plan(ctx context.Context, c desired.Cluster) (Planned, error) {
	if p.Now == nil {
		p.Now = time.Now
	}
	at := p.Now()
	state, err := p.Observe(ctx, ScopeOf(c))
	if err != nil {
		return Planned{}, fmt.Errorf("observe %s: %w", c.Name, err)
	}
	known := p.nodes(ctx, c, state.Machines)
	state.Machines = known.versions(state.Machines)
	planned := compare(c, state, at, known.marked())
	p.judge(ctx, c, &planned)
	if err := p.preflight(ctx, &planned); err != nil {
		return Planned{}, err
	}
	p.order(ctx, &planned)
	planned.Rollout = rollout(planned)
	if len(p.Prices.Regions) > 0 {
		planned.Cost = p.Prices.Compare(c.Region, planned.leadsTo(), state.Topology, kept(planned.Plan), state.Machines)
	}
	planned.Warnings = append(planned.Warnings, p.rehearse(ctx, planned, known)...)
	return planned, nil
}

// compare plans the end of the cluster, or the next hop, or all of the way.
func compare(c desired.Cluster, state actual.State, at time.Time, marked map[string]bool) Planned {
	planned := Planned{Cluster: c, At: at}
	if c.Policy.Deletion {
		planned.Plan = diff.Teardown(state.Topology, state.Machines)
		state.Lacking = nil // nothing has to be there for a cluster that ends
	} else {
		next, hop, held := nextHop(c, state.Topology, state.Machines)
		policy := diff.Policy{KeepUnwanted: !c.Policy.Prune, Now: at, Rolling: next.Rolling, Marked: marked, Held: held}
		planned.Plan = policy.Between(next.Topology, state.Topology, state.Machines)
		planned.Cluster, planned.Plan.Hop = next, hop
	}
	planned.Plan.Cluster, planned.Plan.Region = c.Name, c.Region
	for _, l := range state.Lacking {
		planned.Plan.Refuse(l.Ref, l.Reason)
	}
	planned.State = state
	return planned
}

// leadsTo is what is there when the plan is carried out.
func (p Planned) leadsTo() topology.Topology {
	if p.Plan.EndsCluster() {
		return topology.Topology{}
	}
	return p.Cluster.Topology
}

func kept(plan diff.Plan) []topology.Ref {
	var refs []topology.Ref
	for _, k := range plan.Kept {
		refs = append(refs, k.Ref)
	}
	return refs
}

// byName are the kinds that AWS does not search by tag: those of IAM, Classic load
// balancers, and the additional ranges of a VPC; and egress-only internet gateways,
// which are looked for only where one is wanted.
var byName = map[topology.Kind]bool{
	topology.KindClassicELB: true, topology.KindIAMRole: true, topology.KindInstanceProfile: true, topology.KindOIDCProvider: true,
	topology.KindVPCCIDR: true, topology.KindEgressOnlyGateway: true,
}

// ScopeOf says what to look for: the cluster's own resources, the ones its manifest
// gives by id, those that can only be looked for by name, its names in the hosted
// zone, and the images that it names.
func ScopeOf(c desired.Cluster) actual.Scope {
	scope := actual.Scope{Cluster: c.Name, Region: c.Region, Ends: c.Policy.Deletion}
	for ref, r := range c.Topology.All() {
		if r.Owner() == topology.Shared {
			scope.Shared = append(scope.Shared, ref)
		}
		if r.Owner() == topology.Owned && byName[ref.Kind] {
			scope.Named = append(scope.Named, ref)
		}
		if record, ok := r.(topology.DNSRecord); ok {
			scope.Zone, scope.Records = record.Zone, append(scope.Records, ref)
		}
		if s, ok := r.(topology.Subnet); ok && s.IPv6CIDR != "" && !strings.HasPrefix(s.IPv6CIDR, "/") {
			scope.WrittenIPv6 = append(scope.WrittenIPv6, ref)
		}
		if lt, ok := r.(topology.LaunchTemplate); ok && lt.UserDataKept {
			scope.KeptUserData = append(scope.KeptUserData, ref)
		}
		if lt, ok := r.(topology.LaunchTemplate); ok && !slices.Contains(scope.Images, lt.Image) {
			scope.Images = append(scope.Images, lt.Image)
		}
	}
	slices.Sort(scope.Images)
	return scope
}

// Render is the plan as people and programs read it: steps in their order, then what
// is forbidden.
func (p Planned) Render(warnings ...string) render.Plan {
	out := render.Plan{Cluster: p.Plan.Cluster, Region: p.Plan.Region, Kept: p.Plan.Kept, Notes: p.Plan.Notes, Warnings: slices.Concat(warnings, p.Warnings), Cost: p.Cost, Rollout: p.Rollout, Machines: p.Plan.Machines, At: p.At}
	for _, l := range p.State.Leftovers {
		out.Leftovers = append(out.Leftovers, render.Leftover{Kind: l.Kind, ID: l.ID, Name: l.Name, Created: l.Created, Reason: l.Reason, InTheWay: l.InTheWay})
	}
	for _, s := range p.Steps {
		out.Lines = append(out.Lines, render.Line{Change: s.Change, After: s.After, Why: s.Why, Zone: s.Zone})
	}
	for _, c := range p.Plan.Forbidden() {
		out.Lines = append(out.Lines, render.Line{Change: c})
	}
	return out
}
