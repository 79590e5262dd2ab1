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
	// ErrNeedsRepair: the volume is empty although this member has voted before.
	ErrNeedsRepair = errors.New("empty data folder of an existing member: needs repair")
	// ErrNotAMember: the etcd cluster runs and does not list this member.
	ErrNotAMember = errors.New("the running cluster has no such member")
)

// Facts are what Look found.
type Facts struct {
	// Identity is whom the volume says it belongs to; zero if it says nothing.
	Identity Identity
	// Data reports whether the member has a write-ahead log, so that it may have voted.
	Data bool
	// Strange lists what else lies on the volume, lost+found apart.
	Strange []string
	// Peers is the member list as the running peer tells it that knows most of this member; empty if
	// none answered.
	Peers []Peer
}

// Peer is one entry of the member list of a running cluster.
type Peer struct {
	Name       string   `json:"name"` // empty if it was added and never started
	PeerURLs   []string `json:"peerURLs"`
	ClientURLs []string `json:"clientURLs"` // published by the member itself, once it has started
}

// Started reports whether that member has ever taken part.
func (p Peer) Started() bool { return len(p.ClientURLs) > 0 }

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
// ErrNeedsRepair and ErrNotAMember.
func Decide(f Facts, c Config) (Start, error) {
	if err := ours(f, c); err != nil {
		return Start{}, err
	}
	if f.Data {
		return Start{Mode: Continue, Members: c.PeerURLs}, nil
	}
	if f.Identity.Started() {
		return Start{}, fmt.Errorf("%w (%s first started at %s)", ErrNeedsRepair, c, f.Identity.FirstStarted)
	}
	if len(f.Peers) > 0 {
		return askPeers(f.Peers, c)
	}
	if c.Created {
		return Start{}, fmt.Errorf("%w (the etcd cluster %s is known to have run, and no peer answers)", ErrNeedsRepair, c.Etcd)
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

// askPeers decides for an empty volume in a cluster that is running already. At the first start of a
// cluster that is the usual case for the slower members: they are listed and have not started.
func askPeers(peers []Peer, c Config) (Start, error) {
	own := c.own(peers)
	switch {
	case own < 0:
		return Start{}, fmt.Errorf("%w: %s has to be added first", ErrNotAMember, c)
	case peers[own].Started():
		return Start{}, fmt.Errorf("%w (its peers say that %s has started before)", ErrNeedsRepair, c)
	case peers[own].Name == c.Member:
		return Start{Mode: Bootstrap, Members: c.PeerURLs}, nil
	}
	return Start{Mode: Join, Members: joining(peers, own, c)}, nil
}

// own is where this member is in a member list, or -1.
func (c Config) own(peers []Peer) int {
	return slices.IndexFunc(peers, func(p Peer) bool {
		return p.Name == c.Member || slices.Contains(p.PeerURLs, c.PeerURLs[c.Member])
	})
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
