package awssim_test

import (
	"slices"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (w *world) routeTable(t *testing.T, vpc string) string {
	t.Helper()
	return *call(w.ec2.CreateRouteTable(t.Context(), &ec2.CreateRouteTableInput{VpcId: &vpc})).must(t).RouteTable.RouteTableId
}

func (w *world) describedTable(t *testing.T, id string) types.RouteTable {
	t.Helper()
	return call(w.ec2.DescribeRouteTables(t.Context(), &ec2.DescribeRouteTablesInput{RouteTableIds: []string{id}})).must(t).RouteTables[0]
}

func TestRoutesAreIdentifiedByTheirDestination(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := w.vpc(t, "172.20.0.0/16")
	table, igw := w.routeTable(t, vpc), w.gateway(t, vpc)
	foreign := w.gateway(t, w.vpc(t, "172.21.0.0/16"))
	create := func(destination, gateway string) func() error {
		return func() error {
			return only(w.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: &destination, GatewayId: &gateway}))
		}
	}
	try(t, []refusal{
		{"a route is made", create("0.0.0.0/0", igw), ""},
		{"not twice", create("0.0.0.0/0", igw), "RouteAlreadyExists"},
		{"nor with other host bits", create("1.2.3.4/0", igw), "RouteAlreadyExists"},
		{"the local route is there already", create("172.20.0.0/16", igw), "RouteAlreadyExists"},
		{"not to another VPC's gateway", create("10.0.0.0/8", foreign), "InvalidParameterValue"},
		{"not to nowhere", create("10.0.0.0/8", "igw-0"), "InvalidGatewayID.NotFound"},
		{"not without a target", func() error {
			return only(w.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: aws.String("10.0.0.0/8")}))
		}, "InvalidParameterCombination"},
		{"an IPv6 route is another", func() error {
			return only(w.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: &table, DestinationIpv6CidrBlock: aws.String("::/0"), GatewayId: &igw}))
		}, ""},
		{"a missing route is not replaced", func() error {
			return only(w.ec2.ReplaceRoute(ctx, &ec2.ReplaceRouteInput{RouteTableId: &table, DestinationCidrBlock: aws.String("10.0.0.0/8"), GatewayId: &igw}))
		}, "InvalidParameterValue"},
		{"a missing route is not deleted", func() error {
			return only(w.ec2.DeleteRoute(ctx, &ec2.DeleteRouteInput{RouteTableId: &table, DestinationCidrBlock: aws.String("10.0.0.0/8")}))
		}, "InvalidRoute.NotFound"},
	})
	call(w.ec2.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{VpcId: &vpc, InternetGatewayId: &igw})).must(t)
	states := map[string]types.RouteState{}
	for _, r := range w.describedTable(t, table).Routes {
		states[aws.ToString(r.DestinationCidrBlock)+aws.ToString(r.DestinationIpv6CidrBlock)] = r.State
	}
	if states["0.0.0.0/0"] != types.RouteStateBlackhole || states["172.20.0.0/16"] != types.RouteStateActive {
		t.Errorf("with the gateway gone: %v", states)
	}
}

func TestSubnetHasOneRouteTable(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := w.vpc(t, "172.20.0.0/16")
	subnet := w.subnet(t, vpc, "172.20.32.0/19", "us-east-1a")
	first, second := w.routeTable(t, vpc), w.routeTable(t, vpc)
	associate := func(table string) (*ec2.AssociateRouteTableOutput, error) {
		return w.ec2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: &table, SubnetId: &subnet})
	}
	id := *call(associate(first)).must(t).AssociationId
	if again := *call(associate(first)).must(t).AssociationId; again != id {
		t.Errorf("associating again gave %s after %s", again, id)
	}
	call(associate(second)).refused(t, "Resource.AlreadyAssociated")
	call(w.ec2.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &first})).refused(t, "DependencyViolation")

	moved := *call(w.ec2.ReplaceRouteTableAssociation(ctx, &ec2.ReplaceRouteTableAssociationInput{AssociationId: &id, RouteTableId: &second})).must(t).NewAssociationId
	found := call(w.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: by("association.subnet-id", subnet)})).must(t).RouteTables
	if len(found) != 1 || *found[0].RouteTableId != second || *found[0].Associations[0].RouteTableAssociationId != moved {
		t.Errorf("found %+v", found)
	}
	call(w.ec2.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: &moved})).must(t)
	call(w.ec2.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: &moved})).refused(t, "InvalidAssociationID.NotFound")
	call(w.ec2.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &first})).must(t)
}

func TestMainRouteTableCanBeAnother(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := w.vpc(t, "172.20.0.0/16")
	main := func() types.RouteTable {
		return call(w.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: append(by("vpc-id", vpc), by("association.main", "true")...)})).must(t).RouteTables[0]
	}
	old, table := main(), w.routeTable(t, vpc)
	call(w.ec2.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: old.RouteTableId})).refused(t, "DependencyViolation")
	call(w.ec2.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: old.Associations[0].RouteTableAssociationId})).refused(t, "InvalidParameterValue")
	call(w.ec2.ReplaceRouteTableAssociation(ctx, &ec2.ReplaceRouteTableAssociationInput{AssociationId: old.Associations[0].RouteTableAssociationId, RouteTableId: &table})).must(t)
	if got := *main().RouteTableId; got != table {
		t.Errorf("main is %s", got)
	}
	call(w.ec2.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: old.RouteTableId})).must(t)
}

