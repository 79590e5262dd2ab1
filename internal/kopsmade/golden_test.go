package kopsmade_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	route53types "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/topology"
)

// casesVariable names a folder of cases: NAME/cluster.yaml and, as kops itself wrote it,
// NAME/expected.json. They are not in this repository.
const casesVariable = "QUORATE_KOPS_CASES"

func TestAClusterOfKopsHasAnEmptyPlan(t *testing.T) {
	folder := os.Getenv(casesVariable)
	if folder == "" {
		t.Skip(casesVariable + " names no folder of cases")
	}
	cases, err := filepath.Glob(filepath.Join(folder, "*", "cluster.yaml"))
	if err != nil || len(cases) == 0 {
		t.Fatalf("no cases in %s: %v", folder, err)
	}
	for _, file := range cases {
		t.Run(filepath.Base(filepath.Dir(file)), func(t *testing.T) { judge(t, file) })
	}
}

func judge(t *testing.T, file string) {
	manifest := read(t, file)
	document := read(t, filepath.Join(filepath.Dir(file), "expected.json"))
	before := adopted(t, manifest)
	w := newWorld(t, before.Region)
	w.giveBalancers(before)
	zone := ""
	if len(topology.Of[topology.DNSRecord](before.Topology)) > 0 {
		zone = w.zoneOf(t, before)
	}
	document = goldenZone.ReplaceAllString(document, zone)
	document = goldenImage.ReplaceAllString(document, w.image(t, before))
	others := outsideOf(before, manifest)
	made := w.make(t, before, others.into(t, []byte(document)), zone)
	wantEmpty(t, w.plan(t, adopted(t, others.rename(manifest, made))))
}

// What kops writes when it talks to no AWS.
var (
	goldenZone  = regexp.MustCompile(`\bZ[0-9][A-Z]FAKE1ZON3[A-Z]+\b`)
	goldenImage = regexp.MustCompile(`\bami-12345678\b`)
)

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// image is the id of the image that the first template of a cluster is made from.
func (w *world) image(t *testing.T, c desired.Cluster) string {
	t.Helper()
	for _, template := range topology.Of[topology.LaunchTemplate](c.Topology) {
		owner, name, _ := strings.Cut(template.Image, "/")
		if owner == "ubuntu" {
			owner, name = "099720109477", template.Image
		}
		key := "name"
		out, err := w.clients.EC2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{owner}, Filters: []types.Filter{{Name: &key, Values: []string{name}}}})
		if err != nil || len(out.Images) == 0 {
			t.Fatalf("no image %s: %v", template.Image, err)
		}
		return *out.Images[0].ImageId
	}
	return ""
}

// zoneOf makes the hosted zone that a cluster's names are in.
func (w *world) zoneOf(t *testing.T, c desired.Cluster) (id string) {
	t.Helper()
	zone := topology.Of[topology.DNSRecord](c.Topology)[0].Zone
	name := zone.Name
	if zone.Enclosing {
		_, name, _ = strings.Cut(c.Name, ".")
	}
	if !zone.Private {
		return w.zone(t, name)
	}
	vpc := w.vpc(t)
	out, err := w.clients.Route53.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{
		Name: &name, CallerReference: &name, VPC: &route53types.VPC{VPCId: &vpc, VPCRegion: route53types.VPCRegion(c.Region)},
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(*out.HostedZone.Id, "/hostedzone/")
}

// vpc makes a VPC of somebody else, which every private zone belongs to from the beginning.
func (w *world) vpc(t *testing.T) (id string) {
	t.Helper()
	cidr := "10.200.0.0/16"
	out, err := w.clients.EC2.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: &cidr})
	if err != nil {
		t.Fatal(err)
	}
	return *out.Vpc.VpcId
}
