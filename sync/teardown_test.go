package sync_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/topology"
)

// ordered is the manifest with the order to delete its cluster.
func ordered(manifest, cluster string) string {
	const metadata = "metadata:\n"
	order := metadata + "  annotations:\n    quorate.dev/deletion: " + cluster + "\n"
	return strings.Replace(manifest, metadata, order, 1)
}

var ended = ordered(small, "ha.example.com")

// emptied is what a world holds once its HA cluster is deleted.
func emptied(before map[string]int) map[string]int {
	after := maps.Clone(before)
	for _, etcd := range []string{"main", "events"} {
		for _, member := range []string{"a", "b", "c"} {
			after["snapshot "+member+".etcd-"+etcd+".ha.example.com"] = 1
		}
	}
	return after
}

// TestKilledAtAnyCallOfItsEndTheClusterIsGoneAndItsDataKept deletes the HA cluster, killed
// after the effect of every mutating call: to be killed before the next one is the same
// world.
func TestKilledAtAnyCallOfItsEndTheClusterIsGoneAndItsDataKept(t *testing.T) {
	reference := newGround(t)
	before := inventory(reference.region)
	never.commit(t, reference, small, "small")
	never.commit(t, reference, ended, "ended")
	calls := reference.region.MutatingCalls()
	if d := cmp.Diff(emptied(before), inventory(reference.region)); d != "" {
		t.Fatalf("not as before (-want +got):\n%s", d)
	}
	all := slices.DeleteFunc(murders(calls), func(m murder) bool { return m.fate != awssim.LoseAnswer })
	sideBySide(t, all, func(t *testing.T, m murder, ground *ground) {
		never.commit(t, ground, small, "small")
		m.commit(t, ground, ended, "ended")
		if d := cmp.Diff(emptied(before), inventory(ground.region)); d != "" {
			t.Errorf("another world (-want +got):\n%s", d)
		}
		checkSnapshots(t, ground.region)
	})
	t.Logf("killed at %d points of %d calls", len(all), calls)
}

// checkSnapshots asks that each tells which volume it was, and why it is there.
func checkSnapshots(t *testing.T, region *awssim.Region) {
	t.Helper()
	for _, item := range region.Inventory() {
		if item.Type != "snapshot" {
			continue
		}
		if item.Tags[topology.TagRetired] == "" || item.Tags[topology.TagCluster] == "" {
			t.Errorf("snapshot of %s has the tags %v", item.Name, item.Tags)
		}
	}
}
