package sync_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	gosync "sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/actual/preflight"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/examples"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

func TestMain(m *testing.M) {
	for key, value := range map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"} {
		if err := os.Setenv(key, value); err != nil {
			panic(err)
		}
	}
	// A CA bundle of this computer is for real endpoints, and the SDK puts it only into
	// clients that it made itself.
	if err := os.Unsetenv("AWS_CA_BUNDLE"); err != nil {
		panic(err)
	}
	m.Run()
}

// A life is one process of the service: when it is killed, no further call goes out.
type life struct {
	region *awssim.Region
	killed atomic.Bool
	// latency is added to every request, as a network does.
	latency time.Duration
	calls   awsapi.Calls
}

var errKilled = errors.New("kill -9")

// RoundTrip hands a request to the region without a socket in between.
func (l *life) RoundTrip(request *http.Request) (response *http.Response, err error) {
	if l.killed.Load() {
		return nil, errKilled
	}
	if l.latency > 0 {
		<-time.After(l.latency)
	}
	defer func() {
		if p := recover(); p != nil {
			if abort, ok := p.(error); !ok || !errors.Is(abort, http.ErrAbortHandler) {
				panic(p)
			}
			err = io.ErrUnexpectedEOF
		}
	}()
	recorder := httptest.NewRecorder()
	if request.Body == nil {
		request.Body = http.NoBody // what a server makes of it
	}
	l.region.ServeHTTP(recorder, request)
	if l.killed.Load() {
		return nil, errKilled
	}
	return recorder.Result(), nil
}

func (l *life) clients(t testing.TB, region string, guard awsapi.Guard) awsapi.Clients {
	t.Helper()
	clients, err := awsapi.Load(t.Context(), awsapi.Options{
		Region: region, Guard: guard, HTTP: &http.Client{Transport: l}, MaxBackoff: time.Millisecond, Calls: &l.calls,
	})
	if err != nil {
		t.Fatal(err)
	}
	return clients
}

// planner looks with clients that can change nothing.
func (l *life) planner(t testing.TB, c desired.Cluster) sync.Planner {
	t.Helper()
	clients := l.clients(t, c.Region, nil)
	return sync.Planner{
		Now: l.region.Now,
		Observe: func(ctx context.Context, scope actual.Scope) (actual.State, error) {
			return actual.Observe(ctx, actual.FromClients(clients), scope)
		},
		Preflight: func(ctx context.Context, in preflight.Input) (preflight.Findings, error) {
			return preflight.Check(ctx, preflight.FromClients(clients), in)
		},
	}
}

// knowing is a planner that sees the masters of the ground, too.
func (l *life) knowing(t testing.TB, ground *ground, c desired.Cluster) sync.Planner {
	t.Helper()
	planner, clients := l.planner(t, c), l.clients(t, c.Region, nil)
	planner.Standing = func(ctx context.Context, c desired.Cluster, ids topology.Bindings) (apply.Standing, error) {
		return apply.NewWatcher(apply.WatchConfig{Clients: clients, Cluster: c.Name, Etcd: ground, Now: ground.clock.Now}).Look(ctx, c.Topology, ids)
	}
	return planner
}

// pass makes one pass in this life.
func (l *life) pass(t testing.TB, ground *ground, c desired.Cluster, commit string) sync.Result {
	t.Helper()
	change := l.clients(t, c.Region, func(context.Context, string) error { return nil })
	// A pass takes seconds of AWS's time, and on a busy computer a quarter of an hour of this clock, after
	// which it would make nothing any more.
	began := ground.clock.Now()
	now := func() time.Time { return began }
	planner := l.knowing(t, ground, c)
	planner.Now = now
	return sync.Pass{
		Planner: planner,
		NewApplier: func(c desired.Cluster, commit string) sync.Applier {
			return apply.New(apply.Config{Clients: change, Cluster: c.Name, Commit: commit, Etcd: ground, Now: now})
		},
	}.Run(t.Context(), unhurriedly(c), commit)
}

