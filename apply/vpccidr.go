package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

type vpcCIDRWriter interface {
	ec2Untagger
	DescribeVpcs(context.Context, *ec2.DescribeVpcsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error)
	AssociateVpcCidrBlock(context.Context, *ec2.AssociateVpcCidrBlockInput, ...func(*ec2.Options)) (*ec2.AssociateVpcCidrBlockOutput, error)
	DisassociateVpcCidrBlock(context.Context, *ec2.DisassociateVpcCidrBlockInput, ...func(*ec2.Options)) (*ec2.DisassociateVpcCidrBlockOutput, error)
}

// vpcCIDRs are bound to the ids of their associations.
type vpcCIDRs struct{ api vpcCIDRWriter }

const vpcCIDRPending = "AWS is still adding the range to the VPC"

// Create lets the VPC remember the range before it adds it, for an association takes
// no tags: were it the other way round, a range could be left that nobody knows to be
// the cluster's. AWS refuses a range that the VPC has, so it looks before it adds.
func (c vpcCIDRs) Create(ctx context.Context, want topology.VPCCIDR, ids topology.Bindings) (topology.Bindings, error) {
	vpc, err := idOf(ids, want.VPC)
	if err != nil {
		return nil, err
	}
	if err := addTags(ctx, c.api, vpc, want.Tags); err != nil {
		return nil, err
	}
	found, err := c.find(ctx, vpc, want)
	if err == nil && found.AssociationId == nil {
		found, err = c.associate(ctx, vpc, want)
	}
	if err != nil {
		return nil, settling(err, vpcNew)
	}
	learned := topology.Bindings{want.Ref(): aws.ToString(found.AssociationId)}
	if found.CidrBlockState == nil || found.CidrBlockState.State != ec2types.VpcCidrBlockStateCodeAssociated {
		return learned, &WaitError{Reason: vpcCIDRPending}
	}
	return learned, nil
}

// find is the association of the range that is there or on its way; it has no id if
// there is none.
func (c vpcCIDRs) find(ctx context.Context, vpc string, want topology.VPCCIDR) (ec2types.VpcCidrBlockAssociation, error) {
	out, err := c.api.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{vpc}})
	if err != nil {
		return ec2types.VpcCidrBlockAssociation{}, err
	}
	for _, v := range out.Vpcs {
		for _, a := range v.CidrBlockAssociationSet {
			if aws.ToString(a.CidrBlock) != want.CIDR.String() || a.CidrBlockState == nil {
				continue
			}
			switch a.CidrBlockState.State {
			case ec2types.VpcCidrBlockStateCodeAssociated, ec2types.VpcCidrBlockStateCodeAssociating:
				return a, nil
			case ec2types.VpcCidrBlockStateCodeDisassociating:
				return a, &WaitError{Reason: "AWS is still taking the range from the VPC, and can add it again only then"}
			}
		}
	}
	return ec2types.VpcCidrBlockAssociation{}, nil
}

// associate answers with what the VPC shows afterwards, as AWS mostly is done by then.
func (c vpcCIDRs) associate(ctx context.Context, vpc string, want topology.VPCCIDR) (ec2types.VpcCidrBlockAssociation, error) {
	_, err := c.api.AssociateVpcCidrBlock(ctx, &ec2.AssociateVpcCidrBlockInput{VpcId: aws.String(vpc), CidrBlock: aws.String(want.CIDR.String())})
	if err != nil {
		return ec2types.VpcCidrBlockAssociation{}, err
	}
	return c.find(ctx, vpc, want)
}

func (c vpcCIDRs) Update(ctx context.Context, _, want topology.VPCCIDR, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	vpc, err := idOf(ids, want.VPC)
	if err != nil {
		return nil, err
	}
	return nil, addTags(ctx, c.api, vpc, tagChangeOf(change).set)
}

// Delete makes the VPC forget the range only when it is gone.
func (c vpcCIDRs) Delete(ctx context.Context, have topology.VPCCIDR, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	vpc, err := idOf(ids, have.VPC)
	if err != nil {
		return err
	}
	_, err = c.api.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{AssociationId: aws.String(id)})
	if err := removed(err, "a subnet still lies in the range"); err != nil {
		return err
	}
	return setTags(ctx, c.api, vpc, tagChange{drop: []string{topology.VPCCIDRTag(have.CIDR)}})
}
