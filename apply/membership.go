package apply

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/topology"
)

// membership decides how etcd's member lists come to be what the manifest wants: which change is next, and
// whether the gate allows it. It knows nothing of earlier changes, so that it goes on wherever the last
// pass was cut off.
//
//   - A newcomer is asked in as a learner when its machine stands there with its volume. Two come at a time
//     where the number of voters is odd, so that it is even only between two promotions.
//   - Learners get their votes when all that came together have caught up, one right after the other.
//   - Who leaves goes the sick first and the leader last; two at a time for the same reason.
type membership struct {
	standing
	// stays are the control-plane groups that the manifest wants.
	stays map[topology.Ref]bool
	// mending is the master a member of which is to be mended, or zero. A corrupt member takes the API of
	// all masters down with it, so that etcd alone says whether the others are well then.
	mending topology.Ref
}

type memberVerb string

const (
	addMember     memberVerb = "add"
	promoteMember memberVerb = "promote"
	removeMember  memberVerb = "remove"
)

// A memberStep is one change of one etcd cluster, of one member or of two in a row. The zero step is none:
// the lists are as they should be.
type memberStep struct {
	verb    memberVerb
	etcd    string
	members []string
}

// A roster is the member list of one etcd cluster, sorted by what is to become of each member.
type roster struct {
	quorum.Cluster
	leader string
	// newcomers are wanted and not listed; learners are wanted and listed without a vote; leavers are
	// listed and not wanted.
	newcomers, learners, leavers []member
}

// A member is a place on a master.
type member struct {
	seat
	master master
}

func newMembership(s standing, want topology.Topology) membership {
	m := membership{standing: s, stays: map[topology.Ref]bool{}}
	for _, g := range topology.Of[topology.AutoScalingGroup](want) {
		m.stays[g.Ref()] = g.Role == topology.ControlPlane
	}
	return m
}

// next is the change to make now and the gate's word on it. The verdict without a step is why there is none.
func (m membership) next() (memberStep, quorum.Verdict) {
	for _, part := range []func() (memberStep, quorum.Verdict){m.dropLearners, m.grow, m.shrink} {
		if step, verdict := part(); step.verb != "" || verdict.Answer != quorum.Proceed {
			return step, verdict
		}
	}
	return memberStep{}, quorum.Verdict{Answer: quorum.Proceed, Reason: "the member lists are as the manifest has them."}
}

// dropLearners is the learner that nobody wants any more. It goes first: while it is there, nobody else may
// come or go.
func (m membership) dropLearners() (memberStep, quorum.Verdict) {
	all, verdict := m.rosters()
	for i, r := range all {
		for _, unwanted := range r.unwantedLearners() {
			rest := slices.DeleteFunc(r.passing(), func(name string) bool { return name == unwanted })
			gate := quorum.DecideRemove(r.WithoutLearners(rest...), unwanted)
			return memberStep{removeMember, r.Name, []string{unwanted}}, m.explain(quorum.All(append(standStill(all, i), gate)...))
		}
	}
	return memberStep{}, verdict
}

func (r roster) unwantedLearners() []string {
	var names []string
	for _, l := range r.leavers {
		if r.member(l.member).Learner {
			names = append(names, l.member)
		}
	}
	return names
}

// passing are the learners whose coming or going is what is decided about.
func (r roster) passing() []string { return append(r.batch(), r.unwantedLearners()...) }

// rosters are the member lists of all etcd clusters; the verdict is why they are not known.
func (m membership) rosters() ([]roster, quorum.Verdict) {
	all := make([]roster, 0, len(m.reports))
	for _, report := range m.reports {
		if report.Listed == nil {
			return nil, quorum.Verdict{Answer: quorum.Wait, Cluster: report.Name, Reason: report.Name + ": no majority of its voters agrees on who is a member."}
		}
		all = append(all, m.roster(report))
	}
	if len(all) == 0 {
		return nil, quorum.Verdict{Answer: quorum.Refuse, Reason: "no template says which etcd members its machine carries."}
	}
	return all, quorum.Verdict{Answer: quorum.Proceed, Reason: "the member lists are as the manifest has them."}
}

func (m membership) roster(report health.Report) roster {
	r := roster{Cluster: quorum.Cluster{Name: report.Name, UnderWay: m.underWay()}, leader: report.Leader}
	for _, listed := range report.Members {
		if _, is := onList(report, listed.Name); is {
			r.Members = append(r.Members, listed)
		}
	}
	for _, on := range m.masters {
		for _, s := range on.seats {
			if s.etcd != report.Name {
				continue
			}
			listed, is := onList(report, s.member)
			switch wanted := m.stays[on.group.Ref()]; {
			case wanted && !is:
				r.newcomers = append(r.newcomers, member{s, on})
			case wanted && listed.Learner:
				r.learners = append(r.learners, member{s, on})
			case !wanted && is:
				r.leavers = append(r.leavers, member{s, on})
			}
		}
	}
	slices.SortStableFunc(r.leavers, r.whoLeavesFirst)
	return r
}

func onList(report health.Report, name string) (health.Listed, bool) {
	i := slices.IndexFunc(report.Listed, func(l health.Listed) bool { return l.Name == name })
	if i < 0 {
		return health.Listed{}, false
	}
	return report.Listed[i], true
}

