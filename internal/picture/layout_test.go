package picture

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestVolumesStandWithTheirMember(t *testing.T) {
	const n = "k.example.com"
	c := clusterOf(t, n, private(n)...)
	got := map[string][]string{}
	for _, g := range c.Groups {
		for _, v := range g.Volumes {
			got[g.Label] = append(got[g.Label], v.Label)
		}
	}
	want := map[string][]string{}
	for _, m := range []string{"a", "b", "c", "d", "e"} {
		want["master-"+m] = []string{"etcd main  " + m, "etcd events  " + m}
	}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("volumes by group (-want +got):\n%s", d)
	}
}

func TestAVolumeThatNoGroupClaimsStandsInItsZone(t *testing.T) {
	c := clusterOf(t, "k", topology.Volume{Name: "x", EtcdCluster: "main", Member: "x", Zone: "us-east-1b"},
		topology.Subnet{Name: "a", Zone: "us-east-1a"})
	if len(c.Loose) != 1 || c.Zones[c.Loose[0].Col] != "us-east-1b" {
		t.Errorf("loose volumes %+v in %v", c.Loose, c.Zones)
	}
}

func TestOneGroupOfAZoneHasItsVolumesWithoutOurBootDocument(t *testing.T) {
	template := topology.LaunchTemplate{Name: "m", UserData: "#!/bin/sh\n"}
	c := clusterOf(t, "k", template, topology.Volume{Name: "x", EtcdCluster: "main", Member: "x", Zone: "us-east-1a"},
		topology.AutoScalingGroup{Name: "m", Role: topology.ControlPlane, LaunchTemplate: template.Ref(), Zones: []string{"us-east-1a"}})
	if len(c.Loose) != 0 || len(c.Groups) != 1 || len(c.Groups[0].Volumes) != 1 {
		t.Errorf("groups %+v, loose %+v", c.Groups, c.Loose)
	}
}

func TestKindsWithoutAPlaceAreCounted(t *testing.T) {
	const n = "k.example.com"
	want := []string{"6 route-table", "2 security-group"}
	if d := cmp.Diff(want, clusterOf(t, n, private(n)...).Others); d != "" {
		t.Errorf("not drawn (-want +got):\n%s", d)
	}
}

func TestTheBalancerReachesEveryMaster(t *testing.T) {
	const n = "k.example.com"
	c := clusterOf(t, n, private(n)...)
	for i, g := range c.Groups {
		if reached := slices.Contains(c.Balancers[0].Targets, i); reached != (g.Role == topology.ControlPlane) {
			t.Errorf("%s reached: %v", g.Label, reached)
		}
	}
}

func TestBoxesOfGroupsNeitherOverlapNorLeaveTheirRow(t *testing.T) {
	const n = "k.example.com"
	d := &clusterDrawing{Cluster: clusterOf(t, n, private(n)...)}
	d.columnW = d.fitColumn()
	d.measure()
	for i, a := range d.groupAt {
		row := d.Groups[i].Row
		if a.y < d.rowY[row]+subnetHeadH || a.y+a.h > d.rowY[row+1] {
			t.Errorf("%s at %+v leaves row %d of %v", d.Groups[i].Label, a, row, d.rowY)
		}
		for j, b := range d.groupAt[:i] {
			if a.x < b.x+b.w && b.x < a.x+a.w && a.y < b.y+b.h && b.y < a.y+a.h {
				t.Errorf("%s lies on %s", d.Groups[i].Label, d.Groups[j].Label)
			}
		}
	}
}

func TestChangesThatTakeMachinesOutAreAChain(t *testing.T) {
	g := OfPlan(night("k.example.com"))
	var zones []string
	for i, n := range g.Nodes {
		if n.Zone == "" {
			continue
		}
		zones = append(zones, n.Zone)
		for j, other := range g.Nodes[:i] {
			if other.Zone != "" && other.Layer == n.Layer {
				t.Errorf("zones %s and %s stand side by side (%d, %d)", other.Zone, n.Zone, j, i)
			}
		}
	}
	if d := cmp.Diff([]string{"us-east-1a", "us-east-1b", "us-east-1c"}, zones); d != "" {
		t.Errorf("the chain (-want +got):\n%s", d)
	}
}

// The third zone comes after the second, so that it comes after the first need not be drawn.
func TestEdgesThatFollowFromOthersAreLeftOut(t *testing.T) {
	g := OfPlan(night("k.example.com"))
	for _, n := range g.Nodes {
		if n.Zone == "us-east-1c" && len(n.After) != 1 {
			t.Errorf("us-east-1c has %d edges", len(n.After))
		}
	}
}

func TestEveryChangeIsInExactlyOneNode(t *testing.T) {
	p := night("k.example.com")
	count := 0
	for _, n := range OfPlan(p).Nodes {
		count += len(n.Names)
		for _, j := range n.After {
			if OfPlan(p).Nodes[j].Layer >= n.Layer {
				t.Errorf("an edge leads back to %v", n.Names)
			}
		}
	}
	if count != len(p.Lines) {
		t.Errorf("%d changes in the picture, %d in the plan", count, len(p.Lines))
	}
}
