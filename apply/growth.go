package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// Members changes the member lists of etcd clusters; [health.Prober] does it over the network. Every verb
// first asks what a majority says, and changes nothing twice.
type Members interface {
	AddLearner(ctx context.Context, cluster health.Cluster, member string) error
	Promote(ctx context.Context, cluster health.Cluster, member string) error
	Remove(ctx context.Context, cluster health.Cluster, member string) error
}

// mostChanges bounds the changes of one pass: seven members in four etcd clusters, each added and promoted.
const mostChanges = 2 * 4 * 7

// everybody is what is wanted together with the control-plane groups that leave: until they have left, their
// members vote, and nobody can count a quorum without them.
func everybody(in Input) topology.Topology {
	if !slices.ContainsFunc(in.Plan.Changes, dismisses) {
		return in.Want
	}
	var all []topology.Resource
	for _, r := range in.Want.All() {
		all = append(all, r)
	}
	for ref, r := range in.Have.All() {
		if _, wanted := in.Want.Get(ref); !wanted {
			all = append(all, r)
		}
	}
	joined, err := topology.New(all...)
	if err != nil {
		return in.Want // the members that leave are then strangers to the gate, and nothing may go
	}
	return joined
}

// dismisses reports whether a change removes a control-plane group.
func dismisses(c diff.Change) bool {
	group, ok := c.Have.(topology.AutoScalingGroup)
	return ok && c.Effect == diff.Delete && group.Role == topology.ControlPlane
}

// changesMembers reports whether a change is that of an etcd cluster's member list.
func changesMembers(c diff.Change) bool {
	return c.Ref.Kind == topology.KindVolume && c.Effect == diff.InPlace && c.Has("members")
}

// agreeOnMembers makes the member lists of etcd what the manifest wants before the change of a volume writes
// them down. What is wanted is the same for all volumes, so the first to come does it for all.
func (r *run) agreeOnMembers(ctx context.Context, c diff.Change, out *Outcome) error {
	if !changesMembers(c) || r.agreed.Load() {
		return nil
	}
	if err := r.changeMembers(ctx, out, membership.next); err != nil {
		return err
	}
	r.agreed.Store(true)
	return nil
}

// changeMembers makes one change after the other, as long as the gate lets it. It looks anew before each.
func (r *run) changeMembers(ctx context.Context, out *Outcome, next func(membership) (memberStep, quorum.Verdict)) error {
	for range mostChanges {
		standing, err := r.stand(ctx)
		if err != nil {
			return err
		}
		step, verdict := next(newMembership(standing, r.in.Want))
		out.Verdict = &verdict
		switch {
		case verdict.Answer == quorum.Refuse:
			return fmt.Errorf("refused: %s", verdict.Reason)
		case verdict.Answer != quorum.Proceed:
			return &WaitError{Reason: verdict.Reason}
		case step.verb == "":
			return nil
		}
		out.Acted = true
		if err := r.changeMember(ctx, standing, step); err != nil {
			return &WaitError{Reason: err.Error()}
		}
	}
	return &WaitError{Reason: "the member lists of etcd keep changing under our hands; the next pass looks again"}
}

