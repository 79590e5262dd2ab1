package desired

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// buildOne builds an edited form of the good manifest, which must stay good.
func buildOne(t *testing.T, edits ...edit) Cluster {
	t.Helper()
	good := string(readFile(t, "testdata/clusters/private.yaml"))
	clusters, problems := Build([]File{{"k.yaml", []byte(apply(t, good, edits))}})
	if len(problems) > 0 || len(clusters) != 1 {
		t.Fatalf("%d clusters, and problems:\n%s", len(clusters), listProblems(problems))
	}
	return clusters[0]
}

func TestTheClusterKeepsWhatPoliciesAreSetBy(t *testing.T) {
	c := buildOne(t)
	if diff := cmp.Diff([]string{"k.example.com", "k.yaml", "eu-west-1"}, []string{c.Name, c.File, c.Region}); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Policy{Prune: true}, c.Policy); diff != "" {
		t.Error(diff)
	}
	c = buildOne(t, edit{"  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/prune: \"false\"}\n"})
	if diff := cmp.Diff(Policy{Prune: false}, c.Policy); diff != "" {
		t.Error(diff)
	}
	c = buildOne(t, edit{"  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/deletion: k.example.com}\n"})
	if diff := cmp.Diff(Policy{Deletion: true, Prune: true}, c.Policy); diff != "" {
		t.Error(diff)
	}
}

func TestDocumentsMayBeSpreadOverFilesInAnyOrder(t *testing.T) {
	documents := strings.SplitAfter(string(readFile(t, "testdata/clusters/private.yaml")), "\n---\n")
	var files []File
	for i, d := range documents {
		files = append(files, File{string(rune('a' + i)), []byte(d)})
	}
	slices.Reverse(files)
	clusters, problems := Build(files)
	if len(problems) > 0 {
		t.Fatal(listProblems(problems))
	}
	var got, want strings.Builder
	describe(&got, clusters[0])
	describe(&want, buildOne(t))
	if diff := cmp.Diff(want.String(), got.String()); diff != "" {
		t.Error(diff)
	}
}

func TestOneBrokenClusterDoesNotHoldBackAnother(t *testing.T) {
	good := string(readFile(t, "testdata/clusters/private.yaml"))
	for name, broken := range map[string]string{
		"a rule is broken":      strings.Replace(good, "aws", "gce", 1),
		"a field is unknown":    strings.Replace(good, "cloudProvider", "cloudprovider", 1),
		"a group is unreadable": strings.Replace(good, "minSize: 3", "minSize: three", 1),
		"it is not YAML":        "a: [",
	} {
		t.Run(name, func(t *testing.T) {
			broken = strings.ReplaceAll(broken, "k.example.com", "broken.example.com")
			clusters, problems := Build([]File{{"broken.yaml", []byte(broken)}, {"k.yaml", []byte(good)}})
			if len(clusters) != 1 || clusters[0].Name != "k.example.com" {
				t.Errorf("built %d clusters", len(clusters))
			}
			if len(problems) == 0 || slices.ContainsFunc(problems, func(p Problem) bool { return p.File != "broken.yaml" }) {
				t.Errorf("want problems of the broken file only, got:\n%s", listProblems(problems))
			}
		})
	}
}

func TestAWarningDoesNotHoldAClusterBack(t *testing.T) {
	good := string(readFile(t, "testdata/clusters/private.yaml"))
	clusters, problems := Build([]File{{"k.yaml", []byte(strings.Replace(good, "subnets: [b]", "subnets: [a]", 1))}})
	if len(clusters) != 1 || len(problems) == 0 || problems[0].Severity != Warning {
		t.Errorf("%d clusters, problems:\n%s", len(clusters), listProblems(problems))
	}
}

func TestDocumentsWithoutTheirClusterAreProblems(t *testing.T) {
	good := string(readFile(t, "testdata/clusters/private.yaml"))
	for name, c := range map[string]struct{ data, want string }{
		"two clusters of one name": {good + "---\n" + good, "metadata.name: cluster k.example.com is already described at k.yaml:4; keep one of the two"},
		"a group without label":    {strings.Replace(good, "  labels: {kops.k8s.io/cluster: k.example.com}\n", "", 1), `the instance group belongs to no cluster; add the label kops.k8s.io/cluster`},
		"a group of nobody":        {strings.Replace(good, "{kops.k8s.io/cluster: k.example.com}", "{kops.k8s.io/cluster: k.example.org}", 1), `there is no cluster k.example.org in these files`},
		"a cluster without name":   {strings.Replace(good, "  name: k.example.com\n", "", 1), "metadata.name: the cluster has no name"},
	} {
		t.Run(name, func(t *testing.T) {
			clusters, problems := Build([]File{{"k.yaml", []byte(c.data)}})
			if text := listProblems(problems); !strings.Contains(text, c.want) {
				t.Errorf("want %q, got:\n%s", c.want, text)
			}
			if len(clusters) > 1 {
				t.Errorf("built %d clusters", len(clusters))
			}
		})
	}
}

func TestEveryKindHasARow(t *testing.T) {
	for _, kind := range topology.Kinds() {
		if builders[kind] == nil {
			t.Errorf("kinds.go has no row for %s", kind)
		}
	}
	if len(builders) != len(topology.Kinds()) {
		t.Error("kinds.go has a row for a kind that does not exist")
	}
}

func TestBuildIsAFunction(t *testing.T) {
	first, second := buildOne(t), buildOne(t)
	if diff := cmp.Diff(each([]Cluster{first}, describe), each([]Cluster{second}, describe)); diff != "" {
		t.Errorf("two builds of one manifest differ:\n%s", diff)
	}
}

func TestTemplatesOfAClusterThatKopsBootsKeepTheirUserData(t *testing.T) {
	c := buildOne(t, edit{"  name: k.example.com\n", "  name: k.example.com\n  annotations: {quorate.dev/bootstrap: kops}\n"})
	ours := buildOne(t)
	for _, template := range topology.Of[topology.LaunchTemplate](c.Topology) {
		was, _ := topology.Find[topology.LaunchTemplate](ours.Topology, template.Ref())
		if !template.UserDataKept || was.UserDataKept || template.Digest() == was.Digest() {
			t.Errorf("%s: kept %t, and without the annotation %t", template.Name, template.UserDataKept, was.UserDataKept)
		}
		template.UserData = "another"
		if group, _ := topology.Find[topology.AutoScalingGroup](c.Topology, topology.Ref{Kind: topology.KindAutoScalingGroup, Name: template.Name}); group.Template != template.Digest() {
			t.Errorf("%s: its digest depends on the text that is not written", template.Name)
		}
	}
}
