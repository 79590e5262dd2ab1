package checkup

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quorate/quorate/actual/vitals"
	"github.com/quorate/quorate/topology"
)

// machines asks whether every group of workers and bastions has the machines that it is meant to have. The
// masters are asked about apart.
func machines(f Facts) []Finding {
	if !f.Groups.Known() {
		return []Finding{unknown("", "how many machines the groups are meant to have: "+f.Groups.Unknown, "")}
	}
	var found []Finding
	groups, all := 0, 0
	for _, g := range topology.Of[topology.AutoScalingGroup](f.Cluster.Topology) {
		if g.Role == topology.ControlPlane {
			continue
		}
		groups++
		live, there := f.group(g.Ref())
		if !there {
			found = append(found, failure(name(g.Ref()), "the group is not there", "quorate apply makes it"))
			continue
		}
		working, rest := f.working(g.Ref())
		all += working
		if working < live.Desired {
			found = append(found, failure(name(g.Ref()), fmt.Sprintf("%d of %s in service%s", working, count(live.Desired, "machine"), rest), "the check launches says whether AWS could start them"))
		}
	}
	found = append(found, f.strays()...)
	if len(found) > 0 {
		return found
	}
	return ok(fmt.Sprintf("%s of %s in service", count(all, "machine"), count(groups, "group")))
}

func (f Facts) group(ref topology.Ref) (vitals.Group, bool) {
	i := slices.IndexFunc(f.Groups.Value, func(g vitals.Group) bool { return g.Ref == ref })
	if i < 0 {
		return vitals.Group{}, false
	}
	return f.Groups.Value[i], true
}

// working counts the machines of a group that AWS counts, and names the others.
func (f Facts) working(group topology.Ref) (n int, rest string) {
	var others []string
	for _, m := range f.State.Machines {
		switch {
		case m.Group != group || m.Warm():
		case m.InService():
			n++
		default:
			others = append(others, fmt.Sprintf("%s is %s for %s", m.ID, strings.ToLower(m.Lifecycle), span(f.At.Sub(m.Launched))))
		}
	}
	if len(others) == 0 {
		return n, ""
	}
	return n, " (" + strings.Join(others, ", ") + ")"
}

// strays are machines that no group looks after.
func (f Facts) strays() []Finding {
	var found []Finding
	for _, m := range f.State.Machines {
		switch {
		case m.Gone() || !m.Group.IsZero():
		case !m.Detached.IsZero():
			found = append(found, warning(m.ID, "it was detached from "+m.Detached.Name+" to be replaced, and still runs", "the roll ends it when its successor is ready; quorate explain says what that waits for"))
		default:
			found = append(found, warning(m.ID, "it carries the cluster's tags and belongs to no group", "end it, or take the tag "+topology.TagCluster+" from it"))
		}
	}
	return found
}
