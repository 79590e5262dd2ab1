package diff

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestOnlyTheEndOfAClusterRetiresItsVolumes(t *testing.T) {
	have := made(t, vpc(), volume())
	plan := Teardown(have, nil)
	if !plan.EndsCluster() || plan.Counts()[Retire] != 1 || plan.Counts()[Delete] != 1 {
		t.Errorf("ends %t, counts %v", plan.EndsCluster(), plan.Counts())
	}
	for name, want := range map[string]topology.Topology{"nothing wanted": made(t), "the same wanted": have} {
		if plan := Between(want, have, nil); plan.EndsCluster() || plan.Counts()[Retire] != 0 {
			t.Errorf("%s: ends %t, counts %v", name, plan.EndsCluster(), plan.Counts())
		}
	}
}

func TestWhatIsSharedOutlivesTheCluster(t *testing.T) {
	shared := with(subnet("us-east-1a", "172.20.32.0/19"), func(s *topology.Subnet) { s.Name, s.Ownership, s.Tags = "subnet-1", topology.Shared, nil })
	if plan := Teardown(made(t, vpc(), shared), nil); len(plan.Changes) != 1 || plan.Changes[0].Ref != vpc().Ref() {
		t.Errorf("changes: %+v", plan.Changes)
	}
}

func TestADeletionTakenBackSaysWhatBecomesOfTheData(t *testing.T) {
	lost := with(volume(), func(v *topology.Volume) { v.Name, v.Member = "b.etcd-main.ha.example.com", "b" })
	marked := with(volume(), func(v *topology.Volume) {
		v.Tags = v.Tags.With(topology.Tags{topology.TagRetired: "2026-11-21T04:00:00Z"})
	})
	plan := Between(made(t, volume(), lost), made(t, marked), nil)
	got := map[topology.Ref]string{}
	for _, c := range plan.Changes {
		got[c.Ref] = c.Effect.String() + ": " + c.Reason
	}
	want := map[topology.Ref]string{volume().Ref(): "in-place: " + takenBackUsed, lost.Ref(): "create: " + takenBackMade}
	if d := cmp.Diff(want, got); d != "" {
		t.Errorf("reasons (-want +got):\n%s", d)
	}
}
