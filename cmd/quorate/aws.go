package main

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/net/proxy"

	"github.com/quorate/quorate/actual/history"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/sync/drift"
	"github.com/quorate/quorate/sync/lease"
)

// dialer opens connections to machines, by their private addresses.
type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// reach is how a command gets to AWS and to the machines of a cluster.
type reach struct {
	role       string
	proxy      string
	kubeconfig string
	// fromState lets the certificate authority in the cluster's state store sign for us.
	fromState bool
	calls     *awsapi.Calls
	// onAnswer, if set, hears of every request to AWS.
	onAnswer func(awsapi.Answer)
	// dial is nil to go directly, or through the proxy.
	dial dialer

	mu   sync.Mutex
	open map[string]*access
	// signed is by cluster.
	signed map[string]signed
}

func reachFlags(c *cobra.Command) *reach {
	r := &reach{calls: &awsapi.Calls{}}
	c.Flags().StringVar(&r.role, "role-arn", "", "IAM role to assume for the cluster's account")
	c.Flags().StringVar(&r.kubeconfig, "kubeconfig", "", "reach Kubernetes through this file's context of the cluster's name, as kops export kubeconfig writes it; or through a folder with a file for each cluster, named after it")
	c.Flags().BoolVar(&r.fromState, "kubernetes-from-state", false, "reach Kubernetes as an administrator, by certificates of an hour that the authority in the cluster's kops state store signs in memory (opens its private key)")
	return r
}

// proxyFlag is for commands that ask machines.
func (r *reach) proxyFlag(c *cobra.Command) {
	c.Flags().StringVar(&r.proxy, "proxy", "", "reach the machines' etcd members through this SOCKS5 proxy, e.g. socks5://127.0.0.1:1080 (ssh -D)")
}

func (r *reach) options(cluster desired.Cluster) awsapi.Options {
	return awsapi.Options{Region: cluster.Region, RoleARN: r.role, SessionName: "quorate", Calls: r.calls, OnAnswer: r.onAnswer}
}

// access is the SDK clients for one cluster. They are kept from pass to pass, with the
// credentials that they fetched: a pass that waits comes back every few seconds.
type access struct {
	look, change awsapi.Clients
	// held is the lease of the pass at work; nil between passes.
	held atomic.Pointer[lease.Lease]
}

// guard lets the changing clients send a call only under the lease of a pass.
func (a *access) guard(ctx context.Context, operation string) error {
	held := a.held.Load()
	if held == nil {
		return fmt.Errorf("%s was not sent: no pass holds the lease", operation)
	}
	return held.Guard(ctx, operation)
}

// to opens the access to a cluster, or returns the one that is open.
func (r *reach) to(ctx context.Context, cluster desired.Cluster) (*access, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	key := cluster.Region + "/" + cluster.Name
	if a := r.open[key]; a != nil {
		return a, nil
	}
	a, o := &access{}, r.options(cluster)
	var err error
	if a.look, err = awsapi.Load(ctx, o); err != nil {
		return nil, err
	}
	o.Guard = a.guard
	if a.change, err = awsapi.Load(ctx, o); err != nil {
		return nil, err
	}
	if r.open == nil {
		r.open = map[string]*access{}
	}
	r.open[key] = a
	return a, nil
}

// deeds tell who changed what of a cluster, as CloudTrail has it.
func (r *reach) deeds(ctx context.Context, cluster desired.Cluster) (drift.Deeds, error) {
	a, err := r.to(ctx, cluster)
	if err != nil {
		return nil, err
	}
	past := history.FromClients(a.look)
	return func(ctx context.Context, id string, since time.Time) ([]drift.Deed, error) {
		changes, err := past.Changes(ctx, id, since)
		var deeds []drift.Deed
		for _, c := range changes {
			deeds = append(deeds, drift.Deed(c))
		}
		return deeds, err
	}, nil
}

// applier makes what may change the cluster, as long as the lease is held.
func (r *reach) applier(ctx context.Context, cluster desired.Cluster, commit string, held *lease.Lease) (*apply.Applier, error) {
	a, err := r.to(ctx, cluster)
	if err != nil {
		return nil, err
	}
	dial, err := r.dialer()
	if err != nil {
		return nil, err
	}
	members := health.Prober{Dial: dial, Guard: a.guard}
	config := apply.Config{Clients: a.change, Cluster: cluster.Name, Commit: commit, Etcd: members, Members: members}
	nodes, err := r.kubernetes(ctx, cluster)
	if err != nil {
		return nil, err
	}
	if nodes != nil {
		config.Nodes = nodes
	}
	a.held.Store(held)
	return apply.New(config), nil
}

// dialer reaches machines directly, or through the SOCKS5 proxy.
func (r *reach) dialer() (dialer, error) {
	if r.dial != nil {
		return r.dial, nil
	}
	if r.proxy == "" {
		return (&net.Dialer{}).DialContext, nil
	}
	u, err := url.Parse(r.proxy)
	if err != nil {
		return nil, fmt.Errorf("--proxy: %w", err)
	}
	d, err := proxy.FromURL(u, proxy.Direct)
	if err != nil {
		return nil, fmt.Errorf("--proxy: %w", err)
	}
	return d.(proxy.ContextDialer).DialContext, nil
}

// acquire takes the lease of the cluster on this machine.
func acquire(cluster desired.Cluster) (*lease.Lease, error) {
	dir, err := lease.Dir()
	if err != nil {
		return nil, err
	}
	return lease.Acquire(dir, cluster.Name)
}
