package sync_test

import (
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

// still is a region whose time passes between passes only, and whose machines run nothing:
// enough to make and unmake what a manifest asks for.
func still(t *testing.T, region string) (*ground, *awssim.ManualClock) {
	t.Helper()
	clock := awssim.NewManualClock(time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC))
	g := &ground{region: awssim.New(awssim.Config{Region: region, Clock: clock}), clock: clock, release: func() {}, up: map[string]netip.Addr{}}
	t.Cleanup(g.region.Close)
	if err := g.region.AddHostedZone("example.com"); err != nil {
		t.Fatal(err)
	}
	return g, clock
}

// patience is how many passes, ten minutes apart, a still world may take.
const patience = 40

// until makes passes until one is as asked.
func (l *life) until(t *testing.T, g *ground, clock *awssim.ManualClock, c desired.Cluster, enough func(sync.Result) bool) sync.Result {
	t.Helper()
	var result sync.Result
	for range patience {
		result = l.pass(t, g, c, "c0ffee")
		if result.Err != nil || result.Report.State() == apply.Failed {
			t.Fatalf("pass: %v: %s", result.Err, result.Report.Reason())
		}
		if enough(result) {
			return result
		}
		clock.Advance(10 * time.Minute)
	}
	t.Fatalf("after %d passes: %s", patience, result.Reason())
	return result
}

func made(r sync.Result) bool { return r.Planned.Plan.Empty() }
func gone(r sync.Result) bool { return r.Planned.Gone() }

var (
	networkCIDR = regexp.MustCompile(`networkCIDR: (\S+)`)
	subnetCIDRs = regexp.MustCompile(`\bcidr: ([0-9./]+)`)
	subnetIDs   = regexp.MustCompile(`\bsubnet-[0-9a-f]+\b`)
)

// given makes what the manifests of the topologies give by id, and puts the real ids in.
func given(t *testing.T, g *ground, region, manifest string) string {
	t.Helper()
	o := operatorIn(t, g, region)
	var swap []string
	if strings.Contains(manifest, "vpc-12345678") {
		vpc := o.vpc(networkCIDR.FindStringSubmatch(manifest)[1], topology.Tags{topology.TagName: "platform"})
		o.gateway(vpc)
		swap = append(swap, "vpc-12345678", vpc)
		for i, id := range slices.Compact(subnetIDs.FindAllString(manifest, -1)) {
			swap = append(swap, id, o.subnet(vpc, region+"a", subnetCIDRs.FindAllStringSubmatch(manifest, -1)[i][1], nil))
		}
	}
	for _, id := range []string{"eipalloc-0123456789abcdef0", "eipalloc-0123456789abcdef1", "eipalloc-1"} {
		if strings.Contains(manifest, id) {
			out, err := o.EC2.AllocateAddress(t.Context(), &ec2.AllocateAddressInput{})
			o.must(err)
			swap = append(swap, id, *out.AllocationId)
		}
	}
	out, err := o.EC2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{"099720109477"}})
	o.must(err)
	if len(out.Images) == 0 {
		t.Fatal("the region has no image")
	}
	image := aws.ToString(out.Images[0].ImageId)
	swap = append(swap, "ami-0123456789abcdef0", image, "ami-1", image)
	// What must be there before the cluster's own network cannot be in it, and the
	// region knows no transit gateways.
	swap = append(swap, "[sg-0123456789abcdef0]", "[]", "[{loadBalancerName: web}, {loadBalancerName: api}]", "[]", "egress: tgw-1", "egress: External")
	return strings.NewReplacer(swap...).Replace(manifest)
}

// topologies are the manifests of all cases in the repository, by name.
func topologies(t *testing.T) map[string]string {
	t.Helper()
	manifests := map[string]string{}
	patterns := []string{"../desired/testdata/clusters/*.yaml", "../examples/*/*.yaml"}
	if more := os.Getenv("QUORATE_MANIFESTS"); more != "" { // a folder of somebody's own, a cluster in each folder below
		patterns = append(patterns, filepath.Join(more, "*", "cluster.yaml"))
	}
	for _, pattern := range patterns {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %v", pattern, err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			manifests[filepath.Base(filepath.Dir(file))+"/"+filepath.Base(file)] = string(data)
		}
	}
	cases, err := filepath.Glob("../desired/testdata/topology/*.txtar")
	if err != nil || len(cases) == 0 {
		t.Fatal("there are no cases")
	}
	for _, file := range cases {
		archive, err := txtar.ParseFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range archive.Files {
			if strings.HasSuffix(f.Name, ".yaml") {
				manifests[filepath.Base(file)] = string(f.Data)
			}
		}
	}
	return manifests
}

// TestAfterItsEndTheAccountIsAsBeforeTheClusterButForSnapshots makes and deletes every
// topology of the repository. What is shared is untouched.
func TestAfterItsEndTheAccountIsAsBeforeTheClusterButForSnapshots(t *testing.T) {
	for name, manifest := range topologies(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			region := clusterOf(t, manifest).Region
			g, clock := still(t, region)
			c := clusterOf(t, given(t, g, region, manifest))
			before := g.region.Inventory()

			l := &life{region: g.region}
			l.until(t, g, clock, c, made)
			c.Policy.Deletion = true
			l.until(t, g, clock, c, gone)

			var after []awssim.Item
			snapshots := map[string]bool{}
			for _, item := range g.region.Inventory() {
				if item.Type == "snapshot" {
					snapshots[item.Name] = true
				} else {
					after = append(after, item)
				}
			}
			if d := cmp.Diff(before, after); d != "" {
				t.Errorf("the account (-before +after):\n%s", d)
			}
			for _, v := range topology.Of[topology.Volume](c.Topology) {
				if !snapshots[v.Name] {
					t.Errorf("no snapshot of %s is kept", v.Name)
				}
			}
		})
	}
}
