package apply

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/topology"
)

// plane is a control plane of one master for each of the zones, all of them back.
func plane(zones ...string) standing {
	var s standing
	for _, etcd := range []string{"events", "main"} {
		s.reports = append(s.reports, health.Report{Cluster: quorum.Cluster{Name: etcd}})
	}
	for i, zone := range zones {
		name := string(rune('a' + i))
		m := master{zone: zone, group: topology.AutoScalingGroup{Name: "master-" + name, Role: topology.ControlPlane, Zones: []string{zone}}}
		for j := range s.reports {
			m.seats = append(m.seats, seat{etcd: s.reports[j].Name, member: name})
			s.reports[j].Members = append(s.reports[j].Members, quorum.Member{Name: name, Zone: zone, Health: quorum.Healthy})
		}
		s.masters = append(s.masters, m)
	}
	return s
}

// sick changes the health of a member of one etcd cluster.
func (s standing) sick(etcd int, member string, h quorum.Health) standing {
	for i := range s.reports[etcd].Members {
		if s.reports[etcd].Members[i].Name == member {
			s.reports[etcd].Members[i].Health = h
		}
	}
	return s
}

func (s standing) missing(member, sentence string) standing {
	for i := range s.masters {
		if s.masters[i].group.Name == "master-"+member {
			s.masters[i].missing = append(s.masters[i].missing, sentence)
		}
	}
	return s
}

func TestMayThisMasterGo(t *testing.T) {
	cases := []struct {
		name     string
		standing standing
		group    string
		answer   quorum.Answer
		sentence string
	}{
		{"three healthy zones let one go", plane("1a", "1b", "1c"), "a", quorum.Proceed, ""},
		{"a zone whose volume is still elsewhere stops the next", plane("1a", "1b", "1c").missing("a", "volume/a.etcd-main is not attached"), "b", quorum.Wait, "volume/a.etcd-main is not attached"},
		{"its own missing things do not stop a repair", plane("1a", "1b", "1c").missing("a", "volume/a.etcd-main is not attached"), "a", quorum.Proceed, ""},
		{"events alone may say no", plane("1a", "1b", "1c").sick(0, "c", quorum.Unhealthy), "b", quorum.Wait, "events"},
		{"main alone may say no", plane("1a", "1b", "1c").sick(1, "c", quorum.Unhealthy), "b", quorum.Wait, "main"},
		{"the member that is down may be repaired", plane("1a", "1b", "1c").sick(1, "c", quorum.Unhealthy), "c", quorum.Proceed, ""},
		{"unknown is never healthy", plane("1a", "1b", "1c").sick(1, "b", quorum.Unknown), "b", quorum.Wait, "unknown"},
		{"a single master is never taken out", plane("1a"), "a", quorum.Refuse, "majority"},
		{"the other master of the same zone counts as under way too", plane("1a", "1a", "1b", "1c", "1c").missing("b", "machine i-1 is not running"), "a", quorum.Wait, "i-1 is not running"},
	}
	for _, tc := range cases {
		t.Run(tc.name, func(t *testing.T) {
			group := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "master-" + tc.group}
			got := tc.standing.mayGo(group)
			if got.Answer != tc.answer || !strings.Contains(got.Reason, tc.sentence) {
				t.Errorf("%s: %s; want %s with %q", got.Answer, got.Reason, tc.answer, tc.sentence)
			}
		})
	}
}

func TestATemplateWithoutNodeConfigurationNeverLetsItsMachineGo(t *testing.T) {
	s := plane("1a", "1b", "1c")
	s.masters[0].seats = nil
	if got := s.mayGo(s.masters[0].group.Ref()); got.Answer != quorum.Refuse {
		t.Errorf("%s: %s", got.Answer, got.Reason)
	}
}

// TestOneZoneAtATimeWhateverIsObserved tries every observation of a three-zone plane:
// each master back or not, each member healthy, unhealthy or unknown. Whatever the
// gate lets go, no other zone may be short of anything.
func TestOneZoneAtATimeWhateverIsObserved(t *testing.T) {
	healths := []quorum.Health{quorum.Unknown, quorum.Healthy, quorum.Unhealthy}
	names := []string{"a", "b", "c"}
	tried, let := 0, 0
	for states := range 8 * 729 {
		s := plane("1a", "1b", "1c")
		rest := states
		for _, name := range names {
			if rest%2 == 1 {
				s.missing(name, "something")
			}
			rest /= 2
		}
		for etcd := range 2 {
			for _, name := range names {
				s.sick(etcd, name, healths[rest%3])
				rest /= 3
			}
		}
		for i, name := range names {
			tried++
			if s.mayGo(s.masters[i].group.Ref()).Answer != quorum.Proceed {
				continue
			}
			let++
			for j, other := range s.masters {
				if j != i && len(s.notBack(other)) > 0 {
					t.Fatalf("%s may go although %s is not back: %v", name, other.zone, s.notBack(other))
				}
			}
		}
	}
	if let == 0 {
		t.Fatal("nothing may ever go")
	}
	t.Logf("%d questions, %d of them answered with proceed", tried, let)
}

func TestEtcdClustersAreGatheredFromTheMachines(t *testing.T) {
	s := plane("1a", "1b", "1c")
	clusters := etcdClusters(s.masters)
	var lines []string
	for _, c := range clusters {
		for _, m := range c.Members {
			lines = append(lines, fmt.Sprintf("%s %s %s", c.Name, m.Name, m.Zone))
		}
	}
	want := []string{"events a 1a", "events b 1b", "events c 1c", "main a 1a", "main b 1b", "main c 1c"}
	if !slices.Equal(lines, want) {
		t.Errorf("got %v", lines)
	}
}
