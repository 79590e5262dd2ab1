package health

import (
	"errors"
	"maps"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/apply/quorum"
)

var ids = map[string]uint64{"a": 0xa, "b": 0xb, "c": 0xc}

// wanted is a cluster of three, all with addresses.
func wanted() Cluster {
	c := Cluster{Name: "main"}
	for i, name := range []string{"a", "b", "c"} {
		addr := netip.AddrPortFrom(netip.AddrFrom4([4]byte{172, 20, byte(i + 1), 5}), 4001)
		c.Members = append(c.Members, Member{Name: name, Zone: "us-test-1" + name, Address: addr})
	}
	return c
}

// fine is a round in which everything is well, with a as leader.
func fine(index uint64) round {
	list := []listed{{id: 0xa, name: "a"}, {id: 0xb, name: "b"}, {id: 0xc, name: "c"}}
	r := round{}
	for name, id := range ids {
		r[name] = answer{id: id, cluster: 1, leader: 0xa, index: index, applied: index, members: list}
	}
	return r
}

func (r round) with(name string, change func(*answer)) round {
	changed := maps.Clone(r)
	a := changed[name]
	change(&a)
	changed[name] = a
	return changed
}

func silent(a *answer) { *a = answer{err: errors.New("connection refused")} }

func healths(r Report) map[string]quorum.Health {
	found := map[string]quorum.Health{}
	for _, m := range r.Members {
		found[m.Name] = m.Health
	}
	return found
}

func TestWhatTwoRoundsOfAnswersSay(t *testing.T) {
	const ok, bad, dunno = quorum.Healthy, quorum.Unhealthy, quorum.Unknown
	three := func(a, b, c quorum.Health) map[string]quorum.Health {
		return map[string]quorum.Health{"a": a, "b": b, "c": c}
	}
	ledByB := func(r round) round {
		for name := range ids {
			r = r.with(name, func(a *answer) { a.leader = 0xb })
		}
		return r
	}
	noB := wanted()
	noB.Members[1].Address = netip.AddrPort{}
	onlyA := wanted()
	onlyA.Members[1].Address, onlyA.Members[2].Address = netip.AddrPort{}, netip.AddrPort{}
	alarm := func(id uint64) alarms { return alarms{byMember: map[uint64]string{id: "NOSPACE"}} }

	for _, tc := range []struct {
		name          string
		cluster       Cluster
		first, second round
		alarms        alarms
		want          map[string]quorum.Health
		reason        string // about b
	}{
		{"all is well", wanted(), fine(500), fine(510), alarms{}, three(ok, ok, ok), ""},
		{"b is silent", wanted(), fine(500).with("b", silent), fine(510).with("b", silent), alarms{}, three(ok, bad, ok), "does not answer: connection refused"},
		{"b falls silent", wanted(), fine(500), fine(510).with("b", silent), alarms{}, three(ok, bad, ok), "does not answer"},
		{"b wakes up", wanted(), fine(500).with("b", silent), fine(510), alarms{}, three(ok, bad, ok), "does not answer"},
		{"b and c are silent", wanted(), fine(500).with("b", silent).with("c", silent), fine(510).with("b", silent).with("c", silent), alarms{}, three(dunno, dunno, dunno), "no majority"},
		{"all are silent", wanted(), round{}.with("a", silent).with("b", silent).with("c", silent), round{}.with("a", silent).with("b", silent).with("c", silent), alarms{}, three(dunno, dunno, dunno), "no majority"},
		{"no machine carries b", noB, fine(500), fine(510), alarms{}, three(ok, bad, ok), "no live machine"},
		{"no machine carries b and c", onlyA, fine(500).with("b", silent).with("c", silent), fine(510).with("b", silent).with("c", silent), alarms{}, three(dunno, bad, bad), "no live machine"},
		{"an election in between", wanted(), fine(500), ledByB(fine(510)), alarms{}, three(dunno, dunno, dunno), "leader changed"},
		{"no leader", wanted(), fine(500), fine(510).with("a", noLeader).with("b", noLeader).with("c", noLeader), alarms{}, three(dunno, dunno, dunno), "no majority"},
		{"b sees another leader", wanted(), fine(500), fine(510).with("b", func(a *answer) { a.leader = 0xb }), alarms{}, three(ok, bad, ok), "does not agree"},
		{"b sees another member list", wanted(), fine(500), fine(510).with("b", func(a *answer) { a.members = a.members[:2] }), alarms{}, three(ok, bad, ok), "does not agree"},
		{"b is a cluster of its own", wanted(), fine(500).with("b", alone), fine(510).with("b", alone), alarms{}, three(dunno, dunno, dunno), "no majority"},
		{"c answers at the address of b", wanted(), fine(500).with("b", isC), fine(510).with("b", isC), alarms{}, three(ok, bad, ok), "another member answers at 172.20.2.5:4001"},
		{"b is far behind", wanted(), fine(500), fine(1000).with("b", func(a *answer) { a.applied = 899 }), alarms{}, three(ok, bad, ok), "101 log entries behind"},
		{"b is just near enough", wanted(), fine(500), fine(1000).with("b", func(a *answer) { a.applied = 900 }), alarms{}, three(ok, ok, ok), ""},
		{"b has stopped applying", wanted(), fine(500).with("b", stuck), fine(510).with("b", stuck), alarms{}, three(ok, bad, ok), "has not applied"},
		{"b has raised an alarm", wanted(), fine(500), fine(510), alarm(0xb), three(ok, bad, ok), "NOSPACE"},
		{"nobody knows about alarms", wanted(), fine(500), fine(510), alarms{err: errors.New("timed out")}, three(dunno, dunno, dunno), "alarms are not known: timed out"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := judge(tc.cluster, tc.first, tc.second, tc.alarms, 100)
			if diff := cmp.Diff(tc.want, healths(r)); diff != "" {
				t.Error(diff)
			}
			if got := r.Reasons["b"]; !strings.Contains(got, tc.reason) || (tc.reason == "") != (got == "") {
				t.Errorf("about b: %q, want %q", got, tc.reason)
			}
		})
	}
}

