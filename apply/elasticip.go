package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

type elasticIPWriter interface {
	ec2Tagger
	DescribeAddresses(context.Context, *ec2.DescribeAddressesInput, ...func(*ec2.Options)) (*ec2.DescribeAddressesOutput, error)
	AllocateAddress(context.Context, *ec2.AllocateAddressInput, ...func(*ec2.Options)) (*ec2.AllocateAddressOutput, error)
	ReleaseAddress(context.Context, *ec2.ReleaseAddressInput, ...func(*ec2.Options)) (*ec2.ReleaseAddressOutput, error)
}

type elasticIPs struct {
	api     elasticIPWriter
	cluster string
}

// Create looks once more before it makes: AllocateAddress takes no token, and every
// address costs money.
func (e elasticIPs) Create(ctx context.Context, want topology.ElasticIP, ids topology.Bindings) (topology.Bindings, error) {
	learned, _, err := bound(want.Ref(), ids, func() (string, error) {
		if id, err := e.find(ctx, want); err != nil || id != "" {
			return id, err
		}
		return e.make(ctx, want)
	})
	return learned, err
}

func (e elasticIPs) find(ctx context.Context, want topology.ElasticIP) (string, error) {
	out, err := e.api.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{Filters: ours(e.cluster, want.Tags)})
	if err != nil {
		return "", err
	}
	var found []string
	for _, address := range out.Addresses {
		found = append(found, aws.ToString(address.AllocationId))
	}
	return only(want.Ref(), found)
}

func (e elasticIPs) make(ctx context.Context, want topology.ElasticIP) (string, error) {
	out, err := e.api.AllocateAddress(ctx, &ec2.AllocateAddressInput{
		Domain: ec2types.DomainTypeVpc, TagSpecifications: tagged(ec2types.ResourceTypeElasticIp, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.AllocationId), nil
}

func (e elasticIPs) Update(ctx context.Context, _, want topology.ElasticIP, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	return nil, addTags(ctx, e.api, id, tagChangeOf(change).set)
}

func (e elasticIPs) Delete(ctx context.Context, have topology.ElasticIP, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	_, err = e.api.ReleaseAddress(ctx, &ec2.ReleaseAddressInput{AllocationId: aws.String(id)})
	return removed(err, "a NAT gateway still uses the address")
}
