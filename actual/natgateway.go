package actual

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type natGatewayReader interface {
	DescribeNatGateways(context.Context, *ec2.DescribeNatGatewaysInput, ...func(*ec2.Options)) (*ec2.DescribeNatGatewaysOutput, error)
}

type natGatewayAnswers struct{ found []ec2types.NatGateway }

// lookNATGateways leaves out what AWS still shows for an hour after it failed or went.
func lookNATGateways(ctx context.Context, o *observation) error {
	alive := filter("state", string(ec2types.NatGatewayStatePending), string(ec2types.NatGatewayStateAvailable))
	for _, filters := range o.lookups(topology.KindNATGateway, "nat-gateway-id") {
		pages := ec2.NewDescribeNatGatewaysPaginator(o.clients.EC2, &ec2.DescribeNatGatewaysInput{Filter: append(filters, alive), MaxResults: page1000})
		found, err := everything(ctx, pages, func(p *ec2.DescribeNatGatewaysOutput) []ec2types.NatGateway { return p.NatGateways })
		if err != nil {
			return err
		}
		o.natGateways.found = append(o.natGateways.found, found...)
	}
	o.natGateways.found = distinct(o.natGateways.found, func(n ec2types.NatGateway) *string { return n.NatGatewayId })
	return nil
}

func convertNATGateways(o *observation) error {
	for _, n := range o.natGateways.found {
		id, tags := aws.ToString(n.NatGatewayId), ec2Tags(n.Tags)
		who, ok := o.identify(candidate{topology.KindNATGateway, id, tags, aws.ToTime(n.CreateTime)})
		if ok {
			o.add(id, topology.NATGateway{
				Name: who.name, Subnet: o.ref(n.SubnetId), ElasticIP: o.ref(primaryAllocation(n)), Tags: tags, Ownership: who.owner,
			})
		}
	}
	return nil
}

// primaryAllocation is the address that a gateway was made with; others can be added
// to it later.
func primaryAllocation(n ec2types.NatGateway) *string {
	for _, a := range n.NatGatewayAddresses {
		if aws.ToBool(a.IsPrimary) {
			return a.AllocationId
		}
	}
	return first(n.NatGatewayAddresses).AllocationId
}
