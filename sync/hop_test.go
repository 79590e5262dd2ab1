package sync

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/examples"
	"github.com/quorate/quorate/topology"
)

// versioned is the HA example at a version, with annotations of its Cluster.
func versioned(t *testing.T, version, annotations string) desired.Cluster {
	t.Helper()
	text := strings.Replace(string(examples.HA), "kubernetesVersion: v1.34.2", "kubernetesVersion: "+version, 1)
	if annotations != "" {
		text = strings.Replace(text, "name: ha.example.com\n", "name: ha.example.com\n  annotations: {"+annotations+"}\n", 1)
	}
	clusters, problems := desired.Build([]desired.File{{Name: "cluster.yaml", Data: []byte(text)}})
	if len(clusters) != 1 {
		t.Fatal(problems)
	}
	return clusters[0]
}

// running is the example as it stands: what the machine of each master runs, in the order of their zones, or
// in brackets what one that has none is pinned to; and what the machines of the workers run.
func running(t *testing.T, masters, workers string) (topology.Topology, []topology.Machine) {
	t.Helper()
	world := versioned(t, "v1.34.2", "").Topology
	var resources []topology.Resource
	var machines []topology.Machine
	missing := map[topology.Ref]bool{}
	versions := strings.Fields(masters)
	for _, r := range world.All() {
		group, ok := r.(topology.AutoScalingGroup)
		if !ok {
			if slices.ContainsFunc(r.Needs(), func(ref topology.Ref) bool { return missing[ref] }) {
				continue
			}
			resources = append(resources, r)
			continue
		}
		runs := strings.Fields(workers)
		if group.Role == topology.ControlPlane {
			runs, versions = versions[:1], versions[1:]
		}
		for _, version := range runs {
			if pinned, lost := strings.CutPrefix(version, "("); lost {
				group.KubernetesVersion = strings.TrimSuffix(pinned, ")")
				continue
			}
			group.KubernetesVersion = version
			machines = append(machines, topology.Machine{ID: fmt.Sprintf("i-%d", len(machines)), Group: group.Ref(), Role: group.Role, State: "running", KubernetesVersion: strings.TrimPrefix(version, "?")})
		}
		if missing[group.Ref()] = len(runs) == 0; len(runs) > 0 {
			resources = append(resources, group)
		}
	}
	have, err := topology.New(resources...)
	if err != nil {
		t.Fatal(err)
	}
	return have, machines
}

