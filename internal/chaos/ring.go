package chaos

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/internal/awssim/simnet"
)

const (
	ringHeartbeat, ringElection = 20 * time.Millisecond, 200 * time.Millisecond
	ringPeer, ringClient        = 2380, 4001
	ringLimit                   = 15 * time.Second
)

// ring is one real etcd cluster without machines: members start and stop at once.
type ring struct {
	dir     string
	network simnet.Network
	release func()
	seats   []*ringSeat // everybody who ever was a member, in the order in which they came
}

// ringSeat is one member, running or not.
type ringSeat struct {
	name, zone string
	addr       netip.Addr
	id         uint64 // 0 until it is listed
	etcd       *embed.Etcd
	learner    bool
	listed     bool
	// stray members are nobody's wish: somebody else added them.
	stray bool
}

func newRing(zones []string) (*ring, error) {
	dir, err := os.MkdirTemp("", "quorate-ring-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	r := &ring{dir: dir}
	if r.network, r.release, err = simnet.Reserve(); err != nil {
		_ = os.RemoveAll(dir)
		return nil, err
	}
	for i, zone := range zones {
		r.seat(string(rune('a'+i)), zone).listed = true
	}
	for _, s := range r.seats {
		if err := r.start(s, embed.ClusterStateFlagNew); err != nil {
			r.close()
			return nil, err
		}
	}
	for _, s := range r.seats {
		if err := ready(s); err != nil {
			r.close()
			return nil, err
		}
		s.id = uint64(s.etcd.Server.MemberID())
	}
	return r, nil
}

func (r *ring) close() {
	var all sync.WaitGroup
	for _, s := range r.seats {
		all.Go(func() { r.stop(s) })
	}
	all.Wait()
	r.release()
	_ = os.RemoveAll(r.dir)
}

// seat makes room for a member; it is not started.
func (r *ring) seat(name, zone string) *ringSeat {
	s := &ringSeat{name: name, zone: zone, addr: netip.AddrFrom4([4]byte{172, 20, 200, byte(len(r.seats) + 1)})}
	r.seats = append(r.seats, s)
	return s
}

func (r *ring) url(s *ringSeat, port uint16) string {
	return "http://" + r.network.Addr(netip.AddrPortFrom(s.addr, port)).String()
}

func (r *ring) start(s *ringSeat, state string) error {
	c := embed.NewConfig()
	c.Name, c.Dir, c.ClusterState = s.name, filepath.Join(r.dir, s.name), state
	c.UnsafeNoFsync, c.TickMs, c.ElectionMs = true, uint(ringHeartbeat.Milliseconds()), uint(ringElection.Milliseconds())
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	var pairs []string
	for _, other := range r.seats {
		if other.listed {
			pairs = append(pairs, other.name+"="+r.url(other, ringPeer))
		}
	}
	c.InitialCluster = strings.Join(pairs, ",")
	peer, err := url.Parse(r.url(s, ringPeer))
	if err != nil {
		return err
	}
	client, err := url.Parse(r.url(s, ringClient))
	if err != nil {
		return err
	}
	c.ListenPeerUrls, c.AdvertisePeerUrls = []url.URL{*peer}, []url.URL{*peer}
	c.ListenClientUrls, c.AdvertiseClientUrls = []url.URL{*client}, []url.URL{*client}
	if s.etcd, err = embed.StartEtcd(c); err != nil {
		return fmt.Errorf("start member %s: %w", s.name, err)
	}
	return nil
}

func ready(s *ringSeat) error {
	select {
	case <-s.etcd.Server.ReadyNotify():
		return nil
	case <-time.After(ringLimit):
		return fmt.Errorf("member %s is not ready", s.name)
	}
}

// stop ends a member as SIGTERM does, which takes etcd about a second: a harder end would pull the database
// away below questions that it still answers. A member without a majority would never end that way; by then
// it answers nobody, and is ended hard.
func (r *ring) stop(s *ringSeat) {
	if s.etcd == nil {
		return
	}
	etcd, closed := s.etcd, make(chan struct{})
	s.etcd = nil
	go func() {
		defer close(closed)
		etcd.Close()
	}()
	select {
	case <-closed:
	case <-time.After(stopLimit):
		etcd.Server.HardStop()
		<-closed
	}
}

// stopLimit is above the five seconds for which etcd waits for the questions under way.
const stopLimit = 7 * time.Second

// restart brings a stopped member back with its data.
func (r *ring) restart(s *ringSeat) error {
	if s.etcd != nil || !s.listed {
		return nil
	}
	return r.start(s, embed.ClusterStateFlagExisting)
}

// voters lists the members with a vote; running only those that run.
func (r *ring) voters() (all, running []*ringSeat) {
	for _, s := range r.seats {
		if s.listed && !s.learner {
			all = append(all, s)
			if s.etcd != nil {
				running = append(running, s)
			}
		}
	}
	return all, running
}

// quorate reports whether the voters that run are a majority.
func (r *ring) quorate() bool {
	all, running := r.voters()
	return len(running) > len(all)/2
}

// client talks to the running voters.
func (r *ring) client() (*clientv3.Client, error) {
	_, running := r.voters()
	var endpoints []string
	for _, s := range running {
		endpoints = append(endpoints, r.url(s, ringClient))
	}
	return newClient((&net.Dialer{}).DialContext, endpoints...)
}

// writes reports whether a write is acknowledged within the limit.
func (r *ring) writes(ctx context.Context) bool {
	c, err := r.client()
	if err != nil {
		return false
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(ctx, ringLimit)
	defer cancel()
	for ctx.Err() == nil {
		try, end := context.WithTimeout(ctx, tryLimit)
		_, err := c.Put(try, "chaos/ring", "x")
		end()
		if err == nil {
			return true
		}
	}
	return false
}

// calm waits until all that run follow one leader, if there can be one.
func (r *ring) calm(ctx context.Context) {
	for limit := time.Now().Add(ringLimit); r.quorate() && !r.agree() && time.Now().Before(limit); {
		wait(ctx, ringHeartbeat)
	}
}

func (r *ring) agree() bool {
	leaders := map[uint64]bool{}
	for _, s := range r.seats {
		if s.etcd != nil && s.listed {
			leaders[uint64(s.etcd.Server.Leader())] = true
		}
	}
	return len(leaders) == 1 && !leaders[0]
}

// wanted is what a service would ask about: every member that is somebody's wish.
func (r *ring) wanted() health.Cluster {
	c := health.Cluster{Name: "main"}
	for _, s := range r.seats {
		if s.listed && !s.stray {
			c.Members = append(c.Members, health.Member{Name: s.name, Zone: s.zone, Address: netip.AddrPortFrom(s.addr, ringClient)})
		}
	}
	return c
}