func noLeader(a *answer) { a.leader = 0 }
func isC(a *answer)      { a.id = 0xc }
func stuck(a *answer)    { a.applied = 499 }

// alone is a member that has formed a cluster by itself.
func alone(a *answer) {
	a.cluster, a.leader, a.members = 2, a.id, []listed{{id: a.id, name: "b"}}
}

func TestLearnersAreMarkedAndJudgedLikeTheOthers(t *testing.T) {
	learns := func(r round) round {
		list := []listed{{id: 0xa, name: "a"}, {id: 0xb, name: "b"}, {id: 0xc, name: "c", learner: true}}
		return r.with("a", func(a *answer) { a.members = list }).with("b", func(a *answer) { a.members = list }).
			with("c", func(a *answer) { a.learner, a.members = true, nil })
	}
	r := judge(wanted(), learns(fine(500)), learns(fine(510)), alarms{}, 100)
	want := []quorum.Member{
		{Name: "a", Zone: "us-test-1a", Health: quorum.Healthy},
		{Name: "b", Zone: "us-test-1b", Health: quorum.Healthy},
		{Name: "c", Zone: "us-test-1c", Health: quorum.Healthy, Learner: true},
	}
	if diff := cmp.Diff(want, r.Members); diff != "" {
		t.Error(diff)
	}
	late := learns(fine(510)).with("c", func(a *answer) { a.applied = 1 })
	if r := judge(wanted(), learns(fine(500)), late, alarms{}, 100); r.Members[2].Health != quorum.Unhealthy {
		t.Errorf("a learner that has not caught up: %+v", r.Members[2])
	}
}

func TestMembersThatNobodyWantedAreListedAsUnknown(t *testing.T) {
	grown := func(r round) round {
		for name := range ids {
			r = r.with(name, func(a *answer) {
				a.members = append(a.members[:3:3], listed{id: 0xd, name: "d"}, listed{id: 0xe, learner: true})
			})
		}
		return r
	}
	r := judge(wanted(), grown(fine(500)), grown(fine(510)), alarms{}, 100)
	want := []quorum.Member{{Name: "d"}, {Name: "e", Learner: true}}
	if diff := cmp.Diff(want, r.Members[3:]); diff != "" {
		t.Error(diff)
	}
	if v := quorum.Decide(r.Cluster, func(m quorum.Member) bool { return m.Name == "a" }); v.Answer != quorum.Wait {
		t.Errorf("got %v: %s", v.Answer, v.Reason)
	}
}

func TestWhoTakesOver(t *testing.T) {
	for _, tc := range []struct {
		name string
		in   round
		want string
		err  error
	}{
		{"the first of equals", fine(500), "b", nil},
		{"the furthest", fine(500).with("c", func(a *answer) { a.applied = 501 }), "c", nil},
		{"not the silent one", fine(500).with("b", silent), "c", nil},
		{"not the one far behind", fine(500).with("b", func(a *answer) { a.applied = 1 }), "c", nil},
		{"not one that disagrees", fine(500).with("b", func(a *answer) { a.leader = 0xb }), "c", nil},
		{"nobody is fit", fine(500).with("b", func(a *answer) { a.applied = 1 }).with("c", func(a *answer) { a.applied = 1 }), "", errNoSuccessor},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := successor(wanted(), "a", agreed(tc.in), tc.in, 100)
			if got != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("got %q, %v; want %q, %v", got, err, tc.want, tc.err)
			}
		})
	}
}
