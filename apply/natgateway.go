package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type natGatewayWriter interface {
	ec2Tagger
	DescribeNatGateways(context.Context, *ec2.DescribeNatGatewaysInput, ...func(*ec2.Options)) (*ec2.DescribeNatGatewaysOutput, error)
	CreateNatGateway(context.Context, *ec2.CreateNatGatewayInput, ...func(*ec2.Options)) (*ec2.CreateNatGatewayOutput, error)
	DeleteNatGateway(context.Context, *ec2.DeleteNatGatewayInput, ...func(*ec2.Options)) (*ec2.DeleteNatGatewayOutput, error)
}

type natGateways struct {
	api    natGatewayWriter
	tokens tokens
}

// Create returns while the gateway is pending; the routes to it wait.
func (n natGateways) Create(ctx context.Context, want topology.NATGateway, ids topology.Bindings) (topology.Bindings, error) {
	subnet, err := idOf(ids, want.Subnet)
	if err != nil {
		return nil, err
	}
	address, err := idOf(ids, want.ElasticIP)
	if err != nil {
		return nil, err
	}
	learned, _, err := bound(want.Ref(), ids, func() (string, error) {
		return n.make(ctx, want, &ec2.CreateNatGatewayInput{
			SubnetId: aws.String(subnet), AllocationId: aws.String(address), ConnectivityType: ec2types.ConnectivityTypePublic,
			TagSpecifications: tagged(ec2types.ResourceTypeNatgateway, want.Tags),
		})
	})
	return learned, err
}

func (n natGateways) make(ctx context.Context, want topology.NATGateway, in *ec2.CreateNatGatewayInput) (string, error) {
	create := func(token string) (string, error) {
		with := *in
		with.ClientToken = aws.String(token)
		out, err := n.api.CreateNatGateway(ctx, &with)
		if err != nil {
			return "", err
		}
		return aws.ToString(out.NatGateway.NatGatewayId), nil
	}
	id, err := n.tokens.make(ctx, want.Ref(), in, create, n.look)
	if err != nil && awsapi.AlreadyExists(err) {
		return id, &WaitError{Reason: "the elastic IP is still associated with an older NAT gateway"}
	}
	return id, err
}

func (n natGateways) look(ctx context.Context, id string) (life, error) {
	out, err := n.api.DescribeNatGateways(ctx, &ec2.DescribeNatGatewaysInput{NatGatewayIds: []string{id}})
	if err != nil && awsapi.NotFound(err) {
		return unseen, nil
	}
	if err != nil || len(out.NatGateways) == 0 {
		return unseen, err
	}
	switch gateway := out.NatGateways[0]; gateway.State {
	case ec2types.NatGatewayStateFailed:
		return dead, fmt.Errorf("AWS could not make NAT gateway %s: %s: %s", id, aws.ToString(gateway.FailureCode), aws.ToString(gateway.FailureMessage))
	case ec2types.NatGatewayStateDeleting, ec2types.NatGatewayStateDeleted:
		return dead, nil
	}
	return alive, nil
}

func (n natGateways) Update(ctx context.Context, _, want topology.NATGateway, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	return nil, addTags(ctx, n.api, id, tagChangeOf(change).set)
}

// Delete is done when AWS has accepted it; the elastic IP stays in use for a minute,
// and its release waits.
func (n natGateways) Delete(ctx context.Context, have topology.NATGateway, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	_, err = n.api.DeleteNatGateway(ctx, &ec2.DeleteNatGatewayInput{NatGatewayId: aws.String(id)})
	return removed(err, "the NAT gateway is still being made")
}
