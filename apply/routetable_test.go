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

func TestRouteTableIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		a, b := aSubnet("a", "172.20.32.0/19"), aSubnet("b", "172.20.64.0/19")
		want := aRouteTable(anInternetGateway().Ref(), a.Ref())
		w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), a, b, want)
		wantRouteTable(t, w, want)

		want.Subnets = topology.SortRefs([]topology.Ref{a.Ref(), b.Ref()})
		want.Routes = append(want.Routes, topology.Route{Destination: netip.MustParsePrefix("::/0"), Target: anInternetGateway().Ref()})
		want.Tags = want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		wantRouteTable(t, w, want)

		w.remove(t, want)
		if left := w.routeTables(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestRouteIsTurnedToItsWantedTarget(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		a, utility := aSubnet("a", "172.20.32.0/19"), aSubnet("utility-a", "172.20.0.0/22")
		gateway := aNATGateway(utility)
		table := aRouteTable(anInternetGateway().Ref(), a.Ref())
		w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), a, utility, anElasticIP(), gateway, table)
		w.settle(t)
		table.Routes = []topology.Route{{Destination: netip.MustParsePrefix("0.0.0.0/0"), Target: gateway.Ref()}}
		w.update(t, table)
		wantRouteTable(t, w, table)
	})
}

// Somebody gave the subnet another table: it comes back in one call.
func TestSubnetIsTakenBackFromAnotherTable(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.onlySimulated(t, "answers with the old association where AWS refuses")
		a := aSubnet("a", "172.20.32.0/19")
		w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), a)
		api := w.env.clients.EC2
		other, err := api.CreateRouteTable(t.Context(), &ec2.CreateRouteTableInput{VpcId: aws.String(w.ids[aVPC().Ref()])})
		if err != nil {
			t.Fatal(err)
		}
		_, err = api.AssociateRouteTable(t.Context(), &ec2.AssociateRouteTableInput{
			RouteTableId: other.RouteTable.RouteTableId, SubnetId: aws.String(w.ids[a.Ref()]),
		})
		if err != nil {
			t.Fatal(err)
		}
		table := aRouteTable(anInternetGateway().Ref(), a.Ref())
		w.create(t, table)
		wantRouteTable(t, w, table)
	})
}

func TestRouteTargetsByTheirIDs(t *testing.T) {
	route := topology.Route{Destination: netip.MustParsePrefix("10.0.0.0/8")}
	for _, target := range []string{"igw-1", "vgw-1", "nat-1", "tgw-1", "pcx-1", "eigw-1", "i-1", "eni-1"} {
		in, err := routeInput("rtb-1", route, target)
		if err != nil {
			t.Errorf("%s: %v", target, err)
			continue
		}
		if got := targetOf(ec2types.Route{
			GatewayId: in.GatewayId, NatGatewayId: in.NatGatewayId, TransitGatewayId: in.TransitGatewayId, VpcPeeringConnectionId: in.VpcPeeringConnectionId,
			EgressOnlyInternetGatewayId: in.EgressOnlyInternetGatewayId, InstanceId: in.InstanceId, NetworkInterfaceId: in.NetworkInterfaceId,
		}); got != target {
			t.Errorf("%s ended as %q", target, got)
		}
	}
	if _, err := routeInput("rtb-1", route, "vol-1"); err == nil {
		t.Error("a route was made to a volume")
	}
}

func (w *world) routeTables(t *testing.T) []ec2types.RouteTable {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeRouteTables(t.Context(), &ec2.DescribeRouteTablesInput{Filters: carrying(testCluster)})
	if err != nil {
		t.Fatal(err)
	}
	return out.RouteTables
}

func wantRouteTable(t *testing.T, w *world, want topology.RouteTable) {
	t.Helper()
	found := w.routeTables(t)
	if len(found) != 1 {
		t.Fatalf("there are %d route tables", len(found))
	}
	refs := w.refs()
	got := topology.RouteTable{Name: want.Name, VPC: refs[aws.ToString(found[0].VpcId)], Tags: tagsOf(found[0].Tags), Ownership: want.Ownership}
	for _, a := range found[0].Associations {
		got.Subnets = append(got.Subnets, refs[aws.ToString(a.SubnetId)])
	}
	for _, r := range found[0].Routes {
		if target := targetOf(r); target != "local" {
			destination := netip.MustParsePrefix(aws.ToString(r.DestinationCidrBlock) + aws.ToString(r.DestinationIpv6CidrBlock))
			got.Routes = append(got.Routes, topology.Route{Destination: destination, Target: refs[target]})
		}
	}
	got.Subnets, got.Routes = topology.SortRefs(got.Subnets), topology.SortRoutes(got.Routes)
	if diff := cmp.Diff(want, got, prefixes); diff != "" {
		t.Errorf("route table (-want +got):\n%s", diff)
	}
}

func targetOf(r ec2types.Route) string {
	for _, id := range []*string{r.GatewayId, r.NatGatewayId, r.TransitGatewayId, r.VpcPeeringConnectionId, r.EgressOnlyInternetGatewayId, r.InstanceId, r.NetworkInterfaceId} {
		if aws.ToString(id) != "" {
			return *id
		}
	}
	return ""
}
