package actual

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type internetGatewayReader interface {
	DescribeInternetGateways(context.Context, *ec2.DescribeInternetGatewaysInput, ...func(*ec2.Options)) (*ec2.DescribeInternetGatewaysOutput, error)
}

type internetGatewayAnswers struct{ found []ec2types.InternetGateway }

func lookInternetGateways(ctx context.Context, o *observation) error {
	for _, filters := range o.lookups(topology.KindInternetGateway, "attachment.vpc-id") {
		pages := ec2.NewDescribeInternetGatewaysPaginator(o.clients.EC2, &ec2.DescribeInternetGatewaysInput{Filters: filters, MaxResults: page1000})
		found, err := everything(ctx, pages, func(p *ec2.DescribeInternetGatewaysOutput) []ec2types.InternetGateway { return p.InternetGateways })
		if err != nil {
			return err
		}
		o.gateways.found = append(o.gateways.found, found...)
	}
	o.gateways.found = distinct(o.gateways.found, func(g ec2types.InternetGateway) *string { return g.InternetGatewayId })
	return nil
}

func convertInternetGateways(o *observation) error {
	for _, g := range o.gateways.found {
		id, tags, vpc := aws.ToString(g.InternetGatewayId), ec2Tags(g.Tags), attachment(g.Attachments)
		who, ok := identity{aws.ToString(vpc), topology.Shared}, true
		// A manifest knows the gateway of a shared VPC by the VPC: it has one at most.
		if !o.isShared(topology.KindInternetGateway, who.name) {
			who, ok = o.identify(candidate{kind: topology.KindInternetGateway, id: id, tags: tags})
		}
		if ok {
			o.add(id, topology.InternetGateway{Name: who.name, VPC: o.ref(vpc), Tags: tags, Ownership: who.owner})
		}
	}
	return nil
}

// attachment is the VPC that a gateway is attached to, or nil.
func attachment(attachments []ec2types.InternetGatewayAttachment) *string {
	for _, a := range attachments {
		// EC2 says "available" here where the documentation says "attached".
		if a.State == "available" || a.State == ec2types.AttachmentStatusAttached || a.State == ec2types.AttachmentStatusAttaching {
			return a.VpcId
		}
	}
	return nil
}
