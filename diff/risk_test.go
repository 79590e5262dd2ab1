package diff

import (
	"slices"
	"testing"

	"github.com/quorate/quorate/topology"
)

func TestTheRiskOfAPlanIsThatOfItsRiskiestChange(t *testing.T) {
	master := topology.AutoScalingGroup{Name: "master-a", Role: topology.ControlPlane}
	another := topology.AutoScalingGroup{Name: "master-b", Role: topology.ControlPlane}
	nodes := topology.AutoScalingGroup{Name: "nodes", Role: topology.Worker}
	of := func(e Effect, want, have topology.Resource, paths ...string) Change {
		c := Change{Effect: e, Want: want, Have: have}
		for _, r := range []topology.Resource{want, have} {
			if r != nil {
				c.Ref = r.Ref()
			}
		}
		for _, p := range paths {
			c.Fields = append(c.Fields, FieldChange{Path: p})
		}
		return c
	}
	disk, lost := topology.Volume{EtcdCluster: "main", Zone: "a"}, topology.AutoScalingGroup{Name: "master-a", Role: topology.ControlPlane, Zones: []string{"a"}}
	rule, vpc := topology.SecurityGroupRule{}, topology.VPC{Name: "ha"}
	for name, c := range map[string]struct {
		changes []Change
		want    Risk
	}{
		"no change":                         {nil, RiskNothing},
		"what is forbidden":                 {[]Change{of(Forbid, nodes, nodes)}, RiskNothing},
		"tags alone":                        {[]Change{of(InPlace, vpc, vpc, "tags[owner]")}, RiskMetadata},
		"tags and a field":                  {[]Change{of(InPlace, nodes, nodes, "tags[owner]", "max")}, RiskInPlace},
		"a rule that goes":                  {[]Change{of(Delete, nil, rule)}, RiskInPlace},
		"a new cluster":                     {[]Change{of(Create, vpc, nil), of(Create, master, nil)}, RiskInPlace},
		"workers that roll":                 {[]Change{of(InPlace, vpc, vpc, "tags[x]"), of(Roll, nodes, nodes)}, RiskRolling},
		"masters that roll":                 {[]Change{of(Roll, nodes, nodes), of(Roll, master, master)}, RiskQuorum},
		"a master more":                     {[]Change{of(InPlace, master, master, "tags[x]"), of(Create, another, nil)}, RiskQuorum},
		"a master more, beside its volume":  {[]Change{of(InPlace, topology.Volume{EtcdCluster: "main"}, topology.Volume{EtcdCluster: "main"}, "tags[x]"), of(Create, another, nil)}, RiskQuorum},
		"a master's group that was lost":    {[]Change{of(Create, lost, nil)}, RiskInPlace},
		"an etcd volume that was lost":      {[]Change{of(Create, disk, nil)}, RiskQuorum},
		"one of them, in another zone":      {[]Change{of(Create, disk, nil), of(Create, topology.AutoScalingGroup{Name: "master-b", Role: topology.ControlPlane, Zones: []string{"b"}}, nil)}, RiskQuorum},
		"a new cluster with its volumes":    {[]Change{of(Create, disk, nil), of(Create, lost, nil)}, RiskInPlace},
		"a worker group that goes":          {[]Change{of(Roll, master, master), of(Delete, nil, nodes)}, RiskDestructive},
		"an etcd volume at a cluster's end": {[]Change{of(Retire, nil, topology.Volume{Name: "v"})}, RiskDestructive},
	} {
		if got := (Plan{Changes: c.changes}).Risk(); got != c.want {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
		slices.Reverse(c.changes)
		if got := (Plan{Changes: c.changes}).Risk(); got != c.want {
			t.Errorf("%s, the other way round: %s, want %s", name, got, c.want)
		}
	}
}

func TestEveryRiskCanBeReadBack(t *testing.T) {
	for r := RiskNothing; r <= RiskDestructive; r++ {
		if got, err := ParseRisk(r.String()); got != r || err != nil {
			t.Errorf("%s: %v, %v", r, got, err)
		}
	}
	if _, err := ParseRisk("harmless"); err == nil {
		t.Error("a risk that does not exist is read")
	}
}
