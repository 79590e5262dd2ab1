package checkup

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	gosync "sync"
	"time"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/actual/vitals"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

// Sources are where facts come from. None of them changes anything.
type Sources struct {
	// Plan looks at AWS and compares; [sync.Planner.Plan] does. Nothing else is asked if it fails.
	Plan func(context.Context, desired.Cluster) (sync.Planned, error)
	// Advise looks at the control plane, and at what is wrong with groups; [apply.Watcher.Advise] does.
	Advise    func(context.Context, apply.Input) (apply.Standing, []repair.Advice, error)
	Groups    func(ctx context.Context, cluster string) ([]vitals.Group, error)
	Snapshots func(ctx context.Context, volumes []string) ([]vitals.Snapshot, error)
	// Kubernetes is nil without access to it.
	Kubernetes KubernetesAPI
	// List gives the keys of the objects below a URL.
	List func(ctx context.Context, url string) ([]string, error)
	// Authority reads the certificates in the state store; no private key.
	Authority func(context.Context, desired.Cluster) ([]*x509.Certificate, error)
	// Dial reaches machines by their private addresses.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	Now  func() time.Time
}

// KubernetesAPI is what a check asks Kubernetes; [kube.Cluster] answers.
type KubernetesAPI interface {
	Nodes(ctx context.Context) (map[string]kube.Node, error)
	System(ctx context.Context) (kube.System, error)
}

// patience bounds each question beside AWS's, which have their own.
const patience = 10 * time.Second

// Gather asks all sources side by side, except for those of the checks left out. What cannot be learned is
// unknown, with the reason.
func (s Sources) Gather(ctx context.Context, c desired.Cluster, without ...string) (Facts, error) {
	planned, err := s.Plan(ctx, c)
	if err != nil {
		return Facts{}, err
	}
	state := planned.State
	f := Facts{Cluster: c, State: state, Plan: planned.Plan}
	skip := func(checks ...string) bool {
		return !slices.ContainsFunc(checks, func(name string) bool { return !slices.Contains(without, name) })
	}
	var all gosync.WaitGroup
	ask := func(question func(), checks ...string) {
		if !skip(checks...) {
			all.Go(question)
		}
	}
	ask(func() {
		f.Control = learn(ctx, func(ctx context.Context) (Control, error) { return s.control(ctx, c, planned) })
	}, "masters", "etcd", "repairs")
	ask(func() {
		f.Groups = learn(ctx, func(ctx context.Context) ([]vitals.Group, error) { return s.Groups(ctx, c.Name) })
	}, "machines", "templates", "launches")
	ask(func() { f.Kubernetes = s.kubernetes(ctx) }, "kubernetes")
	ask(func() { f.Copies = s.copies(ctx, c, state) }, "backups")
	ask(func() { f.Serving = s.serving(ctx, c, state) }, "certificates")
	ask(func() {
		f.Authority = learn(ctx, func(ctx context.Context) ([]*x509.Certificate, error) { return s.Authority(ctx, c) })
	}, "certificates")
	all.Wait()
	f.At = s.Now()
	return f, nil
}

// learn turns an answer into a fact.
func learn[T any](ctx context.Context, ask func(context.Context) (T, error)) Fact[T] {
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	defer cancel()
	value, err := ask(ctx)
	if err != nil {
		return Fact[T]{Unknown: cmp.Or(apply.Explain(err), "it is not known why")}
	}
	return Fact[T]{Value: value}
}

// control looks at masters and members, and for what is wrong with any group. A cluster that is to be made has
// neither.
func (s Sources) control(ctx context.Context, c desired.Cluster, p sync.Planned) (seen Control, err error) {
	seen.Standing, seen.Advice, err = s.Advise(ctx, p.Input(c))
	if err == nil && len(seen.Standing.Masters) == 0 {
		err = errors.New("there is no control plane yet")
	}
	return seen, err
}

