package drift

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// A Deed is a call to AWS that may have made something drift.
type Deed struct {
	Call string    `json:"call"`
	By   string    `json:"by"`
	At   time.Time `json:"at"`
}

// Deeds are the calls by others that changed the resource with an id since a moment, the newest first.
type Deeds func(ctx context.Context, id string, since time.Time) ([]Deed, error)

const (
	// maxLookups bounds the requests of one look: CloudTrail answers two a second for the whole account.
	maxLookups = 8
	// maxAsks is how often it is asked who made a finding, with askPause between: calls show up in
	// CloudTrail some minutes late (https://docs.aws.amazon.com/awscloudtrail/latest/userguide/how-cloudtrail-works.html).
	maxAsks  = 4
	askPause = 5 * time.Minute
	// askLimit bounds the time of one look for all of them.
	askLimit = 20 * time.Second
	// reach is how long before a finding was first seen it may have been made: looks may be rare, and the
	// service may have been away.
	reach = 48 * time.Hour
)

// A Trace is the search for who made a finding. It outlives the finding, which may be corrected before
// CloudTrail tells.
type Trace struct {
	// Sort is what sort of finding it is, which tells the calls that can have made it.
	Sort sort `json:"sort"`
	// Since is when the finding was first seen.
	Since time.Time `json:"since"`
	// IDs are what AWS calls the resource and, where that is gone or has no history, what it belongs to.
	IDs   []string  `json:"ids"`
	Asked int       `json:"asked,omitempty"`
	Last  time.Time `json:"last,omitzero"`
	Deed  *Deed     `json:"deed,omitempty"`
}

// A sort of findings.
type sort string

const (
	ofTag   sort = "tag"
	ofField sort = "field"
	ofLoss  sort = "loss"  // the whole resource is gone
	ofGuest sort = "guest" // the whole resource is too many
)

func sortOf(f Finding) sort {
	switch {
	case strings.HasPrefix(f.Path, "tags["):
		return ofTag
	case f.Path != "":
		return ofField
	case f.Have == missing:
		return ofLoss
	}
	return ofGuest
}

// ending and beginning are how AWS's calls are called that take something away and that make something.
var (
	ending    = []string{"Delete", "Revoke", "Remove", "Release", "Terminate"}
	beginning = []string{"Create", "Authorize", "Put", "Import", "Allocate", "Run"}
)

// makes reports whether a call can make such a finding.
func (s sort) makes(call string) bool {
	begins := func(word string) bool { return strings.HasPrefix(call, word) }
	switch about := strings.Contains(call, "Tag"); s {
	case ofTag:
		return about
	case ofLoss:
		return !about && slices.ContainsFunc(ending, begins)
	case ofGuest:
		return !about && slices.ContainsFunc(beginning, begins)
	default:
		return !about && !slices.Contains(passing, call)
	}
}

func (t Trace) open() bool { return t.Deed == nil && t.Asked < maxAsks && len(t.IDs) > 0 }

func (t Trace) due(now time.Time) bool { return t.open() && now.Sub(t.Last) >= askPause }

// Attribute finds out who made the findings of a report, as far as CloudTrail tells. It asks only while there is
// a finding, or was one a moment ago, and nobody is known. Not to know is no failure: it is said once in the log.
func (k *Keeper) Attribute(ctx context.Context, c desired.Cluster, plan diff.Plan, ids topology.Bindings, report *Report, now time.Time) {
	key, err := Key(c)
	if err != nil || k.Deeds == nil || !report.Known {
		return
	}
	before := k.recall(c.Name, key)
	memory := before
	memory.Traces = before.traced(report.Findings, plan, ids)
	if len(memory.Traces) == 0 && len(before.Traces) == 0 {
		return
	}
	deeds, err := k.look(ctx, memory.Traces, now)
	if err != nil && memory.Silent == "" {
		k.Log.Info("who makes drift cannot be told", "cluster", c.Name, "error", err)
	}
	if err != nil {
		memory.Silent = err.Error()
	} else if len(deeds) > 0 {
		memory.Silent = ""
	}
	for finding, t := range memory.Traces {
		if !t.due(now) || !slices.ContainsFunc(t.IDs, func(id string) bool { _, asked := deeds[id]; return asked }) && err == nil {
			continue
		}
		t.Asked, t.Last = t.Asked+1, now
		if t.Deed = t.pick(deeds); t.Deed != nil {
			k.Log.Warn("drift was made", "cluster", c.Name, "what", finding, "by", t.Deed.By, "with", t.Deed.Call, "at", t.Deed.At.UTC().Format(time.RFC3339))
		}
		memory.Traces[finding] = t
	}
	for i := range report.Findings {
		f := &report.Findings[i]
		f.Deed = memory.Traces[f.key()].Deed
	}
	if err := k.remember(c.Name, memory); err != nil {
		report.Doubt = err.Error()
	}
}

