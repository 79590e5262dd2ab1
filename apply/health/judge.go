package health

import (
	"fmt"
	"slices"

	"github.com/quorate/quorate/apply/quorum"
)

// judge turns two rounds of answers into a report. It trusts nothing that only one member says.
func judge(c Cluster, first, second round, raised alarms, lag uint64) Report {
	before, after := agreed(first), agreed(second)
	t := trial{before: before, after: after, first: first, second: second, alarms: raised, lag: lag}
	t.unsettled = unsettled(before, after, raised)
	r := Report{Cluster: quorum.Cluster{Name: c.Name}, Reasons: map[string]string{}, Sizes: map[string]Size{}}
	if t.unsettled == "" {
		r.Leader = after.name(after.leader)
		r.Listed, r.Corrupt = after.listed(), after.corrupt(raised)
	}
	for _, m := range c.Members {
		verdict, reason := t.of(m)
		if reason != "" {
			r.Reasons[m.Name] = reason
		}
		if a, answered := second[m.Name]; answered && a.err == nil {
			r.Sizes[m.Name] = a.size
		}
		r.Members = append(r.Members, quorum.Member{Name: m.Name, Zone: m.Zone, Health: verdict, Learner: after.isLearner(m.Name)})
	}
	for _, l := range after.unwanted(c) {
		r.Reasons[l.name] = "etcd lists it as a member, and the cluster's manifest does not"
		r.Members = append(r.Members, quorum.Member{Name: l.name, Learner: l.learner})
	}
	return r
}

// view is what a majority of the voters says together; the zero view is none.
type view struct {
	cluster, leader uint64
	members         []listed
	index           uint64 // the furthest any of them knows the log to be committed
}

// agreed finds the view that enough voters share to be a majority of the list they give. If there are two
// such views, the members have become two clusters, and neither is trusted.
func agreed(r round) view {
	var found view
	for _, a := range r {
		if a.err != nil || a.learner || a.leader == 0 {
			continue
		}
		v := view{cluster: a.cluster, leader: a.leader, members: a.members}
		if !v.carried(r) {
			continue
		}
		if !found.none() && !found.same(v) {
			return view{}
		}
		found = v
	}
	for _, a := range r {
		if !found.none() && found.sharedBy(a) {
			found.index = max(found.index, a.index)
		}
	}
	return found
}

// carried says whether a majority of the voters that the view lists share it.
func (v view) carried(r round) bool {
	voters, sharing := 0, 0
	for _, l := range v.members {
		if l.learner {
			continue
		}
		voters++
		if a, ok := find(r, l.id); ok && v.sharedBy(a) {
			sharing++
		}
	}
	return sharing > voters/2
}

func find(r round, id uint64) (answer, bool) {
	for _, a := range r {
		if a.err == nil && a.id == id {
			return a, true
		}
	}
	return answer{}, false
}

func (v view) none() bool { return v.leader == 0 }

func (v view) same(w view) bool {
	return v.cluster == w.cluster && v.leader == w.leader && slices.Equal(v.members, w.members)
}

// sharedBy says whether a member sees the same cluster. Learners cannot be asked for the list.
func (v view) sharedBy(a answer) bool {
	return a.err == nil && a.cluster == v.cluster && a.leader == v.leader && (a.learner || slices.Equal(a.members, v.members))
}

func (v view) named(name string) (listed, bool) {
	i := slices.IndexFunc(v.members, func(l listed) bool { return l.name == name })
	if i < 0 {
		return listed{}, false
	}
	return v.members[i], true
}

func (v view) isLearner(name string) bool {
	l, _ := v.named(name)
	return l.learner
}

func (v view) name(id uint64) string {
	for _, l := range v.members {
		if l.id == id {
			return l.name
		}
	}
	return ""
}

// unwanted are members of the list that nobody asked about. One that has never started has no name yet.
func (v view) unwanted(c Cluster) []listed {
	var rest []listed
	for _, l := range v.members {
		l.name = l.called()
		if !slices.ContainsFunc(c.Members, func(m Member) bool { return m.Name == l.name }) {
			rest = append(rest, l)
		}
	}
	return rest
}

// unsettled says why nothing can be said about members that are not plainly gone; empty if it can.
func unsettled(before, after view, raised alarms) string {
	switch {
	case before.none() || after.none():
		return "no majority answers with the same leader and member list"
	case before.leader != after.leader:
		return "the leader changed while it was asked"
	case !before.same(after):
		return "the member list changed while it was asked"
	case raised.err != nil:
		return fmt.Sprintf("the alarms are not known: %v", raised.err)
	}
	return ""
}

// trial is everything there is to know when members are judged one by one.
type trial struct {
	before, after view
	first, second round
	alarms        alarms
	lag           uint64
	unsettled     string
}

func (t trial) of(m Member) (quorum.Health, string) {
	reason := t.against(m)
	switch {
	case !m.Address.IsValid():
		return quorum.Unhealthy, "no live machine carries it"
	case t.unsettled != "" && reason != "":
		return quorum.Unknown, t.unsettled + "; " + reason
	case t.unsettled != "":
		return quorum.Unknown, t.unsettled
	case reason != "":
		return quorum.Unhealthy, reason
	}
	return quorum.Healthy, ""
}

// against says what speaks against a member, or nothing.
func (t trial) against(m Member) string {
	first, second := t.first[m.Name], t.second[m.Name]
	for _, a := range []answer{first, second} {
		if a.err != nil {
			return fmt.Sprintf("%s does not answer: %v", m.Address, a.err)
		}
	}
	if t.unsettled != "" {
		return "" // the rest is about a view that does not exist
	}
	l, known := t.after.named(m.Name)
	switch {
	case !known:
		return "etcd does not list it as a member that has started"
	case first.id != l.id || second.id != l.id:
		return fmt.Sprintf("another member answers at %s", m.Address)
	case !t.before.sharedBy(first) || !t.after.sharedBy(second):
		return "it does not agree with the majority on leader and member list"
	case t.alarms.byMember[l.id] != "":
		return "it has raised the alarm " + t.alarms.byMember[l.id]
	case second.applied+t.lag < t.after.index:
		return fmt.Sprintf("it is %d log entries behind", t.after.index-second.applied)
	case second.applied < t.before.index:
		return "it has not applied what was committed when it was first asked"
	}
	return ""
}
