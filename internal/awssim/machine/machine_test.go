package machine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/awssim/simnet"
	"github.com/quorate/quorate/topology"
)

func TestMain(m *testing.M) {
	if code, isMachine := Main(); isMachine {
		os.Exit(code)
	}
	if os.Getenv(parentVariable) != "" {
		parent()
	}
	os.Exit(m.Run())
}

// lab is a network of machines with volumes, without a region around it.
type lab struct {
	*Machines
	t *testing.T

	mu      sync.Mutex
	volumes map[string]*awssim.AttachableVolume
	dirs    map[string]string
}

const cluster = "ha.example.com"

// reserve takes a network of this computer for the time of the test.
func reserve(t *testing.T) simnet.Network {
	t.Helper()
	network, release, err := simnet.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	return network
}

func newLab(t *testing.T, etcds ...topology.NodeEtcd) *lab {
	t.Helper()
	m, err := New(Config{
		Network: reserve(t),
		Log:     t.Output(), Heartbeat: 50 * time.Millisecond, Election: 500 * time.Millisecond,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Close)
	l := &lab{Machines: m, t: t, volumes: map[string]*awssim.AttachableVolume{}, dirs: map[string]string{}}
	for _, etcd := range etcds {
		for _, member := range etcd.Members {
			l.addVolume(etcd, member.Name)
		}
	}
	return l
}

func (l *lab) addVolume(etcd topology.NodeEtcd, member string) {
	id := fmt.Sprintf("vol-%d", len(l.volumes))
	l.dirs[id] = l.t.TempDir()
	l.volumes[id] = &awssim.AttachableVolume{ID: id, Tags: map[string]string{
		"KubernetesCluster": cluster, "k8s.io/etcd/" + etcd.Name: member + "/a,b,c",
	}}
}

// host is a machine as the region would describe it.
func (l *lab) host(id, ip string, userData string) awssim.Machine {
	return awssim.Machine{
		InstanceID: id, Zone: "us-test-1a", PrivateIP: netip.MustParseAddr(ip), UserData: []byte(userData),
		Volumes: l.list,
		Attach:  func(volume, device string) (string, error) { return l.attachTo(id, volume, device) },
		Receive: noMessages,
	}
}

func (l *lab) list(tags map[string]string) (found []awssim.AttachableVolume) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range l.volumes {
		matches := true
		for key, value := range tags {
			has, tagged := v.Tags[key]
			matches = matches && tagged && (value == "" || has == value)
		}
		if matches {
			found = append(found, *v)
		}
	}
	return found
}

func (l *lab) attachTo(machine, volume, device string) (string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := l.volumes[volume]
	if v.AttachedTo != "" && v.AttachedTo != machine {
		return "", errors.New("VolumeInUse")
	}
	v.AttachedTo, v.Device = machine, device
	return l.dirs[volume], nil
}

func (l *lab) detach(machine string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, v := range l.volumes {
		if v.AttachedTo == machine {
			v.AttachedTo, v.Device = "", ""
		}
	}
}

func (l *lab) boot(host awssim.Machine) awssim.Process {
	l.t.Helper()
	p, err := l.Boot(l.t.Context(), host)
	if err != nil {
		l.t.Fatal(err)
	}
	l.t.Cleanup(p.Kill)
	return p
}

func etcd(name string, clientPort, peerPort int, members ...string) topology.NodeEtcd {
	e := topology.NodeEtcd{Name: name, ClientPort: clientPort, PeerPort: peerPort}
	for _, member := range members {
		e.Members = append(e.Members, topology.NodeEtcdMember{Name: member, Host: topology.EtcdHost(cluster, name, member)})
	}
	return e
}

func mainEtcd() topology.NodeEtcd   { return etcd("main", 4001, 2380, "a", "b", "c") }
func eventsEtcd() topology.NodeEtcd { return etcd("events", 4002, 2381, "a", "b", "c") }

// userDataOf is that of the control-plane machine with these members.
func userDataOf(member string, etcds ...topology.NodeEtcd) string {
	for i := range etcds {
		etcds[i].Member = member
	}
	return topology.UserData(topology.NodeConfig{Cluster: cluster, Role: topology.ControlPlane, EtcdClusters: etcds})
}

func eventually(t *testing.T, what string, try func(ctx context.Context) error) time.Duration {
	t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	again := time.NewTicker(20 * time.Millisecond)
	defer again.Stop()
	for err := try(ctx); err != nil; err = try(ctx) {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatalf("%s: %v", what, err)
		}
	}
	return time.Since(began)
}

