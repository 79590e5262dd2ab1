package desired

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

const hopsWritten = "  name: k.example.com\n  annotations: {quorate.dev/hop-versions: \"v1.33.5\"}\n"

func TestTheManifestNamesTheVersionsOnTheWay(t *testing.T) {
	unwritten := buildOne(t)
	if diff := cmp.Diff(map[int]string{32: newestPatches[32], 33: newestPatches[33]}, unwritten.Hops); diff != "" {
		t.Error(diff)
	}
	written := buildOne(t, edit{"  name: k.example.com\n", hopsWritten})
	if diff := cmp.Diff(map[int]string{32: newestPatches[32], 33: "v1.33.5"}, written.Hops); diff != "" {
		t.Error(diff)
	}
}

// At a hop everything is as if the manifest said that version, but for what the manifest is.
func TestAHopIsTheManifestAtAnotherVersion(t *testing.T) {
	c := buildOne(t, edit{"  name: k.example.com\n", hopsWritten})
	at, problems := c.At("v1.33.5")
	if len(problems) > 0 {
		t.Fatal(listProblems(problems))
	}
	written := buildOne(t, edit{"  name: k.example.com\n", hopsWritten[:strings.Index(hopsWritten, "  annotations")]}, edit{"kubernetesVersion: v1.34.2", "kubernetesVersion: v1.33.5"})
	var got, want strings.Builder
	describe(&got, at)
	describe(&want, written)
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Errorf("a hop (+) is not the manifest of that version (-):\n%s", diff)
	}
	if at.Digest != c.Digest || at.KubernetesVersion != "v1.33.5" || cmp.Diff(c.Hops, at.Hops) != "" {
		t.Errorf("the hop is of digest %s, version %s and hops %v", at.Digest, at.KubernetesVersion, at.Hops)
	}
	for _, template := range topology.Of[topology.LaunchTemplate](at.Topology) {
		config, err := topology.ParseUserData(template.UserData)
		if strings.HasPrefix(template.Name, "bastions") {
			continue // they are no nodes
		}
		if err != nil || config.KubernetesVersion != "1.33.5" {
			t.Errorf("%s boots %s: %v", template.Name, config.KubernetesVersion, err)
		}
	}
}

func TestAHopThatNobodyKnowsIsNoCluster(t *testing.T) {
	if _, problems := buildOne(t).At("1.31.14"); len(problems) == 0 || !strings.Contains(problems[0].Message, "Kubernetes 1.31 is no longer supported") {
		t.Errorf("got %v", problems)
	}
}
