package apply

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

func TestAStandingTellsEachMasterWithItsMembers(t *testing.T) {
	s := plane("1a", "1b", "1c").sick(1, "b", quorum.Unhealthy).missing("c", "volume/c.etcd-main is not attached")
	s.reports[1].Leader = "a"
	s.reports[1].Reasons = map[string]string{"b": "it is 900 log entries behind"}
	s.reports[0].Leader = "c"
	slices.Reverse(s.masters)
	got := s.exported(moment)

	var zones []string
	for _, m := range got.Masters {
		zones = append(zones, m.Zone)
	}
	if diff := cmp.Diff([]string{"1a", "1b", "1c"}, zones); diff != "" {
		t.Errorf("zones (-want +got):\n%s", diff)
	}
	a, b, c := got.Masters[0], got.Masters[1], got.Masters[2]
	if !a.Back() || !slices.Equal(a.Leads(), []string{"main"}) {
		t.Errorf("a: back %v, leads %v", a.Back(), a.Leads())
	}
	if b.Back() || len(b.Missing) > 0 || !strings.Contains(b.NotBack[0], "900 log entries") || b.Seats[1].Reason != "it is 900 log entries behind" {
		t.Errorf("b lacks a member of main: %+v", b)
	}
	if c.Back() || !slices.Equal(c.Missing, c.NotBack) || !slices.Equal(c.Leads(), []string{"events"}) {
		t.Errorf("c lacks a volume: %+v", c)
	}
	if answer := got.MayGo(a.Group).Answer; answer != quorum.Wait {
		t.Errorf("a may go: %s", answer)
	}
}

func TestALeaderThatNobodyAgreesOnLeadsNothing(t *testing.T) {
	s := plane("1a")
	s.masters[0].seats = append(s.masters[0].seats, seat{etcd: "main"}) // a member without a name
	if led := s.exported(moment).Masters[0].Leads(); len(led) > 0 {
		t.Errorf("it leads %v", led)
	}
}

func TestAWatcherOnlyDescribesAndKnowsNoMemberThatItCannotReach(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	subnet, security := w.surroundings(t)
	template := aLaunchTemplate(security)
	template.UserData = topology.UserData(topology.NodeConfig{
		Cluster: testCluster, Role: topology.ControlPlane,
		EtcdClusters: []topology.NodeEtcd{{Name: "main", Member: "a", ClientPort: 4001}},
	})
	group := aGroup(template, subnet)
	w.create(t, aVolume(), template, group)
	w.settle(t)
	w.region.ResetCalls()

	clients, err := awsapi.Load(t.Context(), awsapi.Options{Region: testRegion}) // no guard: a changing call would fail
	if err != nil {
		t.Fatal(err)
	}
	asked := 0
	for name, etcd := range map[string]Observer{"unreachable": nil, "healthy": allHealthy{&asked}} {
		watcher := NewWatcher(WatchConfig{Clients: clients, Cluster: testCluster, Etcd: etcd})
		got, err := watcher.Look(t.Context(), w.topology(t), w.ids)
		if err != nil {
			t.Fatal(err)
		}
		m := got.Masters[0]
		if m.Machine == "" || !m.Address.IsValid() || m.Launched.IsZero() {
			t.Errorf("the machine is not known: %+v", m)
		}
		if !strings.Contains(strings.Join(m.Missing, ";"), "volume/"+aVolume().Name+" is not attached") {
			t.Errorf("missing: %v", m.Missing)
		}
		want := quorum.Healthy
		if etcd == nil {
			want = quorum.Unknown
		}
		if m.Seats[0].Health != want || got.Etcd[0].Members[0].Health != want {
			t.Errorf("%s: the member is %s", name, m.Seats[0].Health)
		}
		if err := watcher.control.etcd.HandOver(t.Context(), health.Cluster{}, "a"); err == nil {
			t.Error("a watcher hands over leadership")
		}
	}
	if asked != 1 {
		t.Errorf("etcd was asked %d times", asked)
	}
	watcher := NewWatcher(WatchConfig{Clients: clients, Cluster: testCluster, Now: func() time.Time { return moment.Add(time.Hour) }})
	standing, advice, err := watcher.Advise(t.Context(), Input{Want: w.topology(t), Have: w.topology(t), Bindings: w.ids})
	if err != nil || len(standing.Masters) != 1 || len(advice) != 1 {
		t.Fatalf("%+v, %v, %v", standing.Masters, advice, err)
	}
	if a := advice[0]; a.Group != group.Ref() || a.Verb != repair.Notice || !strings.Contains(a.Sentence, "is not attached") {
		t.Errorf("a machine that lacks its volume an hour after its launch: %+v", a)
	}
	if _, advice, err = watcher.Advise(t.Context(), Input{Want: w.topology(t), Bindings: w.ids}); err != nil || advice != nil {
		t.Errorf("of a cluster that is to be made: %v, %v", advice, err)
	}
	leaves := Input{Have: w.topology(t), Bindings: w.ids, Plan: diff.Plan{Changes: []diff.Change{{Ref: group.Ref(), Have: group, Effect: diff.Delete}}}}
	if standing, advice, err = watcher.Advise(t.Context(), leaves); err != nil || len(standing.Masters) != 1 || advice != nil {
		t.Errorf("of a master that leaves: %+v, %v, %v", standing.Masters, advice, err)
	}
	for _, call := range w.region.Calls() {
		if call.Mutating {
			t.Errorf("a watcher called %s", call.Operation)
		}
	}
}

// allHealthy finds every member that has an address healthy.
type allHealthy struct{ asked *int }

func (e allHealthy) Observe(_ context.Context, clusters []health.Cluster) []health.Report {
	*e.asked++
	var reports []health.Report
	for _, c := range clusters {
		r := health.Report{Cluster: quorum.Cluster{Name: c.Name}}
		for _, m := range c.Members {
			member := quorum.Member{Name: m.Name, Zone: m.Zone, Health: quorum.Unhealthy}
			if m.Address.IsValid() {
				member.Health = quorum.Healthy
			}
			r.Members = append(r.Members, member)
		}
		reports = append(reports, r)
	}
	return reports
}
