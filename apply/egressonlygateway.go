package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type egressOnlyGatewayWriter interface {
	ec2Tagger
	DescribeEgressOnlyInternetGateways(context.Context, *ec2.DescribeEgressOnlyInternetGatewaysInput, ...func(*ec2.Options)) (*ec2.DescribeEgressOnlyInternetGatewaysOutput, error)
	CreateEgressOnlyInternetGateway(context.Context, *ec2.CreateEgressOnlyInternetGatewayInput, ...func(*ec2.Options)) (*ec2.CreateEgressOnlyInternetGatewayOutput, error)
	DeleteEgressOnlyInternetGateway(context.Context, *ec2.DeleteEgressOnlyInternetGatewayInput, ...func(*ec2.Options)) (*ec2.DeleteEgressOnlyInternetGatewayOutput, error)
}

type egressOnlyGateways struct {
	api    egressOnlyGatewayWriter
	tokens tokens
}

// Create makes the gateway attached: AWS has no unattached ones.
func (g egressOnlyGateways) Create(ctx context.Context, want topology.EgressOnlyGateway, ids topology.Bindings) (topology.Bindings, error) {
	vpc, err := idOf(ids, want.VPC)
	if err != nil {
		return nil, err
	}
	learned, _, err := bound(want.Ref(), ids, func() (string, error) {
		in := &ec2.CreateEgressOnlyInternetGatewayInput{
			VpcId: aws.String(vpc), TagSpecifications: tagged(ec2types.ResourceTypeEgressOnlyInternetGateway, want.Tags),
		}
		create := func(token string) (string, error) {
			with := *in
			with.ClientToken = aws.String(token)
			out, err := g.api.CreateEgressOnlyInternetGateway(ctx, &with)
			if err != nil {
				return "", err
			}
			return aws.ToString(out.EgressOnlyInternetGateway.EgressOnlyInternetGatewayId), nil
		}
		return g.tokens.make(ctx, want.Ref(), in, create, g.look)
	})
	return learned, settling(err, vpcNew)
}

func (g egressOnlyGateways) look(ctx context.Context, id string) (life, error) {
	out, err := g.api.DescribeEgressOnlyInternetGateways(ctx, &ec2.DescribeEgressOnlyInternetGatewaysInput{EgressOnlyInternetGatewayIds: []string{id}})
	if err != nil && awsapi.NotFound(err) {
		return unseen, nil
	}
	if err != nil || len(out.EgressOnlyInternetGateways) == 0 {
		return unseen, err
	}
	return alive, nil
}

func (g egressOnlyGateways) Update(ctx context.Context, _, want topology.EgressOnlyGateway, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	return nil, addTags(ctx, g.api, id, tagChangeOf(change).set)
}

func (g egressOnlyGateways) Delete(ctx context.Context, have topology.EgressOnlyGateway, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	_, err = g.api.DeleteEgressOnlyInternetGateway(ctx, &ec2.DeleteEgressOnlyInternetGatewayInput{EgressOnlyInternetGatewayId: aws.String(id)})
	return removed(err, "something still uses the gateway")
}
