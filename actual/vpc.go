package actual

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type vpcReader interface {
	DescribeVpcs(context.Context, *ec2.DescribeVpcsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error)
	DescribeVpcAttribute(context.Context, *ec2.DescribeVpcAttributeInput, ...func(*ec2.Options)) (*ec2.DescribeVpcAttributeOutput, error)
}

type vpcAnswers struct {
	found                    []ec2types.Vpc
	dnsSupport, dnsHostnames map[string]bool // by id
}

func lookVPCs(ctx context.Context, o *observation) error {
	for _, filters := range o.lookups(topology.KindVPC, "vpc-id") {
		pages := ec2.NewDescribeVpcsPaginator(o.clients.EC2, &ec2.DescribeVpcsInput{Filters: filters, MaxResults: page1000})
		found, err := everything(ctx, pages, func(p *ec2.DescribeVpcsOutput) []ec2types.Vpc { return p.Vpcs })
		if err != nil {
			return err
		}
		o.vpcs.found = append(o.vpcs.found, found...)
	}
	o.vpcs.found = distinct(o.vpcs.found, func(v ec2types.Vpc) *string { return v.VpcId })
	return nil
}

// lookVPCAttributes asks for the attributes, which AWS tells one by one only.
func lookVPCAttributes(ctx context.Context, o *observation) error {
	var questions []ec2.DescribeVpcAttributeInput
	for _, v := range o.vpcs.found {
		for _, attribute := range []ec2types.VpcAttributeName{ec2types.VpcAttributeNameEnableDnsSupport, ec2types.VpcAttributeNameEnableDnsHostnames} {
			questions = append(questions, ec2.DescribeVpcAttributeInput{VpcId: v.VpcId, Attribute: attribute})
		}
	}
	answers, err := each(ctx, questions, func(ctx context.Context, q ec2.DescribeVpcAttributeInput) (*ec2.DescribeVpcAttributeOutput, error) {
		return o.clients.EC2.DescribeVpcAttribute(ctx, &q)
	})
	if err != nil {
		return err
	}
	o.vpcs.dnsSupport, o.vpcs.dnsHostnames = map[string]bool{}, map[string]bool{}
	for i, a := range answers {
		id := aws.ToString(questions[i].VpcId)
		if a.EnableDnsSupport != nil {
			o.vpcs.dnsSupport[id] = aws.ToBool(a.EnableDnsSupport.Value)
		}
		if a.EnableDnsHostnames != nil {
			o.vpcs.dnsHostnames[id] = aws.ToBool(a.EnableDnsHostnames.Value)
		}
	}
	return nil
}

func convertVPCs(o *observation) error {
	for _, v := range o.vpcs.found {
		id, tags := aws.ToString(v.VpcId), ec2Tags(v.Tags)
		who, ok := o.identify(candidate{kind: topology.KindVPC, id: id, tags: tags})
		if !ok {
			continue
		}
		cidr, err := prefix(v.CidrBlock)
		if err != nil {
			return fmt.Errorf("%s: %w", id, err)
		}
		_, amazon := amazonBlock(v)
		vpc := topology.VPC{
			Name:         who.name,
			CIDR:         cidr,
			AmazonIPv6:   amazon,
			DNSSupport:   o.vpcs.dnsSupport[id],
			DNSHostnames: o.vpcs.dnsHostnames[id],
			Tags:         tags,
			Ownership:    who.owner,
		}
		if options := aws.ToString(v.DhcpOptionsId); who.owner == topology.Owned && options != "default" {
			vpc.DHCPOptions = o.ref(&options)
		}
		o.add(id, vpc)
	}
	return nil
}

// amazonPool is what AWS calls the pool of its own IPv6 addresses.
const amazonPool = "Amazon"

// amazonBlock is the VPC's Amazon-provided IPv6 block, if it has one. While AWS is still
// associating it, the block may have no prefix yet.
func amazonBlock(v ec2types.Vpc) (block netip.Prefix, ok bool) {
	for _, a := range v.Ipv6CidrBlockAssociationSet {
		if aws.ToString(a.Ipv6Pool) != amazonPool || a.Ipv6CidrBlockState == nil {
			continue
		}
		switch a.Ipv6CidrBlockState.State {
		case ec2types.VpcCidrBlockStateCodeAssociated, ec2types.VpcCidrBlockStateCodeAssociating:
			block, _ = netip.ParsePrefix(aws.ToString(a.Ipv6CidrBlock))
			return block.Masked(), true
		}
	}
	return netip.Prefix{}, false
}

// prefix reads a CIDR; nil and empty are the zero prefix.
func prefix(text *string) (netip.Prefix, error) {
	if aws.ToString(text) == "" {
		return netip.Prefix{}, nil
	}
	p, err := netip.ParsePrefix(*text)
	return p.Masked(), err
}

// distinct drops what two lookups both found.
func distinct[T any](found []T, id func(T) *string) []T {
	seen := map[string]bool{}
	var kept []T
	for _, f := range found {
		if key := aws.ToString(id(f)); !seen[key] {
			seen[key] = true
			kept = append(kept, f)
		}
	}
	return kept
}