func (s Sources) kubernetes(ctx context.Context) Fact[Kubernetes] {
	if s.Kubernetes == nil {
		return Fact[Kubernetes]{Unknown: "there is no access to Kubernetes"}
	}
	return learn(ctx, func(ctx context.Context) (k Kubernetes, err error) {
		if k.Nodes, err = s.Kubernetes.Nodes(ctx); err != nil {
			return k, err
		}
		k.System, err = s.Kubernetes.System(ctx)
		return k, err
	})
}

// copies asks each backup store once, and for the snapshots of all volumes at once.
func (s Sources) copies(ctx context.Context, c desired.Cluster, state actual.State) []Copies {
	stores := storesOf(c.Topology)
	volumes, ids := map[string]string{}, []string{} // volume id → etcd cluster
	for _, v := range topology.Of[topology.Volume](state.Topology) {
		if id, ok := state.Bindings.ID(v.Ref()); ok && v.EtcdCluster != "" {
			volumes[id] = v.EtcdCluster
			ids = append(ids, id)
		}
	}
	snapshots := learn(ctx, func(ctx context.Context) ([]vitals.Snapshot, error) { return s.Snapshots(ctx, ids) })
	var all gosync.WaitGroup
	for i := range stores {
		all.Go(func() {
			stores[i].Backup = learn(ctx, func(ctx context.Context) (time.Time, error) {
				keys, err := s.List(ctx, stores[i].Store)
				return NewestBackup(keys), err
			})
		})
		stores[i].Snapshot.Unknown = snapshots.Unknown
		for _, snapshot := range snapshots.Value { // the newest first
			if volumes[snapshot.Volume] == stores[i].Etcd {
				stores[i].Snapshot.Value = snapshot.Taken
				break
			}
		}
	}
	all.Wait()
	return stores
}

// storesOf lists the etcd clusters with their stores, as the machines are told, sorted by name.
func storesOf(want topology.Topology) []Copies {
	byName := map[string]Copies{}
	for _, t := range topology.Of[topology.LaunchTemplate](want) {
		config, err := topology.ParseUserData(t.UserData)
		if err != nil {
			continue // bastions boot from other texts
		}
		for _, e := range config.EtcdClusters {
			byName[e.Name] = Copies{Etcd: e.Name, Store: e.BackupStore}
		}
	}
	var all []Copies
	for _, c := range byName {
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b Copies) int { return cmp.Compare(a.Etcd, b.Etcd) })
	return all
}

// apiPort is where API servers serve on their own machine; kops knows no other.
const apiPort = 443

// serving shakes hands with the API server of each master.
func (s Sources) serving(ctx context.Context, c desired.Cluster, state actual.State) []Serving {
	var all []Serving
	var shakes gosync.WaitGroup
	for _, m := range state.Machines {
		if m.Role == topology.ControlPlane && m.InService() {
			all = append(all, Serving{Group: m.Group, Machine: m.ID})
		}
	}
	for i := range all {
		at := slices.IndexFunc(state.Machines, func(m topology.Machine) bool { return m.ID == all[i].Machine })
		shakes.Go(func() {
			all[i].Certificate = learn(ctx, func(ctx context.Context) (*x509.Certificate, error) {
				return s.certificate(ctx, netip.AddrPortFrom(state.Machines[at].PrivateIP, apiPort), c.API)
			})
		})
	}
	shakes.Wait()
	slices.SortFunc(all, func(a, b Serving) int {
		return cmp.Or(topology.CompareRefs(a.Group, b.Group), cmp.Compare(a.Machine, b.Machine))
	})
	return all
}

// certificate takes what is shown for what it is: who signed it is judged later, and nothing is sent.
func (s Sources) certificate(ctx context.Context, address netip.AddrPort, serverName string) (*x509.Certificate, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	conn, err := s.Dial(ctx, "tcp", address.String())
	if err != nil {
		return nil, err
	}
	defer conn.Close()
	client := tls.Client(conn, &tls.Config{ServerName: serverName, InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}) //nolint:gosec // see above
	if err := client.HandshakeContext(ctx); err != nil {
		return nil, fmt.Errorf("shake hands with %s: %w", address, err)
	}
	shown := client.ConnectionState().PeerCertificates
	if len(shown) == 0 {
		return nil, errors.New("it shows none")
	}
	return shown[0], nil
}
