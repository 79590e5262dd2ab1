package apply

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type routeTableWriter interface {
	ec2Tagger
	DescribeRouteTables(context.Context, *ec2.DescribeRouteTablesInput, ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error)
	CreateRouteTable(context.Context, *ec2.CreateRouteTableInput, ...func(*ec2.Options)) (*ec2.CreateRouteTableOutput, error)
	CreateRoute(context.Context, *ec2.CreateRouteInput, ...func(*ec2.Options)) (*ec2.CreateRouteOutput, error)
	ReplaceRoute(context.Context, *ec2.ReplaceRouteInput, ...func(*ec2.Options)) (*ec2.ReplaceRouteOutput, error)
	AssociateRouteTable(context.Context, *ec2.AssociateRouteTableInput, ...func(*ec2.Options)) (*ec2.AssociateRouteTableOutput, error)
	ReplaceRouteTableAssociation(context.Context, *ec2.ReplaceRouteTableAssociationInput, ...func(*ec2.Options)) (*ec2.ReplaceRouteTableAssociationOutput, error)
	DisassociateRouteTable(context.Context, *ec2.DisassociateRouteTableInput, ...func(*ec2.Options)) (*ec2.DisassociateRouteTableOutput, error)
	DeleteRouteTable(context.Context, *ec2.DeleteRouteTableInput, ...func(*ec2.Options)) (*ec2.DeleteRouteTableOutput, error)
}

type routeTables struct {
	api    routeTableWriter
	tokens tokens
}

const routeTableNew = "AWS does not know the new route table everywhere yet"

// Create writes the routes before it associates the subnets, so that no subnet ever
// has a table that leads nowhere.
func (r routeTables) Create(ctx context.Context, want topology.RouteTable, ids topology.Bindings) (topology.Bindings, error) {
	learned, id, err := bound(want.Ref(), ids, func() (string, error) { return r.make(ctx, want, ids) })
	if err != nil {
		return learned, err
	}
	for _, route := range want.Routes {
		if err := r.route(ctx, id, route, ids); err != nil {
			return learned, err
		}
	}
	for _, subnet := range want.Subnets {
		if err := r.associate(ctx, id, subnet, ids); err != nil {
			return learned, err
		}
	}
	return learned, nil
}

func (r routeTables) make(ctx context.Context, want topology.RouteTable, ids topology.Bindings) (string, error) {
	vpc, err := idOf(ids, want.VPC)
	if err != nil {
		return "", err
	}
	in := &ec2.CreateRouteTableInput{VpcId: aws.String(vpc), TagSpecifications: tagged(ec2types.ResourceTypeRouteTable, want.Tags)}
	create := func(token string) (string, error) {
		with := *in
		with.ClientToken = aws.String(token)
		out, err := r.api.CreateRouteTable(ctx, &with)
		if err != nil {
			return "", err
		}
		return aws.ToString(out.RouteTable.RouteTableId), nil
	}
	return r.tokens.make(ctx, want.Ref(), in, create, r.look)
}

func (r routeTables) look(ctx context.Context, id string) (life, error) {
	out, err := r.api.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{id}})
	if err != nil && awsapi.NotFound(err) {
		return unseen, nil
	}
	if err != nil || len(out.RouteTables) == 0 {
		return unseen, err
	}
	return alive, nil
}

// route makes the route, or turns the one to the same destination to the wanted
// target.
func (r routeTables) route(ctx context.Context, table string, route topology.Route, ids topology.Bindings) error {
	target, err := idOf(ids, route.Target)
	if err != nil {
		return err
	}
	in, err := routeInput(table, route, target)
	if err != nil {
		return err
	}
	_, err = r.api.CreateRoute(ctx, in)
	if err != nil && awsapi.AlreadyExists(err) {
		_, err = r.api.ReplaceRoute(ctx, replacing(in))
	}
	return settling(err, route.Target.String()+" is still being made")
}

