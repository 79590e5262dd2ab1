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
	const cluster, before, now = 0xc1, 0xa1, 0xa2
	agreed := func(own Peer, others ...Peer) Agreed {
		if own.ID == 0 {
			own.ID = now
		}
		return Agreed{Cluster: cluster, Members: append([]Peer{own}, others...)}
	}
	ownURL := []string{c.PeerURLs["a"]}
	data := IDs{Member: before, Cluster: cluster}

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
		{"the slowest, once the others have a majority", Facts{Agreed: agreed(peer("a"), peer("b", "http://b"))}, c, Bootstrap, nil},
		{"the slowest, which was interrupted", Facts{Identity: signed, Agreed: agreed(peer("a"), peer("b", "http://b"))}, c, Bootstrap, nil},
		{"data of this member", Facts{Identity: started, Data: true}, c, Continue, nil},
		{"data of this member, crashed before it was ready", Facts{Identity: signed, Data: true}, c, Continue, nil},
		{"data of this member, in a cluster known to run", Facts{Identity: started, Data: true}, created, Continue, nil},
		{"strange files beside data of this member", Facts{Identity: started, Data: true, Strange: []string{"notes"}}, c, Continue, nil},
		{"added to a running cluster", Facts{Agreed: agreed(Peer{PeerURLs: ownURL, Learner: true}, peer("b", "http://b"))}, created, Join, nil},
		{"added to a running cluster, as a voter", Facts{Agreed: agreed(Peer{PeerURLs: ownURL}, peer("b", "http://b"))}, created, Join, nil},
		{"the data is gone, and it was added again", Facts{Identity: started, Agreed: agreed(Peer{PeerURLs: ownURL, Learner: true})}, c, Join, nil},
		{"data of the member that is listed", Facts{Identity: started, Data: true, Owner: data, Agreed: agreed(Peer{ID: before, Name: "a", PeerURLs: ownURL, ClientURLs: []string{"http://a"}})}, c, Continue, nil},
		{"data of the member that is listed and never was ready", Facts{Identity: signed, Data: true, Owner: data, Agreed: agreed(Peer{ID: before, PeerURLs: ownURL, Learner: true})}, c, Continue, nil},
		{"data from before it was removed and added again", Facts{Identity: started, Data: true, Owner: data, Agreed: agreed(Peer{PeerURLs: ownURL, Learner: true})}, c, Rejoin, nil},
		{"the same, added as a voter", Facts{Identity: started, Data: true, Owner: data, Agreed: agreed(Peer{PeerURLs: ownURL})}, c, Rejoin, nil},
		{"data nobody can read, added again as a learner", Facts{Identity: started, Data: true, Agreed: agreed(Peer{PeerURLs: ownURL, Learner: true})}, c, Rejoin, nil},
		{"data nobody can read, added as a voter: etcd will say what is wrong", Facts{Identity: started, Data: true, Agreed: agreed(Peer{PeerURLs: ownURL})}, c, Continue, nil},
		{"data nobody can read, of a member that runs", Facts{Identity: started, Data: true, Agreed: agreed(peer("a", "http://a"))}, c, Continue, nil},

		{"the data is gone", Facts{Identity: started}, c, 0, ErrNeedsRepair},
		{"the data is gone, and peers answer", Facts{Identity: started, Peers: []Peer{peer("a")}}, c, 0, ErrNeedsRepair},
		{"an empty volume of a member that its peers know", Facts{Peers: []Peer{peer("a", "http://a"), peer("b")}}, c, 0, ErrNeedsRepair},
		{"an empty volume of a member that the majority knows", Facts{Agreed: agreed(peer("a", "http://a"), peer("b", "http://b"))}, c, 0, ErrNeedsRepair},
		{"the data is gone of a member that only its first start made known", Facts{Identity: started, Agreed: agreed(peer("a"))}, c, 0, ErrNeedsRepair},
		{"a new volume for a member of the beginning", Facts{Agreed: agreed(peer("a"), peer("b", "http://b"))}, created, 0, ErrNeedsRepair},
		{"a new volume for a member of the beginning, by hearsay", Facts{Peers: []Peer{peer("a"), peer("b", "http://b")}}, created, 0, ErrNeedsRepair},
		{"an empty volume, silence, and a cluster known to run", Facts{}, created, 0, ErrNoMajority},
		{"an interrupted first start, silence, and a cluster known to run", Facts{Identity: signed}, created, 0, ErrNoMajority},
		{"added, as one peer says", Facts{Peers: []Peer{peer("b", "http://b"), {PeerURLs: ownURL}}}, c, 0, ErrNoMajority},
		{"removed", Facts{Identity: started, Data: true, Owner: data, Agreed: agreed(peer("b", "http://b"))}, c, 0, ErrNotAMember},
		{"removed, and nobody can read its data", Facts{Identity: started, Data: true, Agreed: agreed(peer("b", "http://b"))}, c, 0, ErrNotAMember},
		{"removed, and its volume is empty", Facts{Identity: started, Agreed: agreed(peer("b", "http://b"))}, c, 0, ErrNotAMember},
		{"another machine runs under its name", Facts{Identity: started, Data: true, Owner: data, Agreed: agreed(peer("a", "http://a"))}, c, 0, ErrForeignVolume},
		{"data of another etcd cluster", Facts{Identity: started, Data: true, Owner: IDs{before, 0xc2}, Agreed: agreed(Peer{PeerURLs: ownURL, Learner: true})}, c, 0, ErrForeignVolume},
		{"another member's data", Facts{Identity: of(func(i *Identity) { i.Member = "b" }), Data: true}, c, 0, ErrForeignVolume},
		{"another member's volume, empty", Facts{Identity: of(func(i *Identity) { i.Member = "b" })}, c, 0, ErrForeignVolume},
		{"the other etcd cluster's", Facts{Identity: of(func(i *Identity) { i.Etcd = "events" }), Data: true}, c, 0, ErrForeignVolume},
		{"another Kubernetes cluster's", Facts{Identity: of(func(i *Identity) { i.Cluster = "other.example.com" }), Data: true}, c, 0, ErrForeignVolume},
		{"another token", Facts{Identity: of(func(i *Identity) { i.Token = "restored" }), Data: true}, c, 0, ErrForeignVolume},
		{"data nobody signed", Facts{Data: true}, c, 0, ErrForeignVolume},
		{"another tool's files", Facts{Strange: []string{"backups"}}, c, 0, ErrForeignVolume},
		{"a peer that does not know this member", Facts{Peers: []Peer{peer("b", "http://b"), peer("c", "http://c")}}, c, 0, ErrNoMajority},
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
	start, err := Decide(Facts{Agreed: Agreed{Members: []Peer{
		{Name: "b", PeerURLs: []string{"http://b:2380"}, ClientURLs: []string{"http://b:4001"}},
		{PeerURLs: []string{c.PeerURLs["a"]}},
		{PeerURLs: []string{"http://d:2380"}},
	}}}, c)
	if err != nil {
		t.Fatal(err)
	}
	want := Start{Mode: Join, Members: map[string]string{"a": c.PeerURLs["a"], "b": "http://b:2380", "not-started-2": "http://d:2380"}}
	if diff := cmp.Diff(want, start); diff != "" {
		t.Error(diff)
	}
}

