package chaos

import (
	"context"
	"fmt"
	"maps"
	"net"
	"slices"
	"strconv"
	"sync"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"

	"github.com/quorate/quorate/topology"
)

const (
	samplePause = 50 * time.Millisecond
	askLimit    = 300 * time.Millisecond
	// lag is how many log entries a member may be behind and still count as caught up, as for the service.
	lag = 100
)

// seen is what one member said.
type seen struct {
	up      bool // it answers and has a vote
	learner bool
	leader  uint64
	applied uint64
}

// look is one look at one etcd cluster, by member name.
type look map[string]seen

// up counts the members that answer and have a vote.
func (l look) up() int {
	n := 0
	for _, m := range l {
		if m.up {
			n++
		}
	}
	return n
}

// serving lists the voters that follow one leader and have caught up with each other.
func (l look) serving() []string {
	var furthest uint64
	followers := map[uint64]int{}
	for _, m := range l {
		if m.up && m.leader != 0 {
			followers[m.leader]++
			furthest = max(furthest, m.applied)
		}
	}
	var names []string
	for name, m := range l {
		if m.up && followers[m.leader] > len(l)/2 && m.applied+lag >= furthest {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// witness asks the members of all etcd clusters from outside, past everything that hinders the service.
type witness struct {
	members map[string]map[string]*clientv3.Client // by etcd cluster, by member
	whole   map[string]*clientv3.Client            // clients of the whole cluster

	mu       sync.Mutex
	complete bool           // all were up once: from then on it counts
	fewest   map[string]int // by etcd cluster
	lost     map[string]bool
	losses   []string // periods without a majority
	samples  int
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

func newWitness(dial dialFunc) (*witness, error) {
	w := &witness{members: map[string]map[string]*clientv3.Client{}, whole: map[string]*clientv3.Client{}, fewest: map[string]int{}, lost: map[string]bool{}}
	for etcd, port := range etcdPorts {
		w.members[etcd] = map[string]*clientv3.Client{}
		var all []string
		for _, name := range members {
			endpoint := "http://" + net.JoinHostPort(topology.EtcdHost(clusterName, etcd, name), strconv.Itoa(port))
			all = append(all, endpoint)
			c, err := newClient(dial, endpoint)
			if err != nil {
				return nil, err
			}
			w.members[etcd][name] = c
		}
		c, err := newClient(dial, all...)
		if err != nil {
			return nil, err
		}
		w.whole[etcd] = c
		w.fewest[etcd] = len(members)
	}
	return w, nil
}

// newClient is a client that finds a member that is back at once, because simulated time is short.
func newClient(dial dialFunc, endpoints ...string) (*clientv3.Client, error) {
	c, err := clientv3.New(clientv3.Config{
		Endpoints: endpoints, Logger: zap.NewNop(),
		DialOptions: []grpc.DialOption{
			grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) { return dial(ctx, "tcp", address) }),
			grpc.WithConnectParams(grpc.ConnectParams{
				Backoff:           backoff.Config{BaseDelay: 20 * time.Millisecond, Multiplier: 1.5, MaxDelay: 200 * time.Millisecond},
				MinConnectTimeout: time.Second,
			}),
		},
	})
	if err != nil {
		return nil, fmt.Errorf("client of etcd: %w", err)
	}
	return c, nil
}

func (w *witness) close() {
	for _, c := range w.whole {
		_ = c.Close()
	}
	for _, clients := range w.members {
		for _, c := range clients {
			_ = c.Close()
		}
	}
}

// look asks every member once.
func (w *witness) look(ctx context.Context) map[string]look {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	looks := map[string]look{}
	for etcd, clients := range w.members {
		members := look{}
		looks[etcd] = members
		for name, c := range clients {
			all.Go(func() {
				s := ask(ctx, c)
				mu.Lock()
				defer mu.Unlock()
				members[name] = s
			})
		}
	}
	all.Wait()
	return looks
}

// ask goes past the client's own retries, and over its one connection.
func ask(ctx context.Context, c *clientv3.Client) seen {
	status, err := etcdserverpb.NewMaintenanceClient(c.ActiveConnection()).Status(ctx, &etcdserverpb.StatusRequest{}, grpc.WaitForReady(false))
	if err != nil {
		return seen{}
	}
	return seen{up: !status.IsLearner, learner: status.IsLearner, leader: status.Leader, applied: status.RaftAppliedIndex}
}

// sample looks every 50 ms until ctx ends, and keeps the margin.
func (w *witness) sample(ctx context.Context, began time.Time) {
	again := time.NewTicker(samplePause)
	defer again.Stop()
	for ctx.Err() == nil {
		if looks := w.look(ctx); ctx.Err() == nil {
			w.note(looks, time.Since(began))
		}
		select {
		case <-again.C:
		case <-ctx.Done():
		}
	}
}

func (w *witness) note(looks map[string]look, at time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.complete {
		w.complete = !slices.ContainsFunc(slices.Collect(maps.Values(looks)), func(l look) bool { return l.up() < len(l) })
		return
	}
	w.samples++
	for etcd, l := range looks {
		w.fewest[etcd] = min(w.fewest[etcd], l.up())
		lost := l.up() <= len(l)/2
		if lost && !w.lost[etcd] {
			w.losses = append(w.losses, fmt.Sprintf("%s: etcd %s had %d of %d members", at.Round(time.Millisecond), etcd, l.up(), len(l)))
		}
		w.lost[etcd] = lost
	}
}

// whole reports whether every member serves.
func whole(looks map[string]look) bool { return standing(looks, "") }

// standing reports whether every member serves, but for those named except.
func standing(looks map[string]look, except string) bool {
	for _, l := range looks {
		serving := l.serving()
		for name := range l {
			if name != except && !slices.Contains(serving, name) {
				return false
			}
		}
	}
	return true
}