// unhurriedly is the cluster with all the time of the world for its machines, and for its snapshots.
func unhurriedly(c desired.Cluster) desired.Cluster {
	c.Rolling = maps.Clone(c.Rolling)
	for ref, pace := range c.Rolling {
		pace.BackWithin, pace.SnapshotMaxAge = unhurried, unhurried
		c.Rolling[ref] = pace
	}
	return c
}

const (
	// crashSpeed makes AWS's minutes into tenths of a second.
	crashSpeed = 1000
	// unhurried is how long a machine may take: minutes of this clock pass while a busy computer thinks.
	unhurried = 100 * time.Hour
	// crashLimit is when a world counts as stuck, on a computer that has much else to do.
	crashLimit = 4 * time.Minute
	// crashPause lets simulated time pass between passes that wait.
	crashPause = 4 * time.Millisecond
)

// converge makes passes until the world is as wanted or the process is killed, and
// reports which.
func (l *life) converge(t testing.TB, ground *ground, c desired.Cluster, commit string) (converged bool) {
	t.Helper()
	deadline := time.Now().Add(crashLimit)
	for time.Now().Before(deadline) {
		result := l.pass(t, ground, c, commit)
		switch {
		case l.killed.Load():
			return false
		case result.Err != nil:
			t.Fatalf("pass: %v", result.Err)
		case result.Report.State() == apply.Failed:
			t.Fatalf("pass failed: %s", result.Report.Reason())
		case result.Converged():
			return true
		}
		select {
		case <-t.Context().Done():
			return false
		case <-time.After(crashPause):
		}
		if time.Now().After(deadline) {
			t.Fatalf("stuck: %s", result.Report.Reason())
		}
	}
	return false
}

func clusterOf(t testing.TB, manifest string) desired.Cluster {
	t.Helper()
	clusters, problems := desired.Build([]desired.File{{Name: "cluster.yaml", Data: []byte(manifest)}})
	if len(clusters) != 1 {
		t.Fatalf("the manifest is refused: %v", problems)
	}
	return clusters[0]
}

var (
	small = string(examples.HA)
	large = strings.ReplaceAll(small, "machineType: t3.medium\n  minSize: 1\n", "machineType: m5.large\n  minSize: 1\n")
	// whole wants other machines for the masters and the three workers.
	whole = strings.ReplaceAll(small, "machineType: t3.medium\n", "machineType: m5.large\n")
)

// inventory is the world without its ids: how often each thing is there. How many snapshots of etcd were taken
// before masters went depends on how long a roll takes; those that a cluster leaves behind count.
func inventory(r *awssim.Region) map[string]int {
	things := map[string]int{}
	for _, item := range r.Inventory() {
		if _, backup := item.Tags[topology.TagBackup]; backup {
			continue
		}
		name := item.Tags["Name"]
		if name == "" {
			name = "(no name)"
		}
		things[item.Type+" "+name]++
	}
	return things
}

// A murder is one way to die: at which mutating call, and what becomes of that call.
type murder struct {
	at   int
	fate awssim.Fate
}

func (m murder) String() string {
	when := "before"
	if m.fate == awssim.LoseAnswer {
		when = "after the effect of"
	}
	return fmt.Sprintf("killed %s mutating call %d", when, m.at)
}

// commit kills the first life and lets a second one finish; without a murder the
// first life finishes.
func (m murder) commit(t testing.TB, ground *ground, manifest, commit string) {
	t.Helper()
	c := clusterOf(t, manifest)
	victim := &life{region: ground.region}
	ground.region.ResetCalls()
	ground.region.SetIntercept(func(call awssim.Call) awssim.Fate {
		if !call.Mutating || call.N != m.at {
			return awssim.Proceed
		}
		victim.killed.Store(true)
		return m.fate
	})
	if victim.converge(t, ground, c, commit) {
		return
	}
	ground.region.SetIntercept(nil)
	heir := &life{region: ground.region}
	if !heir.converge(t, ground, c, commit) {
		t.Fatalf("%s: the second life did not finish", m)
	}
}

var never = murder{}

