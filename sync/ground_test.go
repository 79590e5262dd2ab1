package sync_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strings"
	gosync "sync"
	"testing"
	"time"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/awssim/simnet"
	"github.com/quorate/quorate/topology"
)

// ground is a region whose machines are quick stand-ins: they take their volumes and
// answer at the API port like real ones, but a member of theirs is only an entry in
// a table. The real members are for the demo; here a thousand clusters are built.
type ground struct {
	region  *awssim.Region
	clock   awssim.Clock
	network simnet.Network
	release func()
	// software is what the programs of a machine take to start, before it looks for its volumes.
	software time.Duration
	// join, if set, is how machines that are no bastions join Kubernetes; die is called when they end.
	join func(host awssim.Machine, config topology.NodeConfig) (die func())

	mu       gosync.Mutex
	held     chan struct{}         // if set, machines that boot come no further until it is closed
	up       map[string]netip.Addr // "main/a" → its machine
	whole    bool                  // all six were up: from then on losses count
	smallest int                   // fewest members of one etcd cluster up since then
	lost     []string              // zones in the order in which they lost their machine
	leads    map[string]string     // etcd cluster → member, of those that have a leader
	fallen   []string              // members that went down while they led, as "main/a"
	workers  map[string]bool       // machines of workers that are up
	fewest   int                   // workers up since one of them was first lost; -1 until then
	early    bool                  // a worker was lost before all zones were
	looks    map[string]int        // how often a machine looked for volumes
	observed int                   // how often somebody asked etcd
	booted   map[string]bool       // machines that are up
	starting map[string]bool       // machines whose programs start
	emptying map[string]time.Time  // when their node was begun to be emptied
}

// newGround lays out an empty region with a loopback network of its own.
func newGround(t testing.TB) *ground { return newGroundAt(t, awssim.NewScaledClock(crashSpeed)) }

// newGroundAt lays it out in somebody's time.
func newGroundAt(t testing.TB, clock awssim.Clock) *ground {
	t.Helper()
	network, release, err := simnet.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	g := &ground{clock: clock, network: network, release: release, up: map[string]netip.Addr{}, workers: map[string]bool{}, fewest: -1, smallest: 3, looks: map[string]int{}, booted: map[string]bool{}, emptying: map[string]time.Time{}, starting: map[string]bool{}}
	g.region = awssim.New(awssim.Config{Clock: g.clock, Dir: t.TempDir(), Network: g.network, Boot: g.boot})
	t.Cleanup(g.close)
	if err := g.region.AddHostedZone("example.com"); err != nil {
		t.Fatal(err)
	}
	return g
}

// close ends the region; it may be called twice.
func (g *ground) close() {
	g.region.Close()
	g.release()
}

// machine is the software of one stand-in.
type machine struct {
	kill func()
	done chan struct{}
}

func (m machine) Kill()                 { m.kill() }
func (m machine) Done() <-chan struct{} { return m.done }

func (g *ground) boot(ctx context.Context, host awssim.Machine) (awssim.Process, error) {
	config, err := topology.ParseUserData(string(host.UserData))
	if err != nil {
		return nil, err
	}
	if err := g.start(ctx, host.InstanceID); err != nil {
		return nil, err
	}
	for i, etcd := range config.EtcdClusters {
		if err := g.takeVolume(ctx, host, config.Cluster, etcd, "/dev/xvd"+string(rune('u'+i))); err != nil {
			return nil, err
		}
	}
	var listener net.Listener
	if config.Role == topology.ControlPlane {
		if listener, err = g.network.Listen(ctx, netip.AddrPortFrom(host.PrivateIP, 443)); err != nil {
			return nil, err
		}
		go answer(listener)
		g.rise(host, config)
	}
	die := func() {}
	if config.Role == topology.Worker {
		g.work(host.InstanceID)
	}
	if g.join != nil && config.Role != topology.Bastion {
		die = g.join(host, config)
	}
	g.mu.Lock()
	g.booted[host.InstanceID] = true
	g.mu.Unlock()
	done := make(chan struct{})
	var once gosync.Once
	return machine{done: done, kill: func() {
		once.Do(func() {
			die()
			g.rest(host.InstanceID)
			g.mu.Lock()
			delete(g.booted, host.InstanceID)
			g.mu.Unlock()
			if listener != nil {
				_ = listener.Close()
				g.fall(host, config)
			}
			close(done)
		})
	}}, nil
}

