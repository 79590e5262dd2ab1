package checkup

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quorate/quorate/actual/vitals"
	"github.com/quorate/quorate/topology"
)

// templates asks whether groups are pinned to a version by its number, and whose machines run an older one. A
// group that follows a word makes other machines the day somebody adds a version.
func templates(f Facts) []Finding {
	if !f.Groups.Known() {
		return []Finding{unknown("", "which versions the groups are pinned to: "+f.Groups.Unknown, "")}
	}
	var found []Finding
	for _, g := range f.Groups.Value {
		if !g.Pinned() {
			found = append(found, warning(name(g.Ref), "it is pinned to no version by number: it follows "+g.Version, "quorate apply pins it"))
		}
		if old, all := f.older(g); len(old) > 0 {
			found = append(found, warning(name(g.Ref), fmt.Sprintf("%d of %s run an older template: %s; the group is pinned to version %s", len(old), count(all, "machine"), strings.Join(old, ", "), g.Version),
				"the roll replaces them; quorate explain says what it waits for"))
		}
	}
	if len(found) == 0 && len(f.Groups.Value) > 0 {
		return ok(count(len(f.Groups.Value), "group") + " pinned by number, and no machine older than its template")
	}
	return found
}

// older names the machines of a group that were made from other content than it is pinned to. The numbers may
// differ where the content does not.
func (f Facts) older(g vitals.Group) (old []string, all int) {
	have, there := topology.Find[topology.AutoScalingGroup](f.State.Topology, g.Ref)
	for _, m := range f.State.Machines {
		if m.Group != g.Ref || m.Gone() || m.Warm() {
			continue
		}
		all++
		if there && m.Template != have.Template {
			version := g.Versions[m.ID]
			if version == "" {
				version = "unknown"
			}
			old = append(old, m.ID+" (version "+version+")")
		}
	}
	return old, all
}

// launches asks what each group did last: one that cannot start machines looks whole until the next one dies.
func launches(f Facts) []Finding {
	if !f.Groups.Known() {
		return []Finding{unknown("", "what the groups did last: "+f.Groups.Unknown, "")}
	}
	var found []Finding
	for _, g := range f.Groups.Value {
		a, ended := newest(g)
		if !ended || !a.Failed {
			continue
		}
		text := fmt.Sprintf("%s failed %s ago: %s", strings.TrimSuffix(a.Description, "."), span(f.At.Sub(a.Ended)), a.Message)
		action := "mend what AWS names; the group tries again by itself"
		if working, _ := f.working(g.Ref); working < g.Desired {
			found = append(found, failure(name(g.Ref), text, action))
		} else {
			found = append(found, warning(name(g.Ref), text, action))
		}
	}
	if len(found) == 0 && len(f.Groups.Value) > 0 {
		return ok("no group failed at what it did last")
	}
	return found
}

// newest is the activity that ended last.
func newest(g vitals.Group) (vitals.Activity, bool) {
	ended := slices.DeleteFunc(slices.Clone(g.Last), func(a vitals.Activity) bool { return a.Ended.IsZero() })
	if len(ended) == 0 {
		return vitals.Activity{}, false
	}
	return slices.MaxFunc(ended, func(a, b vitals.Activity) int { return a.Ended.Compare(b.Ended) }), true
}
