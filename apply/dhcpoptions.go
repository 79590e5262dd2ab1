package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

type dhcpOptionsWriter interface {
	ec2Tagger
	DescribeDhcpOptions(context.Context, *ec2.DescribeDhcpOptionsInput, ...func(*ec2.Options)) (*ec2.DescribeDhcpOptionsOutput, error)
	CreateDhcpOptions(context.Context, *ec2.CreateDhcpOptionsInput, ...func(*ec2.Options)) (*ec2.CreateDhcpOptionsOutput, error)
	DeleteDhcpOptions(context.Context, *ec2.DeleteDhcpOptionsInput, ...func(*ec2.Options)) (*ec2.DeleteDhcpOptionsOutput, error)
}

type dhcpOptions struct {
	api     dhcpOptionsWriter
	cluster string
}

// Create looks once more before it makes: the call takes no token, and AWS would
// gladly make a second set.
func (d dhcpOptions) Create(ctx context.Context, want topology.DHCPOptions, ids topology.Bindings) (topology.Bindings, error) {
	learned, _, err := bound(want.Ref(), ids, func() (string, error) {
		if id, err := d.find(ctx, want); err != nil || id != "" {
			return id, err
		}
		return d.make(ctx, want)
	})
	return learned, err
}

func (d dhcpOptions) find(ctx context.Context, want topology.DHCPOptions) (string, error) {
	out, err := d.api.DescribeDhcpOptions(ctx, &ec2.DescribeDhcpOptionsInput{Filters: ours(d.cluster, want.Tags)})
	if err != nil {
		return "", err
	}
	var found []string
	for _, set := range out.DhcpOptions {
		found = append(found, aws.ToString(set.DhcpOptionsId))
	}
	return only(want.Ref(), found)
}

func (d dhcpOptions) make(ctx context.Context, want topology.DHCPOptions) (string, error) {
	out, err := d.api.CreateDhcpOptions(ctx, &ec2.CreateDhcpOptionsInput{
		DhcpConfigurations: []ec2types.NewDhcpConfiguration{
			{Key: aws.String("domain-name"), Values: []string{want.DomainName}},
			{Key: aws.String("domain-name-servers"), Values: want.DomainNameServers},
		},
		TagSpecifications: tagged(ec2types.ResourceTypeDhcpOptions, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.DhcpOptions.DhcpOptionsId), nil
}

func (d dhcpOptions) Update(ctx context.Context, _, want topology.DHCPOptions, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	return nil, addTags(ctx, d.api, id, tagChangeOf(change).set)
}

func (d dhcpOptions) Delete(ctx context.Context, have topology.DHCPOptions, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	_, err = d.api.DeleteDhcpOptions(ctx, &ec2.DeleteDhcpOptionsInput{DhcpOptionsId: aws.String(id)})
	return removed(err, "a VPC still uses the DHCP options")
}
