package checkup

import (
	"context"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/actual/vitals"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

// silent are sources of which only AWS's plan answers.
func silent(f Facts) Sources {
	no := errors.New("nobody answers")
	return Sources{
		Plan: func(context.Context, desired.Cluster) (sync.Planned, error) {
			return sync.Planned{State: f.State, Plan: f.Plan}, nil
		},
		Advise: func(context.Context, apply.Input) (apply.Standing, []repair.Advice, error) {
			return apply.Standing{}, nil, no
		},
		Groups:    func(context.Context, string) ([]vitals.Group, error) { return nil, no },
		Snapshots: func(context.Context, []string) ([]vitals.Snapshot, error) { return nil, no },
		List:      func(context.Context, string) ([]string, error) { return nil, no },
		Authority: func(context.Context, desired.Cluster) ([]*x509.Certificate, error) { return nil, no },
		Dial:      func(context.Context, string, string) (net.Conn, error) { return nil, no },
		Now:       func() time.Time { return moment },
	}
}

// withEtcd gives the facts a template that says where etcd keeps its backups, and a volume.
func withEtcd(t *testing.T, f Facts) Facts {
	t.Helper()
	template := topology.LaunchTemplate{Name: "master-a", Ownership: topology.Owned, UserData: topology.UserData(topology.NodeConfig{
		EtcdClusters: []topology.NodeEtcd{{Name: "main", BackupStore: "s3://state/main"}},
	})}
	volume := topology.Volume{Name: "a.etcd-main", EtcdCluster: "main", Ownership: topology.Owned}
	f.Cluster.Topology = topologyOf(t, template)
	f.State.Topology = topologyOf(t, volume)
	f.State.Bindings = topology.Bindings{volume.Ref(): "vol-1"}
	return f
}

func TestWhatNobodyAnswersIsUnknownAndNeverOK(t *testing.T) {
	f := withEtcd(t, healthy(t))
	got, err := silent(f).Gather(t.Context(), f.Cluster)
	if err != nil {
		t.Fatal(err)
	}
	r := Judge(got)
	for _, finding := range r.Findings {
		if finding.Severity == OK && finding.Check != "manifest" && finding.Check != "dns" { // these the plan knows
			t.Errorf("ok without an answer: %+v", finding)
		}
	}
	if r.Healthy || r.Count(Unknown) < 8 {
		t.Errorf("%d unknown: %v", r.Count(Unknown), told(r))
	}
}

func TestChecksThatAreLeftOutAskNobody(t *testing.T) {
	f := healthy(t)
	s := Sources{Plan: silent(f).Plan, Now: silent(f).Now} // whoever asks anything else panics
	got, err := s.Gather(t.Context(), f.Cluster, Checks()...)
	if err != nil || !got.At.Equal(moment) {
		t.Errorf("%v, %v", got.At, err)
	}
}

func TestWithoutAWSThereAreNoFacts(t *testing.T) {
	s := Sources{Plan: func(context.Context, desired.Cluster) (sync.Planned, error) {
		return sync.Planned{}, errors.New("no credentials")
	}}
	if _, err := s.Gather(t.Context(), desired.Cluster{}); err == nil {
		t.Error("a cluster was judged that nobody saw")
	}
}

func TestCopiesAreFoundInStoresAndSnapshots(t *testing.T) {
	f := withEtcd(t, healthy(t))
	s := silent(f)
	s.List = func(_ context.Context, url string) ([]string, error) {
		if url != "s3://state/main" {
			t.Errorf("listed %s", url)
		}
		return []string{"2026-08-06T09:00:00Z-000001/etcd.backup.gz", "2026-08-06T09:00:00Z-000001/_etcd_backup.meta"}, nil
	}
	s.Snapshots = func(_ context.Context, volumes []string) ([]vitals.Snapshot, error) {
		if diff := cmp.Diff([]string{"vol-1"}, volumes); diff != "" {
			t.Error(diff)
		}
		return []vitals.Snapshot{{Volume: "vol-9", Taken: moment}, {Volume: "vol-1", Taken: moment.Add(-time.Hour)}, {Volume: "vol-1", Taken: moment.AddDate(0, 0, -1)}}, nil
	}
	got, err := s.Gather(t.Context(), f.Cluster)
	if err != nil {
		t.Fatal(err)
	}
	want := []Copies{{Etcd: "main", Store: "s3://state/main", Backup: Fact[time.Time]{Value: moment.Add(-3 * time.Hour)}, Snapshot: Fact[time.Time]{Value: moment.Add(-time.Hour)}}}
	if diff := cmp.Diff(want, got.Copies); diff != "" {
		t.Error(diff)
	}
}

func TestAReportReadsAsATable(t *testing.T) {
	f := healthy(t)
	f.Control.Value.Standing.Masters[1].Missing = []string{"volume/b.etcd-main is not attached to machine i-b yet"}
	f.Plan.Changes = []diff.Change{{Ref: ref("nodes"), Effect: diff.Roll}}
	f.Kubernetes = Fact[Kubernetes]{Unknown: "there is no access to Kubernetes"}
	var b strings.Builder
	if err := Text(&b, Judge(f), func(s Severity, text string) string { return text }); err != nil {
		t.Fatal(err)
	}
	const want = `STATE    CHECK         SUBJECT   FINDING
warning  manifest      -         1 change to AWS to be made
                                 → see what with quorate plan; the service, or quorate apply, makes them
ok       machines      -         2 machines of 1 group in service
failure  masters       master-b  volume/b.etcd-main is not attached to machine i-b yet (launched 1 h 0 min ago)
                                 → quorate explain says what it waits for, and until when
ok       etcd          events    3 of 3 members vote and are healthy, a leads; 1 more may fail
ok       etcd          main      3 of 3 members vote and are healthy, a leads; 1 more may fail
ok       repairs       -         no roll has halted, and nothing waits to be mended
ok       templates     -         4 groups pinned by number, and no machine older than its template
ok       launches      -         no group failed at what it did last
ok       dns           -         2 records there, and none is a placeholder
unknown  kubernetes    -         nodes, pods and versions are unknown: there is no access to Kubernetes
                                 → give access (--kubeconfig, --kubernetes-from-state), or leave the check out (--without kubernetes)
ok       backups       events    the newest copy is 10 min old: a backup in s3://state/backups/events
ok       backups       main      the newest copy is 10 min old: a backup in s3://state/backups/main
ok       certificates  -         4 certificates checked, the first ends in 365 days

ha.example.com is not healthy: 1 failure, 1 unknown, 1 warning
`
	if diff := cmp.Diff(want, b.String()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestTheCertificateOfAnAPIServerIsTheOneThatItShows(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	asked := ""
	s := Sources{Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		asked = address
		var d net.Dialer
		return d.DialContext(ctx, network, server.Listener.Addr().String())
	}}
	f := healthy(t)
	f.State.Machines = f.State.Machines[:1]
	f.State.Machines[0].PrivateIP = netip.MustParseAddr("172.20.32.5")
	got := s.serving(t.Context(), f.Cluster, f.State)
	if len(got) != 1 || !got[0].Certificate.Known() || !got[0].Certificate.Value.Equal(server.Certificate()) || asked != "172.20.32.5:443" {
		t.Errorf("asked %s, got %+v", asked, got)
	}
}
