package actual

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type routeTableReader interface {
	DescribeRouteTables(context.Context, *ec2.DescribeRouteTablesInput, ...func(*ec2.Options)) (*ec2.DescribeRouteTablesOutput, error)
}

type routeTableAnswers struct{ found []ec2types.RouteTable }

func lookRouteTables(ctx context.Context, o *observation) (err error) {
	pages := ec2.NewDescribeRouteTablesPaginator(o.clients.EC2, &ec2.DescribeRouteTablesInput{Filters: o.ours(), MaxResults: page100})
	o.routeTables.found, err = everything(ctx, pages, func(p *ec2.DescribeRouteTablesOutput) []ec2types.RouteTable { return p.RouteTables })
	return err
}

func convertRouteTables(o *observation) error {
	for _, t := range o.routeTables.found {
		id, tags := aws.ToString(t.RouteTableId), ec2Tags(t.Tags)
		who, ok := o.identify(candidate{kind: topology.KindRouteTable, id: id, tags: tags})
		if !ok {
			continue
		}
		routes, err := o.routes(t.Routes)
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		o.add(id, topology.RouteTable{
			Name: who.name, VPC: o.ref(t.VpcId), Routes: routes, Subnets: o.associated(t), Tags: tags, Ownership: who.owner,
		})
	}
	return nil
}

// routes are those that somebody wrote: not the local ones, nor what a virtual private
// gateway propagates. Routes to prefix lists belong to gateway endpoints.
func (o *observation) routes(list []ec2types.Route) ([]topology.Route, error) {
	var routes []topology.Route
	for _, r := range list {
		if aws.ToString(r.GatewayId) == "local" || r.Origin == ec2types.RouteOriginEnableVgwRoutePropagation || r.DestinationPrefixListId != nil {
			continue
		}
		destination, err := prefix(either(r.DestinationCidrBlock, r.DestinationIpv6CidrBlock))
		if err != nil {
			return nil, err
		}
		routes = append(routes, topology.Route{Destination: destination, Target: o.ref(routeTarget(r))})
	}
	return topology.SortRoutes(routes), nil
}

// routeTarget is where a route leads. A route to an instance also names the instance's
// interface, so the order matters.
func routeTarget(r ec2types.Route) *string {
	return either(r.GatewayId, r.NatGatewayId, r.TransitGatewayId, r.EgressOnlyInternetGatewayId, r.VpcPeeringConnectionId,
		r.InstanceId, r.NetworkInterfaceId, r.LocalGatewayId, r.CarrierGatewayId, r.CoreNetworkArn)
}

// either is the first text that is not empty.
func either(texts ...*string) *string {
	for _, t := range texts {
		if aws.ToString(t) != "" {
			return t
		}
	}
	return nil
}

// associated are the subnets that use the table. The main association, with no subnet,
// is not among them.
func (o *observation) associated(t ec2types.RouteTable) []topology.Ref {
	var subnets []topology.Ref
	for _, a := range t.Associations {
		if a.SubnetId == nil || a.AssociationState != nil && a.AssociationState.State != ec2types.RouteTableAssociationStateCodeAssociated &&
			a.AssociationState.State != ec2types.RouteTableAssociationStateCodeAssociating {
			continue
		}
		subnets = append(subnets, o.ref(a.SubnetId))
	}
	return topology.SortRefs(subnets)
}
