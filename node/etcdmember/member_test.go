package etcdmember

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

var memberless netip.AddrPort

// network is three addresses of loopback that no other test is likely to use at the same time, so that the
// members can have their usual ports.
func network() [3]netip.Addr {
	a, b := byte(64+rand.IntN(64)), byte(rand.IntN(256))
	return [3]netip.Addr{
		netip.AddrFrom4([4]byte{127, a, b, 1}), netip.AddrFrom4([4]byte{127, a, b, 2}), netip.AddrFrom4([4]byte{127, a, b, 3}),
	}
}

// trio configures members a, b and c, each with a volume of its own.
func trio(t *testing.T) map[string]Config {
	t.Helper()
	peers, all := map[string]string{}, map[string]Config{}
	addrs := network()
	for i, name := range []string{"a", "b", "c"} {
		peers[name] = fmt.Sprintf("http://%s:2380", addrs[i])
		all[name] = Config{
			Cluster: "ha.example.com", Etcd: "main", Member: name, Volume: t.TempDir(), PeerURLs: peers,
			ClientURL:    fmt.Sprintf("http://%s:4001", addrs[i]),
			ListenPeer:   netip.AddrPortFrom(addrs[i], 2380),
			ListenClient: netip.AddrPortFrom(addrs[i], 4001),
			Heartbeat:    50 * time.Millisecond, Election: 500 * time.Millisecond, UnsafeNoFsync: true,
		}
	}
	return all
}

func mustRun(t *testing.T, c Config) *Member {
	t.Helper()
	m, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(m.Stop)
	return m
}

func awaitReady(t *testing.T, m *Member) {
	t.Helper()
	select {
	case <-m.Ready():
	case err := <-m.Err():
		t.Fatalf("%s ended: %v", m.config, err)
	case <-time.After(30 * time.Second):
		t.Fatalf("%s is not ready", m.config)
	}
}

// runAll starts the members side by side and waits for them: none is ready before a majority runs.
func runAll(t *testing.T, all map[string]Config) map[string]*Member {
	t.Helper()
	running := map[string]*Member{}
	for name, c := range all {
		running[name] = mustRun(t, c)
	}
	for _, m := range running {
		awaitReady(t, m)
	}
	return running
}

