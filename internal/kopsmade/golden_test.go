package kopsmade_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
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
	// AWS refuses a name outside of its zone; kops, when it talks to no AWS, does not notice.
	manifest := strings.ReplaceAll(read(t, file), "dnsZone: internal.example.com", "dnsZone: example.com")
	manifest = givenARN.ReplaceAllString(manifest, "arn:aws:elasticloadbalancing:us-test-1:"+account+":targetgroup/$1")
	document := read(t, filepath.Join(filepath.Dir(file), "expected.json"))
	before := adopted(t, manifest)
	w := newWorld(t, before.Region)
	w.giveBalancers(before)
	w.giveProfiles(t, before)
	zone := ""
	if len(topology.Of[topology.DNSRecord](before.Topology)) > 0 {
		zone = w.zoneOf(t, before)
	}
	document = goldenZone.ReplaceAllString(document, zone)
	document = goldenImage.ReplaceAllString(document, w.image(t, before))
	document = goldenProvider.ReplaceAllString(document, "arn:aws:iam::"+account+":oidc-provider/")
	document = goldenGateway.ReplaceAllString(document, `"$${aws_internet_gateway.of-vpc-12345678.id}"`)
	document = goldenSlash64.ReplaceAllStringFunc(document, func(text string) string {
		n, err := strconv.ParseUint(goldenSlash64.FindStringSubmatch(text)[1], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		vpc := strings.ReplaceAll(before.Name, ".", "-")
		return fmt.Sprintf("${cidrsubnet(aws_vpc.%s.ipv6_cidr_block, 8, %d)}", vpc, n)
	})
	others := outsideOf(before, manifest)
	made := w.make(t, before, others.into(t, []byte(document)), zone)
	block := strings.TrimSuffix(made("aws_vpc", strings.ReplaceAll(before.Name, ".", "-"), "ipv6_cidr_block"), "00::/56")
	manifest = goldenSlash64.ReplaceAllString(manifest, block+"$1::/64")
	wantEmpty(t, w.plan(t, adopted(t, others.rename(manifest, made))))
}

// What kops writes when it talks to no AWS.
var (
	goldenZone     = regexp.MustCompile(`\bZ[0-9][A-Z]FAKE1ZON3[A-Z]+\b`)
	goldenImage    = regexp.MustCompile(`\bami-12345678\b`)
	goldenProvider = regexp.MustCompile(`arn:aws-test:iam::\d{12}:oidc-provider/`)
	goldenGateway  = regexp.MustCompile(`"igw-1"`)
	goldenSlash64  = regexp.MustCompile(`2001:db8:0:1([0-9a-f]{2})::/64`)
	givenARN       = regexp.MustCompile(`arn:aws-test:elasticloadbalancing:us-test-1:\d+:targetgroup/([a-z0-9/-]+)`)
)

// giveProfiles makes the instance profiles that the machines of a cluster are given.
func (w *world) giveProfiles(t *testing.T, c desired.Cluster) {
	t.Helper()
	given := map[string]bool{}
	for _, template := range topology.Of[topology.LaunchTemplate](c.Topology) {
		name := template.InstanceProfile.Name
		if r, ok := c.Topology.Get(template.InstanceProfile); given[name] || name == "" || ok && r.Owner() == topology.Owned {
			continue
		}
		given[name] = true
		if _, err := w.clients.IAM.CreateInstanceProfile(t.Context(), &iam.CreateInstanceProfileInput{InstanceProfileName: &name}); err != nil {
			t.Fatal(err)
		}
	}
}

func read(t *testing.T, file string) string {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// image is the id of the image that the templates of a cluster are made from: the cases have one each.
func (w *world) image(t *testing.T, c desired.Cluster) string {
	t.Helper()
	image := topology.Of[topology.LaunchTemplate](c.Topology)[0].Image
	owner, name := "099720109477", image
	if !strings.HasPrefix(image, "ubuntu/") {
		owner, name, _ = strings.Cut(image, "/")
	}
	key := "name"
	out, err := w.clients.EC2.DescribeImages(t.Context(), &ec2.DescribeImagesInput{Owners: []string{owner}, Filters: []types.Filter{{Name: &key, Values: []string{name}}}})
	if err != nil || len(out.Images) == 0 {
		t.Fatalf("no image %s: %v", image, err)
	}
	return *out.Images[0].ImageId
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
