package diff

import (
	"strings"
	"testing"

	"github.com/quorate/quorate/topology"
)

func keeping(machine string) topology.LaunchTemplate {
	return with(template(machine), func(t *topology.LaunchTemplate) {
		t.UserData, t.UserDataKept, t.Tags = "what Quorate would write", true, topology.BaseTags(cluster, t.Name)
	})
}

func following(lt topology.LaunchTemplate) topology.AutoScalingGroup {
	return with(group(topology.Worker, lt), func(g *topology.AutoScalingGroup) { g.Follows = topology.LatestVersion })
}

func TestAGroupOnTheLatestVersionIsNotedAndNoDifference(t *testing.T) {
	have := with(keeping("t3.medium"), func(t *topology.LaunchTemplate) { t.UserData = "" })
	plan := Between(made(t, keeping("t3.medium"), group(topology.Worker, keeping("t3.medium"))), made(t, have, following(have)), nil)
	if !plan.Empty() {
		t.Errorf("got %+v", plan.Changes)
	}
	if len(plan.Notes) != 1 || !strings.Contains(plan.Notes[0].Text, "$Latest") {
		t.Errorf("got notes %v", plan.Notes)
	}
}

func TestThePinIsToldWhereTheTemplateChanges(t *testing.T) {
	have := keeping("t3.medium")
	plan := Between(made(t, keeping("m5.large"), group(topology.Worker, keeping("m5.large"))), made(t, have, following(have)), nil)
	if len(plan.Changes) != 2 || !plan.Changes[1].Has("follows") || plan.Changes[1].Effect != Roll {
		t.Errorf("got %+v", plan.Changes)
	}
	if len(plan.Notes) != 1 || !strings.Contains(plan.Notes[0].Text, "before the new one is made") {
		t.Errorf("got notes %v", plan.Notes)
	}
}

func TestAGroupThatRollsForItsMachinesIsPinnedOnTheWay(t *testing.T) {
	lt := keeping("t3.medium")
	old := topology.Machine{ID: "i-1", Group: following(lt).Ref(), State: "running", Lifecycle: "InService", Healthy: true, Template: "old"}
	plan := Between(made(t, lt, group(topology.Worker, lt)), made(t, lt, following(lt)), []topology.Machine{old})
	if len(plan.Changes) != 1 || !plan.Changes[0].Has("follows") || len(plan.Notes) != 0 {
		t.Errorf("got %+v and notes %v", plan.Changes, plan.Notes)
	}
}

func TestANewGroupOfAClusterThatKopsBootsIsRefusedWithTheWayOut(t *testing.T) {
	lt := keeping("t3.medium")
	plan := Between(made(t, lt, group(topology.Worker, lt)), made(t), nil)
	refused := plan.Forbidden()
	if len(refused) != 1 || refused[0].Ref != lt.Ref() || !strings.Contains(refused[0].Reason, "kops update cluster --name "+cluster+" --yes") {
		t.Errorf("got %+v", refused)
	}
}
