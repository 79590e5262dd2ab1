package health

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net"
	"slices"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
)

// answer is what one member said of itself and its cluster in one round.
type answer struct {
	err     error // it said nothing
	id      uint64
	cluster uint64
	leader  uint64
	learner bool
	index   uint64 // last log entry known to be committed
	applied uint64 // last log entry applied
	size    Size
	members []listed
}

// listed is one entry of the member list.
type listed struct {
	id      uint64
	name    string // empty until it has started
	peer    string // URL
	learner bool
	started bool // it has told where clients reach it
}

// round is one answer of every member that has an address, by name.
type round map[string]answer

// alarms are the alarms raised, by member id, or why nobody knows.
type alarms struct {
	err      error
	byMember map[uint64]string
}

// session holds a connection to every member of one cluster. Connections are made on first use.
type session struct {
	cluster Cluster
	timeout time.Duration
	clients map[string]*clientv3.Client
	broken  map[string]error // of the members whose client could not be made
}

func (p Prober) connect(c Cluster) *session {
	s := &session{cluster: c, timeout: cmp.Or(p.Timeout, 2*time.Second), clients: map[string]*clientv3.Client{}, broken: map[string]error{}}
	for _, m := range c.Members {
		if !m.Address.IsValid() {
			continue
		}
		client, err := clientv3.New(p.config(m))
		if err != nil {
			s.broken[m.Name] = err
			continue
		}
		s.clients[m.Name] = client
	}
	return s
}

func (p Prober) config(m Member) clientv3.Config {
	scheme := "http://"
	if p.TLS != nil {
		scheme = "https://"
	}
	c := clientv3.Config{
		Endpoints:       []string{scheme + m.Address.String()},
		TLS:             p.TLS,
		Logger:          zap.NewNop(), // what goes wrong is in the answers
		MaxUnaryRetries: 1,            // attempts, in truth
		DialOptions:     []grpc.DialOption{grpc.WithChainUnaryInterceptor(p.Guard.ask, failFast)},
	}
	if p.Dial != nil {
		c.DialOptions = append(c.DialOptions, grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			return p.Dial(ctx, "tcp", addr)
		}))
	}
	return c
}

// failFast takes back that etcd's client waits for a connection until its time is over: a member that
// refuses one has answered, and says why in its error.
func failFast(ctx context.Context, method string, req, reply any, cc *grpc.ClientConn, invoke grpc.UnaryInvoker, opts ...grpc.CallOption) error {
	return invoke(ctx, method, req, reply, cc, append(opts, grpc.WaitForReady(false))...)
}

func (s *session) close() {
	for _, c := range s.clients {
		c.Close()
	}
}

// round asks every member at the same time.
func (s *session) round(ctx context.Context) round {
	var mu sync.Mutex
	answers := round{}
	for name, err := range s.broken {
		answers[name] = answer{err: err}
	}
	var wg sync.WaitGroup
	for name, c := range s.clients {
		wg.Go(func() {
			a := s.ask(ctx, c)
			mu.Lock()
			defer mu.Unlock()
			answers[name] = a
		})
	}
	wg.Wait()
	answers.nameAdded(s.cluster)
	return answers
}

// ask wants to know the member list that a majority agrees on now, and the member's own state. The list comes
// first: a member that was removed cannot give it, and etcd panics when it is asked for the state of such a
// one before it has stopped. A learner is not allowed to give it.
func (s *session) ask(ctx context.Context, c *clientv3.Client) answer {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	list, err := c.MemberList(ctx)
	if err != nil && !errors.Is(err, rpctypes.Error(rpctypes.ErrGRPCNotSupportedForLearner)) {
		return answer{err: err}
	}
	status, err := c.Status(ctx, c.Endpoints()[0])
	if err != nil {
		return answer{err: err}
	}
	a := answer{
		id: status.Header.GetMemberId(), cluster: status.Header.GetClusterId(), leader: status.Leader,
		learner: status.IsLearner, index: status.RaftIndex, applied: status.RaftAppliedIndex,
		size: Size{File: status.DbSize, InUse: status.DbSizeInUse, Quota: status.DbSizeQuota},
	}
	if a.learner || list == nil {
		a.learner = true // it was one when it was asked for the list; the next round knows better
		return a
	}
	for _, m := range list.Members {
		a.members = append(a.members, listed{
			id: m.GetID(), name: m.GetName(), peer: firstOf(m.GetPeerURLs()), learner: m.GetIsLearner(), started: len(m.GetClientURLs()) > 0,
		})
	}
	slices.SortFunc(a.members, func(x, y listed) int { return cmp.Compare(x.id, y.id) })
	return a
}

func firstOf(urls []string) string {
	if len(urls) == 0 {
		return ""
	}
	return urls[0]
}

// alarms asks one voter after the other until one answers. The question goes through the log, so that the
// answer also shows that a majority still writes; asking everybody would show nothing more.
func (s *session) alarms(ctx context.Context, r round) alarms {
	last := errors.New("no voter to ask")
	for _, name := range slices.Sorted(maps.Keys(s.clients)) {
		if a := r[name]; a.err != nil || a.learner {
			continue
		}
		found, err := s.askAlarms(ctx, s.clients[name])
		if err == nil {
			return alarms{byMember: found}
		}
		last = err
	}
	return alarms{err: last}
}

func (s *session) askAlarms(ctx context.Context, c *clientv3.Client) (map[uint64]string, error) {
	ctx, cancel := context.WithTimeout(ctx, s.timeout)
	defer cancel()
	resp, err := c.AlarmList(ctx)
	if err != nil {
		return nil, err
	}
	raised := map[uint64]string{}
	for _, a := range resp.Alarms {
		if a.GetAlarm() != etcdserverpb.AlarmType_NONE {
			raised[a.GetMemberID()] = a.GetAlarm().String()
		}
	}
	return raised, nil
}
