package apply

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// Etcd asks etcd members how they are, and hands leadership over; [health.Prober] does
// it over the network.
type Etcd interface {
	// Observe asks every member of every etcd cluster, twice a moment apart, and
	// reports in the same order. A member that nobody could ask is unknown, which is
	// never healthy.
	Observe(ctx context.Context, clusters []health.Cluster) []health.Report
	// HandOver moves leadership away from the member, if it has it, to a healthy
	// one that has caught up.
	HandOver(ctx context.Context, cluster health.Cluster, member string) error
}

// etcdClusters gathers the members of all masters by etcd cluster, sorted by name.
func etcdClusters(all []master) []health.Cluster {
	byName := map[string]*health.Cluster{}
	var names []string
	for _, m := range all {
		for _, s := range m.seats {
			if byName[s.etcd] == nil {
				byName[s.etcd] = &health.Cluster{Name: s.etcd}
				names = append(names, s.etcd)
			}
			member := health.Member{Name: s.member, Zone: m.zone, Peer: s.peer}
			if m.machine != nil && m.machine.ip.IsValid() {
				member.Address = netip.AddrPortFrom(m.machine.ip, uint16(s.port))
			}
			byName[s.etcd].Members = append(byName[s.etcd].Members, member)
		}
	}
	slices.Sort(names)
	clusters := make([]health.Cluster, 0, len(names))
	for _, name := range names {
		clusters = append(clusters, *byName[name])
	}
	return clusters
}

// standing is the control plane with both its sides: what AWS says of the machines,
// and what etcd says of the members.
type standing struct {
	masters  []master
	clusters []health.Cluster
	reports  []health.Report
	// silent says why Kubernetes gave no answer; empty if it did, or was not asked.
	silent string
	// rolling are the paces of the groups.
	rolling map[topology.Ref]topology.RollingUpdate
}

func (p controlPlane) stand(ctx context.Context, want topology.Topology, ids topology.Bindings) (standing, error) {
	all, silent, err := p.masters(ctx, want, ids)
	if err != nil {
		return standing{}, err
	}
	s := standing{masters: all, clusters: etcdClusters(all), silent: silent}
	s.reports = p.etcd.Observe(ctx, s.clusters)
	return s, nil
}

// notBack says what keeps a master from being back: everything AWS misses, and every
// member on it that etcd does not call a healthy voter. Empty means it is back.
func (s standing) notBack(m master) []string {
	return append(s.lacks(m), m.withheld...)
}

// lacks is notBack without what was taken from a machine for its replacement.
func (s standing) lacks(m master) []string {
	reasons := slices.Concat(m.missing, s.membersMissing(m))
	if m.unready != "" {
		reasons = append(reasons, m.unready)
	}
	return reasons
}

// membersMissing says which members on a master are not healthy voters.
func (s standing) membersMissing(m master) []string {
	var reasons []string
	for _, c := range s.reports {
		for _, member := range c.Members {
			if !m.carries(c.Name, member.Name) {
				continue
			}
			switch {
			case member.Learner:
				reasons = append(reasons, fmt.Sprintf("member %s of etcd %s is still a learner", member.Name, c.Name))
			case member.Health != quorum.Healthy:
				reasons = append(reasons, fmt.Sprintf("member %s of etcd %s is %s%s", member.Name, c.Name, member.Health, because(c.Reasons[member.Name])))
			}
		}
	}
	return reasons
}

func because(reason string) string {
	if reason == "" {
		return ""
	}
	return ": " + reason
}

func (m master) carries(etcd, member string) bool {
	return slices.ContainsFunc(m.seats, func(s seat) bool { return s.etcd == etcd && s.member == member })
}