func (l *lab) readyz(ip string) func(context.Context) error {
	client := &http.Client{Transport: &http.Transport{DialContext: l.DialContext, DisableKeepAlives: true}}
	return func(ctx context.Context) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+net.JoinHostPort(ip, "443")+"/readyz", nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer resp.Body.Close()
		if body, err := io.ReadAll(resp.Body); err != nil || resp.StatusCode != http.StatusOK || string(body) != "ok" {
			return fmt.Errorf("readyz says %s %q, %w", resp.Status, body, err)
		}
		return nil
	}
}

func dialEtcd(t *testing.T, m *Machines, e topology.NodeEtcd) *clientv3.Client {
	t.Helper()
	var endpoints []string
	for _, member := range e.Members {
		endpoints = append(endpoints, fmt.Sprintf("http://%s:%d", member.Host, e.ClientPort))
	}
	c, err := clientv3.New(clientv3.Config{
		Endpoints: endpoints, Context: t.Context(), Logger: zap.NewNop(),
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, addr string) (net.Conn, error) {
			return m.DialContext(ctx, "tcp", addr)
		})},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func put(c *clientv3.Client, key, value string) func(context.Context) error {
	return func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		_, err := c.Put(ctx, key, value)
		return err
	}
}

func TestThreeMachinesBootAndOneIsReplacedUnderWrites(t *testing.T) {
	etcds := []topology.NodeEtcd{mainEtcd(), eventsEtcd()}
	l := newLab(t, etcds...)
	l.boot(l.host("i-a", "172.20.1.5", userDataOf("a", etcds...)))
	b := l.boot(l.host("i-b0", "172.20.2.5", userDataOf("b", etcds...)))
	l.boot(l.host("i-c", "172.20.3.5", userDataOf("c", etcds...)))
	all := func(ctx context.Context) error {
		return errors.Join(l.readyz("172.20.1.5")(ctx), l.readyz("172.20.2.5")(ctx), l.readyz("172.20.3.5")(ctx))
	}
	t.Logf("three machines with main and events were ready after %v", eventually(t, "the APIs", all))

	for n, e := range etcds {
		c := dialEtcd(t, l.Machines, e)
		eventually(t, "a write to "+e.Name, put(c, "before", "1"))
		before := memberList(t, c)
		b.Kill()
		<-b.Done()
		l.detach(fmt.Sprintf("i-b%d", n))
		t.Logf("%s: the first write without b took %v", e.Name, eventually(t, "a write without b", put(c, "meanwhile", "2")))

		ip := fmt.Sprintf("172.20.2.%d", 6+n) // a new machine has a new address
		b = l.boot(l.host(fmt.Sprintf("i-b%d", n+1), ip, userDataOf("b", etcds...)))
		t.Logf("%s: the successor of b was ready after %v", e.Name, eventually(t, "the API of the new b", l.readyz(ip)))
		if after := memberList(t, c); after != before {
			t.Errorf("members of %s were %v, are %v", e.Name, before, after)
		}
		own := dialEtcd(t, l.Machines, topology.NodeEtcd{ClientPort: e.ClientPort, Members: e.Members[1:2]})
		if got := get(t, own, "before") + get(t, own, "meanwhile"); got != "12" {
			t.Errorf("%s: the new b reads %q", e.Name, got)
		}
	}
}

func memberList(t *testing.T, c *clientv3.Client) (list string) {
	t.Helper()
	eventually(t, "list members", func(ctx context.Context) error {
		r, err := c.MemberList(ctx)
		if err == nil {
			list = fmt.Sprint(r.Members)
		}
		return err
	})
	return list
}

func get(t *testing.T, c *clientv3.Client, key string) (value string) {
	t.Helper()
	eventually(t, "read "+key, func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
		defer cancel()
		r, err := c.Get(ctx, key)
		if err == nil && len(r.Kvs) == 1 {
			value = string(r.Kvs[0].Value)
		}
		return err
	})
	return value
}