// everything yields all combinations of what can be found on a volume and heard of a cluster.
func everything(c Config, yield func(Facts, Config)) {
	const cluster, before, now = 0xc1, 0xa1, 0xa2
	url := []string{c.PeerURLs["a"]}
	other := Peer{ID: 0xb1, Name: "b", PeerURLs: []string{c.PeerURLs["b"]}, ClientURLs: []string{"http://b"}}
	own := []Peer{
		{},
		{ID: before, PeerURLs: url, Learner: true}, {ID: before, PeerURLs: url}, {ID: before, Name: "a", PeerURLs: url}, {ID: before, Name: "a", PeerURLs: url, ClientURLs: url},
		{ID: now, PeerURLs: url, Learner: true}, {ID: now, PeerURLs: url}, {ID: now, Name: "a", PeerURLs: url}, {ID: now, Name: "a", PeerURLs: url, ClientURLs: url},
	}
	lists := [][]Peer{nil}
	for _, o := range own {
		if o.ID == 0 {
			lists = append(lists, []Peer{other})
			continue
		}
		lists = append(lists, []Peer{other, o})
	}
	signed := c.identity()
	started := signed
	started.FirstStarted = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for _, identity := range []Identity{{}, signed, started} {
		for _, data := range []bool{false, true} {
			for _, owner := range []IDs{{}, {before, cluster}, {now, cluster}, {before, 0xc2}} {
				for _, agreed := range lists {
					for _, peers := range lists {
						for _, created := range []bool{false, true} {
							c.Created = created
							yield(Facts{Identity: identity, Data: data, Owner: owner, Agreed: Agreed{cluster, agreed}, Peers: peers}, c)
						}
					}
				}
			}
		}
	}
}

func TestWhateverIsFoundNoPromiseIsForgotten(t *testing.T) {
	modes := map[Mode]int{}
	everything(memberA(), func(f Facts, c Config) {
		start, err := Decide(f, c)
		if (err == nil) != (start.Mode != 0) {
			t.Fatalf("%+v: %v and %v", f, start, err)
		}
		modes[start.Mode]++
		own := c.own(f.Agreed.Members)
		added := own >= 0 && f.Agreed.Members[own].added()
		inForce := false
		for _, p := range f.Agreed.Members {
			inForce = inForce || f.Data && p.ID == f.Owner.Member
		}
		switch {
		case start.Mode == Bootstrap && (f.Data || f.Identity.Started() || c.Created):
			t.Fatalf("%+v, created %v: begins anew", f, c.Created)
		case start.Mode == Bootstrap && own >= 0 && f.Agreed.Members[own].Started():
			t.Fatalf("%+v: begins anew beside itself", f)
		case (start.Mode == Join || start.Mode == Rejoin) && !added:
			t.Fatalf("%+v: joins although no majority added it", f)
		case start.Mode == Rejoin && inForce:
			t.Fatalf("%+v: sets the data aside of a member that is listed", f)
		case start.Mode == Join && f.Data, start.Mode == Rejoin && !f.Data, start.Mode == Continue && !f.Data:
			t.Fatalf("%+v: %v", f, start.Mode)
		case f.Data && !f.Agreed.known() && f.Identity != Identity{} && start.Mode != Continue:
			t.Fatalf("%+v: data without a word from the others does not start: %v", f, err)
		}
	})
	if len(modes) != 5 {
		t.Errorf("not every outcome was seen: %v", modes)
	}
}