// mayGo is the gate: may the machine of this group be taken out now? Any other group
// that is not back stops it, in its own zone too; then both etcd clusters must agree.
func (s standing) mayGo(group topology.Ref) quorum.Verdict {
	var mine master
	var underWay []string
	for _, m := range s.masters {
		if m.group.Ref() == group {
			mine = m
			continue
		}
		if reasons := s.notBack(m); len(reasons) > 0 && !s.onlyUnready(m, mine) {
			if m.zone == mine.zone {
				return quorum.Verdict{Answer: quorum.Wait, Reason: "zone " + m.zone + " is under way: " + reasons[0]}
			}
			underWay = append(underWay, m.zone)
		}
	}
	if len(mine.seats) == 0 {
		return quorum.Verdict{Answer: quorum.Refuse, Reason: "the template of " + group.String() + " does not say which etcd members its machine carries, so nobody can tell what taking it out would do"}
	}
	verdicts := make([]quorum.Verdict, 0, len(s.reports))
	for _, c := range s.reports {
		c.UnderWay = underWay
		verdicts = append(verdicts, quorum.Decide(c.Cluster, func(m quorum.Member) bool { return mine.carries(c.Name, m.Name) }))
	}
	verdict := quorum.All(verdicts...)
	if verdict.Answer != quorum.Proceed && s.alone(mine) {
		return s.downtime(verdict, mine)
	}
	return s.explained(verdict, group)
}

// onlyUnready reports that another master lacks nothing but its node's being ready, while mine is sick:
// etcd and the load balancers do not need that node, and my machine may be why Kubernetes does not answer.
func (s standing) onlyUnready(other, mine master) bool {
	return len(other.missing)+len(other.withheld)+len(s.membersMissing(other)) == 0 && len(s.sickness(mine)) > 0
}

// alone reports that the machine carries all there is of every etcd cluster: it is the only master.
func (s standing) alone(m master) bool {
	for _, c := range s.reports {
		if len(c.Members) != 1 || !m.carries(c.Name, c.Members[0].Name) {
			return false
		}
	}
	return len(s.masters) == 1 && len(s.reports) > 0
}

// downtime is the one place where the rules of quorum are overruled. An etcd cluster of one member never
// has a majority without it, so such a master could not be replaced at all; its manifest may say that the
// cluster can be away meanwhile. What it holds is on its volume, and in a snapshot that was taken before.
func (s standing) downtime(strict quorum.Verdict, m master) quorum.Verdict {
	verdict := strict
	if s.rolling[m.group.Ref()].AllowDowntime {
		verdict.Answer = quorum.Proceed
		verdict.Reason = strict.Cluster + ": its only member may be away, for the manifest allows downtime."
		return verdict
	}
	verdict.Answer = quorum.Refuse
	verdict.Reason = strict.Reason + " It is the only master: with quorate.dev/allow-downtime: \"true\" on the cluster or the instance group it is replaced, and the API is away until its successor is up."
	return verdict
}

// explained adds what is missing in the zone that a verdict waits for: "under way"
// alone does not help anybody who looks at a status at night.
func (s standing) explained(v quorum.Verdict, group topology.Ref) quorum.Verdict {
	if v.Answer == quorum.Proceed {
		return v
	}
	for _, m := range s.masters {
		if reasons := s.notBack(m); m.group.Ref() != group && len(reasons) > 0 {
			v.Reason += " (" + m.zone + ": " + reasons[0] + ")"
			break
		}
	}
	return v
}

// sickness is what a master lacks that nobody took from it. A member of which nothing is known is no
// sickness: then somebody has to find out first.
func (s standing) sickness(m master) []string {
	reasons := slices.Clone(m.missing)
	for _, c := range s.reports {
		for _, member := range c.Members {
			if m.carries(c.Name, member.Name) && member.Health == quorum.Unhealthy {
				reasons = append(reasons, fmt.Sprintf("member %s of etcd %s is unhealthy%s", member.Name, c.Name, because(c.Reasons[member.Name])))
			}
		}
	}
	return reasons
}

