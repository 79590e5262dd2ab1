package health

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"

	"github.com/quorate/quorate/apply/quorum"
)

// ring is a real etcd cluster in this process.
type ring struct {
	Cluster
	running map[string]*embed.Etcd
	net     [2]byte
	initial string
}

// newRing runs members on loopback addresses that no other test is likely to use at the same time.
func newRing(t *testing.T, names ...string) *ring {
	t.Helper()
	r := &ring{Cluster: Cluster{Name: "main"}, running: map[string]*embed.Etcd{}, net: [2]byte{byte(64 + rand.IntN(64)), byte(rand.IntN(256))}}
	var pairs []string
	for i, name := range names {
		pairs = append(pairs, name+"="+r.url(i, 2380))
	}
	r.initial = strings.Join(pairs, ",")
	for i, name := range names {
		r.start(t, i, name, embed.ClusterStateFlagNew)
	}
	for _, name := range names {
		r.await(t, name)
	}
	return r
}

func (r *ring) addr(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, r.net[0], r.net[1], byte(i + 1)})
}

func (r *ring) url(i, port int) string { return fmt.Sprintf("http://%s:%d", r.addr(i), port) }

func (r *ring) start(t *testing.T, i int, name, state string) {
	t.Helper()
	c := embed.NewConfig()
	c.Name, c.Dir, c.ClusterState, c.InitialCluster = name, t.TempDir(), state, r.initial
	c.UnsafeNoFsync, c.TickMs, c.ElectionMs = true, 50, 500
	c.ZapLoggerBuilder = embed.NewZapLoggerBuilder(zap.NewNop())
	c.ListenPeerUrls, c.AdvertisePeerUrls = urls(t, r.url(i, 2380)), urls(t, r.url(i, 2380))
	c.ListenClientUrls, c.AdvertiseClientUrls = urls(t, r.url(i, 4001)), urls(t, r.url(i, 4001))
	e, err := embed.StartEtcd(c)
	if err != nil {
		t.Fatal(err)
	}
	r.running[name] = e
	r.Members = append(r.Members, Member{Name: name, Zone: "us-test-1" + name, Address: netip.AddrPortFrom(r.addr(i), 4001)})
	t.Cleanup(func() { r.stop(name) })
}

func (r *ring) await(t *testing.T, name string) {
	t.Helper()
	select {
	case <-r.running[name].Server.ReadyNotify():
	case <-time.After(30 * time.Second):
		t.Fatalf("member %s is not ready", name)
	}
}

func (r *ring) stop(names ...string) {
	for _, name := range names {
		if e := r.running[name]; e != nil {
			e.Server.HardStop() // stopping politely may wait for the others
			e.Close()
			delete(r.running, name)
		}
	}
}

func (r *ring) leader() string {
	for name, e := range r.running {
		if e.Server.Leader() == e.Server.MemberID() {
			return name
		}
	}
	return ""
}

func urls(t *testing.T, text string) []url.URL {
	t.Helper()
	u, err := url.Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return []url.URL{*u}
}

func prober() Prober {
	return Prober{Guard: func(context.Context, string) error { return nil }, Pause: 50 * time.Millisecond, Timeout: 5 * time.Second}
}

// expect looks until the healths are these: right after a start or a loss, members need a moment to agree.
func expect(t *testing.T, p Prober, c Cluster, want map[string]quorum.Health) Report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	for {
		r := p.Observe(ctx, []Cluster{c})[0]
		diff := cmp.Diff(want, healths(r))
		if diff == "" {
			return r
		}
		if ctx.Err() != nil {
			t.Fatalf("%s\n%v", diff, r.Reasons)
		}
	}
}

func every(h quorum.Health) map[string]quorum.Health {
	return map[string]quorum.Health{"a": h, "b": h, "c": h}
}

func mayGo(r Report, name string) quorum.Answer {
	return quorum.Decide(r.Cluster, func(m quorum.Member) bool { return m.Name == name }).Answer
}

