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

type keyPairWriter interface {
	ec2Tagger
	DescribeKeyPairs(context.Context, *ec2.DescribeKeyPairsInput, ...func(*ec2.Options)) (*ec2.DescribeKeyPairsOutput, error)
	ImportKeyPair(context.Context, *ec2.ImportKeyPairInput, ...func(*ec2.Options)) (*ec2.ImportKeyPairOutput, error)
	DeleteKeyPair(context.Context, *ec2.DeleteKeyPairInput, ...func(*ec2.Options)) (*ec2.DeleteKeyPairOutput, error)
}

// keyPairs are bound to their names, which is what templates and calls take.
type keyPairs struct {
	api     keyPairWriter
	cluster string
}

func (k keyPairs) Create(ctx context.Context, want topology.KeyPair, _ topology.Bindings) (topology.Bindings, error) {
	if want.PublicKey == "" {
		return nil, fmt.Errorf("there is no public key for %s", want.Ref())
	}
	if err := k.make(ctx, want); err != nil {
		return nil, err
	}
	return topology.Bindings{want.Ref(): want.Name}, nil
}

func (k keyPairs) make(ctx context.Context, want topology.KeyPair) error {
	_, err := k.api.ImportKeyPair(ctx, &ec2.ImportKeyPairInput{
		KeyName: aws.String(want.Name), PublicKeyMaterial: []byte(want.PublicKey), TagSpecifications: tagged(ec2types.ResourceTypeKeyPair, want.Tags),
	})
	if err != nil && awsapi.AlreadyExists(err) {
		return k.takeUp(ctx, want, err)
	}
	return err
}

func (k keyPairs) takeUp(ctx context.Context, want topology.KeyPair, conflict error) error {
	id, err := k.find(ctx, want)
	if err == nil && id == "" {
		return strange(want.Ref(), conflict)
	}
	return err
}

// find is the id of our pair of that name; empty if there is none.
func (k keyPairs) find(ctx context.Context, want topology.KeyPair) (string, error) {
	out, err := k.api.DescribeKeyPairs(ctx, &ec2.DescribeKeyPairsInput{Filters: append(carrying(k.cluster), filter("key-name", want.Name))})
	if err != nil || len(out.KeyPairs) == 0 {
		return "", err
	}
	return aws.ToString(out.KeyPairs[0].KeyPairId), nil
}

// Update finds the pair's id first: tagging is the one call for which a key pair's
// name does not do.
func (k keyPairs) Update(ctx context.Context, _, want topology.KeyPair, change diff.Change, _ topology.Bindings) (topology.Bindings, error) {
	id, err := k.find(ctx, want)
	if err != nil {
		return nil, err
	}
	if id == "" {
		return nil, &WaitError{Reason: "AWS does not show the key pair"}
	}
	return nil, addTags(ctx, k.api, id, tagChangeOf(change).set)
}

func (k keyPairs) Delete(ctx context.Context, have topology.KeyPair, _ topology.Bindings) error {
	_, err := k.api.DeleteKeyPair(ctx, &ec2.DeleteKeyPairInput{KeyName: aws.String(have.Name)})
	return removed(err, "the key pair is in use")
}
