package order

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// A Standing is what is known of the control plane when its machines are put in order, by
// Auto Scaling group. A group that is missing is one of which nothing is known.
type Standing map[topology.Ref]Master

// A Master is the machine of one control-plane group.
type Master struct {
	// Sick says what it lacks; empty if it does its work.
	Sick string
	// Begun machines are out of service already, to be replaced.
	Begun bool
	// Leads are the etcd clusters whose leader it carries, sorted.
	Leads []string
}

// turn is the place of a master among the others: the smallest goes first. Taking a sick one
// out costs least and may heal it; what was begun is brought to its end; a leader comes last,
// for then leadership moves once and not with every machine.
func (m Master) turn() int {
	switch {
	case m.Sick != "":
		return 0
	case m.Begun:
		return 1
	case len(m.Leads) == 0:
		return 2
	}
	return 3
}

// because says why a master stands where it stands; empty if only its zone decided.
func (m Master) because() string {
	switch {
	case m.Sick != "":
		return "it is sick: " + m.Sick
	case m.Begun:
		return "its replacement has begun"
	case len(m.Leads) > 0:
		return "it leads etcd " + strings.Join(m.Leads, " and ")
	}
	return ""
}

// roles follow the control plane in this order. kops replaces bastions first; here they go
// last, for they are how people get at machines that do not come back.
var roles = []topology.Role{topology.APIServer, topology.Worker, topology.Bastion}

// followers are the words for what follows what.
var followers = map[topology.Role]string{
	topology.APIServer: "API servers",
	topology.Worker:    "workers",
	topology.Bastion:   "bastions",
}

// rolling chains the control-plane groups, and puts the other groups behind the last of
// them, role by role.
func rolling(rolls []diff.Change, earlier []Step, now Standing) []Step {
	byRole := map[topology.Role][]diff.Change{}
	for _, c := range rolls {
		role := roleOf(c)
		if role == "" { // nobody says what its machines are for
			role = topology.Worker
		}
		byRole[role] = append(byRole[role], c)
	}
	steps := chained(byRole[topology.ControlPlane], earlier, now)
	before := "the control plane"
	if len(steps) > 0 {
		earlier = steps
	}
	for _, role := range roles {
		why := "machines are replaced only when everything else is in place"
		if len(steps) > 0 {
			why = followers[role] + " follow " + before
		}
		next := behind(byRole[role], earlier, why)
		if len(next) > 0 {
			earlier, before = next, followers[role]
		}
		steps = append(steps, next...)
	}
	return steps
}

// chained puts masters one behind the other.
func chained(control []diff.Change, earlier []Step, now Standing) []Step {
	slices.SortStableFunc(control, func(a, b diff.Change) int {
		return cmp.Or(cmp.Compare(now[a.Ref].turn(), now[b.Ref].turn()), strings.Compare(zoneOf(a), zoneOf(b)))
	})
	chain := behind(control, earlier, "machines are replaced only when everything else is in place")
	for i := range chain {
		s := &chain[i]
		s.Zone = zoneOf(s.Change)
		if i > 0 {
			before := chain[i-1]
			s.After = []topology.Ref{before.Change.Ref}
			s.Why = fmt.Sprintf("one control-plane zone at a time: %s comes after %s", s.Zone, before.Zone)
			if s.Zone == before.Zone {
				s.Why = fmt.Sprintf("one control-plane machine at a time: that of %s comes after that of %s", s.Change.Ref, before.Change.Ref)
			}
		}
		if because := now[s.Change.Ref].because(); because != "" && len(chain) > 1 {
			s.Why += "; " + because
		}
	}
	return chain
}
