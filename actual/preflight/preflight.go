package preflight

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

// A Change is one thing that the plan would do.
type Change struct {
	Ref topology.Ref
	// Want is nil for a removal, and Have for a creation.
	Want, Have topology.Resource
	// Fields are the paths of the fields that would change; empty for creations and removals.
	Fields []string
}

func (c Change) creates() bool { return c.Have == nil && c.Want != nil }
func (c Change) removes() bool { return c.Want == nil }

// either is the wanted side, or the other one where nothing is wanted any more.
func (c Change) either() topology.Resource {
	if c.Want == nil {
		return c.Have
	}
	return c.Want
}

// has reports whether the change creates the resource, or touches a field whose path begins so.
func (c Change) has(path string) bool {
	return c.creates() || slices.ContainsFunc(c.Fields, func(f string) bool { return strings.HasPrefix(f, path) })
}

// Input is a plan, with what it was made from.
type Input struct {
	Region  string
	Changes []Change
	Want    topology.Topology
	Have    actual.State
}

// A Finding is something that people must mend before the plan can happen. The reason is a sentence
// with the way out.
type Finding struct {
	Ref    topology.Ref
	Reason string
}

// Findings are all that a preflight found out.
type Findings struct {
	// Problems are sorted by reference; a reference can have several.
	Problems []Finding
	// Warnings are sentences about what could not be asked, and what may become a problem.
	Warnings []string
}

func (f *Findings) problem(ref topology.Ref, format string, args ...any) {
	f.Problems = append(f.Problems, Finding{ref, fmt.Sprintf(format, args...)})
}

func (f *Findings) warn(format string, args ...any) {
	f.Warnings = append(f.Warnings, fmt.Sprintf(format, args...))
}

// A check asks AWS about one thing. Its error says that AWS could not be asked.
type check struct {
	what string
	run  func(ctx context.Context, c Clients, in Input, f *Findings) error
}

var checks = []check{
	{"zones and machine types", checkPlaces},
	{"images", checkImages},
	{"free addresses", checkAddresses},
	{"quotas", checkQuotas},
	{"permissions", checkPermissions},
}

// Check asks everything side by side. It makes no call for a plan without changes. What cannot be asked
// becomes a warning, never a problem; the error is that of ctx alone.
func Check(ctx context.Context, c Clients, in Input) (Findings, error) {
	if len(in.Changes) == 0 {
		return Findings{}, nil
	}
	found := make([]Findings, len(checks))
	var all sync.WaitGroup
	for i, check := range checks {
		all.Go(func() {
			if err := check.run(ctx, c, in, &found[i]); err != nil {
				found[i].warn("%s could not be checked beforehand: %s", check.what, awsapi.Explain(err))
			}
		})
	}
	all.Wait()
	if err := ctx.Err(); err != nil {
		return Findings{}, fmt.Errorf("preflight: %w", err)
	}
	var sum Findings
	for _, f := range found {
		sum.Problems = append(sum.Problems, f.Problems...)
		sum.Warnings = append(sum.Warnings, f.Warnings...)
	}
	slices.SortStableFunc(sum.Problems, func(a, b Finding) int {
		return cmp.Or(topology.CompareRefs(a.Ref, b.Ref), cmp.Compare(a.Reason, b.Reason))
	})
	return sum, nil
}

// changesOf lists what the plan does with resources of one kind.
func changesOf[T topology.Resource](in Input) []typed[T] {
	var list []typed[T]
	for _, c := range in.Changes {
		want, wanted := c.Want.(T)
		have, found := c.Have.(T)
		if wanted || found {
			list = append(list, typed[T]{c, want, have})
		}
	}
	return list
}

// typed is a change of a resource of one kind; the side that is not there is zero.
type typed[T topology.Resource] struct {
	Change
	want, have T
}
