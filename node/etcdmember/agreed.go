package etcdmember

import (
	"context"
	"net"
	"net/url"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
)

// Agreed is the member list that a majority of a running cluster vouches for; zero if none answered.
type Agreed struct {
	Cluster uint64 // id
	Members []Peer
}

// known reports whether a majority answered.
func (a Agreed) known() bool { return len(a.Members) > 0 }

// agreedList asks the other members for a linearizable member list, and takes the first answer: a member
// gives it only after a majority of the voters has confirmed that nothing newer was agreed on. A single
// peer that was cut off, or that lags, still lists members that were removed and added again since, and
// whoever believed it would forget data that counts, or vote under a name that somebody else has now.
func agreedList(ctx context.Context, c Config) Agreed {
	ctx, cancel := context.WithTimeout(ctx, peerTimeout)
	defer cancel()
	answers := make(chan Agreed, len(c.PeerURLs))
	for name, peer := range c.PeerURLs {
		if name == c.Member {
			answers <- Agreed{}
			continue
		}
		go func() { answers <- agreedFrom(ctx, c.clientURLOf(peer)) }()
	}
	for range c.PeerURLs {
		if a := <-answers; a.known() {
			return a
		}
	}
	return Agreed{}
}

// clientURLOf is where a peer serves clients: all members of an etcd cluster use the same ports.
func (c Config) clientURLOf(peerURL string) string {
	own, err := url.Parse(c.ClientURL)
	if err != nil {
		return ""
	}
	peer, err := url.Parse(peerURL)
	if err != nil {
		return ""
	}
	return (&url.URL{Scheme: own.Scheme, Host: net.JoinHostPort(peer.Hostname(), own.Port())}).String()
}

// agreedFrom asks one peer. Whatever goes wrong is the same as no answer.
func agreedFrom(ctx context.Context, clientURL string) Agreed {
	client, err := clientv3.New(clientv3.Config{Endpoints: []string{clientURL}, Context: ctx, Logger: zap.NewNop()})
	if err != nil {
		return Agreed{}
	}
	defer client.Close()
	list, err := client.MemberList(ctx) // linearizable, unless it is asked not to be
	if err != nil {
		return Agreed{}
	}
	a := Agreed{Cluster: list.Header.GetClusterId()}
	for _, m := range list.Members {
		a.Members = append(a.Members, Peer{ID: m.GetID(), Name: m.GetName(), Learner: m.GetIsLearner(), PeerURLs: m.GetPeerURLs(), ClientURLs: m.GetClientURLs()})
	}
	return a
}
