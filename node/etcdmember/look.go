package etcdmember

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/quorate/quorate/internal/durable"
)

// peerTimeout bounds the question to each peer. At the first start of a cluster nobody answers, so it is
// also how long a machine whose peers are unreachable waits before it starts alone.
const peerTimeout = time.Second

// memberListLimit bounds what is read of a peer's answer; seven members take about 2 KiB.
const memberListLimit = 1 << 20

// Look reads the volume, and asks the peers what a majority of them agrees on; if there is no data on the
// volume, also what each of them has heard. Peers that do not answer are no error.
func Look(ctx context.Context, c Config) (Facts, error) {
	if err := c.check(); err != nil {
		return Facts{}, err
	}
	f, err := readVolume(c.Volume)
	if err != nil {
		return Facts{}, fmt.Errorf("look at the volume of %s: %w", c, err)
	}
	var asked sync.WaitGroup
	asked.Go(func() { f.Agreed = agreedList(ctx, c) })
	if !f.Data {
		asked.Go(func() { f.Peers = memberList(ctx, c) })
	}
	asked.Wait()
	return f, nil
}

func readVolume(volume string) (Facts, error) {
	identity, err := readIdentity(volume)
	if err != nil {
		return Facts{}, err
	}
	entries, err := os.ReadDir(volume)
	if err != nil {
		return Facts{}, err
	}
	f := Facts{Identity: identity}
	for _, e := range entries {
		if known := []string{identityFile, identityFile + durable.Unfinished, dataFolder, "lost+found"}; !slices.Contains(known, e.Name()) && !isAside(e.Name()) {
			f.Strange = append(f.Strange, e.Name())
		}
	}
	if f.Data, err = hasData(volume); f.Data {
		f.Owner = dataOwner(volume)
	}
	return f, err
}

// memberList is the member list that says most about this member, of those the peers answer with. A peer
// that is behind may not have heard yet that it was added, or that it has started.
func memberList(ctx context.Context, c Config) []Peer {
	ctx, cancel := context.WithTimeout(ctx, peerTimeout)
	defer cancel()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answers := make(chan []Peer, len(c.PeerURLs))
	for name, url := range c.PeerURLs {
		if name == c.Member {
			answers <- nil
			continue
		}
		go func() { answers <- membersFrom(ctx, client, url) }()
	}
	var most []Peer
	for range c.PeerURLs {
		if peers := <-answers; c.knowledge(peers) > c.knowledge(most) {
			most = peers
		}
	}
	return most
}

// knowledge ranks a member list by what it says of this member: nothing at all, that it is not in it, that
// it is, that it has started.
func (c Config) knowledge(peers []Peer) int {
	own := c.own(peers)
	switch {
	case len(peers) == 0:
		return 0
	case own < 0:
		return 1
	case !peers[own].Started():
		return 2
	default:
		return 3
	}
}

// membersFrom asks one peer, where etcd itself asks before it bootstraps. Whatever goes wrong is the same
// as no answer: the caller asks the others, and etcd will not form a cluster with one that is not there.
func membersFrom(ctx context.Context, client *http.Client, peerURL string) []Peer {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, peerURL+"/members", nil)
	if err != nil {
		return nil
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil
	}
	defer resp.Body.Close()
	var peers []Peer
	if resp.StatusCode != http.StatusOK || json.NewDecoder(io.LimitReader(resp.Body, memberListLimit)).Decode(&peers) != nil {
		return nil
	}
	return peers
}
