package sync_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/topology"
)

// single is the example with one master, in one zone.
func single(manifest string) string {
	var kept []string
	for document := range strings.SplitSeq(manifest, "\n---\n") {
		if !strings.Contains(document, "name: master-us-east-1b") && !strings.Contains(document, "name: master-us-east-1c") {
			kept = append(kept, document)
		}
	}
	manifest = strings.Join(kept, "\n---\n")
	for _, zone := range []string{"b", "c"} {
		manifest = strings.ReplaceAll(manifest, "    - name: "+zone+"\n      instanceGroup: master-us-east-1"+zone+"\n      encryptedVolume: true\n", "")
	}
	return manifest
}

func whereDowntimeIsAllowed(manifest string) string {
	return strings.Replace(manifest, "metadata:\n  name: ha.example.com\n", "metadata:\n  name: ha.example.com\n  annotations: {quorate.dev/allow-downtime: \"true\"}\n", 1)
}

// TestAnOnlyMasterIsReplacedOnlyWhereDowntimeIsAllowed rolls it from its snapshot to its successor's being back.
func TestAnOnlyMasterIsReplacedOnlyWhereDowntimeIsAllowed(t *testing.T) {
	t.Parallel()
	n := newNight(t, single(small))
	first := n.machineOf(masterIn("a"))

	n.commits(single(large), "large")
	for range 5 {
		n.pass()
		n.minute()
	}
	if n.last.Report.State() != apply.Failed || !strings.Contains(n.last.Report.Reason(), "It is the only master: with quorate.dev/allow-downtime") {
		t.Errorf("it is not refused: %s", n.last.Report.Reason())
	}
	if n.machineOf(masterIn("a")) != first || n.tagsOf(first)[topology.TagLeaving] != "" {
		t.Error("it was touched")
	}

	n.commits(whereDowntimeIsAllowed(single(large)), "downtime")
	n.until("it is told to end", time.Hour, func() bool { return n.heard("machine " + first + "…is being replaced") })
	n.wantNotNeeded(first)
	n.until("its successor is back", time.Hour, n.well)
	if got := n.versions(masterIn("a")); !slices.Equal(got, []string{"2 [2]"}) {
		t.Errorf("the only master is %v", got)
	}
	n.ground.mu.Lock()
	defer n.ground.mu.Unlock()
	if len(n.ground.up) != 2 {
		t.Errorf("members are up: %v", n.ground.up)
	}
}