func TestClientTokensMakeCreatingIdempotent(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc, other := w.vpc(t, "172.20.0.0/16"), w.vpc(t, "172.21.0.0/16")
	create := func(token, vpc string) (*ec2.CreateRouteTableOutput, error) {
		return w.ec2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: &vpc, ClientToken: &token})
	}
	first := *call(create("a", vpc)).must(t).RouteTable.RouteTableId
	again := *call(create("a", vpc)).must(t).RouteTable.RouteTableId
	second := *call(create("b", vpc)).must(t).RouteTable.RouteTableId
	if first != again || first == second {
		t.Errorf("made %s, %s, %s", first, again, second)
	}
	call(create("a", other)).refused(t, "IdempotentParameterMismatch")

	call(w.ec2.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: &first})).must(t)
	if anew := *call(create("a", vpc)).must(t).RouteTable.RouteTableId; anew == first {
		t.Errorf("the token still stands for %s, which is gone", first)
	}
}

func TestNATGatewayTakesItsTime(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := w.vpc(t, "172.20.0.0/16")
	subnet, table, igw := w.subnet(t, vpc, "172.20.0.0/22", "us-east-1a"), w.routeTable(t, vpc), w.gateway(t, vpc)
	eip := *call(w.ec2.AllocateAddress(ctx, &ec2.AllocateAddressInput{TagSpecifications: tagged(types.ResourceTypeElasticIp, "Name", "a")})).must(t).AllocationId
	nat := *call(w.ec2.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{SubnetId: &subnet, AllocationId: &eip, ClientToken: aws.String("x")})).must(t).NatGateway.NatGatewayId
	route := func() (*ec2.CreateRouteOutput, error) {
		return w.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: aws.String("0.0.0.0/0"), NatGatewayId: &nat})
	}
	state := func() types.NatGatewayState {
		return call(w.ec2.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{nat}})).must(t).NatGateways[0].State
	}

	call(route()).refused(t, "InvalidNatGatewayID.NotFound")
	if got := state(); got != types.NatGatewayStatePending {
		t.Errorf("at first %s", got)
	}
	w.clock.Advance(minutes(2))
	if got := state(); got != types.NatGatewayStateAvailable {
		t.Errorf("after two minutes %s", got)
	}
	call(route()).must(t)
	try(t, []refusal{
		{"its address is in use", func() error {
			return only(w.ec2.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &eip}))
		}, "InvalidIPAddress.InUse"},
		{"its subnet is in use", func() error {
			return only(w.ec2.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &subnet}))
		}, "DependencyViolation"},
		{"the way out has mapped addresses", func() error {
			return only(w.ec2.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{VpcId: &vpc, InternetGatewayId: &igw}))
		}, "DependencyViolation"},
	})

	call(w.ec2.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: &nat})).must(t)
	if got := state(); got != types.NatGatewayStateDeleting {
		t.Errorf("after deleting %s", got)
	}
	w.clock.Advance(minutes(2))
	if got := state(); got != types.NatGatewayStateDeleted {
		t.Errorf("two minutes later %s", got)
	}
	call(w.ec2.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &eip})).must(t)
	call(w.ec2.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: &subnet})).must(t)
	if slices.ContainsFunc(w.Inventory(), isType("natgateway")) {
		t.Error("a deleted gateway is in the inventory")
	}
	w.clock.Advance(minutes(61))
	call(w.ec2.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{nat}})).refused(t, "NatGatewayNotFound")
}

func TestNATGatewayFailsLater(t *testing.T) {
	for _, c := range []struct {
		name    string
		prepare func(w *world, vpc, subnet, eip string)
		code    string
	}{
		{"without a way out", func(*world, string, string, string) {}, "Gateway.NotAttached"},
		{"when its address is taken", func(w *world, vpc, subnet, eip string) {
			w.gateway(t, vpc)
			call(w.ec2.CreateNatGateway(t.Context(), &ec2.CreateNatGatewayInput{SubnetId: &subnet, AllocationId: &eip})).must(t)
		}, "Resource.AlreadyAssociated"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			vpc := w.vpc(t, "172.20.0.0/16")
			subnet := w.subnet(t, vpc, "172.20.0.0/22", "us-east-1a")
			eip := *call(w.ec2.AllocateAddress(t.Context(), nil)).must(t).AllocationId
			c.prepare(w, vpc, subnet, eip)
			nat := call(w.ec2.CreateNatGateway(t.Context(), &ec2.CreateNatGatewayInput{SubnetId: &subnet, AllocationId: &eip})).must(t).NatGateway
			w.clock.Advance(minutes(2))
			got := call(w.ec2.DescribeNatGateways(t.Context(), &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{*nat.NatGatewayId}})).must(t).NatGateways[0]
			if got.State != types.NatGatewayStateFailed || aws.ToString(got.FailureCode) != c.code {
				t.Errorf("%s because of %s", got.State, aws.ToString(got.FailureCode))
			}
		})
	}
}
