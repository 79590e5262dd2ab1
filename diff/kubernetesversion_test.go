package diff

import (
	"strings"
	"testing"

	"github.com/quorate/quorate/topology"
)

func TestKubernetesGoesOneMinorVersionAtATime(t *testing.T) {
	for _, c := range []struct {
		role       topology.Role
		from, to   string
		wantEffect Effect
		wantReason string
	}{
		{topology.ControlPlane, "v1.33.1", "v1.34.2", InPlace, ""},
		{topology.ControlPlane, "v1.34.2", "v1.34.5", InPlace, ""},
		{topology.ControlPlane, "v1.34.5", "1.34.2", InPlace, ""},
		{topology.ControlPlane, "v1.32.0", "v1.34.2", Forbid, "from v1.32.0 to v1.34.2 are 2; write a version 1.33 first"},
		{topology.ControlPlane, "v1.34.2", "v1.33.9", Forbid, "cannot go back from v1.34.2 to v1.33.9"},
		{topology.APIServer, "v1.32.0", "v1.34.2", Forbid, "write a version 1.33 first"},
		{topology.Worker, "v1.32.0", "v1.34.2", InPlace, ""},
	} {
		template := func(version string) topology.LaunchTemplate {
			return topology.LaunchTemplate{Name: "t", UserData: topology.UserData(topology.NodeConfig{Role: c.role, KubernetesVersion: version})}
		}
		got := userDataChange(template(c.to), template(c.from))
		if len(got) != 1 || got[0].Effect != c.wantEffect || !strings.Contains(got[0].Reason, c.wantReason) || (c.wantReason == "") != (got[0].Reason == "") {
			t.Errorf("%s from %s to %s: %+v", c.role, c.from, c.to, got)
		}
	}
}

func TestUserDataOfOthersTellsNoVersion(t *testing.T) {
	ours := topology.UserData(topology.NodeConfig{Role: topology.ControlPlane, KubernetesVersion: "v1.34.2"})
	got := userDataChange(topology.LaunchTemplate{UserData: ours}, topology.LaunchTemplate{UserData: "#!/bin/bash\n# kops"})
	if len(got) != 1 || got[0].Effect != InPlace {
		t.Errorf("%+v", got)
	}
}

func TestMachinesThatTookNoStepCannotSkipOne(t *testing.T) {
	for _, c := range []struct {
		name                    string
		role                    topology.Role
		machine, template, want string
		wantReason              string
	}{
		{"the template went ahead alone", topology.ControlPlane, "v1.32.0", "v1.33.1", "v1.34.2", "machine i-1 still runs v1.32.0: Kubernetes goes one minor version at a time, and from v1.32.0 to v1.34.2 are 2; write a version 1.33 first"},
		{"the template is there already", topology.APIServer, "v1.32.0", "v1.34.2", "v1.34.2", "machine i-1 still runs v1.32.0"},
		{"the machines are younger", topology.ControlPlane, "v1.35.0", "v1.34.2", "v1.34.2", "cannot go back from v1.35.0 to v1.34.2"},
		{"one step", topology.ControlPlane, "v1.33.0", "v1.33.0", "v1.34.2", ""},
		{"a step that began", topology.ControlPlane, "v1.33.0", "v1.34.2", "v1.34.2", ""},
		{"workers follow", topology.Worker, "v1.32.0", "v1.33.0", "v1.34.2", ""},
		{"nobody can tell", topology.ControlPlane, "", "v1.33.1", "v1.34.2", ""},
		{"the template says so itself", topology.ControlPlane, "v1.32.0", "v1.32.0", "v1.34.2", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			world := func(version string) (topology.Topology, topology.AutoScalingGroup) {
				lt := topology.LaunchTemplate{Name: "m", Ownership: topology.Owned, UserData: topology.UserData(topology.NodeConfig{Role: c.role, KubernetesVersion: version})}
				g := topology.AutoScalingGroup{Name: "m", Role: c.role, LaunchTemplate: lt.Ref(), Template: lt.Digest(), Min: 1, Max: 1, Ownership: topology.Owned}
				return made(t, lt, g), g
			}
			want, group := world(c.want)
			have, _ := world(c.template)
			machine := topology.Machine{ID: "i-1", Group: group.Ref(), State: "running", Template: "older", KubernetesVersion: c.machine}
			for _, change := range Between(want, have, []topology.Machine{machine}).Changes {
				if change.Ref != group.Ref() {
					continue
				}
				if refused := change.Effect == Forbid; refused != (c.wantReason != "") || refused && !strings.Contains(change.Reason, c.wantReason) {
					t.Errorf("%s: %s", change.Effect, change.Reason)
				}
				return
			}
			t.Error("the group has no change")
		})
	}
}
