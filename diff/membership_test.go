package diff

import (
	"slices"
	"strings"
	"testing"

	"github.com/quorate/quorate/topology"
)

// planeOf is a control plane of one master for each of the members, each in a zone of its own.
func planeOf(t *testing.T, change func(*topology.LaunchTemplate), members ...string) topology.Topology {
	t.Helper()
	var all []topology.Resource
	for _, member := range members {
		config := topology.NodeConfig{Cluster: "ha.example.com", Role: topology.ControlPlane, EtcdClusters: []topology.NodeEtcd{{Name: "main", Member: member}}}
		template := topology.LaunchTemplate{Name: "master-" + member, UserData: topology.UserData(config), Ownership: topology.Owned}
		if change != nil {
			change(&template)
		}
		all = append(all, template,
			topology.AutoScalingGroup{Name: "master-" + member, Role: topology.ControlPlane, Zones: []string{"us-east-1" + member}, LaunchTemplate: template.Ref(), Ownership: topology.Owned},
			topology.Volume{Name: member + ".etcd-main", EtcdCluster: "main", Member: member, Members: slices.Clone(members), Ownership: topology.Owned,
				Tags: topology.Tags{"k8s.io/etcd/main": member + "/" + strings.Join(members, ",")}})
	}
	built, err := topology.New(all...)
	if err != nil {
		t.Fatal(err)
	}
	return built
}

func TestTheControlPlaneGrowsAndShrinksByTheManifest(t *testing.T) {
	kept := func(template *topology.LaunchTemplate) { template.UserDataKept, template.UserData = true, "" }
	strange := func(template *topology.LaunchTemplate) { template.UserData = "#!/bin/sh" }
	for _, tc := range []struct {
		name       string
		want, have topology.Topology
		refused    string // empty if the plan is allowed
	}{
		{"one to three", planeOf(t, nil, "a", "b", "c"), planeOf(t, nil, "a"), ""},
		{"three to five", planeOf(t, nil, "a", "b", "c", "d", "e"), planeOf(t, nil, "a", "b", "c"), ""},
		{"five to three", planeOf(t, nil, "a", "b", "c"), planeOf(t, nil, "a", "b", "c", "d", "e"), ""},
		{"three to one", planeOf(t, nil, "a"), planeOf(t, nil, "a", "b", "c"), ""},
		{"one for another", planeOf(t, nil, "a", "b", "d"), planeOf(t, nil, "a", "b", "c"), ""},
		{"five to one", planeOf(t, nil, "a"), planeOf(t, nil, "a", "b", "c", "d", "e"), "4 of 5 masters would leave"},
		{"all for others", planeOf(t, nil, "d", "e"), planeOf(t, nil, "a", "b"), "no control-plane group of today would be left"},
		{"the last", planeOf(t, nil), planeOf(t, nil, "a"), "no control-plane group of today would be left"},
		{"a machine of which nobody knows what it carries", planeOf(t, nil, "a"), planeOf(t, strange, "a", "b", "c"), "does not say which etcd members"},
		{"a growth that kops's own software would have to see to", planeOf(t, kept, "a", "b", "c"), planeOf(t, kept, "a"), "etcd-manager decides"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			plan := Between(tc.want, tc.have, nil)
			refusals := plan.Forbidden()
			switch {
			case tc.refused == "" && len(refusals) > 0:
				t.Errorf("refused: %s: %s", refusals[0].Ref, refusals[0].Reason)
			case tc.refused != "" && !slices.ContainsFunc(refusals, func(c Change) bool { return strings.Contains(c.Reason, tc.refused) }):
				t.Errorf("refused: %v; want one with %q", refusals, tc.refused)
			}
			for _, c := range plan.Changes {
				if c.Ref.Kind == topology.KindVolume && c.Effect == Delete {
					t.Errorf("%s would be removed", c.Ref)
				}
			}
		})
	}
}

func TestAMemberDoesNotMoveToAnotherGroup(t *testing.T) {
	have := planeOf(t, nil, "a", "b", "c")
	var renamed []topology.Resource
	for _, r := range have.All() {
		switch r := r.(type) {
		case topology.AutoScalingGroup:
			r.Name = strings.Replace(r.Name, "master-c", "control-plane-c", 1)
			renamed = append(renamed, r)
		default:
			renamed = append(renamed, r)
		}
	}
	want, err := topology.New(renamed...)
	if err != nil {
		t.Fatal(err)
	}
	refusals := Between(want, have, nil).Forbidden()
	if len(refusals) != 1 || !strings.Contains(refusals[0].Reason, "member c would move to another group") {
		t.Errorf("got %v", refusals)
	}
}

func TestTheVolumesOfWhoLeftAreKeptAndSaidSo(t *testing.T) {
	plan := Between(planeOf(t, nil, "a"), planeOf(t, nil, "a", "b", "c"), nil)
	if len(plan.Kept) != 2 || !strings.Contains(plan.Kept[0].Reason, "delete the volume by hand") {
		t.Errorf("kept: %v", plan.Kept)
	}
}

// What the applier writes on a new volume for its machine is no difference, whoever looks.
func TestThatAnEtcdClusterExistsIsNoDifference(t *testing.T) {
	want := planeOf(t, nil, "a")
	var marked []topology.Resource
	for _, r := range want.All() {
		if v, ok := r.(topology.Volume); ok {
			v.Tags = v.Tags.With(topology.Tags{topology.TagEtcdExists: "true"})
			r = v
		}
		marked = append(marked, r)
	}
	have, err := topology.New(marked...)
	if err != nil {
		t.Fatal(err)
	}
	if plan := Between(want, have, nil); !plan.Empty() {
		t.Errorf("got %+v", plan.Changes)
	}
}
