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
