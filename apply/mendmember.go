package apply

import (
	"context"
	"slices"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/topology"
)

// mendMember removes the members that an advice names from their etcd clusters, if the gate lets it; rejoin
// then adds them again. The same rule as for their machine: what is down may be repaired, a second one
// never. The mark comes first, so that the members that come back have their time.
func (r *run) mendMember(ctx context.Context, facts repair.Group, advice repair.Advice) error {
	m := newMembership(*r.seen, r.in.Want)
	m.mending = advice.Group
	for _, lost := range advice.Lost {
		step, verdict := m.remove(lost.Etcd, lost.Name)
		if verdict.Answer != quorum.Proceed {
			return &WaitError{Reason: "when it may: " + verdict.Reason}
		}
		if err := r.applier.mender.mark(ctx, facts.Ref.Name, topology.TagSick, repair.Mark{At: facts.Now, Machine: advice.Machine}); err != nil {
			return err
		}
		if err := r.changeMember(ctx, m.standing, step); err != nil {
			return &WaitError{Reason: err.Error()}
		}
	}
	return nil
}

// remove asks whether a wanted member may leave its etcd cluster for a while.
func (m membership) remove(etcd, member string) (memberStep, quorum.Verdict) {
	all, verdict := m.rosters()
	i := slices.IndexFunc(all, func(r roster) bool { return r.Name == etcd })
	if i < 0 {
		return memberStep{}, verdict
	}
	verdicts := append(standStill(all, i), quorum.DecideRemove(all[i].Cluster, member))
	return memberStep{removeMember, etcd, []string{member}}, m.explain(quorum.All(verdicts...))
}

// unwell are the members on a master that etcd lists and that are certainly not healthy.
func (s standing) unwell(m master) []repair.Member {
	var unwell []repair.Member
	for _, report := range s.reports {
		for _, seen := range report.Members {
			if _, listed := onList(report, seen.Name); listed && seen.Health == quorum.Unhealthy && m.carries(report.Name, seen.Name) {
				unwell = append(unwell, repair.Member{Etcd: report.Name, Name: seen.Name, Corrupt: slices.Contains(report.Corrupt, seen.Name)})
			}
		}
	}
	return unwell
}

// awaited reports that the machine of a master stands ready, and that no etcd cluster lists a member on it
// that is not well: what it lacks is to be asked in.
func (s standing) awaited(m master, want topology.Topology) bool {
	known := !slices.ContainsFunc(s.reports, func(r health.Report) bool { return r.Listed == nil })
	return known && m.cannotStart() == "" && len(s.unwell(m)) == 0 && newMembership(s, want).joins(m)
}
