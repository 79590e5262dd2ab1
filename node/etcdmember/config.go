package etcdmember

import (
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"
)

// Config is what a member is told about itself. Nothing in it may change what is on its volume already.
type Config struct {
	Cluster string // the Kubernetes cluster, ha.example.com
	Etcd    string // which of its etcd clusters: main, events
	Member  string // name of this member
	Volume  string // folder where the member's volume is mounted

	// PeerURLs holds the peer URL of every initial member by name, this one's among them.
	PeerURLs map[string]string
	// ClientURL is where clients are told to reach this member.
	ClientURL string
	// ListenPeer and ListenClient are addresses of this machine.
	ListenPeer, ListenClient netip.AddrPort

	// Created says that the etcd cluster is known, from somewhere else than this volume and its peers,
	// to have been running. An empty volume is then a loss and no beginning.
	Created bool

	// Heartbeat and Election are raft's intervals; zero means etcd's defaults, 100 ms and 1 s.
	Heartbeat, Election time.Duration
	// QuotaBytes limits the size of the database; zero means etcd's default, 2 GiB.
	QuotaBytes int64
	// UnsafeNoFsync leaves writes in the page cache. They survive the death of the process and not
	// that of the machine, so only a simulation may ask for it.
	UnsafeNoFsync bool

	// Logger receives what etcd logs, from its warnings upwards; nil means nobody does.
	Logger *slog.Logger `json:"-"`
}

// Token keeps the members of different etcd clusters from ever mistaking each other for peers.
func (c Config) Token() string { return c.Cluster + "-etcd-" + c.Etcd }

// String names the member in errors and logs.
func (c Config) String() string { return "etcd " + c.Etcd + " member " + c.Member }

func (c Config) check() error {
	for _, f := range []struct{ name, value string }{
		{"cluster", c.Cluster}, {"etcd cluster", c.Etcd}, {"member", c.Member}, {"volume", c.Volume},
	} {
		if f.value == "" {
			return fmt.Errorf("%s: no %s is configured", c, f.name)
		}
	}
	if _, ok := c.PeerURLs[c.Member]; !ok {
		return fmt.Errorf("%s: not among the configured members %s", c, names(c.PeerURLs))
	}
	for _, u := range append(slices.Collect(maps.Values(c.PeerURLs)), c.ClientURL) {
		if parsed, err := url.Parse(u); err != nil || parsed.Host == "" {
			return fmt.Errorf("%s: %q is no URL", c, u)
		}
	}
	if !c.ListenPeer.IsValid() || !c.ListenClient.IsValid() {
		return fmt.Errorf("%s: no address to listen on", c)
	}
	return nil
}

func names(byName map[string]string) string {
	return strings.Join(slices.Sorted(maps.Keys(byName)), ", ")
}
