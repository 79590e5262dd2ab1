package actual_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/topology"
)

// write makes a version of the template with another user data.
func (g workers) write(text string) {
	g.data.UserData = aws.String(base64.StdEncoding.EncodeToString([]byte(text)))
	g.launchTemplateVersion(g.template, g.data)
}

func keeping(scope *actual.Scope) {
	scope.KeptUserData = []topology.Ref{{Kind: topology.KindLaunchTemplate, Name: workersName}}
}

func TestUserDataThatIsKeptIsAMarkAndNoText(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		g := newWorkers(w, topology.LatestVersion)
		g.write("the secret of kops")
		state := w.observe(keeping)
		template, _ := topology.Find[topology.LaunchTemplate](state.Topology, topology.Ref{Kind: topology.KindLaunchTemplate, Name: workersName})
		if template.UserData != "" || !template.UserDataKept {
			t.Errorf("got %q, kept %t", template.UserData, template.UserDataKept)
		}
		group, _ := topology.Find[topology.AutoScalingGroup](state.Topology, topology.Ref{Kind: topology.KindAutoScalingGroup, Name: workersName})
		if group.Template != template.Digest() || group.Follows != topology.LatestVersion {
			t.Errorf("the group is on %s by the word %q, and the template is %s", group.Template, group.Follows, template.Digest())
		}
	})
}

// What kops wrote for newer machines is what all machines should boot from.
func TestMachinesThatBootedFromOlderUserDataAreOutOfDate(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		g := newWorkers(w, "1")
		same := w.observe(keeping)
		g.write("newer")
		state := w.observe(keeping)
		template, _ := topology.Find[topology.LaunchTemplate](state.Topology, topology.Ref{Kind: topology.KindLaunchTemplate, Name: workersName})
		for i, m := range state.Machines {
			if m.Template == template.Digest() {
				t.Errorf("machine %s counts as made from the newest version", m.ID)
			}
			if same.Machines[i].Template != template.Digest() {
				t.Errorf("machine %s counted as out of date before there was anything newer", m.ID)
			}
			if strings.Contains(m.Template, "newer") {
				t.Errorf("the text came through: %s", m.Template)
			}
		}
	})
}