// start lets the programs of a machine take their time.
func (g *ground) start(ctx context.Context, machine string) error {
	g.mu.Lock()
	held := g.held
	g.mu.Unlock()
	if held != nil {
		select {
		case <-held:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if g.software == 0 {
		return nil
	}
	started := make(chan struct{})
	g.mark(machine, true)
	g.clock.AfterFunc(g.software, func() {
		g.mark(machine, false)
		close(started)
	})
	select {
	case <-started:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// hold lets machines launch, and come no further until release is called.
func (g *ground) hold() (release func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	held := make(chan struct{})
	g.held = held
	return gosync.OnceFunc(func() { close(held) })
}

// out are the zones whose master was taken out since all were up, and how many members are up.
func (g *ground) out() string {
	g.mu.Lock()
	defer g.mu.Unlock()
	return fmt.Sprintf("%s taken out, %d of 6 members up", strings.Join(g.lost, " "), len(g.up))
}

func (g *ground) mark(machine string, starting bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.starting[machine] = starting
}

// takeVolume waits for the member's volume, as the agent does: the machine before may
// still hold it.
func (g *ground) takeVolume(ctx context.Context, host awssim.Machine, cluster string, etcd topology.NodeEtcd, device string) error {
	for ctx.Err() == nil {
		for _, v := range host.Volumes(map[string]string{topology.TagCluster: cluster, topology.TagEtcdPrefix + etcd.Name: ""}) {
			if strings.HasPrefix(v.Tags[topology.TagEtcdPrefix+etcd.Name], etcd.Member+"/") {
				if _, err := host.Attach(v.ID, device); err == nil {
					return nil
				}
			}
		}
		g.looked(host.InstanceID)
		select {
		case <-ctx.Done():
		case <-time.After(time.Millisecond):
		}
	}
	return ctx.Err()
}

// apiAnswer is all that the stand-in of an API server has to say.
const apiAnswer = "ok"

func answer(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_, _ = io.WriteString(c, apiAnswer)
		_ = c.Close()
	}
}

func (g *ground) rise(host awssim.Machine, config topology.NodeConfig) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, etcd := range config.EtcdClusters {
		g.up[etcd.Name+"/"+etcd.Member] = host.PrivateIP
	}
	g.whole = g.whole || len(g.up) == 6
}

func (g *ground) fall(host awssim.Machine, config topology.NodeConfig) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, etcd := range config.EtcdClusters {
		if g.up[etcd.Name+"/"+etcd.Member] == host.PrivateIP {
			delete(g.up, etcd.Name+"/"+etcd.Member)
			if g.leads[etcd.Name] == etcd.Member {
				g.fallen = append(g.fallen, etcd.Name+"/"+etcd.Member)
				g.elect(etcd.Name, etcd.Member)
			}
		}
	}
	if g.whole {
		g.lost = append(g.lost, host.Zone)
		for _, name := range []string{"main", "events"} {
			g.smallest = min(g.smallest, g.members(name))
		}
	}
}

func (g *ground) work(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.workers[id] = true
}

// rest takes a worker off the list; masters are on none.
func (g *ground) rest(id string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.workers[id] {
		return
	}
	delete(g.workers, id)
	if g.fewest < 0 || len(g.workers) < g.fewest {
		g.fewest = len(g.workers)
	}
	g.early = g.early || len(g.lost) < len(rolledZones)
}

func (g *ground) members(etcd string) int {
	n := 0
	for key := range g.up {
		if strings.HasPrefix(key, etcd+"/") {
			n++
		}
	}
	return n
}

// Observe calls a member healthy if it is up where its machine is said to be.
func (g *ground) Observe(_ context.Context, clusters []health.Cluster) []health.Report {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.observed++
	var seen []health.Report
	for _, c := range clusters {
		looked := quorum.Cluster{Name: c.Name}
		for _, m := range c.Members {
			health := quorum.Unhealthy
			if m.Address.IsValid() && g.up[c.Name+"/"+m.Name] == m.Address.Addr() {
				health = quorum.Healthy
			}
			looked.Members = append(looked.Members, quorum.Member{Name: m.Name, Zone: m.Zone, Health: health})
		}
		seen = append(seen, health.Report{Cluster: looked, Leader: g.leads[c.Name]})
	}
	return seen
}

// HandOver moves leadership to the first other member that is up.
func (g *ground) HandOver(_ context.Context, c health.Cluster, member string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.leads[c.Name] == member {
		g.elect(c.Name, member)
	}
	return nil
}

// elect makes another member than the one that leads the leader.
func (g *ground) elect(etcd, instead string) {
	delete(g.leads, etcd)
	for _, key := range slices.Sorted(maps.Keys(g.up)) {
		if name, member, _ := strings.Cut(key, "/"); name == etcd && member != instead {
			g.leads[etcd] = member
			return
		}
	}
}

// check asks that quorum stood at every moment, and that the zones went one by one.
func (g *ground) check(t *testing.T, zones ...string) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.smallest < 2 {
		t.Errorf("only %d of 3 members were up at some moment", g.smallest)
	}
	if !slices.Equal(g.lost, zones) {
		t.Errorf("zones lost their machines in the order %v, want %v", g.lost, zones)
	}
}

// checkQuorum asks that quorum stood at every moment.
func (g *ground) checkQuorum(t *testing.T) {
	t.Helper()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.smallest < 2 {
		t.Errorf("only %d of 3 members were up at some moment", g.smallest)
	}
}

// checkWorkers asks that three workers were made anew, behind the control plane, and that at least so many
// were up throughout.
func (g *ground) checkWorkers(t *testing.T, least int) {
	t.Helper()
	anew := 0
	for _, i := range g.region.Instances() {
		if strings.HasPrefix(i.Tags["Name"], "nodes.") && i.Type == "m5.large" && i.State == "running" {
			anew++
		}
	}
	if anew != 3 {
		t.Errorf("%d workers were made anew, want 3", anew)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.early {
		t.Error("a worker went before the control plane was done")
	}
	if g.fewest >= 0 && g.fewest < least {
		t.Errorf("only %d workers were up at the worst moment, want %d", g.fewest, least)
	}
}
