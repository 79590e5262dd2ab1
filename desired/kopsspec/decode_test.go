package kopsspec

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// TestProblemsReadLikeTheGoldenFiles decodes the manifest of each archive and compares the whole report.
func TestProblemsReadLikeTheGoldenFiles(t *testing.T) {
	files, err := filepath.Glob("testdata/decode/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			_, problems := Decode(archive.Files[0].Name, archive.Files[0].Data)
			got := report(problems)
			if *update {
				archive.Files = append(archive.Files[:1], txtar.File{Name: "problems", Data: []byte(got)})
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			if diff := cmp.Diff(string(archive.Files[1].Data), got); diff != "" {
				t.Errorf("report differs (-want +got); run with -update if it is right:\n%s", diff)
			}
		})
	}
}

func report(problems []Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, p)
	}
	return b.String()
}

// spec wraps lines of a cluster's spec into a document.
func spec(lines ...string) []byte {
	head := "apiVersion: kops.k8s.io/v1alpha2\nkind: Cluster\nmetadata:\n  name: a.example.com\nspec:\n"
	return []byte(head + "  " + strings.Join(lines, "\n  ") + "\n")
}

func decodeSpec(t *testing.T, lines ...string) Cluster {
	t.Helper()
	docs, problems := Decode("a.yaml", spec(lines...))
	if len(problems) > 0 {
		t.Fatalf("unexpected problems:\n%s", report(problems))
	}
	return docs.Clusters[0]
}

func TestEveryDocumentOfAFileIsDecoded(t *testing.T) {
	data, err := os.ReadFile("testdata/three-documents.yaml")
	if err != nil {
		t.Fatal(err)
	}
	docs, problems := Decode("three-documents.yaml", data)
	if len(problems) > 0 {
		t.Fatalf("unexpected problems:\n%s", report(problems))
	}
	group, key := docs.InstanceGroups[0], docs.SSHCredentials[0]
	got := []string{
		docs.Clusters[0].Name(), docs.Clusters[0].Metadata.Annotations["quorate.dev/role-arn"], docs.Clusters[0].Spec.Networking.Plugin(),
		group.Name(), group.Cluster(), string(group.Role()), fmt.Sprint(*group.Spec.MaxSize),
		key.Cluster(), key.Spec.PublicKey,
	}
	want := []string{
		"a.example.com", "arn:aws:iam::1:role/a", "calico",
		"nodes", "a.example.com", "Node", "3",
		"a.example.com", "ssh-ed25519 AAAA me",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestFieldsWithoutAWSEffectAreCarried(t *testing.T) {
	c := decodeSpec(t, "kubelet:", "  maxPods: 200", "  evictionHard: memory.available<1Gi")
	want := map[string]any{"kubelet": map[string]any{"maxPods": int64(200), "evictionHard": "memory.available<1Gi"}}
	if diff := cmp.Diff(want, c.Raw); diff != "" {
		t.Error(diff)
	}
}

func TestNullCountsAsNotWritten(t *testing.T) {
	c := decodeSpec(t, "api:", "  dns:", "networkCIDR: ~")
	if c.Spec.API.DNS != nil || c.Spec.NetworkCIDR != "" || c.Source.Has("spec.networkCIDR") {
		t.Errorf("null was read as a value: %+v", c.Spec)
	}
}

func TestAliasesAndMergesAreExpanded(t *testing.T) {
	c := decodeSpec(t,
		"subnets:",
		"- &a {name: a, zone: us-east-1a, type: Private}",
		"- <<: *a",
		"  name: b",
		"sshAccess: &cidrs [10.0.0.0/8]",
		"kubernetesApiAccess: *cidrs",
	)
	want := []Subnet{{Name: "a", Zone: "us-east-1a", Type: "Private"}, {Name: "b", Zone: "us-east-1a", Type: "Private"}}
	if diff := cmp.Diff(want, c.Spec.Subnets); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"10.0.0.0/8"}, c.Spec.KubernetesAPIAccess); diff != "" {
		t.Error(diff)
	}
}

func TestPositionsPointAtValuesAndAtKeysOfBlocks(t *testing.T) {
	c := decodeSpec(t, "networkCIDR: 10.0.0.0/8", "etcdClusters:", "- name: main", "  etcdMembers:", "  - name: a")
	for path, want := range map[string]Position{
		"spec.networkCIDR":                                  {"a.yaml", 6, 16},
		"spec.etcdClusters":                                 {"a.yaml", 7, 3},
		"spec.etcdClusters[0]":                              {"a.yaml", 8, 5},
		"spec.etcdClusters[0].etcdMembers[0].name":          {"a.yaml", 10, 13},
		"spec.etcdClusters[0].etcdMembers[0].instanceGroup": {"a.yaml", 10, 7}, // missing: its parent
		"status": {"a.yaml", 1, 1},
	} {
		if got := c.Source.At(path); got != want {
			t.Errorf("At(%s) = %v, want %v", path, got, want)
		}
	}
}