// leads reports that a member on the machine leads its etcd cluster.
func (s standing) leads(m master) bool {
	return slices.ContainsFunc(s.reports, func(c health.Report) bool { return c.Leader != "" && m.carries(c.Name, c.Leader) })
}

// otherBroken says which other master is sick, and of what.
func (s standing) otherBroken(group topology.Ref) string {
	for _, m := range s.masters {
		if reasons := s.sickness(m); m.group.Ref() != group && len(reasons) > 0 {
			return m.zone + ": " + reasons[0]
		}
	}
	return ""
}

// settling says what the cluster still needs to be as it should: masters that are
// not back, and worker groups below their minimum.
func (r *run) settling(ctx context.Context) []string {
	standing, err := r.stood(ctx)
	if err != nil {
		return []string{err.Error()}
	}
	var reasons []string
	if err := errors.Join(r.noteBack(ctx, standing), r.letMastersGo(ctx, standing), r.giveBackAllBut(ctx, standing, topology.Ref{})); err != nil {
		reasons = append(reasons, err.Error())
	}
	for _, m := range standing.masters {
		if missing := standing.notBack(m); len(missing) > 0 {
			reasons = append(reasons, fmt.Sprintf("control plane in %s%s: %s", m.zone, m.since(r.applier.control.now()), strings.Join(missing, "; ")))
		}
	}
	return append(reasons, r.shortGroups()...)
}

// waitsFor puts the other master that a group waits for into a wait: since when, and how long it may take.
func (s standing) waitsFor(w *WaitError, group topology.Ref, now time.Time) {
	for _, m := range s.masters {
		if m.group.Ref() != group && len(s.notBack(m)) > 0 {
			s.lasts(w, m, now)
			return
		}
	}
}

// lasts says how long a machine has been coming, and how long it may.
func (s standing) lasts(w *WaitError, m master, now time.Time) {
	if m.machine == nil || m.machine.launched.IsZero() || now.Before(m.machine.launched) {
		return
	}
	w.Since, w.Limit = m.machine.launched, backLimit(s.rolling[m.group.Ref()])
	if !m.machine.leaving.IsZero() {
		w.Since, w.Limit = m.machine.leaving, 0 // it may be emptied for as long as its group allows
	}
	if lasted := now.Sub(w.Since).Round(time.Second); w.Limit > 0 && lasted <= w.Limit {
		w.Reason += fmt.Sprintf(", for %s of at most %s", lasted, w.Limit)
	} else {
		w.Reason += fmt.Sprintf(", for %s", lasted)
	}
}

// since tells how long the machine has been trying, so that a master that never
// comes back looks different from one that boots.
func (m master) since(now time.Time) string {
	if m.machine == nil || m.machine.launched.IsZero() || now.Before(m.machine.launched) {
		return "" // or AWS's clock is not ours
	}
	return fmt.Sprintf(" for %s", now.Sub(m.machine.launched).Round(time.Second))
}

// shortGroups compares the machines seen by this pass with the wanted minimum. A
// group whose minimum has just been raised is short until the next pass looks.
func (r *run) shortGroups() []string {
	var short []string
	for _, g := range topology.Of[topology.AutoScalingGroup](r.in.Want) {
		if g.Role == topology.ControlPlane {
			continue
		}
		have, _ := r.in.Have.Get(g.Ref())
		least := strength(have, g, r.change(g.Ref()))
		if n := r.inService(g.Ref()); n < least {
			short = append(short, fmt.Sprintf("%s has %d of at least %d machines in service", g.Ref(), n, least))
		}
	}
	return short
}

// change is what the plan has for ref; zero if nothing.
func (r *run) change(ref topology.Ref) diff.Change {
	for _, c := range r.in.Plan.Changes {
		if c.Ref == ref {
			return c
		}
	}
	return diff.Change{}
}

func (r *run) inService(group topology.Ref) int {
	n := 0
	for _, m := range r.in.Machines {
		if m.Group == group && m.InService() {
			n++
		}
	}
	return n
}
