package apply

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

type vpcWriter interface {
	ec2Tagger
	DescribeVpcs(context.Context, *ec2.DescribeVpcsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error)
	CreateVpc(context.Context, *ec2.CreateVpcInput, ...func(*ec2.Options)) (*ec2.CreateVpcOutput, error)
	ModifyVpcAttribute(context.Context, *ec2.ModifyVpcAttributeInput, ...func(*ec2.Options)) (*ec2.ModifyVpcAttributeOutput, error)
	AssociateVpcCidrBlock(context.Context, *ec2.AssociateVpcCidrBlockInput, ...func(*ec2.Options)) (*ec2.AssociateVpcCidrBlockOutput, error)
	AssociateDhcpOptions(context.Context, *ec2.AssociateDhcpOptionsInput, ...func(*ec2.Options)) (*ec2.AssociateDhcpOptionsOutput, error)
	DeleteVpc(context.Context, *ec2.DeleteVpcInput, ...func(*ec2.Options)) (*ec2.DeleteVpcOutput, error)
}

type vpcs struct {
	api     vpcWriter
	cluster string
}

const vpcNew = "AWS does not know the new VPC everywhere yet"

// Create looks once more before it makes, as CreateVpc takes no token. A new VPC has
// DNS support and no DNS host names (AWS's defaults).
func (v vpcs) Create(ctx context.Context, want topology.VPC, ids topology.Bindings) (topology.Bindings, error) {
	learned, id, err := bound(want.Ref(), ids, func() (string, error) {
		if id, err := v.find(ctx, want); err != nil || id != "" {
			return id, err
		}
		return v.make(ctx, want)
	})
	if err != nil {
		return learned, err
	}
	if !want.DNSSupport {
		err = v.setDNSSupport(ctx, id, false)
	}
	if err == nil && want.DNSHostnames {
		err = v.setDNSHostnames(ctx, id, true)
	}
	if err == nil && !want.DHCPOptions.IsZero() {
		err = v.setDHCPOptions(ctx, id, want, ids)
	}
	return learned, settling(err, vpcNew)
}

func (v vpcs) find(ctx context.Context, want topology.VPC) (string, error) {
	out, err := v.api.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: ours(v.cluster, want.Tags)})
	if err != nil {
		return "", err
	}
	var found []string
	for _, vpc := range out.Vpcs {
		found = append(found, aws.ToString(vpc.VpcId))
	}
	return only(want.Ref(), found)
}

func (v vpcs) make(ctx context.Context, want topology.VPC) (string, error) {
	out, err := v.api.CreateVpc(ctx, &ec2.CreateVpcInput{
		CidrBlock:                   aws.String(want.CIDR.String()),
		AmazonProvidedIpv6CidrBlock: aws.Bool(want.AmazonIPv6),
		TagSpecifications:           tagged(ec2types.ResourceTypeVpc, want.Tags),
	})
	if err != nil {
		return "", err
	}
	return aws.ToString(out.Vpc.VpcId), nil
}

func (v vpcs) Update(ctx context.Context, _, want topology.VPC, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err == nil {
		err = addTags(ctx, v.api, id, tagChangeOf(change).set)
	}
	if err == nil && change.Has("amazonIPv6") {
		err = v.addIPv6(ctx, id, want)
	}
	if err == nil {
		err = v.updateDNS(ctx, id, want, change)
	}
	if err == nil && change.Has("dhcpOptions") {
		err = v.setDHCPOptions(ctx, id, want, ids)
	}
	return nil, settling(err, vpcNew)
}

// updateDNS goes from the outside in, or from the inside out: AWS gives host names
// only where there is DNS support.
func (v vpcs) updateDNS(ctx context.Context, id string, want topology.VPC, change diff.Change) error {
	if change.Has("dnsHostnames") && !want.DNSHostnames {
		if err := v.setDNSHostnames(ctx, id, false); err != nil {
			return err
		}
	}
	if change.Has("dnsSupport") {
		if err := v.setDNSSupport(ctx, id, want.DNSSupport); err != nil {
			return err
		}
	}
	if change.Has("dnsHostnames") && want.DNSHostnames {
		return v.setDNSHostnames(ctx, id, true)
	}
	return nil
}

func (v vpcs) setDNSSupport(ctx context.Context, id string, on bool) error {
	_, err := v.api.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{
		VpcId: aws.String(id), EnableDnsSupport: &ec2types.AttributeBooleanValue{Value: aws.Bool(on)},
	})
	return err
}

func (v vpcs) setDNSHostnames(ctx context.Context, id string, on bool) error {
	_, err := v.api.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{
		VpcId: aws.String(id), EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: aws.Bool(on)},
	})
	return err
}

// addIPv6 looks first whether a block is on its way: AWS would add another one.
func (v vpcs) addIPv6(ctx context.Context, id string, want topology.VPC) error {
	if !want.AmazonIPv6 {
		return errors.New("the IPv6 block of a VPC is never taken away, because that would cut off whatever has an address in it")
	}
	out, err := v.api.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{id}})
	if err != nil {
		return err
	}
	for _, vpc := range out.Vpcs {
		if _, ok := amazonBlock(vpc); ok {
			return nil
		}
	}
	_, err = v.api.AssociateVpcCidrBlock(ctx, &ec2.AssociateVpcCidrBlockInput{VpcId: aws.String(id), AmazonProvidedIpv6CidrBlock: aws.Bool(true)})
	return err
}

// amazonBlock is the association of the VPC's IPv6 block, also while AWS is still
// associating it.
func amazonBlock(vpc ec2types.Vpc) (ec2types.VpcIpv6CidrBlockAssociation, bool) {
	for _, a := range vpc.Ipv6CidrBlockAssociationSet {
		if a.Ipv6CidrBlockState == nil {
			continue
		}
		switch a.Ipv6CidrBlockState.State {
		case ec2types.VpcCidrBlockStateCodeAssociated, ec2types.VpcCidrBlockStateCodeAssociating:
			return a, true
		}
	}
	return ec2types.VpcIpv6CidrBlockAssociation{}, false
}

// setDHCPOptions associates the wanted set, or AWS's default one.
func (v vpcs) setDHCPOptions(ctx context.Context, id string, want topology.VPC, ids topology.Bindings) error {
	options := "default"
	if !want.DHCPOptions.IsZero() {
		var err error
		if options, err = idOf(ids, want.DHCPOptions); err != nil {
			return err
		}
	}
	_, err := v.api.AssociateDhcpOptions(ctx, &ec2.AssociateDhcpOptionsInput{VpcId: aws.String(id), DhcpOptionsId: aws.String(options)})
	return err
}

func (v vpcs) Delete(ctx context.Context, have topology.VPC, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	_, err = v.api.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: aws.String(id)})
	return removed(err, "something is still in the VPC")
}
