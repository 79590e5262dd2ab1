package chaos

import (
	"context"
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"
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
	// askLimit is for members that are slow on a busy computer. One whose process is gone refuses at once.
	askLimit = 2 * time.Second
	// lag is how many log entries a member may be behind and still count as caught up, as for the service.
	lag = 100
)

// seen is what one member said.
type seen struct {
	up      bool // it answers and has a vote
	learner bool
	leader  uint64
	applied uint64
	id      uint64
	listed  []string // whom it knows as members
	voting  []string // whom it knows as voters
}

// look is one look at one etcd cluster: all that are listed, by member name.
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

// voters counts the members that are listed and are no learners.
func (l look) voters() int {
	n := 0
	for _, m := range l {
		if !m.learner {
			n++
		}
	}
	return n
}

// quorate reports whether the members that are up are a majority.
func (l look) quorate() bool { return l.up() > l.voters()/2 }

// leader is the member that leads; empty if nobody does.
func (l look) leader() string {
	for name, m := range l {
		if m.up && m.id == m.leader {
			return name
		}
	}
	return ""
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
		if m.up && followers[m.leader] > l.voters()/2 && m.applied+lag >= furthest {
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
	rosters  map[string]look // the members that were listed when somebody last said so
	complete bool            // all were up once: from then on it counts
	fewest   Margins
	lost     map[string]bool
	leaders  map[string]leadership // by etcd cluster
	losses   []string              // periods without a majority
	samples  int
}

// Margins are the fewest voters that were up, by etcd cluster, by how many voters it had.
type Margins map[string]map[int]int

func (m Margins) note(etcd string, voters, up int) {
	if m[etcd] == nil {
		m[etcd] = map[int]int{}
	}
	if least, known := m[etcd][voters]; !known || up < least {
		m[etcd][voters] = up
	}
}

// leadership is who leads an etcd cluster, and since when.
type leadership struct {
	member string
	since  time.Time
}

// led is for how long a member has led its etcd cluster without a break; zero if another one leads.
func (w *witness) led(etcd, member string) time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	if l := w.leaders[etcd]; l.member == member && member != "" {
		return time.Since(l.since)
	}
	return 0
}

type dialFunc = func(ctx context.Context, network, address string) (net.Conn, error)

func newWitness(dial dialFunc) (*witness, error) {
	w := &witness{
		members: map[string]map[string]*clientv3.Client{}, whole: map[string]*clientv3.Client{},
		rosters: map[string]look{}, fewest: Margins{}, lost: map[string]bool{}, leaders: map[string]leadership{},
	}
	for etcd, port := range etcdPorts {
		w.members[etcd] = map[string]*clientv3.Client{}
		var all []string
		for _, letter := range everyMember {
			name := string(letter)
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

// look asks everybody who could be a member once, and keeps those that are listed.
func (w *witness) look(ctx context.Context) map[string]look {
	ctx, cancel := context.WithTimeout(ctx, askLimit)
	defer cancel()
	var mu sync.Mutex
	var all sync.WaitGroup
	answers := map[string]look{}
	for etcd, clients := range w.members {
		members := look{}
		answers[etcd] = members
		for name, c := range clients {
			all.Go(func() {
				s := ask(ctx, c, etcd)
				mu.Lock()
				defer mu.Unlock()
				members[name] = s
			})
		}
	}
	all.Wait()
	looks := map[string]look{}
	for etcd, members := range answers {
		looks[etcd] = w.listed(etcd, members)
	}
	return looks
}

// listed keeps the members on the list of whoever has come furthest; if nobody has one, on the last that
// was seen.
func (w *witness) listed(etcd string, answers look) look {
	var best seen
	for _, m := range answers {
		if len(m.listed) > 0 && m.leader != 0 && m.applied >= best.applied {
			best = m
		}
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if best.listed != nil {
		w.rosters[etcd] = look{}
		for _, name := range best.listed {
			w.rosters[etcd][name] = seen{learner: !slices.Contains(best.voting, name)}
		}
	}
	members := look{}
	for name, told := range w.rosters[etcd] {
		m := answers[name]
		m.learner = told.learner
		m.up = m.up && !told.learner
		members[name] = m
	}
	return members
}

// ask goes past the client's own retries, and over its one connection.
func ask(ctx context.Context, c *clientv3.Client, etcd string) seen {
	at := c.ActiveConnection()
	status, err := etcdserverpb.NewMaintenanceClient(at).Status(ctx, &etcdserverpb.StatusRequest{}, grpc.WaitForReady(false))
	if err != nil {
		return seen{}
	}
	s := seen{up: true, leader: status.Leader, applied: status.RaftAppliedIndex, id: status.Header.MemberId}
	list, err := etcdserverpb.NewClusterClient(at).MemberList(ctx, &etcdserverpb.MemberListRequest{}, grpc.WaitForReady(false))
	if err != nil {
		return s // a learner answers no such question
	}
	for _, m := range list.Members {
		name := memberAt(etcd, m.PeerURLs)
		s.listed = append(s.listed, name)
		if !m.IsLearner {
			s.voting = append(s.voting, name)
		}
	}
	return s
}

// memberAt is the member whose peer URL it is: one that has not started yet says no name.
func memberAt(etcd string, urls []string) string {
	for _, letter := range everyMember {
		if len(urls) > 0 && strings.Contains(urls[0], "/"+etcdHost(etcd, string(letter))+":") {
			return string(letter)
		}
	}
	return strings.Join(urls, " ")
}

// sample looks every 50 ms until ctx ends, and keeps the margin.
func (w *witness) sample(ctx context.Context, began time.Time) {
	again := time.NewTicker(samplePause)
	defer again.Stop()
	for ctx.Err() == nil {
		looks := w.look(ctx)
		if !quorate(looks) { // a list and its members are not asked in one moment
			looks = w.look(ctx)
		}
		if ctx.Err() == nil {
			w.note(looks, time.Since(began))
		}
		select {
		case <-again.C:
		case <-ctx.Done():
		}
	}
}

func quorate(looks map[string]look) bool {
	for _, l := range looks {
		if !l.quorate() {
			return false
		}
	}
	return true
}

func (w *witness) note(looks map[string]look, at time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.complete {
		w.complete = whole(looks)
		return
	}
	w.samples++
	for etcd, l := range looks {
		w.fewest.note(etcd, l.voters(), l.up())
		if name := l.leader(); name != w.leaders[etcd].member {
			w.leaders[etcd] = leadership{name, time.Now()}
		}
		lost := !l.quorate()
		if lost && !w.lost[etcd] {
			w.losses = append(w.losses, fmt.Sprintf("%s: etcd %s had %d of %d members", at.Round(time.Millisecond), etcd, l.up(), l.voters()))
		}
		w.lost[etcd] = lost
	}
}

// whole reports whether every member serves.
func whole(looks map[string]look) bool { return len(looks) > 0 && standing(looks, "") }

// nearlyWhole reports whether all serve but the members of one zone at most.
func nearlyWhole(looks map[string]look) bool {
	return slices.ContainsFunc(append(strings.Split(everyMember, ""), ""), func(away string) bool { return standing(looks, away) })
}

// standing reports whether every member serves and is a majority, but for the one named except. Learners
// need not.
func standing(looks map[string]look, except string) bool {
	for _, l := range looks {
		serving := slices.DeleteFunc(l.serving(), func(name string) bool { return name == except })
		if len(serving) <= l.voters()/2 {
			return false
		}
		for name, m := range l {
			if name != except && !m.learner && !slices.Contains(serving, name) {
				return false
			}
		}
	}
	return true
}
