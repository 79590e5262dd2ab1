package kopsmade_test

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/tools/txtar"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/diff/render"
	"github.com/quorate/quorate/internal/terraform"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

// manifests are all that the repository has as examples, by name.
func manifests(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	for _, pattern := range []string{"../../desired/testdata/topology/*.txtar", "../../examples/*/cluster.yaml", "../../desired/testdata/clusters/*.yaml", "../contract/testdata/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("no file is %s: %v", pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			name := strings.NewReplacer("../", "", "testdata/", "", ".txtar", "", ".yaml", "").Replace(file)
			if !strings.HasSuffix(file, ".txtar") {
				all[name] = string(data)
				continue
			}
			for _, f := range txtar.Parse(data).Files {
				if strings.HasSuffix(f.Name, ".yaml") {
					all[name] = string(f.Data)
				}
			}
		}
	}
	return all
}

func TestAClusterMadeByOthersHasAnEmptyPlan(t *testing.T) {
	for name, manifest := range manifests(t) {
		t.Run(name, func(t *testing.T) {
			manifest := shortImage.ReplaceAllString(manifest, "ami-0123456789abcdef0")
			before := adopted(t, manifest)
			w := newWorld(t, before.Region)
			zone := ""
			if len(topology.Of[topology.DNSRecord](before.Topology)) > 0 {
				zone = w.zone(t, "example.com")
			}
			w.giveBalancers(before)
			document, err := terraform.JSON(before.Topology, account)
			if err != nil {
				t.Fatal(err)
			}
			others := outsideOf(before, manifest)
			made := w.make(t, before, others.into(t, document), zone)
			wantEmpty(t, w.plan(t, adopted(t, others.rename(manifest, made))))
		})
	}
}

// shortImage is an id that no AMI can have.
var shortImage = regexp.MustCompile(`\bami-[0-9]\b`)

var followed = regexp.MustCompile(`\$Latest`)

// explained are the changes that the plan explains, and that have to be. kops adds a range to a VPC and
// nobody remembers whose it is, as an association has no tags: the VPC gets one. And the rules of a security
// group that is given have a name with its role, which Terraform documents do not have.
func explained(c diff.Change) bool {
	if c.Effect != diff.InPlace {
		return false
	}
	return c.Ref.Kind == topology.KindVPCCIDR ||
		c.Ref.Kind == topology.KindSecurityGroupRule && strings.Contains(c.Ref.Name, "sg-") && len(c.Fields) == 1 && c.Fields[0].Path == "tags[Name]"
}

// wantEmpty wants a plan without changes that says of each group what it follows.
func wantEmpty(t *testing.T, planned sync.Planned) {
	t.Helper()
	planned.Plan.Changes = slices.DeleteFunc(planned.Plan.Changes, explained)
	if !planned.Plan.Empty() {
		var text bytes.Buffer
		if err := render.Text(&text, planned.Render(), render.Plain); err != nil {
			t.Fatal(err)
		}
		t.Errorf("the plan is not empty:\n%s", &text)
	}
	groups, notes := len(topology.Of[topology.AutoScalingGroup](planned.Cluster.Topology)), 0
	for _, note := range planned.Plan.Notes {
		if followed.MatchString(note.Text) {
			notes++
		}
	}
	if notes != groups {
		t.Errorf("%d notes of $Latest for %d groups: %v", notes, groups, planned.Plan.Notes)
	}
}

// A manifest of a cluster that runs can have the range that AWS gave, as well as a place in it.
func TestAnIPv6RangeThatAWSGaveCanBeWrittenOut(t *testing.T) {
	data, err := os.ReadFile("../contract/testdata/ipv6.yaml")
	if err != nil {
		t.Fatal(err)
	}
	manifest := string(data)
	before := adopted(t, manifest)
	w := newWorld(t, before.Region)
	document, err := terraform.JSON(before.Topology, account)
	if err != nil {
		t.Fatal(err)
	}
	made := w.make(t, before, document, w.zone(t, "example.com"))
	block, found := strings.CutSuffix(made("aws_vpc", "ipv6-example-com", "ipv6_cidr_block"), "00::/56")
	written := oneDigit.ReplaceAllString(manifest, "ipv6CIDR: "+block+"0$1::/64")
	if !found || written == manifest {
		t.Fatalf("no range of %s is in the manifest by its place", block)
	}
	wantEmpty(t, w.plan(t, adopted(t, written)))
}

var oneDigit = regexp.MustCompile(`ipv6CIDR: "?/64#([0-9a-f])"?\b`)
