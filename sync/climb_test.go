package sync_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/topology"
)

// at is the example at a version of Kubernetes.
func at(version string) string {
	return strings.Replace(small, "kubernetesVersion: v1.34.2", "kubernetesVersion: "+version, 1)
}

// runs says what the machines of a cluster run: the masters by zone, then the workers, without repeats.
func runs(machines []topology.Machine) string {
	masters, workers := map[string]string{}, map[string]bool{}
	for _, m := range machines {
		switch {
		case m.Gone():
		case m.Role == topology.ControlPlane:
			masters[m.Zone] = m.KubernetesVersion
		case m.Role == topology.Worker:
			workers[m.KubernetesVersion] = true
		}
	}
	var text []string
	for _, zone := range []string{"us-east-1a", "us-east-1b", "us-east-1c"} {
		text = append(text, masters[zone])
	}
	for version := range workers {
		text = append(text, "workers "+version)
	}
	slices.Sort(text[3:])
	return strings.Join(text, " ")
}

// TestAClusterClimbsFourMinorVersionsFromOneCommit looks at every pass: no API server ever runs a version
// that is more than one minor version from another's, none skips one, and no kubelet is younger than they
// or more than three behind.
func TestAClusterClimbsFourMinorVersionsFromOneCommit(t *testing.T) {
	ground := newGround(t)
	never.commit(t, ground, at("v1.32.0"), "base")
	l := &life{region: ground.region}
	want := clusterOf(t, at("v1.36.1"))
	var hops []string
	minors := map[string]int{}
	deadline := time.Now().Add(2 * crashLimit)
	for {
		result := l.pass(t, ground, want, "climb")
		if result.Err != nil || result.Report.State() == apply.Failed || time.Now().After(deadline) {
			t.Fatalf("it does not converge: %v %s", result.Err, result.Report.Reason())
		}
		holdSkew(t, result.Planned.State.Machines, minors)
		if hop := result.Planned.Plan.Hop; hop != nil && (len(hops) == 0 || hops[len(hops)-1] != hop.String()) {
			hops = append(hops, hop.String())
		}
		if result.Converged() {
			if got := runs(result.Planned.State.Machines); got != "1.36.1 1.36.1 1.36.1 workers 1.36.1" {
				t.Errorf("at the end run %s", got)
			}
			break
		}
	}
	if diff := cmp.Diff([]string{
		"hop 1 of 4: v1.33.13 now, then v1.34.4, v1.35.4, v1.36.1",
		"hop 2 of 4: v1.34.4 now, then v1.35.4, v1.36.1",
		"hop 3 of 4: v1.35.4 now, then v1.36.1",
	}, hops); diff != "" {
		t.Error(diff)
	}
	ground.checkQuorum(t) // which zone goes first is not said: one that is late with its last hop is sick
}

// holdSkew checks what runs now against Kubernetes's policy, and against what each zone's master ran last.
func holdSkew(t *testing.T, machines []topology.Machine, last map[string]int) {
	t.Helper()
	least, most, kubelet := 99, 0, []int{99, 0}
	for _, m := range machines {
		var minor int
		if _, err := fmt.Sscanf(m.KubernetesVersion, "1.%d.", &minor); err != nil || m.Gone() {
			continue
		}
		if m.Role == topology.Worker {
			kubelet = []int{min(kubelet[0], minor), max(kubelet[1], minor)}
			continue
		}
		if before := last[m.Zone]; before != 0 && (minor < before || minor > before+1) {
			t.Errorf("the master of %s went from 1.%d to 1.%d", m.Zone, before, minor)
		}
		last[m.Zone] = minor
		least, most = min(least, minor), max(most, minor)
	}
	if most > least+1 || kubelet[1] > least || most > kubelet[0]+3 {
		t.Errorf("API servers run 1.%d to 1.%d, kubelets 1.%d to 1.%d", least, most, kubelet[0], kubelet[1])
	}
}
