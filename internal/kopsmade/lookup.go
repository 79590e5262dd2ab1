package kopsmade

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

// one is the attributes of the only thing that a look-up finds.
func (m *maker) one(ctx context.Context, find func(context.Context) ([]string, error)) (attributes, error) {
	ids, err := find(ctx)
	if err == nil && len(ids) != 1 {
		err = fmt.Errorf("found %d of it, not 1", len(ids))
	}
	if err != nil {
		return nil, err
	}
	return attributes{"id": ids[0], "zone_id": strings.TrimPrefix(ids[0], "/hostedzone/")}, nil
}

func filters(b block) []types.Filter {
	var all []types.Filter
	for _, f := range b.blocks("filter") {
		all = append(all, types.Filter{Name: f.str("name"), Values: f.list("values")})
	}
	return all
}

// lookUpImage asks by id where the filter does, as the simulated region has images of any id for those who
// ask so.
func (m *maker) lookUpImage(ctx context.Context, b block) (attributes, error) {
	return m.one(ctx, func(ctx context.Context) ([]string, error) {
		in := &ec2.DescribeImagesInput{Owners: b.list("owners"), Filters: filters(b)}
		if f := b.only("filter"); f.text("name") == "image-id" {
			in.ImageIds, in.Filters = f.list("values"), nil
		}
		out, err := m.EC2.DescribeImages(ctx, in)
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, i := range out.Images {
			ids = append(ids, *i.ImageId)
		}
		return ids, nil
	})
}

func (m *maker) lookUpInternetGateway(ctx context.Context, b block) (attributes, error) {
	if err := m.first(ctx, "aws_internet_gateway"); err != nil {
		return nil, err
	}
	return m.one(ctx, func(ctx context.Context) ([]string, error) {
		out, err := m.EC2.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: filters(b)})
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, g := range out.InternetGateways {
			ids = append(ids, *g.InternetGatewayId)
		}
		return ids, nil
	})
}

func (m *maker) lookUpAddress(ctx context.Context, b block) (attributes, error) {
	return m.one(ctx, func(ctx context.Context) ([]string, error) {
		out, err := m.EC2.DescribeAddresses(ctx, &ec2.DescribeAddressesInput{PublicIps: []string{b.text("public_ip")}})
		if err != nil {
			return nil, err
		}
		var ids []string
		for _, a := range out.Addresses {
			ids = append(ids, *a.AllocationId)
		}
		return ids, nil
	})
}

func (m *maker) lookUpAccount(ctx context.Context, _ block) (attributes, error) {
	out, err := m.STS.GetCallerIdentity(ctx, &sts.GetCallerIdentityInput{})
	if err != nil {
		return nil, err
	}
	return attributes{"account_id": *out.Account}, nil
}
