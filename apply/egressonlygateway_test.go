package apply

import (
	"net/netip"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestEgressOnlyGatewayIsMadeTaggedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := anEgressOnlyGateway()
		w.create(t, aDHCPOptions(), aVPC(), want)
		w.create(t, want)
		wantEgressOnlyGateway(t, w, want)

		want.Tags = want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		wantEgressOnlyGateway(t, w, want)

		w.remove(t, want)
		if left := w.egressOnlyGateways(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestLostAnswerNeverMakesASecondEgressOnlyGateway(t *testing.T) {
	w := simulatedWorld(t, testRegion) // moto knows no client tokens here
	w.create(t, aDHCPOptions(), aVPC())
	w.lossy(t, "CreateEgressOnlyInternetGateway", anEgressOnlyGateway())
	wantEgressOnlyGateway(t, w, anEgressOnlyGateway())
}

func TestPrivateSubnetsLeaveByTheEgressOnlyGateway(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	table := aRouteTable(anEgressOnlyGateway().Ref())
	table.Routes[0].Destination = netip.MustParsePrefix("::/0")
	w.create(t, aDHCPOptions(), aVPC(), anEgressOnlyGateway(), table)
	out, err := w.env.clients.EC2.DescribeRouteTables(t.Context(), &ec2.DescribeRouteTablesInput{RouteTableIds: []string{w.ids[table.Ref()]}})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range out.RouteTables[0].Routes {
		if aws.ToString(r.DestinationIpv6CidrBlock) == "::/0" && aws.ToString(r.EgressOnlyInternetGatewayId) == w.ids[anEgressOnlyGateway().Ref()] {
			return
		}
	}
	t.Errorf("routes: %+v", out.RouteTables[0].Routes)
}

func (w *world) egressOnlyGateways(t *testing.T) []ec2types.EgressOnlyInternetGateway {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeEgressOnlyInternetGateways(t.Context(), &ec2.DescribeEgressOnlyInternetGatewaysInput{})
	if err != nil {
		t.Fatal(err)
	}
	// moto's account has those of other tests too.
	var ours []ec2types.EgressOnlyInternetGateway
	for _, g := range out.EgressOnlyInternetGateways {
		if aws.ToString(g.Attachments[0].VpcId) == w.ids[aVPC().Ref()] {
			ours = append(ours, g)
		}
	}
	return ours
}

func wantEgressOnlyGateway(t *testing.T, w *world, want topology.EgressOnlyGateway) {
	t.Helper()
	found := w.egressOnlyGateways(t)
	if len(found) != 1 {
		t.Fatalf("there are %d egress-only internet gateways in the VPC", len(found))
	}
	if diff := cmp.Diff(want.Tags, tagsOf(found[0].Tags)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
}
