package chaos

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"time"

	"golang.org/x/net/proxy"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/actual/preflight"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awsapi"
	service "github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/lease"
)

// serviceVariable in the environment makes this program the service.
const serviceVariable = "QUORATE_CHAOS_SERVICE"

// assignment is what the service reads from its standard input, whose end is its own end too.
type assignment struct {
	Manifest string // the file that stands for the repository: what is in it is the commit
	Leases   string
	Proxy    string // address of the SOCKS5 server in front of the machines
	Pace     pace
	Pause    time.Duration // between two passes
	Round    time.Duration // between the two rounds of questions to etcd
}

// told is what the service says of each pass, one line each.
type told struct {
	Commit    string
	State     apply.State
	Reason    string
	Err       string
	Converged bool
	// Stopped is set when a roll halted and all that the service does about it by itself is done.
	Stopped bool
	Changes int
}

// Main makes this process the service if it was started as one. Programs that play chaos call it before
// anything else, as they call machine.Main.
func Main() (code int, isService bool) {
	if os.Getenv(serviceVariable) == "" {
		return 0, false
	}
	var a assignment
	if err := json.NewDecoder(os.Stdin).Decode(&a); err != nil {
		fmt.Fprintln(os.Stderr, "service: read the assignment:", err)
		return 1, true
	}
	ctx, stop := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	if err := a.serve(ctx, json.NewEncoder(os.Stdout)); err != nil {
		fmt.Fprintln(os.Stderr, "service:", err)
		return 1, true
	}
	return 0, true
}

// serve runs passes until ctx ends. It is wired as the run command is, except that its clock and its
// patience are scaled to the region's time.
func (a assignment) serve(ctx context.Context, out *json.Encoder) error {
	var held *lease.Lease
	guard := func(ctx context.Context, operation string) error { return held.Guard(ctx, operation) }
	look, change, err := a.clients(ctx, guard)
	if err != nil {
		return err
	}
	dial, err := a.dialer()
	if err != nil {
		return err
	}
	for ctx.Err() == nil {
		c, commit, err := a.manifest()
		if err != nil {
			return err
		}
		held, err = lease.Acquire(a.Leases, c.Name)
		switch {
		case errors.Is(err, lease.ErrHeld):
		case err != nil:
			return err
		default:
			t := a.pass(ctx, held, service.Pass{
				Planner: planner(look, a.Pace.now),
				NewApplier: func(c desired.Cluster, commit string) service.Applier {
					prober := health.Prober{Guard: guard, Dial: dial, Pause: a.Round, Timeout: time.Second}
					return apply.New(apply.Config{Clients: change, Cluster: c.Name, Commit: commit, Now: a.Pace.now, Etcd: prober, Members: prober})
				},
			}, c, commit)
			if err := errors.Join(held.Release(), out.Encode(t)); err != nil {
				return err
			}
		}
		wait(ctx, a.Pause)
	}
	return nil
}

func (a assignment) pass(ctx context.Context, held *lease.Lease, p service.Pass, c desired.Cluster, commit string) told {
	if err := held.SettleFor(ctx, time.Duration(float64(lease.Settling)/a.Pace.Speed)); err != nil {
		return told{Commit: commit, Err: err.Error()}
	}
	r := p.Run(ctx, c, commit)
	t := told{Commit: commit, Converged: r.Converged(), Changes: len(r.Planned.Plan.Changes)}
	if r.Err != nil {
		t.Err = r.Err.Error()
		return t
	}
	t.State, t.Reason, t.Stopped = r.Report.State(), r.Report.Reason(), r.Report.Stopped() && !r.Report.Acted()
	return t
}

func (a assignment) clients(ctx context.Context, guard awsapi.Guard) (look, change awsapi.Clients, err error) {
	// The SDK's patience of twenty seconds, in the region's time.
	o := awsapi.Options{Region: region, MaxBackoff: time.Duration(float64(20*time.Second) / a.Pace.Speed)}
	if look, err = awsapi.Load(ctx, o); err != nil {
		return look, change, err
	}
	o.Guard = guard
	change, err = awsapi.Load(ctx, o)
	return look, change, err
}

func (a assignment) dialer() (func(ctx context.Context, network, address string) (net.Conn, error), error) {
	d, err := proxy.FromURL(&url.URL{Scheme: "socks5", Host: a.Proxy}, proxy.Direct)
	if err != nil {
		return nil, err
	}
	return d.(proxy.ContextDialer).DialContext, nil
}

func (a assignment) manifest() (desired.Cluster, string, error) {
	text, err := os.ReadFile(a.Manifest)
	if err != nil {
		return desired.Cluster{}, "", err
	}
	c, err := build(text)
	return c, fingerprint(text), err
}

func build(text []byte) (desired.Cluster, error) {
	clusters, problems := desired.Build([]desired.File{{Name: "cluster.yaml", Data: text}})
	if len(clusters) != 1 {
		return desired.Cluster{}, fmt.Errorf("the manifest is refused: %v", problems)
	}
	return clusters[0], nil
}

func fingerprint(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:20])
}

func planner(clients awsapi.Clients, now func() time.Time) service.Planner {
	return service.Planner{
		Now: now,
		Observe: func(ctx context.Context, scope actual.Scope) (actual.State, error) {
			return actual.Observe(ctx, actual.FromClients(clients), scope)
		},
		Preflight: func(ctx context.Context, in preflight.Input) (preflight.Findings, error) {
			return preflight.Check(ctx, preflight.FromClients(clients), in)
		},
	}
}

func wait(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}