func client(t *testing.T, endpoints ...string) *clientv3.Client {
	t.Helper()
	c, err := clientv3.New(clientv3.Config{Endpoints: endpoints, Context: t.Context(), Logger: zap.NewNop()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func put3(t *testing.T, c *clientv3.Client, key, value string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, err := c.Put(ctx, key, value); err != nil {
		t.Fatalf("put %s: %v", key, err)
	}
}

func get3(t *testing.T, c *clientv3.Client, key string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	r, err := c.Get(ctx, key)
	if err != nil || len(r.Kvs) != 1 {
		t.Fatalf("get %s: %v, %v", key, r, err)
	}
	return string(r.Kvs[0].Value)
}

func TestThreeMembersBootstrapAndOneContinuesAsItself(t *testing.T) {
	t.Parallel()
	all := trio(t)
	began := time.Now()
	members := runAll(t, all)
	t.Logf("three members were ready after %v", time.Since(began))
	for name, m := range members {
		if m.Mode() != Bootstrap {
			t.Errorf("%s: %v", name, m.Mode())
		}
	}
	others := client(t, all["a"].ClientURL, all["c"].ClientURL)
	put3(t, others, "before", "1")
	id := members["b"].etcd.Server.MemberID()
	members["b"].Stop()
	put3(t, others, "meanwhile", "2")

	changed := all["b"] // by now the configuration may say anything about the initial members
	changed.PeerURLs = map[string]string{"b": all["b"].PeerURLs["b"]}
	b := mustRun(t, changed)
	awaitReady(t, b)
	if b.Mode() != Continue || b.etcd.Server.MemberID() != id {
		t.Errorf("b started as %v with id %v, was %v", b.Mode(), b.etcd.Server.MemberID(), id)
	}
	own := client(t, all["b"].ClientURL)
	if got := get3(t, own, "before") + get3(t, own, "meanwhile"); got != "12" {
		t.Errorf("b reads %q", got)
	}
	if err := b.Serving(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAMemberWithoutAMajorityIsNotServing(t *testing.T) {
	t.Parallel()
	all := trio(t)
	alone := mustRun(t, all["a"])
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	if err := alone.Serving(ctx); err == nil {
		t.Error("serves alone")
	}
	select {
	case <-alone.Ready():
		t.Error("ready alone")
	default:
	}
}

func TestAnEmptyVolumeOfAMemberThatVotedIsRefused(t *testing.T) {
	t.Parallel()
	all := trio(t)
	members := runAll(t, all)
	members["b"].Stop()

	emptied := all["b"]
	if err := os.RemoveAll(filepath.Join(emptied.Volume, dataFolder)); err != nil {
		t.Fatal(err)
	}
	if _, err := Run(t.Context(), emptied); !errors.Is(err, ErrNeedsRepair) {
		t.Errorf("its data removed: %v", err)
	}
	replaced := all["b"]
	replaced.Volume = t.TempDir()
	if _, err := Run(t.Context(), replaced); !errors.Is(err, ErrNeedsRepair) {
		t.Errorf("its volume replaced: %v", err)
	}
	if left, err := os.ReadDir(replaced.Volume); err != nil || len(left) > 0 {
		t.Errorf("a refusal wrote %v, %v", left, err)
	}
}

func TestAnotherMembersVolumeIsLeftAlone(t *testing.T) {
	t.Parallel()
	all := trio(t)
	members := runAll(t, all)
	members["b"].Stop()
	members["c"].Stop()
	swapped := all["b"]
	swapped.Volume = all["c"].Volume
	if _, err := Run(t.Context(), swapped); !errors.Is(err, ErrForeignVolume) {
		t.Fatalf("b on the volume of c: %v", err)
	}
	c := mustRun(t, all["c"])
	awaitReady(t, c)
}

func TestALearnerJoinsARunningCluster(t *testing.T) {
	t.Parallel()
	all := trio(t)
	joining := all["c"]
	for _, name := range []string{"a", "b"} {
		c := all[name]
		c.PeerURLs = map[string]string{"a": c.PeerURLs["a"], "b": c.PeerURLs["b"]}
		all[name] = c
	}
	delete(all, "c")
	runAll(t, all)

	if _, err := Run(t.Context(), joining); !errors.Is(err, ErrNotAMember) {
		t.Fatalf("before it was added: %v", err)
	}
	cl := client(t, all["a"].ClientURL)
	added := addLearner(t, cl, joining.PeerURLs["c"])
	c := mustRun(t, joining)
	awaitReady(t, c)
	if c.Mode() != Join || uint64(c.etcd.Server.MemberID()) != added {
		t.Errorf("joined as %v with id %x, added as %x", c.Mode(), c.etcd.Server.MemberID(), added)
	}
}

func addLearner(t *testing.T, c *clientv3.Client, peerURL string) (id uint64) {
	t.Helper()
	eventually(t, func(ctx context.Context) error {
		r, err := c.MemberAddAsLearner(ctx, []string{peerURL})
		if err == nil {
			id = r.Member.ID
		}
		return err
	})
	return id
}

// eventually asks again: a cluster refuses changes until its members have been together for a while.
func eventually(t *testing.T, ask func(context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for err := ask(ctx); err != nil; err = ask(ctx) {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}

func TestARemovedMemberReportsItsEnd(t *testing.T) {
	t.Parallel()
	all := trio(t)
	members := runAll(t, all)
	cl := client(t, all["a"].ClientURL)
	eventually(t, func(ctx context.Context) error {
		_, err := cl.MemberRemove(ctx, uint64(members["c"].etcd.Server.MemberID()))
		return err
	})
	select {
	case err := <-members["c"].Err():
		if !errors.Is(err, errStopped) {
			t.Errorf("got %v", err)
		}
	case <-time.After(30 * time.Second):
		t.Error("c did not end")
	}
}

func TestDamagedDataIsAnErrorAndNoPanic(t *testing.T) {
	c := trio(t)["a"]
	c.PeerURLs = map[string]string{"a": c.PeerURLs["a"]}
	m := mustRun(t, c)
	awaitReady(t, m)
	m.Stop()
	logs, err := filepath.Glob(filepath.Join(c.Volume, dataFolder, "member", "wal", "*.wal"))
	if err != nil || len(logs) == 0 {
		t.Fatal(logs, err)
	}
	for _, log := range logs {
		if err := os.WriteFile(log, make([]byte, 4096), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Run(t.Context(), c); err == nil {
		t.Error("started on a damaged log")
	}
}

func TestStopMayBeCalledTwiceAndEndsWithoutAnError(t *testing.T) {
	c := trio(t)["a"]
	c.PeerURLs = map[string]string{"a": c.PeerURLs["a"]}
	m := mustRun(t, c)
	awaitReady(t, m)
	var wg sync.WaitGroup
	wg.Go(m.Stop)
	wg.Go(m.Stop)
	wg.Wait()
	if err := <-m.Err(); err != nil {
		t.Error(err)
	}
}

// again removes a member and adds it as a learner, as a repair does, through the member at that URL.
func again(t *testing.T, through *clientv3.Client, c Config, id uint64) (added uint64) {
	t.Helper()
	eventually(t, func(ctx context.Context) error {
		_, err := through.MemberRemove(ctx, id)
		return err
	})
	return addLearner(t, through, c.PeerURLs[c.Member])
}

// rejoin runs the member until it may start, as an agent does.
func rejoin(t *testing.T, c Config) *Member {
	t.Helper()
	var m *Member
	eventually(t, func(ctx context.Context) (err error) {
		m, err = Run(ctx, c)
		return err
	})
	t.Cleanup(m.Stop)
	awaitReady(t, m)
	return m
}

func asideOn(t *testing.T, c Config) []string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(c.Volume, asidePrefix+"*", "member", "wal", "*.wal"))
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestAMemberThatWasRemovedComesBackOnlyWhenItIsAddedAgain(t *testing.T) {
	t.Parallel()
	all := trio(t)
	members := runAll(t, all)
	cl := client(t, all["a"].ClientURL)
	put3(t, cl, "before", "1")
	old := uint64(members["c"].etcd.Server.MemberID())
	eventually(t, func(ctx context.Context) error {
		_, err := cl.MemberRemove(ctx, old)
		return err
	})
	<-members["c"].Err()
	members["c"].Stop()
	if _, err := Run(t.Context(), all["c"]); !errors.Is(err, ErrNotAMember) {
		t.Fatalf("removed: %v", err)
	}
	added := addLearner(t, cl, all["c"].PeerURLs["c"])
	c := rejoin(t, all["c"])
	if c.Mode() != Rejoin || uint64(c.etcd.Server.MemberID()) != added || added == old {
		t.Errorf("%v as %x, added as %x, was %x", c.Mode(), c.etcd.Server.MemberID(), added, old)
	}
	if len(asideOn(t, all["c"])) == 0 {
		t.Error("the old data is gone")
	}
	c.Stop()
	if c = rejoin(t, all["c"]); c.Mode() != Continue || uint64(c.etcd.Server.MemberID()) != added {
		t.Errorf("the next start is %v as %x", c.Mode(), c.etcd.Server.MemberID())
	}
}

func TestDamagedAndEmptiedMembersComeBackWhenTheyAreAddedAgain(t *testing.T) {
	for name, damage := range map[string]func(t *testing.T, c Config){
		"its data is gone": func(t *testing.T, c Config) {
			if err := os.RemoveAll(filepath.Join(c.Volume, dataFolder)); err != nil {
				t.Fatal(err)
			}
		},
		"nothing of its log can be read": func(t *testing.T, c Config) {
			segments, err := logSegments(c.Volume)
			if err != nil || len(segments) == 0 {
				t.Fatal(segments, err)
			}
			for _, s := range segments {
				if err := os.WriteFile(s, make([]byte, 4096), 0o600); err != nil {
					t.Fatal(err)
				}
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			all := trio(t)
			members := runAll(t, all)
			cl := client(t, all["a"].ClientURL)
			put3(t, cl, "before", "1")
			old := uint64(members["c"].etcd.Server.MemberID())
			members["c"].Stop()
			damage(t, all["c"])
			if m, err := Run(t.Context(), all["c"]); err == nil {
				m.Stop()
				t.Fatal("started")
			}
			if m, err := Run(t.Context(), all["c"]); err == nil {
				m.Stop()
				t.Fatal("started at the second try")
			}
			added := again(t, cl, all["c"], old)
			c := rejoin(t, all["c"])
			if uint64(c.etcd.Server.MemberID()) != added {
				t.Errorf("%v as %x, added as %x", c.Mode(), c.etcd.Server.MemberID(), added)
			}
			eventually(t, func(ctx context.Context) error {
				_, err := cl.MemberPromote(ctx, added)
				return err
			})
			reader := client(t, all["c"].ClientURL)
			eventually(t, func(ctx context.Context) error { // the member itself hears of its promotion a moment later
				_, err := reader.Get(ctx, "before")
				return err
			})
			if got := get3(t, reader, "before"); got != "1" {
				t.Errorf("c reads %q", got)
			}
		})
	}
}

// A peer that was cut off before a member was removed still lists it. Nothing is forgotten on its word,
// and nothing is begun.
func TestAPeerWithoutAMajorityIsNotBelieved(t *testing.T) {
	t.Parallel()
	all := trio(t)
	members := runAll(t, all)
	cl := client(t, all["a"].ClientURL)
	id := uint64(members["c"].etcd.Server.MemberID())
	members["c"].Stop()
	again(t, cl, all["c"], id)
	members["b"].Stop() // a is alone now, and no majority of a and b

	f, err := Look(t.Context(), all["c"])
	if err != nil {
		t.Fatal(err)
	}
	if f.Agreed.known() {
		t.Errorf("a alone counts as a majority: %+v", f.Agreed)
	}
	if f.Owner.Member != id {
		t.Errorf("the data is of %x, not of %x", f.Owner.Member, id)
	}
	if start, err := Decide(f, all["c"]); start.Mode != Continue || err != nil {
		t.Errorf("with data: %v, %v", start.Mode, err)
	}
	fresh := all["c"]
	fresh.Volume = t.TempDir()
	if _, err := Run(t.Context(), fresh); !errors.Is(err, ErrNoMajority) {
		t.Errorf("without data: %v", err)
	}
}