func TestThreeRunningMembersAreHealthy(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a", "b", "c")
	report := expect(t, prober(), r.Cluster, every(quorum.Healthy))
	if report.Leader != r.leader() || len(report.Reasons) > 0 {
		t.Errorf("leader %q, want %q; reasons %v", report.Leader, r.leader(), report.Reasons)
	}
	if size := report.Sizes["b"]; size.File < size.InUse || size.InUse <= 0 || size.Quota != 2<<30 {
		t.Errorf("size of b: %+v, want etcd's default quota of 2 GiB", size)
	}
	if got := mayGo(report, "b"); got != quorum.Proceed {
		t.Errorf("b may go: %v", got)
	}
	began := time.Now()
	looked := prober().Observe(t.Context(), []Cluster{r.Cluster, {Name: "events"}})
	t.Logf("a look took %v", time.Since(began))
	if looked[0].Name != "main" || looked[1].Name != "events" || len(looked[1].Members) > 0 {
		t.Errorf("got %+v", looked)
	}
}

func TestAStoppedMemberMayBeRepairedAndNoOther(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a", "b", "c")
	r.stop("b")
	want := every(quorum.Healthy)
	want["b"] = quorum.Unhealthy
	report := expect(t, prober(), r.Cluster, want)
	if mayGo(report, "b") != quorum.Proceed || mayGo(report, "a") != quorum.Wait {
		t.Errorf("b may go: %v, a may go: %v", mayGo(report, "b"), mayGo(report, "a"))
	}
	r.Members[1].Address = netip.AddrPort{} // AWS says that its machine is gone
	expect(t, prober(), r.Cluster, want)

	r.stop("c")
	expect(t, prober(), r.Cluster, map[string]quorum.Health{"a": quorum.Unknown, "b": quorum.Unhealthy, "c": quorum.Unknown})
}

func TestALearnerIsSeenWhetherWantedOrNot(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a", "b", "c")
	peer := r.url(3, 2380)
	eventually(t, func(ctx context.Context) error {
		_, err := r.client(t, "a").MemberAddAsLearner(ctx, []string{peer})
		return err
	})
	before := slices.Clone(r.Members)
	r.initial += ",d=" + peer
	r.start(t, 3, "d", embed.ClusterStateFlagExisting)
	r.await(t, "d")

	want := every(quorum.Healthy)
	want["d"] = quorum.Healthy
	report := expect(t, prober(), r.Cluster, want)
	if !report.Members[3].Learner || mayGo(report, "a") != quorum.Wait {
		t.Errorf("%+v, a may go: %v", report.Members, mayGo(report, "a"))
	}
	want["d"] = quorum.Unknown
	report = expect(t, prober(), Cluster{Name: "main", Members: before}, want)
	if !report.Members[3].Learner || report.Reasons["d"] == "" {
		t.Errorf("%+v, %v", report.Members, report.Reasons)
	}
}

func TestAMemberWithAnAlarmIsNotHealthy(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a", "b", "c")
	full := r.running["b"].Server
	if _, err := full.Alarm(t.Context(), &etcdserverpb.AlarmRequest{
		Action: etcdserverpb.AlarmRequest_ACTIVATE, MemberID: uint64(full.MemberID()), Alarm: etcdserverpb.AlarmType_NOSPACE,
	}); err != nil {
		t.Fatal(err)
	}
	want := every(quorum.Healthy)
	want["b"] = quorum.Unhealthy
	if report := expect(t, prober(), r.Cluster, want); !strings.Contains(report.Reasons["b"], "NOSPACE") {
		t.Errorf("reasons: %v", report.Reasons)
	}
}

