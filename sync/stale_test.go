package sync_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestReadsThatLagMakeNothingTwice builds the cluster while AWS's reads do not show
// what was made or changed in the last seconds.
func TestReadsThatLagMakeNothingTwice(t *testing.T) {
	reference := newGround(t)
	never.commit(t, reference, small, "small")

	ground := newGround(t)
	ground.region.SetStaleReads(10 * time.Second)
	never.commit(t, ground, small, "small")
	ground.region.SetStaleReads(0)
	if d := cmp.Diff(inventory(reference.region), inventory(ground.region)); d != "" {
		t.Errorf("another world (-want +got):\n%s", d)
	}
}
