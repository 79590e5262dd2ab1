package etcdmember

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	"go.etcd.io/etcd/server/v3/embed"
)

// Member is a running member.
type Member struct {
	config   Config
	start    Start
	etcd     *embed.Etcd
	ready    chan struct{}
	err      chan error
	stopping atomic.Bool
	stopped  chan struct{}
}

// errStopped stands for an end that etcd tells its log only: a member that was removed from its cluster
// stops without an error.
var errStopped = errors.New("etcd stopped by itself, as it does when the member was removed")

// Run looks at the volume, decides, and starts the member. It does not wait for the peers: the member is
// part of a working cluster when Ready is closed. ctx only bounds the looking.
func Run(ctx context.Context, c Config) (*Member, error) {
	f, err := Look(ctx, c)
	if err != nil {
		return nil, err
	}
	start, err := Decide(f, c)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c, err)
	}
	if (f.Identity == Identity{}) {
		f.Identity = c.identity()
		f.Identity.Created = time.Now().UTC()
		if err := writeIdentity(c.Volume, f.Identity); err != nil {
			return nil, fmt.Errorf("sign the volume of %s: %w", c, err)
		}
	}
	if start.Mode == Rejoin {
		if err := setAside(c.Volume, time.Now()); err != nil {
			return nil, fmt.Errorf("start %s: %w", c, err)
		}
	}
	return run(c, start, f.Identity)
}

func run(c Config, start Start, identity Identity) (*Member, error) {
	ec, err := embedConfig(c, start)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c, err)
	}
	if before, gave := gaveUp.Load(ec.Dir); gave && start.Mode == Continue {
		return nil, fmt.Errorf("start %s: %v with this data, and this process does not try it again", c, before)
	}
	etcd, err := startEtcd(ec)
	if err != nil {
		return nil, fmt.Errorf("start %s: %w", c, err)
	}
	gaveUp.Delete(ec.Dir)
	m := &Member{config: c, start: start, etcd: etcd, ready: make(chan struct{}), err: make(chan error, 1), stopped: make(chan struct{})}
	go m.watch(identity)
	return m, nil
}

// gaveUp holds the errors with which etcd gave up, by data folder. When it does, it leaves its database
// locked to this process, and would wait for the lock the next time for ever, deaf to the majority that may
// have added the member again. Other data in the same folder is another file, and has no lock.
var gaveUp sync.Map

// startEtcd turns what etcd treats as the end of the process (a damaged log, say) into an error.
func startEtcd(c *embed.Config) (e *embed.Etcd, err error) {
	defer func() {
		if r := recover(); r != nil {
			e, err = nil, fmt.Errorf("etcd gave up: %v", r)
			gaveUp.Store(c.Dir, err)
		}
	}()
	return embed.StartEtcd(c)
}

// watch closes ready once the volume says that the member has started, and reports its end on err.
func (m *Member) watch(identity Identity) {
	defer close(m.err)
	ready := m.etcd.Server.ReadyNotify()
	for {
		select {
		case <-ready:
			if err := m.sign(identity); err != nil {
				m.err <- err
				return
			}
			close(m.ready)
			ready = nil
		case err := <-m.etcd.Err():
			m.ended(err)
			return
		case <-m.etcd.Server.StoppingNotify(): // and not StopNotify: who asks a member without its database makes etcd panic
			m.ended(errStopped)
			return
		}
	}
}

func (m *Member) ended(err error) {
	if !m.stopping.Load() {
		m.err <- fmt.Errorf("%s ended: %w", m.config, err)
	}
}

func (m *Member) sign(identity Identity) error {
	if identity.Started() {
		return nil
	}
	identity.FirstStarted = time.Now().UTC()
	if err := writeIdentity(m.config.Volume, identity); err != nil {
		return fmt.Errorf("sign the volume of %s: %w", m.config, err)
	}
	return nil
}

// Mode is how the member started.
func (m *Member) Mode() Mode { return m.start.Mode }

// Ready is closed when the member has published itself in a cluster with a leader.
func (m *Member) Ready() <-chan struct{} { return m.ready }

// Err delivers what ended the member, if it was not Stop, and is closed when it has ended.
func (m *Member) Err() <-chan error { return m.err }

// Stop hands leadership over, closes connections, and returns when the volume is no longer in use.
func (m *Member) Stop() {
	if m.stopping.CompareAndSwap(false, true) {
		select {
		case <-m.etcd.Server.ReadyNotify():
		default:
			m.etcd.Server.HardStop() // Close waits for client connections to be served, which may never be
		}
		m.etcd.Close()
		close(m.stopped)
	}
	<-m.stopped
}

// Serving returns nil if the member answers a linearizable read, so that it has a leader and has caught up
// with it.
func (m *Member) Serving(ctx context.Context) error {
	if _, err := m.etcd.Server.Range(ctx, &etcdserverpb.RangeRequest{Key: []byte("health")}); err != nil {
		return fmt.Errorf("read from %s: %w", m.config, err)
	}
	return nil
}

// maxLearners lets two members join at a time, so that both have caught up before the first gets its vote
// and the number of votes is even for no longer than it takes to give the second one its own. etcd's
// default is one; the data of a Kubernetes cluster is small enough for a leader to send it twice.
const maxLearners = 2

func embedConfig(c Config, start Start) (*embed.Config, error) {
	ec := embed.NewConfig()
	ec.Name = c.Member
	ec.Dir = filepath.Join(c.Volume, dataFolder)
	ec.InitialClusterToken = c.Token()
	ec.InitialCluster = initialCluster(start.Members)
	ec.ClusterState = embed.ClusterStateFlagNew
	ec.MaxLearners = maxLearners
	if start.Mode == Join || start.Mode == Rejoin {
		ec.ClusterState = embed.ClusterStateFlagExisting
	}
	ec.QuotaBackendBytes = c.QuotaBytes
	ec.UnsafeNoFsync = c.UnsafeNoFsync
	if c.Heartbeat > 0 {
		ec.TickMs = uint(c.Heartbeat.Milliseconds())
	}
	if c.Election > 0 {
		ec.ElectionMs = uint(c.Election.Milliseconds())
	}
	ec.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zapTo(c.Logger))
	return ec, setURLs(ec, c)
}

func setURLs(ec *embed.Config, c Config) error {
	peer, err := url.Parse(c.PeerURLs[c.Member])
	if err != nil {
		return err
	}
	client, err := url.Parse(c.ClientURL)
	if err != nil {
		return err
	}
	ec.AdvertisePeerUrls, ec.AdvertiseClientUrls = []url.URL{*peer}, []url.URL{*client}
	ec.ListenPeerUrls, ec.ListenClientUrls = listen(peer, c.ListenPeer), listen(client, c.ListenClient)
	return nil
}

func listen(advertised *url.URL, at netip.AddrPort) []url.URL {
	return []url.URL{{Scheme: advertised.Scheme, Host: at.String()}}
}

func initialCluster(members map[string]string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(members)) {
		pairs = append(pairs, name+"="+members[name])
	}
	return strings.Join(pairs, ",")
}
