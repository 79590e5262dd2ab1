// Package health answers one question: how is each member of these etcd clusters, seen from outside?
//
// Start at Prober.Observe. It asks every member twice, a moment apart, and judge, a pure function, turns
// the answers into what apply/quorum decides about. HandOver moves leadership away from a member whose
// machine is about to be taken out; AddLearner, Promote and Remove (members.go) change the member list.
//
// A member is healthy only if everything speaks for it, in both rounds: it answers, it is a voter of the
// cluster that a majority of the voters agrees on, with the same leader throughout, it has no alarm, and it
// keeps up with the log. A member without a machine is unhealthy. Any other member is unhealthy if that
// majority stands without it, so that it can be repaired, and unknown otherwise: then nobody can say what
// state the cluster is in, ourselves cut off from it included.
//
// The package imports apply/quorum and etcd's client.
package health

import (
	"cmp"
	"context"
	"crypto/tls"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/quorate/quorate/apply/quorum"
)

// Prober asks etcd members how they are. The zero value asks over the ordinary network, without TLS, and
// changes nothing.
type Prober struct {
	// Dial connects to a member's address; nil means net.Dialer.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// TLS is for etcd that wants certificates from its clients; nil means it does not.
	TLS *tls.Config
	// Guard is asked before every call that changes something, and an error stops the call. Nil refuses all
	// of them, so that who only looks changes nothing by mistake.
	Guard Guard
	// Pause lies between the two rounds of questions; 0 means a second, etcd's default election
	// timeout: a leader that is lost in the first round is missed by the second.
	Pause time.Duration
	// Timeout bounds each question; 0 means two seconds. Nothing is asked again.
	Timeout time.Duration
	// Lag is how many log entries a healthy member may not have applied yet; 0 means 100.
	Lag uint64
}

// Cluster is an etcd cluster, and where its wanted members are now.
type Cluster struct {
	Name    string // "main", "events"
	Members []Member
}

// Member is one wanted member. The address is its client port, and zero if no live machine carries it. Peer
// is the host and port of its peer URL, by which a member is known that was added and has not started.
type Member struct {
	Name, Zone string
	Address    netip.AddrPort
	Peer       string
}

// Report is what was seen of one cluster. Members that etcd lists and nobody wanted come last, as unknown.
type Report struct {
	quorum.Cluster
	Leader  string            // name, if a majority agrees on one
	Reasons map[string]string // by member: what keeps it from being healthy
	// Listed is the member list that a majority agrees on, sorted by id; nil if there is none. A wanted
	// member that is not in it counts above as a voter that is down, because it is to be one.
	Listed []Listed
	// Corrupt names the members that have raised etcd's alarm CORRUPT: their data differs from the others'.
	Corrupt []string
	Sizes   map[string]Size // by member, of those that answered
}

// Size is how large the database of a member is, in bytes.
type Size struct {
	File int64
	// InUse is what a defragmentation would leave of the file.
	InUse int64
	// Quota is where etcd raises the alarm NOSPACE and takes no more writes; 0 from a member
	// older than etcd 3.6, which does not say.
	Quota int64
}

// Observe asks all members of all clusters side by side, and returns reports in the order of the clusters.
// Whatever fails is in the reports; when ctx ends, everybody not yet heard of is unknown.
func (p Prober) Observe(ctx context.Context, clusters []Cluster) []Report {
	reports := make([]Report, len(clusters))
	var wg sync.WaitGroup
	for i, c := range clusters {
		wg.Go(func() { reports[i] = p.observe(ctx, c) })
	}
	wg.Wait()
	return reports
}

func (p Prober) observe(ctx context.Context, c Cluster) Report {
	s := p.connect(c)
	defer s.close()
	first := s.round(ctx)
	select {
	case <-time.After(cmp.Or(p.Pause, time.Second)):
	case <-ctx.Done():
	}
	second := s.round(ctx)
	alarms := s.alarms(ctx, second)
	return judge(c, first, second, alarms, cmp.Or(p.Lag, 100))
}
