package rules

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// A Change is what other rules mean to clusters.
type Change struct {
	// Clusters for which it is so, sorted; empty if it is about all at once.
	Clusters []string
	// Says is one line for each rule that is another: "soak: 2h → 30m".
	Says []string
}

// Changes tells what becomes of the rules of clusters, whose manifests are named by cluster. Those to which the same
// happens are told together; those to which nothing does, not at all.
func Changes(before, after Rules, manifests map[string]string) []Change {
	var all []Change
	if says := differences(before.whole(), after.whole()); len(says) > 0 {
		all = append(all, Change{Says: says})
	}
	alike := map[string]int{}
	for _, cluster := range slices.Sorted(maps.Keys(manifests)) {
		says := differences(before.Of(manifests[cluster]).lines(), after.Of(manifests[cluster]).lines())
		if len(says) == 0 {
			continue
		}
		key := strings.Join(says, "\n")
		at, known := alike[key]
		if !known {
			at = len(all)
			alike[key] = at
			all = append(all, Change{Says: says})
		}
		all[at].Clusters = append(all[at].Clusters, cluster)
	}
	return all
}

// line is a rule in words.
type line struct{ rule, says string }

func differences(before, after []line) []string {
	var all []string
	for i, was := range before {
		if is := after[i]; was != is {
			all = append(all, fmt.Sprintf("%s: %s → %s", was.rule, was.says, is.says))
		}
	}
	return all
}

// whole are the rules that are not about single environments.
func (r Rules) whole() []line {
	return []line{
		{"clusters at once", bound(r.AtOnce)},
		{"quorum-affecting changes at once", bound(r.QuorumAtOnce)},
		{"who may override", cmp.Or(strings.Join(r.Overriders, ", "), "whoever may push")},
	}
}

func bound(n int) string {
	if n == 0 {
		return "any number"
	}
	return fmt.Sprint(n)
}

// lines have the same rules in the same order for every environment.
func (e Environment) lines() []line {
	zone := ""
	if len(e.Windows) > 0 {
		zone = " " + e.Windows[0].Zone.String()
	}
	destroy := "any share"
	if e.Destroy > 0 {
		destroy = fmt.Sprintf("%d %%", e.Destroy)
	}
	return []line{
		{"environment", cmp.Or(e.Name, "none, every change proceeds at once")},
		{"after", cmp.Or(strings.Join(e.After, ", "), "nothing")},
		{"soak", span(e.Soak)},
		{"windows", cmp.Or(listed(e.Windows, Window.String), "always open") + zone},
		{"overrun", cmp.Or(string(e.Overrun), string(StopAtSafePoint))},
		{"freezes", cmp.Or(listed(e.Freezes, Freeze.String), "none")},
		{"approvals", cmp.Or(listed(e.Approvals, Approval.String), "none")},
		{"destroy at most", destroy},
		{"clusters of the environment at once", bound(e.AtOnce)},
	}
}

func listed[T any](all []T, one func(T) string) string {
	var texts []string
	for _, a := range all {
		texts = append(texts, one(a))
	}
	return strings.Join(texts, "; ")
}

func (w Window) String() string {
	var days []string
	for _, d := range w.Days {
		days = append(days, d.String()[:3])
	}
	return fmt.Sprintf("%s %02d:%02d-%02d:%02d", strings.Join(days, " "), w.From/60, w.From%60, w.To/60, w.To%60)
}

func (f Freeze) String() string {
	const day = "Mon 2 Jan 2006 15:04 MST" // a freeze may be long before or long after
	return fmt.Sprintf("%s to %s%s", f.From.Format(day), f.To.Format(day), because(f.Reason))
}

func (a Approval) String() string {
	var risks []string
	for _, r := range a.Risks {
		risks = append(risks, r.String())
	}
	return fmt.Sprintf("%d from %s for %s", a.Count, cmp.Or(strings.Join(a.From, ", "), "anybody who may write"), strings.Join(risks, ", "))
}
