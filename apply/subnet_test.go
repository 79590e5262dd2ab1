package apply

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestSubnetIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aSubnet("a", "172.20.32.0/19")
		w.create(t, aDHCPOptions(), aVPC(), want)
		wantSubnet(t, w, want)
		w.create(t, want)
		wantSubnet(t, w, want)

		want.HostnameType, want.ResourceNameA = "ip-name", false
		w.update(t, want)
		wantSubnet(t, w, want)
		w.settle(t)
		want.IPv6CIDR = "/64#1a"
		w.update(t, want)
		want.AssignIPv6, want.ResourceNameAAAA = true, true
		w.update(t, want)
		wantSubnet(t, w, want)
		want.Tags = want.Tags.With(topology.Tags{"kubernetes.io/role/elb": "1"})
		w.update(t, want)
		wantSubnet(t, w, want)

		w.remove(t, want)
		if left := w.subnets(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestSubnetIsMadeWithItsIPv6Range(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aSubnet("a", "172.20.32.0/19")
		want.IPv6CIDR, want.AssignIPv6 = "/64#0", true
		w.create(t, aDHCPOptions(), aVPC())
		w.settle(t)
		w.create(t, want)
		wantSubnet(t, w, want)
	})
}

func TestSubnetWaitsForTheVPCsIPv6Block(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	w.create(t, aDHCPOptions(), aVPC())
	want := aSubnet("a", "172.20.32.0/19")
	want.IPv6CIDR, want.AssignIPv6 = "/64#0", true
	if wait, ok := errors.AsType[*WaitError](w.tryCreate(t, want)); !ok || !strings.Contains(wait.Reason, "IPv6 block") {
		t.Errorf("got %v, want to wait for the block", wait)
	}
	if made := w.subnets(t); len(made) != 0 {
		t.Errorf("made too early: %v", made)
	}
	w.settle(t)
	w.create(t, want)
	wantSubnet(t, w, want)
}

func TestSubnetWithIPv6AloneIsMadeAndFoundAgain(t *testing.T) {
	w := simulatedWorld(t, testRegion) // moto's answers about such subnets cannot be read
	w.create(t, aDHCPOptions(), aVPC())
	w.settle(t)
	want := aSubnet("a", "172.20.32.0/19")
	want.CIDR, want.IPv6CIDR, want.AssignIPv6, want.DNS64 = netip.Prefix{}, "/64#a", true, true
	want.ResourceNameA, want.ResourceNameAAAA = false, true
	w.lossy(t, "CreateSubnet", want)
	wantSubnet(t, w, want)
}

func TestLostAnswerNeverMakesASecondSubnet(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.create(t, aDHCPOptions(), aVPC())
		w.lossy(t, "CreateSubnet", aSubnet("a", "172.20.32.0/19"))
		wantSubnet(t, w, aSubnet("a", "172.20.32.0/19"))
	})
}

func TestRangeOfAnotherSubnetIsNotTaken(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.create(t, aDHCPOptions(), aVPC(), aSubnet("a", "172.20.32.0/19"))
		if err := w.tryCreate(t, aSubnet("b", "172.20.32.0/19")); err == nil {
			t.Error("subnet b was made, or took subnet a for itself")
		}
	})
}

func TestSubnetOfTheVPCsIPv6Block(t *testing.T) {
	for _, c := range []struct{ block, number, want string }{
		{"2001:db8:1234:1a00::/56", "0", "2001:db8:1234:1a00::/64"},
		{"2001:db8:1234:1a00::/56", "ff", "2001:db8:1234:1aff::/64"},
		{"2001:db8:1234:1a00::/56", "100", ""},
		{"2001:db8:1234:1a00::/56", "x", ""},
		{"", "0", ""},
	} {
		got, err := nth64(c.block, c.number)
		if aws.ToString(got) != c.want || (err == nil) != (c.want != "") {
			t.Errorf("nth64(%q, %q) = %q, %v; want %q", c.block, c.number, aws.ToString(got), err, c.want)
		}
	}
}

func (w *world) subnets(t *testing.T) []ec2types.Subnet {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeSubnets(t.Context(), &ec2.DescribeSubnetsInput{Filters: carrying(testCluster)})
	if err != nil {
		t.Fatal(err)
	}
	return out.Subnets
}

// wantSubnet reads the one subnet back and compares it.
func wantSubnet(t *testing.T, w *world, want topology.Subnet) {
	t.Helper()
	found := w.subnets(t)
	if len(found) != 1 {
		t.Fatalf("there are %d subnets", len(found))
	}
	got := attributesOf(found[0])
	got.Name, got.VPC, got.Ownership = want.Name, want.VPC, want.Ownership
	got.Zone, got.CIDR = aws.ToString(found[0].AvailabilityZone), prefixOf(t, aws.ToString(found[0].CidrBlock))
	got.Tags = tagsOf(found[0].Tags)
	if !w.simulated { // moto forgets these
		got.HostnameType, got.ResourceNameAAAA, got.DNS64 = want.HostnameType, want.ResourceNameAAAA, want.DNS64
	}
	for _, a := range found[0].Ipv6CidrBlockAssociationSet {
		if wanted := w.numbered(t, want.IPv6CIDR); wanted == aws.ToString(a.Ipv6CidrBlock) {
			got.IPv6CIDR = want.IPv6CIDR
		}
	}
	if diff := cmp.Diff(want, got, prefixes); diff != "" {
		t.Errorf("subnet (-want +got):\n%s", diff)
	}
}

// prefixOf is invalid for no range at all.
func prefixOf(t *testing.T, text string) netip.Prefix {
	t.Helper()
	if text == "" {
		return netip.Prefix{}
	}
	p, err := netip.ParsePrefix(text)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// numbered is the range that "/64#K" stands for.
func (w *world) numbered(t *testing.T, number string) string {
	t.Helper()
	block, _ := amazonBlock(w.vpcs(t)[0])
	got, err := nth64(aws.ToString(block.Ipv6CidrBlock), number[len("/64#"):])
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(got)
}
