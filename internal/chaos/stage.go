package chaos

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/awssim/machine"
	"github.com/quorate/quorate/internal/awssim/simnet"
	"github.com/quorate/quorate/internal/awssim/socks"
	service "github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

const (
	// quickly is the pace of simulated time while the cluster is built; slowly while it is rolled: a
	// minute passes in a second, so that the members' own time, which is real, keeps its proportion.
	quickly, slowly = 600, 60
	// buildLimit and rollLimit are when a world counts as stuck, in wall time.
	buildLimit, rollLimit = 3 * time.Minute, 2 * time.Minute

	heartbeat, election = 30 * time.Millisecond, 300 * time.Millisecond
)

// What the example manifest describes.
const (
	region      = "us-east-1"
	clusterName = "ha.example.com"
)

// everyMember has a letter for each member that there can be.
const everyMember = "abcde"

var etcdPorts = map[string]int{"main": 4001, "events": 4002}

// memberIn is the name of the members whose machine is in a zone.
func memberIn(zone string) string { return strings.TrimPrefix(zone, region) }

// stage is the simulated world of one day.
type stage struct {
	dir      string
	clock    *clock
	network  simnet.Network
	machines *machine.Machines
	region   *awssim.Region
	hazards  *hazards
	witness  *witness
	url      string // of the region
	proxy    string // in front of the machines, for the service
	closers  []func()
}

func newStage() (*stage, error) {
	dir, err := os.MkdirTemp("", "quorate-chaos-")
	if err != nil {
		return nil, fmt.Errorf("make a folder: %w", err)
	}
	s := &stage{dir: dir, clock: newClock(quickly)}
	s.closers = append(s.closers, func() { _ = os.RemoveAll(dir) })
	if err := s.furnish(); err != nil {
		s.close()
		return nil, fmt.Errorf("set the stage: %w", err)
	}
	return s, nil
}

func (s *stage) furnish() (err error) {
	network, release, err := simnet.Reserve()
	if err != nil {
		return err
	}
	s.network = network
	s.closers = append(s.closers, release)
	if s.machines, err = machine.New(machine.Config{Network: network, Heartbeat: heartbeat, Election: election}); err != nil {
		return err
	}
	s.closers = append(s.closers, s.machines.Close)
	s.hazards = newHazards(s.clock, s.machines.Boot)
	s.region = awssim.New(awssim.Config{Clock: s.clock, Dir: filepath.Join(s.dir, "volumes"), Network: network, Boot: s.hazards.boot, Zones: zonesOf(everyMember)})
	s.closers = append(s.closers, s.region.Close)
	if err := s.region.AddHostedZone("example.com"); err != nil {
		return err
	}
	url, stop, err := s.region.Listen("127.0.0.1:0")
	if err != nil {
		return err
	}
	s.url = url
	s.closers = append(s.closers, stop)
	proxy, stop, err := socks.Listen("127.0.0.1:0", s.hazards.dialer(s.machines.DialContext))
	if err != nil {
		return err
	}
	s.proxy = proxy
	s.closers = append(s.closers, stop)
	if s.witness, err = newWitness(s.machines.DialContext); err != nil {
		return err
	}
	s.closers = append(s.closers, s.witness.close)
	return nil
}

// close takes everything down, the last first.
func (s *stage) close() {
	for _, end := range slices.Backward(s.closers) {
		end()
	}
}

// RoundTrip hands a request to the region without a socket in between.
func (s *stage) RoundTrip(request *http.Request) (*http.Response, error) {
	if request.Body == nil {
		request.Body = http.NoBody // what a server makes of it
	}
	recorder := httptest.NewRecorder()
	s.region.ServeHTTP(recorder, request)
	return recorder.Result(), nil
}

// anything is the guard of who needs no lease.
func anything(context.Context, string) error { return nil }

// clients are AWS clients that no fault of calls hits.
func (s *stage) clients(ctx context.Context) (awsapi.Clients, error) {
	return awsapi.Load(ctx, awsapi.Options{
		Region: region, HTTP: &http.Client{Transport: s}, MaxBackoff: time.Millisecond,
		Guard: anything,
	})
}

// build brings the cluster up in peace, with passes in this process.
func (s *stage) build(ctx context.Context, text string) error {
	ctx, cancel := context.WithTimeout(ctx, buildLimit)
	defer cancel()
	clients, err := s.clients(ctx)
	if err != nil {
		return err
	}
	c, err := build([]byte(text))
	if err != nil {
		return err
	}
	pass := service.Pass{
		Planner: planner(clients, s.clock.Now),
		NewApplier: func(c desired.Cluster, commit string) service.Applier {
			prober := health.Prober{Guard: anything, Dial: s.machines.DialContext, Pause: heartbeat, Timeout: time.Second}
			return apply.New(apply.Config{Clients: clients, Cluster: c.Name, Commit: commit, Now: s.clock.Now, Etcd: prober, Members: prober})
		},
	}
	for {
		r := pass.Run(ctx, c, "build")
		switch {
		case r.Converged():
			return nil
		case r.Err != nil:
			return fmt.Errorf("build the cluster: %w", r.Err)
		case r.Report.State() == apply.Failed || ctx.Err() != nil:
			return fmt.Errorf("build the cluster: %s", r.Report.Reason())
		}
		wait(ctx, 20*time.Millisecond)
	}
}

// commit makes a manifest what the services see.
func (s *stage) commit(text string) error {
	next := s.manifest() + ".new"
	if err := os.WriteFile(next, []byte(text), 0o600); err != nil {
		return err
	}
	return os.Rename(next, s.manifest())
}

func (s *stage) manifest() string { return filepath.Join(s.dir, "cluster.yaml") }
func (s *stage) leases() string   { return filepath.Join(s.dir, "leases") }

// masters are the running control-plane machines by zone.
func (s *stage) masters() map[string][]awssim.Instance {
	byZone := map[string][]awssim.Instance{}
	for _, i := range s.region.Instances() {
		if _, master := i.Tags["k8s.io/role/control-plane"]; master && (i.State == "pending" || i.State == "running") {
			byZone[i.Zone] = append(byZone[i.Zone], i)
		}
	}
	return byZone
}

func etcdHost(etcd, member string) string { return topology.EtcdHost(clusterName, etcd, member) }
