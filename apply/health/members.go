package health

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
)

// Listed is one entry of an etcd cluster's member list.
type Listed struct {
	ID uint64
	// Name is that of the wanted member, of one that was added and has not started too; the id in
	// hexadecimal if nobody wants it and it has no name.
	Name    string
	Peer    string // URL
	Learner bool
	// Started reports whether the member has ever been part of the cluster.
	Started bool
}

// AddLearner puts a member on the list of its etcd cluster, without a vote, under its peer address. A
// member that is there already, in whatever state, is left as it is, so that a lost answer adds nothing
// twice; etcd itself refuses a second member under one peer URL.
func (p Prober) AddLearner(ctx context.Context, c Cluster, member string) error {
	return p.change(ctx, c, "add "+member+" to", func(ctx context.Context, ask *clientv3.Client, now view) error {
		if _, found := now.named(member); found {
			return nil
		}
		i := slices.IndexFunc(c.Members, func(m Member) bool { return m.Name == member })
		if i < 0 || c.Members[i].Peer == "" {
			return errors.New("nobody knows its peer address")
		}
		_, err := ask.MemberAddAsLearner(ctx, []string{now.scheme() + "://" + c.Members[i].Peer})
		if errors.Is(err, rpctypes.ErrPeerURLExist) {
			return nil // another call of ours came first
		}
		return err
	}, "")
}

// Promote gives a learner its vote. etcd refuses it to one that lags behind. A member that votes is left as
// it is.
func (p Prober) Promote(ctx context.Context, c Cluster, member string) error {
	return p.change(ctx, c, "promote "+member+" in", func(ctx context.Context, ask *clientv3.Client, now view) error {
		l, found := now.named(member)
		if !found {
			return errors.New("it is no member")
		}
		if !l.learner {
			return nil
		}
		_, err := ask.MemberPromote(ctx, l.id)
		if errors.Is(err, rpctypes.ErrMemberNotLearner) {
			return nil
		}
		return err
	}, "")
}

// Remove takes a member off the list. One that is not on it is none to remove.
func (p Prober) Remove(ctx context.Context, c Cluster, member string) error {
	return p.change(ctx, c, "remove "+member+" from", func(ctx context.Context, ask *clientv3.Client, now view) error {
		l, found := now.named(member)
		if !found {
			return nil
		}
		_, err := ask.MemberRemove(ctx, l.id)
		if errors.Is(err, rpctypes.ErrMemberNotFound) {
			return nil
		}
		return err
	}, member)
}

// change asks everybody first, and acts on what a majority says, through one of them: through the leader
// if it can be reached, and never through the member that is to leave.
func (p Prober) change(ctx context.Context, c Cluster, what string, act func(context.Context, *clientv3.Client, view) error, leaver string) error {
	s := p.connect(c)
	defer s.close()
	answers := s.round(ctx)
	now := agreed(answers)
	if now.none() {
		return fmt.Errorf("%s etcd %s: no majority agrees on the member list", what, c.Name)
	}
	through := now.spokesman(c, answers, leaver)
	if through == "" {
		return fmt.Errorf("%s etcd %s: no voter but %s can be reached", what, c.Name, leaver)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*s.timeout) // a change goes through the log, and through its disks
	defer cancel()
	if err := act(ctx, s.clients[through], now); err != nil {
		return fmt.Errorf("%s etcd %s: %w", what, c.Name, explained(err))
	}
	if err := disarm(ctx, s.clients[through]); err != nil {
		return fmt.Errorf("%s etcd %s: take back the alarms of who left: %w", what, c.Name, err)
	}
	return nil
}

// disarm takes back the alarms of members that are on the list no more. etcd keeps them, and lets nobody
// write while one says that a member is corrupt, or has no space, though it has left.
func disarm(ctx context.Context, client *clientv3.Client) error {
	raised, err := client.AlarmList(ctx)
	if err != nil || len(raised.Alarms) == 0 {
		return err
	}
	list, err := client.MemberList(ctx)
	if err != nil {
		return err
	}
	for _, a := range raised.Alarms {
		if slices.ContainsFunc(list.Members, func(m *etcdserverpb.Member) bool { return m.GetID() == a.GetMemberID() }) {
			continue
		}
		if _, err := client.AlarmDisarm(ctx, &clientv3.AlarmMember{MemberID: a.GetMemberID(), Alarm: a.GetAlarm()}); err != nil {
			return err
		}
	}
	return nil
}

// spokesman is the voter to talk to: the leader, or else the first that shares the majority's view.
func (v view) spokesman(c Cluster, r round, leaver string) string {
	best := ""
	for _, m := range c.Members {
		a, asked := r[m.Name]
		if !asked || m.Name == leaver || a.learner || !v.sharedBy(a) {
			continue
		}
		if a.id == v.leader {
			return m.Name
		}
		best = cmp.Or(best, m.Name)
	}
	return best
}

// refusals are what etcd refuses for now, in words that say what it waits for. The five seconds are etcd's
// HealthInterval.
var refusals = []struct{ err, sentence error }{
	{rpctypes.ErrUnhealthy, errors.New("etcd wants its members connected with each other for five seconds first")},
	{rpctypes.ErrMemberNotEnoughStarted, errors.New("etcd wants more of its members started first")},
	{rpctypes.ErrMemberLearnerNotReady, errors.New("the learner has not caught up yet")},
	{rpctypes.ErrTooManyLearners, errors.New("etcd has as many learners as it allows; one of them must get its vote first")},
}

func explained(err error) error {
	for _, r := range refusals {
		if errors.Is(err, r.err) {
			return r.sentence
		}
	}
	return err
}

// nameAdded gives the members that were added and have not started the names that they will have.
func (r round) nameAdded(c Cluster) {
	for _, a := range r {
		for i, l := range a.members {
			if l.name == "" {
				a.members[i].name = c.nameOf(l.peer)
			}
		}
	}
}

// nameOf is the name of the wanted member with that peer URL, or empty.
func (c Cluster) nameOf(peerURL string) string {
	u, err := url.Parse(peerURL)
	if err != nil || u.Host == "" {
		return ""
	}
	for _, m := range c.Members {
		if m.Peer == u.Host {
			return m.Name
		}
	}
	return ""
}

// called is what people are told that a member is called.
func (l listed) called() string {
	if l.name == "" {
		return fmt.Sprintf("%x", l.id)
	}
	return l.name
}

func (v view) listed() []Listed {
	list := make([]Listed, 0, len(v.members))
	for _, l := range v.members {
		list = append(list, Listed{ID: l.id, Name: l.called(), Peer: l.peer, Learner: l.learner, Started: l.started})
	}
	return list
}

// corrupt names the members whose alarm says that their data is.
func (v view) corrupt(raised alarms) []string {
	var names []string
	for _, l := range v.members {
		if raised.byMember[l.id] == "CORRUPT" {
			names = append(names, l.called())
		}
	}
	return names
}

// scheme is the one of the peer URLs in use; all members of a cluster have the same.
func (v view) scheme() string {
	for _, l := range v.members {
		if u, err := url.Parse(l.peer); err == nil && u.Scheme != "" {
			return u.Scheme
		}
	}
	return "https"
}
