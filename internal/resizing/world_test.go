package resizing

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.uber.org/zap"
	"google.golang.org/grpc"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/actual/preflight"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/awssim/machine"
	"github.com/quorate/quorate/internal/awssim/simnet"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

func TestMain(m *testing.M) {
	if code, isMachine := machine.Main(); isMachine {
		os.Exit(code)
	}
	for key, value := range map[string]string{"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true"} {
		if err := os.Setenv(key, value); err != nil {
			panic(err)
		}
	}
	if err := os.Unsetenv("AWS_CA_BUNDLE"); err != nil {
		panic(err)
	}
	os.Exit(m.Run())
}

const (
	clusterName = "ha.example.com"
	// speed makes AWS's minutes into seconds; etcd lives at the speed of the wall clock.
	speed = 60
	// limit is when a world counts as stuck.
	limit = 4 * time.Minute
	// pause lies between passes, as it does in the service.
	pause = 100 * time.Millisecond
)

// ports are those of etcd's clients.
var ports = map[string]int{"main": 4001, "events": 4002}

// world is a region with room for five masters, and the service's passes over it.
type world struct {
	*testing.T
	region   *awssim.Region
	machines *machine.Machines
	commits  int
	dir      string // of the volumes, a folder each
}

func newWorld(t *testing.T) *world {
	t.Helper()
	network, release, err := simnet.Reserve()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(release)
	machines, err := machine.New(machine.Config{Network: network, Log: t.Output()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(machines.Close)
	dir := t.TempDir()
	region := awssim.New(awssim.Config{
		Clock: awssim.NewScaledClock(speed), Dir: dir, Network: network, Boot: machines.Boot,
		Zones: []string{"us-east-1a", "us-east-1b", "us-east-1c", "us-east-1d", "us-east-1e", "us-east-1f"},
	})
	t.Cleanup(region.Close)
	if err := region.AddHostedZone("example.com"); err != nil {
		t.Fatal(err)
	}
	return &world{T: t, region: region, machines: machines, dir: dir}
}

// RoundTrip hands a request to the region without a socket in between.
func (w *world) RoundTrip(request *http.Request) (*http.Response, error) {
	recorder := httptest.NewRecorder()
	if request.Body == nil {
		request.Body = http.NoBody
	}
	w.region.ServeHTTP(recorder, request)
	return recorder.Result(), nil
}

func (w *world) clients(guard awsapi.Guard) awsapi.Clients {
	w.Helper()
	clients, err := awsapi.Load(w.Context(), awsapi.Options{Region: "us-east-1", Guard: guard, HTTP: &http.Client{Transport: w}, MaxBackoff: time.Millisecond})
	if err != nil {
		w.Fatal(err)
	}
	return clients
}

func (w *world) prober() health.Prober {
	return health.Prober{Guard: func(context.Context, string) error { return nil }, Dial: w.machines.DialContext, Pause: 200 * time.Millisecond}
}

func (w *world) pass(c desired.Cluster) sync.Result {
	w.Helper()
	look, change := w.clients(nil), w.clients(func(context.Context, string) error { return nil })
	return sync.Pass{
		Planner: sync.Planner{
			Now: w.region.Now,
			Observe: func(ctx context.Context, scope actual.Scope) (actual.State, error) {
				return actual.Observe(ctx, actual.FromClients(look), scope)
			},
			Preflight: func(ctx context.Context, in preflight.Input) (preflight.Findings, error) {
				return preflight.Check(ctx, preflight.FromClients(look), in)
			},
		},
		NewApplier: func(c desired.Cluster, commit string) sync.Applier {
			return apply.New(apply.Config{Clients: change, Cluster: c.Name, Commit: commit, Etcd: w.prober(), Members: w.prober(), Now: w.region.Now})
		},
	}.Run(w.Context(), c, fmt.Sprint(w.commits))
}

// commit makes passes until the manifest is the world.
func (w *world) commit(manifest string) {
	w.Helper()
	w.commits++
	w.converge(manifest)
}

func (w *world) converge(manifest string) {
	w.Helper()
	c := w.build(manifest)
	began, last := time.Now(), ""
	for {
		result := w.pass(c)
		reason := result.Report.Reason()
		switch {
		case result.Err != nil:
			w.Fatalf("pass: %v", result.Err)
		case result.Report.State() == apply.Failed:
			w.Fatalf("pass failed: %s", reason)
		case result.Converged():
			return
		case time.Since(began) > limit:
			w.Fatalf("stuck: %s", reason)
		}
		if reason != last {
			last = reason
			w.Logf("%6.1fs … %s", time.Since(began).Seconds(), reason)
		}
		select {
		case <-time.After(pause):
		case <-w.Context().Done():
			w.Fatal("the test has no time left")
		}
	}
}

func (w *world) build(manifest string) desired.Cluster {
	w.Helper()
	clusters, problems := desired.Build([]desired.File{{Name: "cluster.yaml", Data: []byte(manifest)}})
	if len(clusters) != 1 {
		w.Fatalf("the manifest is refused: %v", problems)
	}
	return clusters[0]
}

// client connects to the members by their names, wherever their machines are.
func (w *world) client(etcd string, members ...string) *clientv3.Client {
	w.Helper()
	var endpoints []string
	for _, member := range members {
		endpoints = append(endpoints, fmt.Sprintf("http://%s:%d", topology.EtcdHost(clusterName, etcd, member), ports[etcd]))
	}
	client, err := clientv3.New(clientv3.Config{
		Endpoints: endpoints, Logger: zap.NewNop(), DialKeepAliveTime: 2 * time.Second, DialKeepAliveTimeout: 2 * time.Second,
		DialOptions: []grpc.DialOption{grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
			return w.machines.DialContext(ctx, "tcp", address)
		})},
	})
	if err != nil {
		w.Fatal(err)
	}
	w.Cleanup(func() { _ = client.Close() })
	return client
}

