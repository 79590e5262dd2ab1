package apply

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestNATGatewayAndItsAddressAreMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		subnet := aSubnet("utility-a", "172.20.0.0/22")
		address, want := anElasticIP(), aNATGateway(subnet)
		w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), subnet, address, want)
		w.create(t, address, want)
		wantNATGateway(t, w, want)

		want.Tags, address.Tags = want.Tags.With(topology.Tags{"team": "blue"}), address.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		w.update(t, address)
		wantNATGateway(t, w, want)
		if diff := cmp.Diff(address.Tags, tagsOf(w.addresses(t)[0].Tags)); diff != "" {
			t.Errorf("tags of the address (-want +got):\n%s", diff)
		}

		w.remove(t, want)
		w.settle(t)
		w.remove(t, address)
		if left := w.natGateways(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
		if left := w.addresses(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestLostAnswerNeverMakesASecondElasticIP(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.lossy(t, "AllocateAddress", anElasticIP())
		if made := w.addresses(t); len(made) != 1 {
			t.Errorf("there are %d addresses", len(made))
		}
	})
}

func (w *world) addresses(t *testing.T) []ec2types.Address {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeAddresses(t.Context(), &ec2.DescribeAddressesInput{Filters: carrying(testCluster)})
	if err != nil {
		t.Fatal(err)
	}
	return out.Addresses
}

// natGateways lists those that live.
func (w *world) natGateways(t *testing.T) []ec2types.NatGateway {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeNatGateways(t.Context(), &ec2.DescribeNatGatewaysInput{
		Filter: []ec2types.Filter{{Name: aws.String("state"), Values: []string{"pending", "available"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	return out.NatGateways
}

func wantNATGateway(t *testing.T, w *world, want topology.NATGateway) {
	t.Helper()
	found := w.natGateways(t)
	if len(found) != 1 {
		t.Fatalf("there are %d NAT gateways", len(found))
	}
	if got, id := aws.ToString(found[0].SubnetId), w.ids[want.Subnet]; got != id {
		t.Errorf("it is in subnet %s, want %s", got, id)
	}
	if got, id := aws.ToString(found[0].NatGatewayAddresses[0].AllocationId), w.ids[want.ElasticIP]; got != id {
		t.Errorf("it has address %s, want %s", got, id)
	}
	if diff := cmp.Diff(want.Tags, tagsOf(found[0].Tags)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}