// TestKilledAtAnyCallTheNextLifeMakesTheSameWorld builds the HA cluster, and rolls its masters and workers,
// killed at every mutating call, before it and after its effect.
func TestKilledAtAnyCallTheNextLifeMakesTheSameWorld(t *testing.T) {
	reference := newGround(t)
	never.commit(t, reference, small, "small")
	building, built := reference.region.MutatingCalls(), inventory(reference.region)
	never.commit(t, reference, whole, "large")
	rolling, rolled := reference.region.MutatingCalls(), inventory(reference.region)
	const hooked = "instance nodes.ha.example.com" // old ones wait for their hook and run on meanwhile
	delete(rolled, hooked)
	reference.check(t, rolledZones...)
	reference.checkWorkers(t, 3)

	builds, rolls := murders(building), murders(rolling)
	t.Run("building", func(t *testing.T) {
		sideBySide(t, builds, func(t *testing.T, m murder, ground *ground) {
			m.commit(t, ground, small, "small")
			if d := cmp.Diff(built, inventory(ground.region)); d != "" {
				t.Errorf("another world (-want +got):\n%s", d)
			}
			ground.check(t)
		})
	})
	t.Run("rolling", func(t *testing.T) {
		sideBySide(t, rolls, func(t *testing.T, m murder, ground *ground) {
			never.commit(t, ground, small, "small")
			m.commit(t, ground, whole, "large")
			found := inventory(ground.region)
			delete(found, hooked)
			if d := cmp.Diff(rolled, found); d != "" {
				t.Errorf("another world (-want +got):\n%s", d)
			}
			ground.check(t, rolledZones...)
			ground.checkWorkers(t, 3)
		})
	})
	t.Logf("killed at %d points: %d calls build the cluster, %d roll it", len(builds)+len(rolls), building, rolling)
}

var deaths = flag.Int("deaths", math.MaxInt, "at how many calls of each story, spread over all, the service is killed; every one if not set")

// murders are the ways to die within so many mutating calls.
func murders(calls int) []murder {
	var all []murder
	for at := 1; at <= calls; at += 1 + (calls-1) / *deaths {
		all = append(all, murder{at, awssim.DropRequest}, murder{at, awssim.LoseAnswer})
	}
	return all
}

// sideBySide plays murders on several grounds at once, for most of the time of each is spent waiting for the
// simulated AWS: more at once than there are processors, which is all that t.Parallel allows.
func sideBySide(t *testing.T, murders []murder, play func(*testing.T, murder, *ground)) {
	slots := make(chan struct{}, 8)
	var all gosync.WaitGroup
	for _, m := range murders {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			t.Run(m.String(), func(t *testing.T) {
				ground := newGround(t)
				defer ground.close()
				play(t, m, ground)
			})
		})
	}
	all.Wait()
}

var rolledZones = []string{"us-east-1a", "us-east-1b", "us-east-1c"}

// TestNoLostAnswerMakesASecondResource loses the answer of every single creating call
// once, while the process lives on.
func TestNoLostAnswerMakesASecondResource(t *testing.T) {
	reference := newGround(t)
	never.commit(t, reference, small, "small")
	want := inventory(reference.region)

	ground := newGround(t)
	var mu gosync.Mutex // calls arrive side by side
	lost := map[string]int{}
	ground.region.SetIntercept(func(call awssim.Call) awssim.Fate {
		mu.Lock()
		defer mu.Unlock()
		if !call.Mutating || lost[call.Operation] > 0 {
			return awssim.Proceed
		}
		lost[call.Operation]++
		return awssim.LoseAnswer
	})
	c := clusterOf(t, small)
	survivor := &life{region: ground.region}
	deadline := time.Now().Add(crashLimit)
	for !survivor.pass(t, ground, c, "small").Converged() {
		if time.Now().After(deadline) {
			t.Fatal("it did not converge")
		}
	}
	if d := cmp.Diff(want, inventory(ground.region)); d != "" {
		t.Errorf("another world (-want +got):\n%s", d)
	}
	t.Logf("the answers of %d operations were lost once: %s", len(lost), strings.Join(slices.Sorted(maps.Keys(lost)), " "))
}