// masters writes a manifest with a master for each of the letters, each in the zone of that letter.
func masters(letters string) string {
	var b strings.Builder
	b.WriteString(`apiVersion: kops.k8s.io/v1alpha2
kind: Cluster
metadata: {name: ` + clusterName + `}
spec:
  api: {loadBalancer: {class: Network, type: Public}}
  cloudProvider: aws
  configBase: s3://state.example.com/ha.example.com
  etcdClusters:
`)
	for _, etcd := range []string{"main", "events"} {
		fmt.Fprintf(&b, "  - name: %s\n    etcdMembers:\n", etcd)
		for _, m := range letters {
			fmt.Fprintf(&b, "    - {name: %c, instanceGroup: master-%c, encryptedVolume: true}\n", m, m)
		}
	}
	b.WriteString(`  kubernetesApiAccess: [0.0.0.0/0]
  kubernetesVersion: v1.34.2
  masterPublicName: api.ha.example.com
  networkCIDR: 172.20.0.0/16
  networking: {cilium: {}}
  nonMasqueradeCIDR: 100.64.0.0/10
  subnets:
`)
	for i, zone := range "abcde" {
		fmt.Fprintf(&b, "  - {name: us-east-1%c, cidr: 172.20.%d.0/19, type: Public, zone: us-east-1%c}\n", zone, 32*(i+1), zone)
	}
	b.WriteString("  topology: {dns: {type: Public}}\n")
	for _, m := range letters {
		b.WriteString(group(fmt.Sprintf("master-%c", m), "Master", 1, fmt.Sprintf("us-east-1%c", m)))
	}
	b.WriteString(group("nodes", "Node", 1, "us-east-1a"))
	return b.String()
}

func group(name, role string, size int, subnet string) string {
	return fmt.Sprintf(`---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata: {name: %s, labels: {kops.k8s.io/cluster: %s}}
spec:
  role: %s
  image: 099720109477/ubuntu/images/hvm-ssd-gp3/ubuntu-noble-24.04-amd64-server-20251001
  machineType: t3.medium
  minSize: %d
  maxSize: %d
  subnets: [%s]
`, name, clusterName, role, size, size, subnet)
}