func TestTheAPIEndpointClosesWhenTheMajorityIsGone(t *testing.T) {
	e := mainEtcd()
	l := newLab(t, e)
	a := l.boot(l.host("i-a", "172.20.1.5", userDataOf("a", e)))
	b := l.boot(l.host("i-b", "172.20.2.5", userDataOf("b", e)))
	eventually(t, "the API of a", l.readyz("172.20.1.5"))
	b.Kill()
	<-b.Done()
	eventually(t, "the end of a's API", func(ctx context.Context) error {
		if l.readyz("172.20.1.5")(ctx) == nil {
			return errors.New("still ready")
		}
		return nil
	})
	select {
	case <-a.Done():
		t.Error("a ended with b")
	default:
	}
}

func TestAMachineWaitsForItsVolume(t *testing.T) {
	e := etcd("main", 4001, 2380, "a")
	l := newLab(t, e)
	first := l.host("i-first", "172.20.1.5", userDataOf("a", e))
	if _, err := first.Attach("vol-0", "/dev/xvdu"); err != nil {
		t.Fatal(err)
	}
	ctx, dies := context.WithCancel(t.Context())
	booted := make(chan error, 1)
	second := l.host("i-second", "172.20.1.6", userDataOf("a", e))
	looked := make(chan struct{}, 100)
	second.Volumes = func(tags map[string]string) []awssim.AttachableVolume {
		looked <- struct{}{}
		return l.list(tags)
	}
	go func() {
		_, err := l.Boot(ctx, second)
		booted <- err
	}()
	<-looked
	<-looked
	dies()
	if err := <-booted; !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "attached to i-first") {
		t.Errorf("a machine that died waiting: %v", err)
	}

	go func() { booted <- nil; l.detach("i-first") }()
	<-booted
	l.boot(l.host("i-third", "172.20.1.7", userDataOf("a", e)))
	eventually(t, "the third machine", l.readyz("172.20.1.7"))
}

func TestTwoVolumesForOneMemberAreNotChosenFrom(t *testing.T) {
	e := etcd("main", 4001, 2380, "a")
	l := newLab(t, e, e)
	if _, err := tryAttach(l.host("i-a", "172.20.1.5", ""), cluster, e, "/dev/xvdu"); err == nil {
		t.Error("chose one")
	}
	e.Member = "a"
	_, err := tryAttach(l.host("i-a", "172.20.1.5", ""), cluster, e, "/dev/xvdu")
	if err == nil || !strings.Contains(err.Error(), "2 volumes") {
		t.Errorf("got %v", err)
	}
}

func TestARebootedMachineFindsItsVolumes(t *testing.T) {
	e := etcd("main", 4001, 2380, "a")
	l := newLab(t, e)
	host := l.host("i-a", "172.20.1.5", userDataOf("a", e))
	for range 2 {
		p := l.boot(host)
		eventually(t, "the API", l.readyz("172.20.1.5"))
		p.Kill()
		p.Kill() // twice is allowed
		<-p.Done()
	}
}

func TestMachinesWithoutMembersJustRun(t *testing.T) {
	l := newLab(t)
	for name, userData := range map[string]string{
		"worker":         topology.UserData(topology.NodeConfig{Cluster: cluster, Role: topology.Worker}),
		"somebody's":     "#!/bin/sh\necho hello\n",
		"empty userdata": "",
	} {
		p := l.boot(l.host("i-1", "172.20.1.9", userData))
		select {
		case <-p.Done():
			t.Errorf("%s ended", name)
		default:
		}
		p.Kill()
		p.Kill()
		<-p.Done()
	}
	if entries := l.Names(); len(entries) > 0 {
		t.Errorf("names were entered: %v", entries)
	}
}

func TestABrokenDocumentDoesNotBoot(t *testing.T) {
	l := newLab(t)
	userData := strings.Replace(topology.UserData(topology.NodeConfig{}), "content: ", "content: ??", 1)
	if _, err := l.Boot(t.Context(), l.host("i-1", "172.20.1.9", userData)); err == nil || !strings.Contains(err.Error(), "i-1") {
		t.Errorf("got %v", err)
	}
}

func TestAProcessThatEndsByItselfIsStartedAgain(t *testing.T) {
	l := newLab(t)
	var log safeLog
	l.logger = slog.New(slog.NewTextHandler(&log, nil))
	l.program = "/bin/false"
	p, err := l.start(document{Machine: "i-1"})
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "two ends", func(context.Context) error {
		if n := log.count("ended by itself"); n < 2 {
			return fmt.Errorf("%d ends", n)
		}
		return nil
	})
	p.Kill()
	<-p.Done()
}

type safeLog struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *safeLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *safeLog) count(what string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), what)
}
