package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/awssim/simnet"
	"github.com/quorate/quorate/node/etcdmember"
	"github.com/quorate/quorate/topology"
)

// Config says how machines are simulated. The zero value works.
type Config struct {
	// Network must be that of the region.
	Network simnet.Network
	// Heartbeat and Election are etcd's raft intervals. The defaults, 100 ms and 1 s, bear the delays
	// of two busy cores.
	Heartbeat, Election time.Duration
	// Fsync makes etcd wait for the disk on every write. A simulated machine that stops dead loses its
	// process and keeps this computer's page cache, so without it no test loses a write either.
	Fsync bool
	// Log receives what goes wrong on the machines, as text; nil discards it. It is written to by one
	// goroutine at a time.
	Log io.Writer
}

// Machines runs the software of all machines of a region.
type Machines struct {
	config  Config
	program string
	names   *names
	dns     *server
	logger  *slog.Logger

	running sync.WaitGroup
	stop    context.CancelFunc
	ctx     context.Context // ends with Close
}

// New starts the DNS of the simulated network. The caller must have called Main before.
func New(c Config) (*Machines, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("simulate machines: %w", err)
	}
	if c.Log == nil {
		c.Log = io.Discard
	}
	c.Log = &lockedWriter{to: c.Log}
	m := &Machines{config: c, program: program, names: newNames(), logger: slog.New(slog.NewTextHandler(c.Log, nil))}
	if m.dns, err = serveDNS(m.names, c.Network); err != nil {
		return nil, fmt.Errorf("simulate machines: %w", err)
	}
	m.ctx, m.stop = context.WithCancel(context.Background())
	return m, nil
}

// Close stops all machines dead and the DNS with them.
func (m *Machines) Close() {
	m.stop()
	m.running.Wait()
	m.dns.close()
}

// Boot starts the software of one machine. It waits for the volumes of its members as long as ctx lives.
func (m *Machines) Boot(ctx context.Context, host awssim.Machine) (awssim.Process, error) {
	node, err := topology.ParseUserData(string(host.UserData))
	if errors.Is(err, topology.ErrNoNodeConfig) {
		return newIdle(), nil // somebody else's machine; whatever runs there is not ours to know
	}
	if err != nil {
		return nil, fmt.Errorf("boot %s: %w", host.InstanceID, err)
	}
	doc, err := m.prepare(ctx, host, node)
	if err != nil {
		return nil, fmt.Errorf("boot %s: %w", host.InstanceID, err)
	}
	if len(doc.Members) == 0 {
		return m.idle(host, node.WarmPool.Hook), nil
	}
	m.enter(host, node)
	p, err := m.start(doc)
	if err != nil {
		return nil, err
	}
	m.running.Go(func() { m.handleTerminations(p.ctx, host, node.Cluster, doc.API.String()) })
	return p, nil
}

// idle is a machine without members, which says that it is ready if somebody waits for that.
func (m *Machines) idle(host awssim.Machine, hook string) awssim.Process {
	p := newIdle()
	if hook != "" {
		var ctx context.Context
		ctx, p.cancel = context.WithCancel(m.ctx)
		m.running.Go(func() { m.tellPrepared(ctx, host, hook) })
	}
	return p
}

// prepare attaches the volumes of the machine's members and writes down what its process has to know.
func (m *Machines) prepare(ctx context.Context, host awssim.Machine, node topology.NodeConfig) (document, error) {
	at := func(port int) netip.AddrPort {
		return m.config.Network.Addr(netip.AddrPortFrom(host.PrivateIP, uint16(port)))
	}
	doc := document{Machine: host.InstanceID, Resolver: m.dns.addr(), API: at(apiPort)}
	for i, etcd := range node.EtcdClusters {
		if etcd.Member == "" {
			continue
		}
		volume, err := m.attach(ctx, host, node.Cluster, etcd, i)
		if err != nil {
			return document{}, err
		}
		c := memberConfig(node.Cluster, etcd)
		c.Volume, c.Created = volume.dir, volume.etcdExists
		c.ListenPeer, c.ListenClient = at(etcd.PeerPort), at(etcd.ClientPort)
		c.Heartbeat, c.Election, c.UnsafeNoFsync = m.config.Heartbeat, m.config.Election, !m.config.Fsync
		doc.Members = append(doc.Members, c)
	}
	return doc, nil
}

func memberConfig(cluster string, etcd topology.NodeEtcd) etcdmember.Config {
	c := etcdmember.Config{Cluster: cluster, Etcd: etcd.Name, Member: etcd.Member, PeerURLs: map[string]string{}}
	for _, member := range etcd.Members {
		c.PeerURLs[member.Name] = fmt.Sprintf("http://%s:%d", member.Host, etcd.PeerPort)
		if member.Name == etcd.Member {
			c.ClientURL = fmt.Sprintf("http://%s:%d", member.Host, etcd.ClientPort)
		}
	}
	return c
}

// enter puts the machine's names into the DNS. A machine that dies leaves them behind, pointing at nobody,
// until the next one comes: that is what happens to real ones.
func (m *Machines) enter(host awssim.Machine, node topology.NodeConfig) {
	for _, etcd := range node.EtcdClusters {
		for _, member := range etcd.Members {
			if member.Name == etcd.Member {
				m.names.set(member.Host, host.PrivateIP)
			}
		}
	}
}

// Names lists the entries of the simulated DNS, by name.
func (m *Machines) Names() map[string]netip.Addr { return m.names.all() }

// lockedWriter lets many processes write to one log.
type lockedWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (w *lockedWriter) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.to.Write(p)
}

// names is the zone file of the simulated DNS.
type names struct {
	mu     sync.Mutex
	byName map[string]netip.Addr
}

func newNames() *names { return &names{byName: map[string]netip.Addr{}} }

func (n *names) set(name string, addr netip.Addr) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.byName[canonical(name)] = addr
}

func (n *names) lookup(name string) (netip.Addr, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	addr, ok := n.byName[canonical(name)]
	return addr, ok
}

func (n *names) all() map[string]netip.Addr {
	n.mu.Lock()
	defer n.mu.Unlock()
	return maps.Clone(n.byName)
}
