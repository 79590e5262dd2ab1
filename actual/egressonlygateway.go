package actual

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type egressOnlyGatewayReader interface {
	DescribeEgressOnlyInternetGateways(context.Context, *ec2.DescribeEgressOnlyInternetGatewaysInput, ...func(*ec2.Options)) (*ec2.DescribeEgressOnlyInternetGatewaysOutput, error)
}

type egressOnlyGatewayAnswers struct {
	looked bool
	found  []ec2types.EgressOnlyInternetGateway
}

// lookEgressOnlyGateways looks where the manifest wants a gateway, for IPv4
// clusters are not to pay for a call. That of a shared VPC carries no tags of ours, and
// AWS can filter by nothing else.
func lookEgressOnlyGateways(ctx context.Context, o *observation) error {
	switch kind := topology.KindEgressOnlyGateway; {
	case len(o.shared[kind]) > 0:
		return o.lookEgressOnly(ctx, nil)
	case len(o.wanted(kind)) > 0:
		return o.lookEgressOnly(ctx, o.ours())
	}
	return nil
}

// lookRoutedEgressOnlyGateways finds a gateway that nobody wants any more by the
// routes that still lead to it.
func lookRoutedEgressOnlyGateways(ctx context.Context, o *observation) error {
	routed := slices.ContainsFunc(o.routeTables.found, func(t ec2types.RouteTable) bool {
		return slices.ContainsFunc(t.Routes, func(r ec2types.Route) bool { return r.EgressOnlyInternetGatewayId != nil })
	})
	if o.egressOnly.looked || !routed {
		return nil
	}
	return o.lookEgressOnly(ctx, o.ours())
}

func (o *observation) lookEgressOnly(ctx context.Context, filters []ec2types.Filter) (err error) {
	const page255 = 255 // the most that AWS gives here
	pages := ec2.NewDescribeEgressOnlyInternetGatewaysPaginator(o.clients.EC2, &ec2.DescribeEgressOnlyInternetGatewaysInput{
		Filters: filters, MaxResults: aws.Int32(page255),
	})
	o.egressOnly.looked = true
	o.egressOnly.found, err = everything(ctx, pages, func(p *ec2.DescribeEgressOnlyInternetGatewaysOutput) []ec2types.EgressOnlyInternetGateway {
		return p.EgressOnlyInternetGateways
	})
	return err
}

func convertEgressOnlyGateways(o *observation) error {
	for _, g := range o.egressOnly.found {
		id, tags, vpc := aws.ToString(g.EgressOnlyInternetGatewayId), ec2Tags(g.Tags), attachment(g.Attachments)
		who, ok := identity{aws.ToString(vpc), topology.Shared}, true
		if !o.isShared(topology.KindEgressOnlyGateway, who.name) {
			who, ok = o.identify(candidate{kind: topology.KindEgressOnlyGateway, id: id, tags: tags})
		}
		if ok {
			o.add(id, topology.EgressOnlyGateway{Name: who.name, VPC: o.ref(vpc), Tags: tags, Ownership: who.owner})
		}
	}
	return nil
}
