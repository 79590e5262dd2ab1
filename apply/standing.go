package apply

import (
	"cmp"
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

// Observer asks etcd members how they are; every [Etcd] is one.
type Observer interface {
	Observe(ctx context.Context, clusters []health.Cluster) []health.Report
}

// A Watcher sees the control plane as the gate does, and can change nothing: its clients need
// no guard, and without one they refuse every changing call.
type Watcher struct {
	control controlPlane
	rolling map[topology.Ref]topology.RollingUpdate
	// reader has what [Watcher.Advise] reads with, and nothing that carries out a plan.
	reader *Applier
}

// WatchConfig is what a [Watcher] works with.
type WatchConfig struct {
	Clients awsapi.Clients
	Cluster string
	// Etcd is nil for who cannot reach the members; all of them are unknown then.
	Etcd Observer
	// Nodes is the cluster's Kubernetes API, of which only the list of nodes is asked; nil without
	// access to it.
	Nodes Nodes
	// Rolling is the pace of each group; the gate lets an only master go if that allows downtime.
	Rolling map[topology.Ref]topology.RollingUpdate
	// Now is the time; nil means time.Now.
	Now func() time.Time
}

// NewWatcher makes a Watcher. It makes no call.
func NewWatcher(c WatchConfig) Watcher {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Etcd == nil {
		c.Etcd = unreached{}
	}
	control := controlPlane{
		cluster: c.Cluster, ec2: c.Clients.EC2, groups: c.Clients.AutoScaling, targets: c.Clients.ELB, classics: c.Clients.ClassicELB,
		etcd: watched{c.Etcd}, nodes: c.Nodes, now: c.Now,
	}
	return Watcher{rolling: c.Rolling, control: control, reader: &Applier{
		control: control, nodes: c.Nodes,
		groups: newGroupWriter(env{clients: c.Clients, cluster: c.Cluster, now: c.Now}),
		mender: mender{c.Clients.EC2, c.Clients.AutoScaling},
	}}
}

// A Standing is the control plane at one moment, with both its sides: what AWS says of the
// machines, and what etcd says of the members.
type Standing struct {
	At time.Time
	// Masters are the wanted control-plane groups, sorted by zone and name.
	Masters []Master
	// Etcd is one report for each etcd cluster, sorted by name.
	Etcd []health.Report

	gate standing
}

// A Master is one control-plane group as it is now.
type Master struct {
	Group topology.Ref
	Zone  string
	// Machine is the EC2 instance id of the one live machine; empty if there is none or more.
	Machine string
	// Address is the machine's private one; zero while nobody knows it.
	Address  netip.Addr
	Launched time.Time
	// Missing says, one sentence each, what AWS misses: the machine in service, volumes
	// attached, targets healthy.
	Missing []string
	// NotBack is Missing and what etcd misses of the members. Empty means that it is back.
	NotBack []string
	// Sickness is what the machine lacks that was not taken from it to replace it, with members that are
	// known to be unhealthy.
	Sickness []string
	// Leaving is when it was begun to be taken out of service; zero if it was not.
	Leaving time.Time
	// Seats are the places of etcd members, sorted by etcd cluster; none means that its
	// template does not say which members its machine carries.
	Seats []Seat
}

// A Seat is the place of one etcd member, and how the member is.
type Seat struct {
	Etcd, Member string
	Volume       topology.Ref
	Health       quorum.Health
	// Reason says what keeps the member from being healthy.
	Reason  string
	Learner bool
	// Leads is true for the member that a majority agrees on as its leader.
	Leads bool
}

// Leads lists the etcd clusters whose leader is on this machine.
func (m Master) Leads() []string {
	var led []string
	for _, s := range m.Seats {
		if s.Leads {
			led = append(led, s.Etcd)
		}
	}
	return led
}

// Back reports that nothing is missing.
func (m Master) Back() bool { return len(m.NotBack) == 0 }

// MayGo is the gate's answer at this moment: may the machine of the group be taken out?
func (s Standing) MayGo(group topology.Ref) quorum.Verdict { return s.gate.mayGo(group) }

// Reached reports that some member of etcd could be asked how it is.
func (s Standing) Reached() bool {
	return slices.ContainsFunc(s.Etcd, func(r health.Report) bool {
		return slices.ContainsFunc(r.Members, func(m quorum.Member) bool { return m.Health == quorum.Healthy })
	})
}

// Order is what decides which machine of the control plane goes first.
func (s Standing) Order() order.Standing {
	now := order.Standing{}
	for _, m := range s.Masters {
		place := order.Master{Begun: !m.Leaving.IsZero(), Leads: m.Leads()}
		if len(m.Sickness) > 0 {
			place.Sick = m.Sickness[0]
		}
		now[m.Group] = place
	}
	return now
}

// Look takes four describing calls, and one for each target group and Classic load balancer
// in front of the control plane; and asks every etcd member twice.
func (w Watcher) Look(ctx context.Context, want topology.Topology, ids topology.Bindings) (Standing, error) {
	seen, err := w.control.stand(ctx, want, ids)
	if err != nil {
		return Standing{}, err
	}
	seen.rolling = w.rolling
	return seen.exported(w.control.now()), nil
}

func (s standing) exported(at time.Time) Standing {
	out := Standing{At: at, Etcd: s.reports, gate: s}
	for _, m := range s.masters {
		master := Master{Group: m.group.Ref(), Zone: m.zone, Missing: slices.Concat(m.missing, m.withheld), NotBack: s.notBack(m), Sickness: s.sickness(m)}
		if m.machine != nil {
			master.Leaving = m.machine.leaving
			master.Machine, master.Address, master.Launched = m.machine.id, m.machine.ip, m.machine.launched
		}
		for _, seat := range m.seats {
			master.Seats = append(master.Seats, s.seated(seat))
		}
		slices.SortFunc(master.Seats, func(a, b Seat) int { return cmp.Compare(a.Etcd, b.Etcd) })
		out.Masters = append(out.Masters, master)
	}
	slices.SortFunc(out.Masters, func(a, b Master) int {
		return cmp.Or(cmp.Compare(a.Zone, b.Zone), topology.CompareRefs(a.Group, b.Group))
	})
	return out
}

// seated joins a seat with what was reported of its member.
func (s standing) seated(at seat) Seat {
	out := Seat{Etcd: at.etcd, Member: at.member, Volume: at.volume}
	for _, r := range s.reports {
		if r.Name != at.etcd {
			continue
		}
		out.Reason, out.Leads = r.Reasons[at.member], r.Leader != "" && r.Leader == at.member
		for _, m := range r.Members {
			if m.Name == at.member {
				out.Health, out.Learner = m.Health, m.Learner
			}
		}
	}
	return out
}

// watched is an observer in the place of an [Etcd].
type watched struct{ Observer }

var errOnlyWatched = errors.New("a watcher changes nothing")

// HandOver refuses: who watches only takes no machine out.
func (watched) HandOver(context.Context, health.Cluster, string) error { return errOnlyWatched }

// unreached stands for members that nobody can ask.
type unreached struct{}

func (unreached) Observe(_ context.Context, clusters []health.Cluster) []health.Report {
	reports := make([]health.Report, len(clusters))
	for i, c := range clusters {
		reports[i] = health.Report{Cluster: quorum.Cluster{Name: c.Name}, Reasons: map[string]string{}}
		for _, m := range c.Members {
			reports[i].Members = append(reports[i].Members, quorum.Member{Name: m.Name, Zone: m.Zone})
			reports[i].Reasons[m.Name] = "nobody can reach it from here"
		}
	}
	return reports
}