// underWay are the zones of wanted masters that are to be up and are not. One that joins is not up yet, and
// one that leaves need not be.
func (m membership) underWay() []string {
	var zones []string
	for _, on := range m.masters {
		if ref := on.group.Ref(); !m.stays[ref] || ref == m.mending || m.joins(on) {
			continue
		}
		away := len(m.notBack(on)) > 0
		if !m.mending.IsZero() {
			away = on.machine == nil || len(m.unwell(on)) > 0
		}
		if away {
			zones = append(zones, on.zone)
		}
	}
	return zones
}

// joins reports whether a member on the master has no vote yet.
func (m membership) joins(on master) bool {
	return slices.ContainsFunc(on.seats, func(s seat) bool {
		i := slices.IndexFunc(m.reports, func(r health.Report) bool { return r.Name == s.etcd })
		listed, is := onList(m.reports[i], s.member)
		return !is || listed.Learner
	})
}

// batch are the members that join together: all learners, and newcomers up to two where the number of
// voters is odd, or one.
func (r roster) batch() []string {
	size := 1
	if r.voters()%2 == 1 {
		size = 2
	}
	var names []string
	for _, l := range r.learners {
		names = append(names, l.member)
	}
	for _, n := range r.newcomers {
		if len(names) < size {
			names = append(names, n.member)
		}
	}
	return names
}

func (r roster) voters() int {
	n := 0
	for _, member := range r.Members {
		if !member.Learner {
			n++
		}
	}
	return n
}

// grow is the next member to ask in, or the learners that get their votes.
func (m membership) grow() (memberStep, quorum.Verdict) {
	all, verdict := m.rosters()
	if all == nil {
		return memberStep{}, verdict
	}
	for i, r := range all {
		batch := r.batch()
		for _, n := range r.newcomers {
			if slices.Contains(batch, n.member) {
				return m.add(all, i, batch)
			}
		}
	}
	for i, r := range all {
		if len(r.learners) > 0 {
			batch := r.batch()
			return memberStep{promoteMember, r.Name, batch}, m.explain(quorum.All(append(standStill(all, i), quorum.DecidePromote(r.Cluster, batch...))...))
		}
	}
	return memberStep{}, verdict
}

// add asks in the first newcomer of a batch, when the machines of all of them are ready.
func (m membership) add(all []roster, i int, batch []string) (memberStep, quorum.Verdict) {
	r := all[i]
	var first member
	for _, n := range slices.Backward(r.newcomers) {
		if !slices.Contains(batch, n.member) {
			continue
		}
		if reason := n.master.cannotStart(); reason != "" {
			return memberStep{}, quorum.Verdict{Answer: quorum.Wait, Cluster: r.Name, Reason: fmt.Sprintf("%s: %s (%s) joins when its machine is there: %s.", r.Name, n.member, n.master.zone, reason)}
		}
		first = n
	}
	newcomer := quorum.Member{Name: first.member, Zone: first.master.zone, Learner: true}
	verdict := quorum.All(append(standStill(all, i), quorum.DecideAdd(r.Cluster, newcomer, batch...))...)
	return memberStep{addMember, r.Name, []string{first.member}}, m.explain(verdict)
}

// cannotStart says what keeps a master's machine from starting members.
func (m master) cannotStart() string {
	switch {
	case m.machine == nil && len(m.missing) > 0:
		return m.missing[0]
	case m.machine == nil:
		return "it has no machine"
	case len(m.unattached) > 0:
		return m.unattached[0]
	}
	return ""
}

// standStill are the words of the other etcd clusters: each must stand as it is, apart from who joins it.
func standStill(all []roster, changed int) []quorum.Verdict {
	var verdicts []quorum.Verdict
	for i, r := range all {
		if i != changed {
			verdicts = append(verdicts, quorum.Decide(r.WithoutLearners(r.passing()...), func(quorum.Member) bool { return false }))
		}
	}
	return verdicts
}

// shrink is who leaves next.
func (m membership) shrink() (memberStep, quorum.Verdict) {
	all, verdict := m.rosters()
	for i, r := range all {
		if len(r.leavers) == 0 {
			continue
		}
		first := r.leavers[0].member
		step, gate := memberStep{removeMember, r.Name, []string{first}}, quorum.DecideRemove(r.Cluster, first)
		if len(r.leavers) > 1 && r.voters()%2 == 1 {
			second := r.leavers[1].member
			step.members, gate = append(step.members, second), quorum.DecideRemoveBoth(r.Cluster, first, second)
		}
		return step, m.explain(quorum.All(append(standStill(all, i), gate)...))
	}
	return memberStep{}, verdict
}

func (r roster) member(name string) quorum.Member {
	i := slices.IndexFunc(r.Members, func(m quorum.Member) bool { return m.Name == name })
	if i < 0 {
		return quorum.Member{}
	}
	return r.Members[i]
}

// whoLeavesFirst puts the sick first, for the list is better without them, and followers before the leader.
func (r roster) whoLeavesFirst(a, b member) int {
	rank := func(m member) int {
		switch seen := r.member(m.member); {
		case seen.Health != quorum.Healthy:
			return 1
		case m.member != r.leader:
			return 2
		}
		return 3
	}
	return cmp.Compare(rank(a), rank(b))
}

// explain adds what is missing in the zone that a verdict waits for.
func (m membership) explain(v quorum.Verdict) quorum.Verdict {
	if v.Answer == quorum.Proceed {
		return v
	}
	for _, on := range m.masters {
		if !m.stays[on.group.Ref()] || m.joins(on) {
			continue
		}
		if reasons := m.notBack(on); len(reasons) > 0 {
			v.Reason += " (" + on.zone + ": " + reasons[0] + ")"
			break
		}
	}
	return v
}