// look asks for the deeds behind all traces that are due, one after another. It ends at the first error, for
// the next request would meet the same.
func (k *Keeper) look(ctx context.Context, traces map[string]Trace, now time.Time) (map[string][]Deed, error) {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	deeds := map[string][]Deed{}
	for _, finding := range slices.Sorted(maps.Keys(traces)) {
		t := traces[finding]
		for _, id := range t.IDs {
			if _, asked := deeds[id]; asked || !t.due(now) || len(deeds) >= maxLookups {
				continue
			}
			found, err := k.Deeds(ctx, id, t.Since.Add(-reach))
			if err != nil {
				return deeds, err
			}
			deeds[id] = found
		}
	}
	return deeds, nil
}

// traced are the traces with those of new findings, and without those that lead nowhere any more.
func (m Memory) traced(findings []Finding, plan diff.Plan, ids topology.Bindings) map[string]Trace {
	traces := map[string]Trace{}
	for key, t := range m.Traces {
		if t.open() {
			traces[key] = t
		}
	}
	for _, f := range findings {
		t, known := m.Traces[f.key()]
		if !known || !t.Since.Equal(f.Since) {
			t = Trace{Sort: sortOf(f), Since: f.Since, IDs: names(f.Ref, plan, ids)}
		}
		traces[f.key()] = t
	}
	return traces
}

// namesItself are the kinds that calls name by the name that they have here, also when they are gone.
var namesItself = map[topology.Kind]bool{
	topology.KindAutoScalingGroup: true, topology.KindIAMRole: true, topology.KindInstanceProfile: true, topology.KindEventRule: true,
}

// names are what calls that change a resource name: itself, or what it is a setting of; and for one that is
// gone, of which no id is known, what it belonged to.
func names(ref topology.Ref, plan diff.Plan, ids topology.Bindings) []string {
	var all []string
	id, bound := ids.ID(ref)
	if namesItself[ref.Kind] {
		id, bound = ref.Name, true
	}
	if bound {
		all = append(all, id)
	}
	for _, c := range plan.Changes {
		if c.Ref != ref || bound && !partOf[ref.Kind] {
			continue
		}
		resource := c.Have
		if resource == nil {
			resource = c.Want
		}
		for _, parent := range resource.Needs() {
			if id, known := ids.ID(parent); known && !slices.Contains(all, id) && len(all) < 2 {
				all = append(all, id)
			}
		}
	}
	return all
}

// partOf are the kinds that calls change by naming what they belong to.
var partOf = map[topology.Kind]bool{
	topology.KindSecurityGroupRule: true, topology.KindLifecycleHook: true, topology.KindScalingPolicy: true, topology.KindScheduledAction: true,
}

// passing are calls that autoscalers, controllers and AWS make all day, and that change nothing that is compared.
var passing = []string{
	"SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup", "SetInstanceProtection", "SetInstanceHealth", "CompleteLifecycleAction",
	"RecordLifecycleActionHeartbeat", "RegisterTargets", "DeregisterTargets", "AttachVolume", "DetachVolume", "CreateSnapshot", "RunInstances",
	"TerminateInstances", "SharedSnapshotVolumeCreated",
}

// pick is the last call before the finding was seen that can have made it.
func (t Trace) pick(deeds map[string][]Deed) *Deed {
	var best *Deed
	for _, id := range t.IDs {
		for _, d := range deeds[id] {
			if d.At.After(t.Since) || !t.Sort.makes(d.Call) {
				continue
			}
			if best == nil || d.At.After(best.At) {
				best = &d
			}
		}
	}
	return best
}

// String is who did it, with what, and when.
func (d Deed) String() string {
	return fmt.Sprintf("by %s with %s at %s", d.By, d.Call, d.At.UTC().Format(time.RFC3339))
}

// doers are those who made the findings, each once.
func (r Report) doers() []string {
	var all []string
	for _, f := range r.telling() {
		if f.Deed != nil && !slices.Contains(all, f.Deed.By) {
			all = append(all, f.Deed.By)
		}
	}
	return all
}
