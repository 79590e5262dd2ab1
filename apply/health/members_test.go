package health

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/embed"

	"github.com/quorate/quorate/apply/quorum"
)

// peer is the address by which a member that has not started is known.
func (r *ring) peer(i int) string { return netip.AddrPortFrom(r.addr(i), 2380).String() }

// insist asks again: etcd refuses changes until its members have been together for a while.
func insist(t *testing.T, change func(ctx context.Context) error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for err := change(ctx); err != nil; err = change(ctx) {
		select {
		case <-again.C:
		case <-ctx.Done():
			t.Fatal(err)
		}
	}
}

func listedNames(r Report) []string {
	var names []string
	for _, l := range r.Listed {
		name := l.Name
		if l.Learner {
			name += " learner"
		}
		if !l.Started {
			name += " not started"
		}
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func TestAMemberIsAddedPromotedAndRemovedOnceHoweverOftenItIsAsked(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a")
	r.Members[0].Peer = r.peer(0)
	want := Cluster{Name: "main", Members: append(slices.Clone(r.Members), Member{Name: "b", Zone: "us-test-1b", Peer: r.peer(1)})}
	p := prober()
	twice := func(change func(ctx context.Context) error) {
		t.Helper()
		for range 2 {
			insist(t, change)
		}
	}

	if got := listedNames(p.Observe(t.Context(), []Cluster{want})[0]); !slices.Equal(got, []string{"a"}) {
		t.Fatalf("at first: %v", got)
	}
	twice(func(ctx context.Context) error { return p.AddLearner(ctx, want, "b") })
	report := expect(t, p, want, map[string]quorum.Health{"a": quorum.Healthy, "b": quorum.Unhealthy})
	if got := listedNames(report); !slices.Equal(got, []string{"a", "b learner not started"}) || len(report.Members) != 2 || !report.Members[1].Learner {
		t.Fatalf("added: %v, %+v", got, report.Members)
	}
	if err := p.Promote(t.Context(), want, "b"); err == nil || !strings.Contains(err.Error(), "caught up") {
		t.Errorf("promoted before it started: %v", err)
	}

	r.initial += ",b=" + r.url(1, 2380)
	r.start(t, 1, "b", embed.ClusterStateFlagExisting)
	r.await(t, "b")
	want.Members[1].Address = r.Members[1].Address
	expect(t, p, want, map[string]quorum.Health{"a": quorum.Healthy, "b": quorum.Healthy})
	twice(func(ctx context.Context) error { return p.Promote(ctx, want, "b") })
	report = expect(t, p, want, map[string]quorum.Health{"a": quorum.Healthy, "b": quorum.Healthy})
	if got := listedNames(report); !slices.Equal(got, []string{"a", "b"}) {
		t.Fatalf("promoted: %v", got)
	}

	insist(t, func(ctx context.Context) error { return p.Remove(ctx, want, "b") })
	want.Members[1].Address = netip.AddrPort{} // its machine goes too
	insist(t, func(ctx context.Context) error { return p.Remove(ctx, want, "b") })
	report = expect(t, p, want, map[string]quorum.Health{"a": quorum.Healthy, "b": quorum.Unhealthy})
	if got := listedNames(report); !slices.Equal(got, []string{"a"}) {
		t.Fatalf("removed: %v", got)
	}
	if err := p.Promote(t.Context(), want, "b"); err == nil || !strings.Contains(err.Error(), "no member") {
		t.Errorf("promoted after it was removed: %v", err)
	}
}

func TestTheLeaderLeavesThroughTheOthers(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a", "b", "c")
	leader := expect(t, prober(), r.Cluster, every(quorum.Healthy)).Leader
	insist(t, func(ctx context.Context) error { return prober().Remove(ctx, r.Cluster, leader) })
	for i := range r.Members {
		if r.Members[i].Name == leader {
			r.Members[i].Address = netip.AddrPort{} // its machine goes too
		}
	}
	left := every(quorum.Healthy)
	left[leader] = quorum.Unhealthy
	if report := expect(t, prober(), r.Cluster, left); len(report.Listed) != 2 || report.Leader == leader {
		t.Errorf("%v, led by %s", listedNames(report), report.Leader)
	}
}

func TestNothingChangesWithoutAMajority(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a", "b", "c")
	expect(t, prober(), r.Cluster, every(quorum.Healthy))
	r.stop("b", "c")
	for what, err := range map[string]error{
		"add":    prober().AddLearner(t.Context(), r.Cluster, "d"),
		"remove": prober().Remove(t.Context(), r.Cluster, "c"),
	} {
		if err == nil || !strings.Contains(err.Error(), "no majority agrees") {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// Whoever lost the lease may not know it yet, and another may be at work.
func TestNothingChangesWithoutTheLease(t *testing.T) {
	t.Parallel()
	r := newRing(t, "a", "b", "c")
	want := Cluster{Name: "main", Members: append(slices.Clone(r.Members), Member{Name: "d", Peer: r.peer(2)})}
	leader := expect(t, prober(), r.Cluster, every(quorum.Healthy)).Leader
	var asked []string
	lost := prober()
	lost.Guard = func(_ context.Context, operation string) error {
		asked = append(asked, operation)
		return errors.New("the lease is lost")
	}
	looking := prober()
	looking.Guard = nil
	for p, sentence := range map[*Prober]string{&lost: "the lease is lost", &looking: "looking only"} {
		expect(t, *p, r.Cluster, every(quorum.Healthy))
		for what, err := range map[string]error{
			"add":       p.AddLearner(t.Context(), want, "d"),
			"remove":    p.Remove(t.Context(), r.Cluster, leader),
			"hand over": p.HandOver(t.Context(), r.Cluster, leader),
		} {
			if err == nil || !strings.Contains(err.Error(), sentence) {
				t.Errorf("%s: %v", what, err)
			}
		}
	}
	if slices.Sort(asked); !slices.Equal(asked, []string{"MemberAdd", "MemberRemove", "MoveLeader"}) {
		t.Errorf("it was asked about %v", asked)
	}
	if report := expect(t, prober(), r.Cluster, every(quorum.Healthy)); len(report.Listed) != 3 || report.Leader != leader {
		t.Errorf("%v, led by %s", listedNames(report), report.Leader)
	}
}
