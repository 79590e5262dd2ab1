package awssim_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (w *world) describedAddress(t *testing.T, id string) types.Address {
	t.Helper()
	return call(w.ec2.DescribeAddresses(t.Context(), &ec2.DescribeAddressesInput{AllocationIds: []string{id}})).must(t).Addresses[0]
}

func TestElasticAddressGoesFromMachineToMachine(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	net := w.network(t)
	one, two := w.instance(t, net.subnets[0]), w.instance(t, net.subnets[0])
	id := *call(w.ec2.AllocateAddress(ctx, &ec2.AllocateAddressInput{Domain: types.DomainTypeVpc, TagSpecifications: tagged(types.ResourceTypeElasticIp, "Name", "a")})).must(t).AllocationId
	associate := func(instance string, force bool) answer[*ec2.AssociateAddressOutput] {
		return call(w.ec2.AssociateAddress(ctx, &ec2.AssociateAddressInput{AllocationId: &id, InstanceId: &instance, AllowReassociation: &force}))
	}
	associate(one, false).must(t)
	associate(two, false).refused(t, "Resource.AlreadyAssociated")
	association := associate(two, true).must(t).AssociationId
	a := w.describedAddress(t, id)
	if *a.InstanceId != two || *a.AssociationId != *association || *a.PrivateIpAddress != *w.describedInstance(t, two).PrivateIpAddress || len(a.Tags) != 1 {
		t.Errorf("address %+v", a)
	}
	if got := w.describedInstance(t, two).PublicIpAddress; aws.ToString(got) != *a.PublicIp {
		t.Errorf("the machine shows %s", aws.ToString(got))
	}
	call(w.ec2.DisassociateAddress(ctx, &ec2.DisassociateAddressInput{AssociationId: association})).must(t)
	call(w.ec2.DisassociateAddress(ctx, &ec2.DisassociateAddressInput{AssociationId: association})).refused(t, "InvalidAssociationID.NotFound")
	if a := w.describedAddress(t, id); a.AssociationId != nil || a.InstanceId != nil {
		t.Errorf("address %+v", a)
	}
	found := call(w.ec2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{PublicIps: []string{*a.PublicIp}})).must(t).Addresses
	if len(found) != 1 || *found[0].AllocationId != id {
		t.Errorf("found %+v", found)
	}
	call(w.ec2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{PublicIps: []string{"192.0.2.1"}})).refused(t, "InvalidAddress.NotFound")
	call(w.ec2.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &id})).must(t)
	call(w.ec2.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: &id})).refused(t, "InvalidAllocationID.NotFound")
}

func TestTerminatedMachineFreesItsElasticAddress(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	instance := w.instance(t, w.network(t).subnets[0])
	id := *call(w.ec2.AllocateAddress(ctx, nil)).must(t).AllocationId
	call(w.ec2.AssociateAddress(ctx, &ec2.AssociateAddressInput{AllocationId: &id, InstanceId: &instance})).must(t)
	w.terminate(t, instance)
	w.clock.Advance(time.Minute)
	if a := w.describedAddress(t, id); a.AssociationId != nil {
		t.Errorf("address %+v", a)
	}
}

func TestEgressOnlyGatewayTakesIPv6Routes(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := w.vpc(t, "172.20.0.0/16")
	table := w.routeTable(t, vpc)
	create := func() string {
		return *call(w.ec2.CreateEgressOnlyInternetGateway(ctx, &ec2.CreateEgressOnlyInternetGatewayInput{VpcId: &vpc, ClientToken: aws.String("once"),
			TagSpecifications: tagged(types.ResourceTypeEgressOnlyInternetGateway, "Name", "ha")})).must(t).EgressOnlyInternetGateway.EgressOnlyInternetGatewayId
	}
	id := create()
	if again := create(); again != id {
		t.Errorf("made %s, then %s", id, again)
	}
	call(w.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: &table, DestinationIpv6CidrBlock: aws.String("::/0"), EgressOnlyInternetGatewayId: &id})).must(t)
	found := call(w.ec2.DescribeEgressOnlyInternetGateways(ctx, &ec2.DescribeEgressOnlyInternetGatewaysInput{Filters: by("tag:Name", "ha")})).must(t).EgressOnlyInternetGateways
	if len(found) != 1 || *found[0].Attachments[0].VpcId != vpc {
		t.Errorf("found %+v", found)
	}
	call(w.ec2.DeleteEgressOnlyInternetGateway(ctx, &ec2.DeleteEgressOnlyInternetGatewayInput{EgressOnlyInternetGatewayId: &id})).must(t)
	if routes := w.describedTable(t, table).Routes; routes[1].State != types.RouteStateBlackhole {
		t.Errorf("routes %+v", routes)
	}
}

func TestRouteIsReplacedAndDeleted(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	net := w.network(t)
	table, igw := w.routeTable(t, net.vpc), w.gateway(t, net.vpc)
	instance := w.instance(t, net.subnets[0])
	all := aws.String("0.0.0.0/0")
	call(w.ec2.CreateRoute(ctx, &ec2.CreateRouteInput{RouteTableId: &table, DestinationCidrBlock: all, GatewayId: &igw})).must(t)
	call(w.ec2.ReplaceRoute(ctx, &ec2.ReplaceRouteInput{RouteTableId: &table, DestinationCidrBlock: all, InstanceId: &instance})).must(t)
	r := w.describedTable(t, table).Routes[1]
	if aws.ToString(r.InstanceId) != instance || r.GatewayId != nil || aws.ToString(r.NetworkInterfaceId) == "" || r.State != types.RouteStateActive {
		t.Errorf("route %+v", r)
	}
	found := call(w.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: by("route.instance-id", instance)})).must(t).RouteTables
	if len(found) != 1 {
		t.Errorf("found %+v", found)
	}
	call(w.ec2.DeleteRoute(ctx, &ec2.DeleteRouteInput{RouteTableId: &table, DestinationCidrBlock: all})).must(t)
	if routes := w.describedTable(t, table).Routes; len(routes) != 1 {
		t.Errorf("routes %+v", routes)
	}
}
