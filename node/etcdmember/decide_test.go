package etcdmember

import (
	"errors"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func memberA() Config {
	return Config{
		Cluster: "ha.example.com", Etcd: "main", Member: "a", Volume: "/mnt/main",
		PeerURLs: map[string]string{
			"a": "http://etcd-a.internal.ha.example.com:2380",
			"b": "http://etcd-b.internal.ha.example.com:2380",
			"c": "http://etcd-c.internal.ha.example.com:2380",
		},
		ClientURL:    "http://etcd-a.internal.ha.example.com:4001",
		ListenPeer:   netip.MustParseAddrPort("172.20.1.5:2380"),
		ListenClient: netip.MustParseAddrPort("172.20.1.5:4001"),
	}
}

func TestHowAMemberStarts(t *testing.T) {
	c := memberA()
	signed := c.identity()
	started := signed
	started.FirstStarted = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	of := func(change func(*Identity)) Identity {
		i := started
		change(&i)
		return i
	}
	peer := func(name string, clientURLs ...string) Peer {
		return Peer{Name: name, PeerURLs: []string{c.PeerURLs[name]}, ClientURLs: clientURLs}
	}
	created := c
	created.Created = true

	for _, tc := range []struct {
		name  string
		facts Facts
		c     Config
		want  Mode
		err   error
	}{
		{"an empty volume and silence: everybody is new", Facts{}, c, Bootstrap, nil},
		{"a first start that was interrupted", Facts{Identity: signed}, c, Bootstrap, nil},
		{"the slowest of the initial members", Facts{Peers: []Peer{peer("a"), peer("b", "http://b"), peer("c", "http://c")}}, c, Bootstrap, nil},
		{"the slowest, when the cluster is known to run", Facts{Peers: []Peer{peer("a"), peer("b", "http://b")}}, created, Bootstrap, nil},
		{"data of this member", Facts{Identity: started, Data: true}, c, Continue, nil},
		{"data of this member, crashed before it was ready", Facts{Identity: signed, Data: true}, c, Continue, nil},
		{"data of this member, in a cluster known to run", Facts{Identity: started, Data: true}, created, Continue, nil},
		{"strange files beside data of this member", Facts{Identity: started, Data: true, Strange: []string{"notes"}}, c, Continue, nil},
		{"added to a running cluster", Facts{Peers: []Peer{peer("b", "http://b"), {PeerURLs: []string{c.PeerURLs["a"]}}}}, c, Join, nil},

		{"the data is gone", Facts{Identity: started}, c, 0, ErrNeedsRepair},
		{"the data is gone, and peers answer", Facts{Identity: started, Peers: []Peer{peer("a")}}, c, 0, ErrNeedsRepair},
		{"an empty volume of a member that its peers know", Facts{Peers: []Peer{peer("a", "http://a"), peer("b")}}, c, 0, ErrNeedsRepair},
		{"an empty volume, silence, and a cluster known to run", Facts{}, created, 0, ErrNeedsRepair},
		{"an interrupted first start, silence, and a cluster known to run", Facts{Identity: signed}, created, 0, ErrNeedsRepair},
		{"another member's data", Facts{Identity: of(func(i *Identity) { i.Member = "b" }), Data: true}, c, 0, ErrForeignVolume},
		{"another member's volume, empty", Facts{Identity: of(func(i *Identity) { i.Member = "b" })}, c, 0, ErrForeignVolume},
		{"the other etcd cluster's", Facts{Identity: of(func(i *Identity) { i.Etcd = "events" }), Data: true}, c, 0, ErrForeignVolume},
		{"another Kubernetes cluster's", Facts{Identity: of(func(i *Identity) { i.Cluster = "other.example.com" }), Data: true}, c, 0, ErrForeignVolume},
		{"another token", Facts{Identity: of(func(i *Identity) { i.Token = "restored" }), Data: true}, c, 0, ErrForeignVolume},
		{"data nobody signed", Facts{Data: true}, c, 0, ErrForeignVolume},
		{"another tool's files", Facts{Strange: []string{"backups"}}, c, 0, ErrForeignVolume},
		{"peers that do not know this member", Facts{Peers: []Peer{peer("b", "http://b"), peer("c", "http://c")}}, c, 0, ErrNotAMember},
	} {
		t.Run(tc.name, func(t *testing.T) {
			got, err := Decide(tc.facts, tc.c)
			if got.Mode != tc.want || !errors.Is(err, tc.err) {
				t.Errorf("got %v, %v; want %v, %v", got.Mode, err, tc.want, tc.err)
			}
		})
	}
}

func TestRefusalsNameWhatWasFound(t *testing.T) {
	c := memberA()
	other := c.identity()
	other.Member, other.FirstStarted = "b", time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	mine := other
	mine.Member = "a"
	for _, tc := range []struct {
		facts Facts
		want  string
	}{
		{Facts{Identity: other, Data: true}, "the volume is not this member's: it belongs to member b of etcd main of ha.example.com (token ha.example.com-etcd-main), and this is member a of etcd main of ha.example.com (token ha.example.com-etcd-main)"},
		{Facts{Strange: []string{"backups", "control"}}, "the volume is not this member's: it already holds backups, control"},
		{Facts{Identity: mine}, "empty data folder of an existing member: needs repair (etcd main member a first started at 2026-03-01 12:00:00 +0000 UTC)"},
	} {
		if _, err := Decide(tc.facts, c); err == nil || err.Error() != tc.want {
			t.Errorf("got  %v\nwant %s", err, tc.want)
		}
	}
}

func TestAJoiningMemberListsWhatThePeersList(t *testing.T) {
	c := memberA()
	start, err := Decide(Facts{Peers: []Peer{
		{Name: "b", PeerURLs: []string{"http://b:2380"}, ClientURLs: []string{"http://b:4001"}},
		{PeerURLs: []string{c.PeerURLs["a"]}},
		{PeerURLs: []string{"http://d:2380"}},
	}}, c)
	if err != nil {
		t.Fatal(err)
	}
	want := Start{Mode: Join, Members: map[string]string{"a": c.PeerURLs["a"], "b": "http://b:2380", "not-started-2": "http://d:2380"}}
	if diff := cmp.Diff(want, start); diff != "" {
		t.Error(diff)
	}
}
