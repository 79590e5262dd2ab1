package apply

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestVPCIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aVPC()
		w.create(t, aDHCPOptions(), want)
		wantVPC(t, w, want)

		want.DNSHostnames, want.Tags = false, want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		wantVPC(t, w, want)
		want.DNSHostnames, want.DNSSupport = true, true
		w.update(t, want)
		want.DNSHostnames, want.DNSSupport = false, false
		w.update(t, want)
		wantVPC(t, w, want)
		want.DNSHostnames, want.DNSSupport = true, true
		w.update(t, want)
		wantVPC(t, w, want)

		w.remove(t, want)
		w.remove(t, aDHCPOptions())
		if left := w.vpcs(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestVPCWithoutHostNamesIsMadeSo(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aVPC()
		want.DNSSupport, want.DNSHostnames = false, false
		w.create(t, aDHCPOptions(), want)
		wantVPC(t, w, want)
	})
}

func TestLostAnswerNeverMakesASecondVPC(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.lossy(t, "CreateDhcpOptions", aDHCPOptions())
		w.lossy(t, "CreateVpc", aVPC())
		if made := w.vpcs(t); len(made) != 1 {
			t.Errorf("there are %d VPCs", len(made))
		}
		wantVPC(t, w, aVPC())
	})
}

func TestTwoVPCsOfOneNameAreNeverChosenFrom(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.create(t, aDHCPOptions())
		for range 2 {
			_, err := w.env.clients.EC2.CreateVpc(t.Context(), &ec2.CreateVpcInput{
				CidrBlock: aws.String("172.20.0.0/16"), TagSpecifications: tagged(ec2types.ResourceTypeVpc, aVPC().Tags),
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if err := w.tryCreate(t, aVPC()); err == nil {
			t.Error("a third one was made, or one of two was taken")
		}
	})
}

func (w *world) vpcs(t *testing.T) []ec2types.Vpc {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{Filters: carrying(testCluster)})
	if err != nil {
		t.Fatal(err)
	}
	return out.Vpcs
}

// wantVPC reads the one VPC back and compares it.
func wantVPC(t *testing.T, w *world, want topology.VPC) {
	t.Helper()
	found := w.vpcs(t)
	if len(found) != 1 {
		t.Fatalf("there are %d VPCs", len(found))
	}
	vpc := found[0]
	got := want
	_, got.AmazonIPv6 = amazonBlock(vpc)
	got.DNSSupport = w.vpcAttribute(t, vpc.VpcId, ec2types.VpcAttributeNameEnableDnsSupport)
	got.DNSHostnames = w.vpcAttribute(t, vpc.VpcId, ec2types.VpcAttributeNameEnableDnsHostnames)
	got.Tags = tagsOf(vpc.Tags)
	if diff := cmp.Diff(want, got, prefixes); diff != "" {
		t.Errorf("VPC (-want +got):\n%s", diff)
	}
	if id := w.ids[aDHCPOptions().Ref()]; aws.ToString(vpc.DhcpOptionsId) != id {
		t.Errorf("the VPC has DHCP options %s, want %s", aws.ToString(vpc.DhcpOptionsId), id)
	}
}

func (w *world) vpcAttribute(t *testing.T, id *string, name ec2types.VpcAttributeName) bool {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeVpcAttribute(t.Context(), &ec2.DescribeVpcAttributeInput{VpcId: id, Attribute: name})
	if err != nil {
		t.Fatal(err)
	}
	if name == ec2types.VpcAttributeNameEnableDnsSupport {
		return aws.ToBool(out.EnableDnsSupport.Value)
	}
	return aws.ToBool(out.EnableDnsHostnames.Value)
}
