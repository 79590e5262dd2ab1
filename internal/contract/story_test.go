package contract

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/examples"
	"github.com/quorate/quorate/topology"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// An example is a manifest and what its people do with it.
type example struct {
	name, cluster string
	manifest      []byte
	// workers is the group whose minimum somebody lowers by hand.
	workers string
	// change edits the manifest: old text, new text, each of which must be there.
	change [][2]string
	// moto edits the manifest for what moto cannot hold; a row of its differences says why.
	moto [][2]string
}

// another is a worker group that comes and goes.
const another = `
---
apiVersion: kops.k8s.io/v1alpha2
kind: InstanceGroup
metadata:
  name: batch
  labels:
    kops.k8s.io/cluster: CLUSTER
  annotations:
    quorate.dev/scaling-cpu-target: "60"
    quorate.dev/scaling-schedule: "0 6 * * MON-FRI min=1 max=2"
spec:
  role: Node
  image: ` + image + `
  machineType: m5.large
  minSize: 0
  maxSize: 2
  subnets:
  - SUBNET
`

func exampleClusters(t *testing.T) []example {
	t.Helper()
	private, err := os.ReadFile("testdata/private.yaml")
	if err != nil {
		t.Fatal(err)
	}
	ipv6, err := os.ReadFile("testdata/ipv6.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return []example{
		{
			name: "ha", cluster: "ha.example.com", workers: "nodes.ha.example.com",
			// moto lists the hosted zones of a name, and not those that come after it.
			manifest: bytes.Replace(examples.HA, []byte("spec:\n"), []byte("spec:\n  dnsZone: example.com\n"), 1),
			change: [][2]string{
				{"      class: Network\n", "      class: Network\n      useForInternalApi: true\n"},
				{"  - 0.0.0.0/0\n", "  - 192.0.2.0/24\n"},
				{"  - 10.0.0.0/8\n", "  - 10.1.0.0/16\n"},
				{"encryptedVolume: true\n", "encryptedVolume: true\n      volumeSize: 30\n"},
				{"maxSize: 6\n", "maxSize: 8\n"},
			},
		},
		{
			name: "private", cluster: "private.example.com", manifest: private, workers: "nodes.private.example.com",
			change: [][2]string{
				{"192.0.2.0/24", "192.0.3.0/24"},
				{"198.51.100.0/24", "198.51.101.0/24"},
				{"203.0.113.0/24", "203.0.114.0/24"},
				{"s3:GetObject", "s3:ListBucket"},
				{"name: reader", "name: writer"},
				{"volumeIops: 200", "volumeIops: 300"},
				{"onDemandAboveBase: 50", "onDemandAboveBase: 20"},
				{"[m5.large, m5.xlarge]", "[m5.xlarge, m5.large]"},
				{"maxSize: 6\n", "maxSize: 8\n"},
			},
			// moto starts no machines for a policy of several types, and others wait for them.
			moto: [][2]string{{"minSize: 1\n  maxSize: 3\n  mixedInstancesPolicy", "minSize: 0\n  maxSize: 3\n  mixedInstancesPolicy"}},
		},
		{
			name: "ipv6", cluster: "ipv6.example.com", manifest: ipv6, workers: "nodes.ipv6.example.com",
			change: [][2]string{
				{"2001:db8:1::/48", "2001:db8:4::/48"},
				{"2001:db8:2::/48", "2001:db8:5::/48"},
				// A subnet in one range makes room for another in the next.
				{"  - 10.1.0.0/16\n", "  - 10.2.0.0/16\n"},
				{"name: spare-1\n    cidr: 10.1.32.0/20\n    ipv6CIDR: /64#10\n", "name: spare-2\n    cidr: 10.2.32.0/20\n    ipv6CIDR: /64#11\n"},
			},
			moto: [][2]string{
				{"name: private-a\n", "name: private-a\n    cidr: 172.20.128.0/19\n"},
				{"name: private-b\n", "name: private-b\n    cidr: 172.20.160.0/19\n"},
				{"name: private-c\n", "name: private-c\n    cidr: 172.20.192.0/19\n"},
			},
		},
	}
}

// edited is the manifest as its people change it.
func (e example) edited(t *testing.T) string {
	t.Helper()
	return e.edit(t, e.change)
}

