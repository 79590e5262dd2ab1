package contract

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/diff"
)

var (
	someImage  = regexp.MustCompile(`"?ami-[0-9a-f]+"?`)
	someRegion = regexp.MustCompile(`eu-west-1|us-gov-west-1`)
	// givenByID is in manifests that need something there before them.
	givenByID = regexp.MustCompile(`networkID:|\bid: |egress: (nat|eipalloc|tgw|i)-|sg-|arn:aws|loadBalancerName|allocationId`)
)

// ownTopologies are the cases of what a manifest asks for that stand on their own feet, in the region and
// with the image that both worlds know.
func ownTopologies(t *testing.T) map[string]string {
	t.Helper()
	patterns := []string{"../../desired/testdata/topology/*.txtar", "../../desired/testdata/clusters/*.yaml"}
	if more := os.Getenv("QUORATE_MANIFESTS"); more != "" { // a folder of somebody's own, a cluster in each folder below
		patterns = append(patterns, filepath.Join(more, "*", "cluster.yaml"))
	}
	var files []string
	for _, pattern := range patterns {
		found, err := filepath.Glob(pattern)
		if err != nil || len(found) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		files = append(files, found...)
	}
	manifests := map[string]string{}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, text := filepath.Base(file), string(data)
		if filepath.Ext(file) == ".txtar" {
			text = ""
			for _, f := range txtar.Parse(data).Files {
				if strings.HasSuffix(f.Name, ".yaml") {
					text += "---\n" + string(f.Data)
				}
			}
		} else {
			name = filepath.Base(filepath.Dir(file)) + "/" + name
		}
		if text != "" && !givenByID.MatchString(text) {
			text = someRegion.ReplaceAllString(strings.ReplaceAll(text, "us-test-1", region), region)
			if !strings.Contains(text, "dnsZone:") && !strings.Contains(text, "type: None") {
				// moto lists the hosted zones of a name, and not those that come after it.
				text = strings.Replace(text, "\nspec:\n", "\nspec:\n  dnsZone: example.com\n", 1)
			}
			manifests[name] = someImage.ReplaceAllString(text, image)
		}
	}
	return manifests
}

// TestContractEveryTopologyComesAndGoes makes each of them and ends it, and asks that both worlds are told
// the same plans.
func TestContractEveryTopologyComesAndGoes(t *testing.T) {
	for name, manifest := range ownTopologies(t) {
		t.Run(name, func(t *testing.T) {
			told := map[string][][]string{}
			for where, open := range map[string]func(*testing.T) world{"simulator": simulator, "moto": moto} {
				t.Run(where, func(t *testing.T) { told[where] = comeAndGo(t, manifest, open(t)) })
			}
			if len(told) == 2 && told["moto"] != nil {
				if d := cmp.Diff(told["simulator"], told["moto"]); d != "" {
					t.Errorf("another story (-simulator +moto):\n%s", d)
				}
			}
		})
	}
}

func comeAndGo(t *testing.T, manifest string, w world) [][]string {
	t.Helper()
	c := &cluster{T: t, world: w, met: map[string]bool{}}
	c.read(manifest)
	c.name = c.want.Name
	created := c.converge(c.plan)
	c.want.Policy.Deletion = true
	ended := c.converge(func(s actual.State) diff.Plan { return diff.Teardown(s.Topology, s.Machines) })
	c.checkSnapshotsAlone()
	return [][]string{created, ended}
}
