package main

import (
	"context"
	"fmt"
	"net"
	"net/url"

	"github.com/spf13/cobra"
	"golang.org/x/net/proxy"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/sync/lease"
)

// dialer opens connections to machines, by their private addresses.
type dialer = func(ctx context.Context, network, address string) (net.Conn, error)

// reach is how a command gets to AWS and to the machines of a cluster.
type reach struct {
	role  string
	proxy string
	calls *awsapi.Calls
	// dial is nil to go directly, or through the proxy.
	dial dialer
}

func reachFlags(c *cobra.Command) *reach {
	r := &reach{calls: &awsapi.Calls{}}
	c.Flags().StringVar(&r.role, "role-arn", "", "IAM role to assume for the cluster's account")
	return r
}

// proxyFlag is for commands that change clusters: planning asks no machine.
func (r *reach) proxyFlag(c *cobra.Command) {
	c.Flags().StringVar(&r.proxy, "proxy", "", "reach the machines' etcd members through this SOCKS5 proxy, e.g. socks5://127.0.0.1:1080 (ssh -D)")
}

func (r *reach) options(cluster desired.Cluster) awsapi.Options {
	return awsapi.Options{Region: cluster.Region, RoleARN: r.role, SessionName: "quorate", Calls: r.calls}
}

// observe looks at AWS with clients that cannot change anything.
func (r *reach) observe(ctx context.Context, cluster desired.Cluster) (func(context.Context, actual.Scope) (actual.State, error), error) {
	clients, err := awsapi.Load(ctx, r.options(cluster))
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context, scope actual.Scope) (actual.State, error) {
		return actual.Observe(ctx, actual.FromClients(clients), scope)
	}, nil
}

// applier makes what may change the cluster, as long as the lease is held.
func (r *reach) applier(ctx context.Context, cluster desired.Cluster, commit string, held *lease.Lease) (*apply.Applier, error) {
	o := r.options(cluster)
	o.Guard = held.Guard
	clients, err := awsapi.Load(ctx, o)
	if err != nil {
		return nil, err
	}
	dial, err := r.dialer()
	if err != nil {
		return nil, err
	}
	return apply.New(apply.Config{Clients: clients, Cluster: cluster.Name, Commit: commit, Etcd: health.Prober{Dial: dial}}), nil
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