// changeMember carries out one step. Two members in a row are one step so that nothing comes between.
func (r *run) changeMember(ctx context.Context, s standing, step memberStep) error {
	members := r.applier.members
	if members == nil {
		return fmt.Errorf("%s %s: nobody here may change the members of etcd %s", step.verb, strings.Join(step.members, ", "), step.etcd)
	}
	i := slices.IndexFunc(s.clusters, func(c health.Cluster) bool { return c.Name == step.etcd })
	cluster := s.clusters[i]
	for _, member := range step.members {
		var err error
		switch step.verb {
		case addMember:
			err = members.AddLearner(ctx, cluster, member)
		case promoteMember:
			err = members.Promote(ctx, cluster, member)
		case removeMember:
			if err = r.applier.control.etcd.HandOver(ctx, cluster, member); err == nil {
				err = members.Remove(ctx, cluster, member)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// rejoin goes on with members that lost their place in etcd to a repair, until they vote again. What a plan
// is to change about the members is left to its steps: they have their place, and a pause holds them.
func (r *run) rejoin(ctx context.Context, seen standing) []Repair {
	if slices.ContainsFunc(r.in.Plan.Changes, func(c diff.Change) bool { return changesMembers(c) || dismisses(c) }) {
		return nil
	}
	joining := newMembership(seen, r.in.Want).joining()
	if joining.IsZero() {
		return nil
	}
	var out Outcome
	done := Repair{Advice: repair.Advice{Verb: repair.Rejoin, Group: joining, Who: repair.Quorate}}
	err := r.changeMembers(ctx, &out, membership.grow)
	done.Acted = out.Acted
	return []Repair{r.told(done, err)}
}

// joining is the first master on which a wanted member of a running etcd cluster has no vote; zero if there
// is none.
func (m membership) joining() topology.Ref {
	all, _ := m.rosters()
	for _, r := range all {
		for _, joins := range slices.Concat(r.learners, r.newcomers) {
			return joins.master.group.Ref()
		}
	}
	return topology.Ref{}
}

// afterMembers holds the group of a master back that leaves until no etcd cluster lists its members any more,
// and until every master that stays is back: from then on clients find one fewer.
func (r *run) afterMembers(ctx context.Context, c diff.Change) error {
	if !dismisses(c) || r.in.Plan.EndsCluster() {
		return nil
	}
	s, err := r.stand(ctx)
	if err != nil {
		return err
	}
	m := newMembership(s, r.in.Want)
	all, verdict := m.rosters()
	if all == nil {
		return &WaitError{Reason: verdict.Reason, Idle: true}
	}
	for _, roster := range all {
		for _, leaver := range roster.leavers {
			if leaver.master.group.Ref() == c.Ref {
				return &WaitError{Reason: fmt.Sprintf("member %s has not left etcd %s yet", leaver.member, roster.Name), Idle: true}
			}
		}
	}
	for _, on := range s.masters {
		if reasons := s.notBack(on); m.stays[on.group.Ref()] && len(reasons) > 0 {
			return &WaitError{Reason: "the masters that stay come first, and in " + on.zone + " " + reasons[0], Idle: true}
		}
	}
	return nil
}

// forMachine marks an etcd volume that is made when its etcd cluster exists: a machine that finds it empty
// must join, or be repaired, and never begin anew.
func (r *run) forMachine(want topology.Resource) topology.Resource {
	volume, ok := want.(topology.Volume)
	if !ok || !etcdExists(r.in.Have, volume.EtcdCluster) {
		return want
	}
	volume.Tags = volume.Tags.With(topology.Tags{topology.TagEtcdExists: "true"})
	return volume
}

// etcdExists reports whether an etcd cluster has begun, or may have. A control plane that is made for the
// first time has no group before it has all its volumes; an etcd cluster that it gains later is in no
// template before; and a volume that was retired was used.
func etcdExists(have topology.Topology, etcd string) bool {
	for _, v := range topology.Of[topology.Volume](have) {
		if v.EtcdCluster == etcd && v.Tags[topology.TagRetired] != "" {
			return true
		}
	}
	for _, m := range mastersIn(have) {
		template, _ := topology.Find[topology.LaunchTemplate](have, m.LaunchTemplate)
		config, err := topology.ParseUserData(template.UserData)
		if err == nil && slices.ContainsFunc(config.EtcdClusters, func(e topology.NodeEtcd) bool { return e.Name == etcd }) {
			return true
		}
	}
	return false
}

func mastersIn(t topology.Topology) []topology.AutoScalingGroup {
	return slices.DeleteFunc(topology.Of[topology.AutoScalingGroup](t), func(g topology.AutoScalingGroup) bool { return g.Role != topology.ControlPlane })
}
