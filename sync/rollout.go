package sync

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/diff/render"
	"github.com/quorate/quorate/topology"
)

// unlearned is what a machine is expected to take until it does its work, before any has told: about half
// of what its alarms allow for a planned replacement.
const unlearned = 5 * time.Minute

// rollout tells how the machines of a plan are replaced. Without a standing of the control plane the members
// of etcd are counted as the manifest wants them.
func rollout(p Planned) render.Rollout {
	seen := p.Standing
	out := render.Rollout{Hop: p.Plan.Hop}
	margins := wantedMargins(p.Cluster.Topology)
	if seen != nil {
		margins = seenMargins(*seen)
	}
	ends := map[topology.Ref]int{}
	for _, step := range p.Steps {
		began := 0
		for _, ref := range step.After {
			began = max(began, ends[ref])
		}
		if group, ok := step.Change.Want.(topology.AutoScalingGroup); ok && step.Change.Effect == diff.Roll {
			s := p.stage(step, group)
			if group.Role == topology.ControlPlane {
				s.Margins = margins.takeOut(group.Ref())
				s.Now = gateNow(seen, group.Ref(), len(out.Stages) == 0)
				out.Members = margins.source
			}
			out.Stages = append(out.Stages, s)
			began += s.Seconds
		}
		ends[step.Change.Ref] = began
		out.Seconds = max(out.Seconds, began)
	}
	return out
}

// stage is the roll of one group, but for what it does to etcd.
func (p Planned) stage(step order.Step, group topology.AutoScalingGroup) render.Stage {
	s := render.Stage{Group: group.Ref(), Role: group.Role, Zones: group.Zones, Machines: []render.Going{}, Order: step.Why, Gate: gateOf(group)}
	for _, m := range step.Change.Old {
		if m.Warm() {
			s.Warm++
		} else {
			s.Machines = append(s.Machines, render.Going{ID: m.ID, Zone: m.Zone, Why: m.Why})
		}
	}
	slices.SortFunc(s.Machines, func(a, b render.Going) int {
		return cmp.Or(cmp.Compare(a.Zone, b.Zone), cmp.Compare(a.ID, b.ID))
	})
	each, learned := backAfter(p.State.Machines, group.Role)
	limits := p.Cluster.Rolling[group.Ref()]
	s.Each, s.Learned = render.Seconds(each), learned
	s.Within = render.Seconds(cmp.Or(limits.BackWithin, topology.DefaultBackWithin))
	turns := len(s.Machines)
	if group.Role != topology.ControlPlane {
		s.Pace, turns = p.pace(step.Change, limits, len(s.Machines))
	}
	s.Seconds = turns * s.Each
	return s
}

// backAfter is the median of what machines of a role took until they did their work, and of how many that
// is known.
func backAfter(machines []topology.Machine, role topology.Role) (typical time.Duration, learned int) {
	var took []time.Duration
	for _, m := range machines {
		if m.Role == role && m.BackAfter > 0 {
			took = append(took, m.BackAfter)
		}
	}
	if len(took) == 0 {
		return unlearned, 0
	}
	slices.Sort(took)
	return took[len(took)/2], len(took)
}

// pace is how many machines of a group go at a time, and how many turns that takes.
func (p Planned) pace(c diff.Change, limits topology.RollingUpdate, going int) (pace *render.Pace, turns int) {
	size, proven := 0, false
	for _, m := range p.State.Machines {
		if m.Group != c.Ref || m.Gone() || m.Warm() {
			continue
		}
		size++
		goes := slices.ContainsFunc(c.Old, func(old diff.OldMachine) bool { return old.ID == m.ID })
		proven = proven || m.InService() && !goes
	}
	pace = &render.Pace{SurgeOnly: limits.SurgeOnly}
	pace.Surge, pace.Unavailable = limits.Pace(size)
	if pace.SurgeOnly {
		return pace, 0 // whoever ends the machines decides how long that takes
	}
	pace.Canary = !proven && going > 1
	rest := going
	if pace.Canary {
		turns, rest = 1, going-1
	}
	width := pace.Surge + pace.Unavailable
	turns += (rest + width - 1) / width
	pace.Batches = turns
	return pace, turns
}

// gateOf is what has to hold before a machine of the group goes.
func gateOf(group topology.AutoScalingGroup) string {
	if group.Role == topology.ControlPlane {
		return "every other master is back, the members of etcd are healthy voters without it, and a snapshot is fresh"
	}
	return "every master is back"
}

// gateNow is the answer of the gate at this moment. The later masters have to wait for the ones before in any
// case.
func gateNow(seen *apply.Standing, group topology.Ref, first bool) string {
	if seen == nil || !first {
		return ""
	}
	verdict := seen.MayGo(group)
	if verdict.Answer == quorum.Proceed {
		return "it may go"
	}
	return fmt.Sprintf("%s: %s", verdict.Answer, verdict.Reason)
}

// A margin is how the members of one etcd cluster are.
type margin struct {
	voters int
	// on are the groups whose machine carries a member, and whether that member is healthy.
	on map[topology.Ref]bool
}

// margins are of all etcd clusters, by name.
type margins struct {
	etcd   map[string]*margin
	source string
}

func (m margins) of(etcd string) *margin {
	if m.etcd[etcd] == nil {
		m.etcd[etcd] = &margin{on: map[topology.Ref]bool{}}
	}
	return m.etcd[etcd]
}

// seenMargins are as etcd answered. Learners have no vote.
func seenMargins(seen apply.Standing) margins {
	all := margins{map[string]*margin{}, "members as etcd answered at " + seen.At.UTC().Format(time.TimeOnly) + " UTC"}
	for _, master := range seen.Masters {
		for _, seat := range master.Seats {
			m := all.of(seat.Etcd)
			if seat.Learner {
				continue
			}
			m.voters++
			m.on[master.Group] = seat.Health == quorum.Healthy
		}
	}
	return all
}

// wantedMargins take every member that the manifest wants for a healthy one.
func wantedMargins(want topology.Topology) margins {
	all := margins{map[string]*margin{}, "members as the manifest wants them, all taken for healthy: nobody has asked etcd"}
	for _, group := range topology.Of[topology.AutoScalingGroup](want) {
		template, _ := topology.Find[topology.LaunchTemplate](want, group.LaunchTemplate)
		config, err := topology.ParseUserData(template.UserData)
		if group.Role != topology.ControlPlane || err != nil {
			continue
		}
		for _, etcd := range config.EtcdClusters {
			m := all.of(etcd.Name)
			m.voters, m.on[group.Ref()] = len(etcd.Members), true
		}
	}
	return all
}

// takeOut is what happens to the margins while the master of the group is replaced. The gate lets it go only
// when every other one is back, and it comes back itself, or the next one is not touched.
func (m margins) takeOut(group topology.Ref) []render.Margin {
	var out []render.Margin
	for name, etcd := range m.etcd {
		healthy, carried := etcd.on[group]
		if !carried {
			continue
		}
		line := render.Margin{Etcd: name, Voters: etcd.voters, Majority: etcd.voters/2 + 1, Before: etcd.voters, During: etcd.voters - 1, After: etcd.voters}
		if !healthy {
			line.Before--
		}
		out = append(out, line)
	}
	slices.SortFunc(out, func(a, b render.Margin) int { return cmp.Compare(a.Etcd, b.Etcd) })
	return out
}