// routeInput puts the target where AWS wants it by what its id begins with.
func routeInput(table string, route topology.Route, target string) (*ec2.CreateRouteInput, error) {
	in := &ec2.CreateRouteInput{RouteTableId: aws.String(table)}
	if destination := aws.String(route.Destination.String()); route.Destination.Addr().Is4() {
		in.DestinationCidrBlock = destination
	} else {
		in.DestinationIpv6CidrBlock = destination
	}
	kind, _, _ := strings.Cut(target, "-")
	switch kind {
	case "igw", "vgw":
		in.GatewayId = &target
	case "nat":
		in.NatGatewayId = &target
	case "tgw":
		in.TransitGatewayId = &target
	case "pcx":
		in.VpcPeeringConnectionId = &target
	case "eigw":
		in.EgressOnlyInternetGatewayId = &target
	case "i":
		in.InstanceId = &target
	case "eni":
		in.NetworkInterfaceId = &target
	default:
		return nil, fmt.Errorf("a route cannot lead to %s", target)
	}
	return in, nil
}

func replacing(in *ec2.CreateRouteInput) *ec2.ReplaceRouteInput {
	return &ec2.ReplaceRouteInput{
		RouteTableId: in.RouteTableId, DestinationCidrBlock: in.DestinationCidrBlock, DestinationIpv6CidrBlock: in.DestinationIpv6CidrBlock,
		GatewayId: in.GatewayId, NatGatewayId: in.NatGatewayId, TransitGatewayId: in.TransitGatewayId, VpcPeeringConnectionId: in.VpcPeeringConnectionId,
		EgressOnlyInternetGatewayId: in.EgressOnlyInternetGatewayId, InstanceId: in.InstanceId, NetworkInterfaceId: in.NetworkInterfaceId,
	}
}

// associate gives the subnet this table, also when it has another one.
func (r routeTables) associate(ctx context.Context, table string, ref topology.Ref, ids topology.Bindings) error {
	subnet, err := idOf(ids, ref)
	if err != nil {
		return err
	}
	_, err = r.api.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: aws.String(table), SubnetId: aws.String(subnet)})
	if err != nil && awsapi.AlreadyExists(err) {
		err = r.reassociate(ctx, table, subnet)
	}
	return settling(err, routeTableNew)
}

// reassociate moves the subnet over from the table it has, in one call, so that it is
// never without.
func (r routeTables) reassociate(ctx context.Context, table, subnet string) error {
	out, err := r.api.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{
		Filters: []ec2types.Filter{filter("association.subnet-id", subnet)},
	})
	if err != nil {
		return err
	}
	for _, other := range out.RouteTables {
		for _, a := range other.Associations {
			if aws.ToString(a.SubnetId) != subnet {
				continue
			}
			if aws.ToString(other.RouteTableId) == table {
				return nil
			}
			_, err := r.api.ReplaceRouteTableAssociation(ctx, &ec2.ReplaceRouteTableAssociationInput{
				AssociationId: a.RouteTableAssociationId, RouteTableId: aws.String(table),
			})
			return err
		}
	}
	return &WaitError{Reason: "AWS does not show yet which route table the subnet has"}
}

func (r routeTables) Update(ctx context.Context, _, want topology.RouteTable, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	if err := addTags(ctx, r.api, id, tagChangeOf(change).set); err != nil {
		return nil, err
	}
	for _, route := range want.Routes {
		if change.Has("routes[" + route.Destination.String() + "]") {
			if err := r.route(ctx, id, route, ids); err != nil {
				return nil, err
			}
		}
	}
	for _, subnet := range want.Subnets {
		if change.Has("subnets[" + subnet.Name + "]") {
			if err := r.associate(ctx, id, subnet, ids); err != nil {
				return nil, err
			}
		}
	}
	return nil, nil
}

// Delete takes the table from its subnets first; they fall back to the VPC's main
// table, which nothing of ours uses.
func (r routeTables) Delete(ctx context.Context, have topology.RouteTable, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	out, err := r.api.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{RouteTableIds: []string{id}})
	if err != nil {
		return removed(err, "")
	}
	for _, table := range out.RouteTables {
		for _, a := range table.Associations {
			_, err := r.api.DisassociateRouteTable(ctx, &ec2.DisassociateRouteTableInput{AssociationId: a.RouteTableAssociationId})
			if err := removed(err, "a subnet still uses the route table"); err != nil {
				return err
			}
		}
	}
	_, err = r.api.DeleteRouteTable(ctx, &ec2.DeleteRouteTableInput{RouteTableId: aws.String(id)})
	return removed(err, "a subnet still uses the route table")
}
