package actual

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type subnetReader interface {
	DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput, ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error)
}

type subnetAnswers struct{ found []ec2types.Subnet }

func lookSubnets(ctx context.Context, o *observation) error {
	for _, filters := range o.lookups(topology.KindSubnet, "subnet-id") {
		pages := ec2.NewDescribeSubnetsPaginator(o.clients.EC2, &ec2.DescribeSubnetsInput{Filters: filters, MaxResults: page1000})
		found, err := everything(ctx, pages, func(p *ec2.DescribeSubnetsOutput) []ec2types.Subnet { return p.Subnets })
		if err != nil {
			return err
		}
		o.subnets.found = append(o.subnets.found, found...)
	}
	o.subnets.found = distinct(o.subnets.found, func(s ec2types.Subnet) *string { return s.SubnetId })
	return nil
}

func convertSubnets(o *observation) error {
	for _, s := range o.subnets.found {
		id, tags := aws.ToString(s.SubnetId), ec2Tags(s.Tags)
		who, ok := o.identify(candidate{kind: topology.KindSubnet, id: id, tags: tags})
		if !ok {
			continue
		}
		cidr, err := prefix(s.CidrBlock)
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		names := cmp.Or(s.PrivateDnsNameOptionsOnLaunch, &ec2types.PrivateDnsNameOptionsOnLaunch{})
		o.add(id, topology.Subnet{
			Name:             who.name,
			VPC:              o.ref(s.VpcId),
			Zone:             aws.ToString(s.AvailabilityZone),
			CIDR:             cidr,
			IPv6CIDR:         o.ipv6CIDR(who.name, s),
			AssignIPv6:       aws.ToBool(s.AssignIpv6AddressOnCreation),
			DNS64:            aws.ToBool(s.EnableDns64),
			HostnameType:     string(cmp.Or(names.HostnameType, ec2types.HostnameTypeIpName)),
			ResourceNameA:    aws.ToBool(names.EnableResourceNameDnsARecord),
			ResourceNameAAAA: aws.ToBool(names.EnableResourceNameDnsAAAARecord),
			Tags:             tags,
			Ownership:        who.owner,
		})
	}
	return nil
}

// lostBlock are the states of a range that a subnet does not have, or not for long.
var lostBlock = []ec2types.SubnetCidrBlockStateCode{
	ec2types.SubnetCidrBlockStateCodeDisassociating, ec2types.SubnetCidrBlockStateCodeDisassociated,
	ec2types.SubnetCidrBlockStateCodeFailing, ec2types.SubnetCidrBlockStateCodeFailed,
}

// ipv6CIDR is the subnet's IPv6 range: "/64#K" if it lies in the Amazon-provided block
// of its VPC, which no manifest can know beforehand. One that knows it by now has it as
// it is.
func (o *observation) ipv6CIDR(name string, s ec2types.Subnet) string {
	for _, a := range s.Ipv6CidrBlockAssociationSet {
		if a.Ipv6CidrBlockState != nil && slices.Contains(lostBlock, a.Ipv6CidrBlockState.State) {
			continue
		}
		cidr, err := netip.ParsePrefix(aws.ToString(a.Ipv6CidrBlock))
		if err != nil {
			return aws.ToString(a.Ipv6CidrBlock)
		}
		if slices.Contains(o.scope.WrittenIPv6, topology.Ref{Kind: topology.KindSubnet, Name: name}) {
			return cidr.Masked().String()
		}
		for _, v := range o.vpcs.found {
			if block, ok := amazonBlock(v); ok && aws.ToString(v.VpcId) == aws.ToString(s.VpcId) {
				return relativeTo(block, cidr)
			}
		}
		return cidr.Masked().String()
	}
	return ""
}

// relativeTo writes a /64 of a block as "/64#K", K being its place in the block in
// hexadecimal, and any other range as it is.
func relativeTo(block, cidr netip.Prefix) string {
	if cidr.Bits() != 64 || !block.IsValid() || !block.Contains(cidr.Addr()) {
		return cidr.Masked().String()
	}
	return fmt.Sprintf("/64#%x", upper64(cidr)-upper64(block))
}

func upper64(p netip.Prefix) uint64 {
	b := p.Masked().Addr().As16()
	return binary.BigEndian.Uint64(b[:8])
}