func TestAProberThatIsCutOff(t *testing.T) {
	t.Parallel()
	const patience = 2 * time.Second
	r := newRing(t, "a", "b", "c")
	expect(t, prober(), r.Cluster, every(quorum.Healthy))
	for _, tc := range []struct {
		name string
		from []int
		dial func(context.Context) (net.Conn, error)
		want map[string]quorum.Health
		most time.Duration
	}{
		{"from one", []int{1}, refused, map[string]quorum.Health{"a": quorum.Healthy, "b": quorum.Unhealthy, "c": quorum.Healthy}, patience},
		{"from two", []int{1, 2}, refused, every(quorum.Unknown), patience},
		{"from all", []int{0, 1, 2}, refused, every(quorum.Unknown), patience},
		{"from one that swallows packets", []int{1}, swallowed, map[string]quorum.Health{"a": quorum.Healthy, "b": quorum.Unhealthy, "c": quorum.Healthy}, 4 * patience},
		{"from all, swallowing packets", []int{0, 1, 2}, swallowed, every(quorum.Unknown), 4 * patience},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := prober()
			p.Timeout = patience
			p.Dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				for _, i := range tc.from {
					if r.Members[i].Address.String() == address {
						return tc.dial(ctx)
					}
				}
				var d net.Dialer
				return d.DialContext(ctx, network, address)
			}
			began := time.Now()
			if got := healths(p.Observe(t.Context(), []Cluster{r.Cluster})[0]); cmp.Diff(tc.want, got) != "" {
				t.Error(cmp.Diff(tc.want, got))
			}
			if took := time.Since(began); took > tc.most {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func refused(context.Context) (net.Conn, error) { return nil, errors.New("connection refused") }

func swallowed(ctx context.Context) (net.Conn, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

func TestAMemberAtTheAddressOfAnotherIsNotMistakenForIt(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a", "b", "c")
	expect(t, prober(), r.Cluster, every(quorum.Healthy))
	r.Members[1].Address = r.Members[2].Address
	want := every(quorum.Healthy)
	want["b"] = quorum.Unhealthy
	if report := expect(t, prober(), r.Cluster, want); !strings.Contains(report.Reasons["b"], "another member answers") {
		t.Errorf("reasons: %v", report.Reasons)
	}
}

func TestACancelledLookKnowsNobody(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a", "b", "c")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	p := Prober{Pause: time.Hour}
	if got := healths(p.Observe(ctx, []Cluster{r.Cluster})[0]); cmp.Diff(every(quorum.Unknown), got) != "" {
		t.Error(cmp.Diff(every(quorum.Unknown), got))
	}
}

func TestLeadershipIsHandedOver(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a", "b", "c")
	p := prober()
	expect(t, p, r.Cluster, every(quorum.Healthy))
	old := r.leader()
	began := time.Now()
	if err := p.HandOver(t.Context(), r.Cluster, old); err != nil {
		t.Fatal(err)
	}
	t.Logf("handing over took %v", time.Since(began))
	var now string
	eventually(t, func(context.Context) error {
		if now = r.leader(); now == "" || now == old {
			return fmt.Errorf("the leader is %q", now)
		}
		return nil
	})
	if err := p.HandOver(t.Context(), r.Cluster, old); err != nil || r.leader() != now {
		t.Errorf("handing over from a follower: %v, the leader was %s and is %s", err, now, r.leader())
	}
	r.stop("a", "b")
	if err := p.HandOver(t.Context(), r.Cluster, "c"); err == nil {
		t.Error("handed over without a majority")
	}
}

func TestHandingOverAMemberWithoutAMachineIsRefused(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a", "b", "c")
	expect(t, prober(), r.Cluster, every(quorum.Healthy))
	leader := r.leader()
	for i, m := range r.Members {
		if m.Name == leader {
			r.Members[i].Address = netip.AddrPort{}
		}
	}
	if err := prober().HandOver(t.Context(), r.Cluster, leader); err == nil || !strings.Contains(err.Error(), "has no address") {
		t.Errorf("got %v", err)
	}
}

func (r *ring) client(t *testing.T, name string) *clientv3.Client {
	t.Helper()
	i := slices.IndexFunc(r.Members, func(m Member) bool { return m.Name == name })
	c, err := clientv3.New(prober().config(r.Members[i]))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// eventually asks again: a cluster refuses changes until its members have been together for a while.
func eventually(t *testing.T, try func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for err := try(ctx); err != nil; err = try(ctx) {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}