// inMoto is the example as moto can hold it.
func (e example) inMoto(t *testing.T) example {
	t.Helper()
	e.manifest = []byte(e.edit(t, e.moto))
	return e
}

// edit applies the edits to every place that has the old text.
func (e example) edit(t *testing.T, edits [][2]string) string {
	t.Helper()
	text := string(e.manifest)
	for _, edit := range edits {
		if !strings.Contains(text, edit[0]) {
			t.Fatalf("the manifest of %s has no %q to change", e.name, edit[0])
		}
		text = strings.ReplaceAll(text, edit[0], edit[1])
	}
	return text
}

// withAnother adds the group that comes and goes.
func (e example) withAnother(manifest string) string {
	subnet := "us-east-1a"
	if !strings.Contains(manifest, "- name: "+subnet) {
		subnet = "private-a"
	}
	return manifest + strings.NewReplacer("CLUSTER", e.cluster, "SUBNET", subnet).Replace(another)
}

func TestContractBothWorldsTellOneStory(t *testing.T) {
	for _, e := range exampleClusters(t) {
		t.Run(e.name+"/simulator", func(t *testing.T) { tellStory(t, e, simulator(t)) })
		t.Run(e.name+"/moto", func(t *testing.T) { tellStory(t, e.inMoto(t), moto(t)) })
	}
}

// tellStory is the whole life of a cluster. Each chapter's plan is in the golden file,
// which both worlds share.
func tellStory(t *testing.T, e example, w world) {
	t.Helper()
	c := &cluster{T: t, world: w, name: e.cluster, met: map[string]bool{}}
	var book txtar.Archive
	chapter := func(name string, plan func(actual.State) diff.Plan) {
		t.Helper()
		first := c.converge(plan)
		book.Files = append(book.Files, txtar.File{Name: name, Data: []byte(strings.Join(first, "\n") + "\n")})
		if again := c.told(plan(c.observe())); len(again) > 0 {
			t.Errorf("after %q there is still something to do:\n%s", name, strings.Join(again, "\n"))
		}
	}

	c.read(string(e.manifest))
	chapter("create", c.plan)
	c.revoke("masters."+e.cluster, 443)
	c.lower(e.workers)
	c.untag()
	c.deafen(e.workers)
	chapter("correct what somebody did by hand", c.plan)
	c.read(e.withAnother(e.edited(t)))
	chapter("change, and add a worker group", c.plan)
	c.read(e.edited(t))
	chapter("take a worker group away", c.plan)
	c.want.Policy.Deletion = true
	chapter("delete", func(s actual.State) diff.Plan { return diff.Teardown(s.Topology, s.Machines) })
	c.checkSnapshotsAlone()
	c.checkDifferences()
	compare(t, "testdata/"+e.name+".txtar", book)
}

// checkSnapshotsAlone asks that nothing is left but what etcd's data can be had back from.
func (c *cluster) checkSnapshotsAlone() {
	c.Helper()
	for ref := range c.observe().Topology.All() {
		c.Errorf("left after the deletion: %s", ref)
	}
	out, err := c.clients.EC2.DescribeSnapshots(c.Context(), &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, Filters: []ec2types.Filter{{Name: aws.String("tag-key"), Values: []string{topology.TagRetired}}},
	})
	if err != nil {
		c.Fatal(err)
	}
	var members []string
	for _, s := range out.Snapshots {
		for _, tag := range s.Tags {
			if aws.ToString(tag.Key) == topology.TagName {
				members = append(members, aws.ToString(tag.Value))
			}
		}
	}
	var want []string
	for _, v := range topology.Of[topology.Volume](c.want.Topology) {
		want = append(want, v.Name)
	}
	slices.Sort(members)
	if d := cmp.Diff(want, members); d != "" {
		c.Errorf("snapshots (-want +got):\n%s", d)
	}
	if c.inventory == nil {
		return
	}
	if d := cmp.Diff(map[string]int{"snapshot": len(want), "hosted-zone": 1}, c.inventory()); d != "" {
		c.Errorf("left in the account after the deletion: %s", d)
	}
}

func compare(t *testing.T, path string, book txtar.Archive) {
	t.Helper()
	got := txtar.Format(&book)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Errorf("the story is not the one in %s:\n%s", path, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(string(got), "\n")))
	}
}
