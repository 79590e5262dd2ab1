package etcdmember

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// What Decide refuses, each wrapped with what was found.
var (
	// ErrForeignVolume: the volume holds something that is not this member's.
	ErrForeignVolume = errors.New("the volume is not this member's")
	// ErrNeedsRepair: the volume is empty although this member may have voted before.
	ErrNeedsRepair = errors.New("empty data folder of an existing member: needs repair")
	// ErrNotAMember: the etcd cluster runs and does not list this member.
	ErrNotAMember = errors.New("the running cluster has no such member")
	// ErrNoMajority: only a majority of the cluster can tell how this member starts, and none answers.
	ErrNoMajority = errors.New("no majority of the etcd cluster answers")
)

// Facts are what Look found.
type Facts struct {
	// Identity is whom the volume says it belongs to; zero if it says nothing.
	Identity Identity
	// Data reports whether the member has a write-ahead log, so that it may have voted.
	Data bool
	// Owner is which member wrote that log; zero if it cannot be read.
	Owner IDs
	// Strange lists what else lies on the volume, apart from lost+found and data that was set aside.
	Strange []string
	// Agreed is what a majority of the running cluster says.
	Agreed Agreed
	// Peers is hearsay: the member list as the running peer tells it that knows most of this member; empty
	// if none answered, and not asked for if there is data.
	Peers []Peer
}

// Peer is one entry of the member list of a running cluster.
type Peer struct {
	ID         uint64   `json:"id"`
	Name       string   `json:"name"` // empty if it was added and never started
	Learner    bool     `json:"isLearner"`
	PeerURLs   []string `json:"peerURLs"`
	ClientURLs []string `json:"clientURLs"` // published by the member itself, once it has started
}

// Started reports whether that member has ever taken part.
func (p Peer) Started() bool { return len(p.ClientURLs) > 0 }

// added reports whether the running cluster added that member and has not seen it since. The members of
// the beginning have names before they start.
func (p Peer) added() bool { return p.Name == "" && !p.Started() }

// Mode is a way to start.
type Mode int

// The ways to start. The zero value is none of them.
const (
	// Continue as the member that is on the volume, whatever the configured member list says by now.
	Continue Mode = iota + 1
	// Bootstrap a new cluster together with all its initial members.
	Bootstrap
	// Join a running cluster that has added this member to its list.
	Join
	// Rejoin like Join, once the data of the member that this one was before is set aside.
	Rejoin
)

// String is the word people read.
func (m Mode) String() string {
	switch m {
	case Continue:
		return "continue"
	case Bootstrap:
		return "bootstrap"
	case Join:
		return "join"
	case Rejoin:
		return "rejoin"
	}
	return "none"
}

// Start is how the member starts: with Members (peer URL by name) as its initial cluster, which etcd only
// reads when there is no data.
type Start struct {
	Mode    Mode
	Members map[string]string
}

// Decide says how the member starts. An error means that it must not, and wraps one of ErrForeignVolume,
// ErrNeedsRepair, ErrNotAMember and ErrNoMajority. What the majority says is believed before what one
// peer says, and nothing but the majority makes a member join or part with its data.
func Decide(f Facts, c Config) (Start, error) {
	if err := ours(f, c); err != nil {
		return Start{}, err
	}
	switch {
	case f.Data && f.Agreed.known():
		return withData(f, c)
	case f.Data:
		return Start{Mode: Continue, Members: c.PeerURLs}, nil
	case f.Agreed.known():
		return withoutData(f, c)
	case f.Identity.Started():
		return Start{}, fmt.Errorf("%w (%s first started at %s)", ErrNeedsRepair, c, f.Identity.FirstStarted)
	case len(f.Peers) > 0:
		return byHearsay(f.Peers, c)
	case c.Created:
		return Start{}, fmt.Errorf("%w: the etcd cluster %s is known to exist, so %s starts no other one", ErrNoMajority, c.Etcd, c)
	}
	return Start{Mode: Bootstrap, Members: c.PeerURLs}, nil
}