func TestAControlPlaneGoesUpOneMinorVersionAtATime(t *testing.T) {
	const workersStay, workersGo = "nodes stay", ""
	for name, c := range map[string]struct {
		masters, workers string
		want             string // the manifest's
		hop              string // the version now, and the hop as it is told
		held             string
	}{
		"nothing to climb":                     {"1.34.2 1.34.2 1.34.2", "1.34.2", "v1.34.2", "v1.34.2", workersGo},
		"one step is no hop":                   {"1.33.1 1.33.1 1.33.1", "1.33.1", "v1.34.2", "v1.34.2", workersGo},
		"a step that began":                    {"1.34.2 1.33.1 1.33.1", "1.33.1", "v1.34.2", "v1.34.2", workersGo},
		"two hops":                             {"1.32.1 1.32.1 1.32.1", "1.32.1", "v1.34.2", "1.33.13; hop 1 of 2: v1.33.13 now, then v1.34.2", workersStay},
		"three hops":                           {"1.31.1 1.31.1 1.31.1", "1.31.1", "v1.34.2", "1.32.13; hop 1 of 3: v1.32.13 now, then v1.33.13, v1.34.2", workersStay},
		"a hop that began":                     {"1.32.13 1.31.1 1.31.1", "1.31.1", "v1.34.2", "1.32.13; hop 1 of 3: v1.32.13 now, then v1.33.13, v1.34.2", workersStay},
		"the next one":                         {"1.32.13 1.32.13 1.32.13", "1.31.1", "v1.34.2", "1.33.13; hop 2 of 3: v1.33.13 now, then v1.34.2", workersStay},
		"the last one":                         {"1.33.13 1.33.13 1.33.13", "1.31.1", "v1.34.2", "v1.34.2; hop 3 of 3: v1.34.2 now", workersGo},
		"workers at the end":                   {"1.34.2 1.34.2 1.34.2", "1.31.1", "v1.34.2", "v1.34.2", workersGo},
		"another patch is no step":             {"1.33.1 1.33.9 1.33.1", "1.33.1", "v1.34.2", "v1.34.2", workersGo},
		"workers that are three behind follow": {"1.34.4 1.33.13 1.33.13", "1.32.1", "v1.36.1", "1.34.4; hop 2 of 4: v1.34.4 now, then v1.35.4, v1.36.1", workersStay},
		"before they would be four behind":     {"1.34.4 1.34.4 1.34.4", "1.32.1", "v1.36.1", "1.35.4; hop 3 of 4: v1.35.4 now, then v1.36.1", workersGo},
		"and the others wait for them":         {"1.35.4 1.35.4 1.35.4", "1.35.4 1.32.1", "v1.36.1", "1.35.4; hop 3 of 4: v1.35.4 now, then v1.36.1", workersGo},
		"until all have followed":              {"1.35.4 1.35.4 1.35.4", "1.35.4 1.35.4", "v1.36.1", "v1.36.1", workersGo},
		"workers older than they may be now":   {"1.34.1 1.34.2 1.34.1", "1.31.1", "v1.35.1", "1.34.2; hop 3 of 4: v1.34.2 now, then v1.35.1", workersGo},
		"workers that nobody knows":            {"1.32.1 1.32.1 1.32.1", "?", "v1.34.2", "1.32.1; hop 1 of 2: v1.32.1 now, then v1.33.13, v1.34.2", workersGo},
		"a group without a machine stays":      {"1.32.13 1.32.13 (1.32.13)", "1.31.1", "v1.34.2", "1.32.13; hop 1 of 3: v1.32.13 now, then v1.33.13, v1.34.2", workersStay},
		"and comes back as the others":         {"1.33.13 1.33.13 (1.32.13)", "1.32.1", "v1.34.2", "1.33.13; hop 1 of 2: v1.33.13 now, then v1.34.2", workersStay},
		"one that is being replaced":           {"(1.33.13) 1.32.13 1.32.13", "1.32.1", "v1.34.2", "1.33.13; hop 1 of 2: v1.33.13 now, then v1.34.2", workersStay},
		"nobody skips while it is away":        {"(1.32.13)", "1.31.1", "v1.34.2", "1.32.13; hop 1 of 3: v1.32.13 now, then v1.33.13, v1.34.2", workersStay},
		"nobody knows where it is":             {"? ? ?", "?", "v1.34.2", "v1.34.2", workersGo},
		"back is refused elsewhere":            {"1.35.1 1.35.1 1.35.1", "1.35.1", "v1.34.2", "v1.34.2", workersGo},
		"too old for anybody to know":          {"1.29.1 1.29.1 1.29.1", "1.29.1", "v1.34.2", "v1.34.2", workersGo},
	} {
		t.Run(name, func(t *testing.T) {
			masters := c.masters
			for len(strings.Fields(masters)) < 3 {
				masters += " ?" // a group of which nobody knows anything
			}
			have, machines := running(t, masters, c.workers)
			at, hop, held := nextHop(versioned(t, c.want, ""), have, machines)
			got := at.KubernetesVersion
			if hop != nil {
				got += "; " + hop.String()
			}
			if got != c.hop {
				t.Errorf("%s, want %s", got, c.hop)
			}
			if names := slices.Collect(maps.Keys(held)); (len(names) > 0) != (c.held == workersStay) {
				t.Errorf("held are %v", held)
			}
		})
	}
}

func TestTheManifestMayNameTheHops(t *testing.T) {
	have, machines := running(t, "1.31.1 1.31.1 1.31.1", "1.31.1")
	at, hop, _ := nextHop(versioned(t, "v1.34.2", `quorate.dev/hop-versions: "1.32.9, v1.33.5"`), have, machines)
	if diff := cmp.Diff([]string{"1.32.9", "hop 1 of 3: v1.32.9 now, then v1.33.5, v1.34.2"}, []string{at.KubernetesVersion, hop.String()}); diff != "" {
		t.Error(diff)
	}
}

// Whoever lets somebody else write what machines boot from cannot choose the version on the way either.
func TestMachinesThatKopsBootsTakeNoHops(t *testing.T) {
	have, machines := running(t, "1.32.1 1.32.1 1.32.1", "1.32.1")
	if at, hop, held := nextHop(versioned(t, "v1.34.2", "quorate.dev/bootstrap: kops"), have, machines); at.KubernetesVersion != "v1.34.2" || hop != nil || held != nil {
		t.Errorf("%s %v %v", at.KubernetesVersion, hop, held)
	}
}

func TestNewWorkersAreMadeWhenTheControlPlaneIsThere(t *testing.T) {
	for masters, wait := range map[string]bool{"1.33.1 1.33.1 1.33.1": true, "1.34.2 1.34.2 1.33.1": true, "1.34.2 1.34.2 1.34.2": false} {
		have, machines := running(t, masters, "")
		_, _, held := nextHop(versioned(t, "v1.34.2", ""), have, machines)
		if why := held[topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "nodes.ha.example.com"}]; (why == "it is made when all API servers run v1.34.2, for no kubelet may be younger than they") != wait {
			t.Errorf("masters at %s: %q", masters, why)
		}
	}
}
