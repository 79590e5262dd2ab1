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

type internetGatewayWriter interface {
	ec2Tagger
	DescribeInternetGateways(context.Context, *ec2.DescribeInternetGatewaysInput, ...func(*ec2.Options)) (*ec2.DescribeInternetGatewaysOutput, error)
	CreateInternetGateway(context.Context, *ec2.CreateInternetGatewayInput, ...func(*ec2.Options)) (*ec2.CreateInternetGatewayOutput, error)
	AttachInternetGateway(context.Context, *ec2.AttachInternetGatewayInput, ...func(*ec2.Options)) (*ec2.AttachInternetGatewayOutput, error)
	DetachInternetGateway(context.Context, *ec2.DetachInternetGatewayInput, ...func(*ec2.Options)) (*ec2.DetachInternetGatewayOutput, error)
	DeleteInternetGateway(context.Context, *ec2.DeleteInternetGatewayInput, ...func(*ec2.Options)) (*ec2.DeleteInternetGatewayOutput, error)
}

type internetGateways struct {
	api     internetGatewayWriter
	cluster string
}

// Create looks once more before it makes, as CreateInternetGateway takes no token.
func (g internetGateways) Create(ctx context.Context, want topology.InternetGateway, ids topology.Bindings) (topology.Bindings, error) {
	learned, id, err := bound(want.Ref(), ids, func() (string, error) {
		if id, err := g.find(ctx, want); err != nil || id != "" {
			return id, err
		}
		return g.make(ctx, want)
	})
	if err != nil {
		return learned, err
	}
	return learned, g.attach(ctx, id, want, ids)
}

func (g internetGateways) find(ctx context.Context, want topology.InternetGateway) (string, error) {
	out, err := g.api.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: ours(g.cluster, want.Tags)})
	if err != nil {
		return "", err
	}
	var found []string
	for _, gateway := range out.InternetGateways {
		found = append(found, aws.ToString(gateway.InternetGatewayId))
	}
	return only(want.Ref(), found)
}

func (g internetGateways) make(ctx context.Context, want topology.InternetGateway) (string, error) {
	out, err := g.api.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{
		TagSpecifications: tagged(ec2types.ResourceTypeInternetGateway, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.InternetGateway.InternetGatewayId), nil
}

// attach is done when AWS says that it was: a gateway has at most one VPC, and that
// ours hangs elsewhere is for the next plan to see.
func (g internetGateways) attach(ctx context.Context, id string, want topology.InternetGateway, ids topology.Bindings) error {
	vpc, err := idOf(ids, want.VPC)
	if err != nil {
		return err
	}
	_, err = g.api.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{InternetGatewayId: aws.String(id), VpcId: aws.String(vpc)})
	if err != nil && awsapi.AlreadyExists(err) {
		return nil
	}
	return settling(err, "AWS does not know the new gateway or its VPC everywhere yet")
}

func (g internetGateways) Update(ctx context.Context, _, want topology.InternetGateway, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	if err := addTags(ctx, g.api, id, tagChangeOf(change).set); err != nil || !change.Has("vpc") {
		return nil, err
	}
	return nil, g.attach(ctx, id, want, ids)
}

// Delete detaches the gateway from whatever it is attached to now, which may be less
// than was seen when the plan was made.
func (g internetGateways) Delete(ctx context.Context, have topology.InternetGateway, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	out, err := g.api.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{InternetGatewayIds: []string{id}})
	if err != nil {
		return removed(err, "")
	}
	for _, gateway := range out.InternetGateways {
		for _, a := range gateway.Attachments {
			_, err := g.api.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{InternetGatewayId: aws.String(id), VpcId: a.VpcId})
			if err := removed(err, "the VPC still has public addresses in use"); err != nil {
				return err
			}
		}
	}
	_, err = g.api.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: aws.String(id)})
	return removed(err, "the gateway is still attached")
}