// withData decides for data whose cluster runs. The member on it may have been removed meanwhile; if it
// was added again, it is another one and must not start with what the old one promised.
func withData(f Facts, c Config) (Start, error) {
	peers := f.Agreed.Members
	listed := slices.ContainsFunc(peers, func(p Peer) bool { return p.ID == f.Owner.Member })
	own := c.own(peers)
	switch {
	case f.Owner != IDs{} && f.Owner.Cluster != f.Agreed.Cluster:
		return Start{}, fmt.Errorf("%w: its data is of etcd cluster %x, and the one that runs is %x", ErrForeignVolume, f.Owner.Cluster, f.Agreed.Cluster)
	case listed:
		return Start{Mode: Continue, Members: c.PeerURLs}, nil
	case own >= 0 && peers[own].added() && (f.Owner != IDs{} || peers[own].Learner):
		return Start{Mode: Rejoin, Members: joining(peers, own, c)}, nil
	case f.Owner == IDs{} && own >= 0:
		// Nobody can tell whose data it is. etcd will refuse it, unless it reads more than we can; only a
		// learner, which has promised nothing to anybody, may forget what it cannot read.
		return Start{Mode: Continue, Members: c.PeerURLs}, nil
	case own >= 0:
		return Start{}, fmt.Errorf("%w: %s runs as member %x, and this data is of member %x", ErrForeignVolume, c, peers[own].ID, f.Owner.Member)
	}
	return Start{}, fmt.Errorf("%w: %s was removed and has to be added again", ErrNotAMember, c)
}

// withoutData decides for an empty volume in a cluster that runs. At the first start of a cluster that is
// the usual case for the slower members: they are listed and have not started.
func withoutData(f Facts, c Config) (Start, error) {
	peers := f.Agreed.Members
	own := c.own(peers)
	switch {
	case own < 0:
		return Start{}, fmt.Errorf("%w: %s has to be added first", ErrNotAMember, c)
	case peers[own].added():
		return Start{Mode: Join, Members: joining(peers, own, c)}, nil
	case peers[own].Started():
		return Start{}, fmt.Errorf("%w (its peers say that %s has started before)", ErrNeedsRepair, c)
	}
	return firstStart(f.Identity, c)
}

// byHearsay decides for an empty volume of which no majority can tell anything. A peer that knows this
// member may be all there is of a cluster that begins.
func byHearsay(peers []Peer, c Config) (Start, error) {
	own := c.own(peers)
	switch {
	case own < 0 || peers[own].added():
		return Start{}, fmt.Errorf("%w: a peer of %s does, and what it lists may be outdated", ErrNoMajority, c)
	case peers[own].Started():
		return Start{}, fmt.Errorf("%w (its peers say that %s has started before)", ErrNeedsRepair, c)
	}
	return firstStart(Identity{}, c)
}

// firstStart lets a member of the beginning begin, if its volume is as old as the cluster.
func firstStart(i Identity, c Config) (Start, error) {
	if i.Started() || c.Created {
		return Start{}, fmt.Errorf("%w (%s may have voted before its volume was lost)", ErrNeedsRepair, c)
	}
	return Start{Mode: Bootstrap, Members: c.PeerURLs}, nil
}

// ours refuses a volume on which anything may be somebody else's. Data without an identity is refused too:
// it may be the only copy of what another tool kept there.
func ours(f Facts, c Config) error {
	switch want := c.identity(); {
	case f.Identity == Identity{} && f.Data:
		return fmt.Errorf("%w: it holds etcd data that no identity file vouches for", ErrForeignVolume)
	case f.Identity == Identity{} && len(f.Strange) > 0:
		return fmt.Errorf("%w: it already holds %s", ErrForeignVolume, strings.Join(f.Strange, ", "))
	case f.Identity == Identity{}:
		return nil
	case !f.Identity.same(want):
		return fmt.Errorf("%w: it belongs to %s, and this is %s", ErrForeignVolume, f.Identity, want)
	}
	return nil
}

// own is where this member is in a member list, or -1. The peer URL is what etcd goes by, and the name is
// what people do, so that a member is also found whose URL was changed.
func (c Config) own(peers []Peer) int {
	byURL := slices.IndexFunc(peers, func(p Peer) bool { return slices.Contains(p.PeerURLs, c.PeerURLs[c.Member]) })
	if byURL >= 0 {
		return byURL
	}
	return slices.IndexFunc(peers, func(p Peer) bool { return p.Name == c.Member })
}

// joining is the member list in the form etcd compares it in: only the URLs count, but each needs a name.
func joining(peers []Peer, own int, c Config) map[string]string {
	members := map[string]string{c.Member: c.PeerURLs[c.Member]}
	for i, p := range peers {
		if i == own || len(p.PeerURLs) == 0 {
			continue
		}
		name := p.Name
		if name == "" {
			name = fmt.Sprintf("not-started-%d", i)
		}
		members[name] = p.PeerURLs[0]
	}
	return members
}
