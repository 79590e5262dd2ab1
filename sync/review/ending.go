package review

import (
	"fmt"
	"slices"
	"strings"

	quorate "github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

// inventory says in sentences what dies with a cluster, what is kept of it, and what people must see to.
func inventory(p quorate.Planned) []string {
	dies := map[topology.Kind]int{}
	for _, c := range p.Plan.Changes {
		dies[c.Ref.Kind]++
	}
	all := []string{fmt.Sprintf("The cluster ends. What dies with it, all listed below: %s.", tally(dies, len(p.Plan.Machines)))}
	if n := dies[topology.KindVolume]; n > 0 {
		all = append(all, fmt.Sprintf("A snapshot of each of its %d etcd volumes is made first, and kept.", n))
	}
	var shared, inTheWay, left []string
	for ref, r := range p.State.Topology.All() {
		if r.Owner() == topology.Shared {
			shared = append(shared, ref.String())
		}
	}
	for _, l := range p.State.Leftovers {
		switch what := fmt.Sprintf("%s %s", l.Kind, l.ID); {
		case l.InTheWay:
			inTheWay = append(inTheWay, what)
		default:
			left = append(left, what)
		}
	}
	for _, group := range []struct {
		title string
		of    []string
	}{
		{"Shared, and stays", shared}, {"In the way of its end, for people to remove", inTheWay}, {"Bears its tag and is left to people", left},
	} {
		if len(group.of) > 0 {
			all = append(all, group.title+": "+some(group.of)+".")
		}
	}
	return append(all, "It begins with the merge. The folder goes in a second pull request, when the status says that the cluster is deleted.")
}

// tally counts by kind, in the order of kinds.
func tally(counts map[topology.Kind]int, machines int) string {
	var parts []string
	for _, kind := range topology.Kinds() {
		if n := counts[kind]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, kind))
		}
	}
	return strings.Join(slices.Concat(parts, []string{fmt.Sprintf("%d machines", machines)}), ", ")
}

// some names up to ten things.
func some(things []string) string {
	const most = 10
	text := strings.Join(things[:min(most, len(things))], ", ")
	if more := len(things) - most; more > 0 {
		text += fmt.Sprintf(" and %d more", more)
	}
	return text
}
