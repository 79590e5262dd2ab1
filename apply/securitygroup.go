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

type securityGroupWriter interface {
	ec2Tagger
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error)
	CreateSecurityGroup(context.Context, *ec2.CreateSecurityGroupInput, ...func(*ec2.Options)) (*ec2.CreateSecurityGroupOutput, error)
	DeleteSecurityGroup(context.Context, *ec2.DeleteSecurityGroupInput, ...func(*ec2.Options)) (*ec2.DeleteSecurityGroupOutput, error)
}

type securityGroups struct {
	api     securityGroupWriter
	cluster string
}

// Create leaves alone the egress rules that AWS puts into every new group: rules are
// resources of their own, and their handler takes them up.
func (g securityGroups) Create(ctx context.Context, want topology.SecurityGroup, ids topology.Bindings) (topology.Bindings, error) {
	vpc, err := idOf(ids, want.VPC)
	if err != nil {
		return nil, err
	}
	learned, _, err := bound(want.Ref(), ids, func() (string, error) { return g.make(ctx, want, vpc) })
	return learned, err
}

func (g securityGroups) make(ctx context.Context, want topology.SecurityGroup, vpc string) (string, error) {
	out, err := g.api.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(want.Name), Description: aws.String(want.Description), VpcId: aws.String(vpc),
		TagSpecifications: tagged(ec2types.ResourceTypeSecurityGroup, want.Tags),
	})
	if err != nil && awsapi.AlreadyExists(err) {
		return g.find(ctx, want, vpc, err)
	}
	if err != nil {
		return "", settling(err, "AWS does not know the new VPC everywhere yet")
	}
	return aws.ToString(out.GroupId), nil
}

// find takes up the group of that name, which AWS keeps unique in a VPC, if it is ours.
func (g securityGroups) find(ctx context.Context, want topology.SecurityGroup, vpc string, conflict error) (string, error) {
	out, err := g.api.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{
		Filters: append(carrying(g.cluster), filter("vpc-id", vpc), filter("group-name", want.Name)),
	})
	if err != nil {
		return "", err
	}
	if len(out.SecurityGroups) == 0 {
		return "", strange(want.Ref(), conflict)
	}
	return aws.ToString(out.SecurityGroups[0].GroupId), nil
}

func (g securityGroups) Update(ctx context.Context, _, want topology.SecurityGroup, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	return nil, addTags(ctx, g.api, id, tagChangeOf(change).set)
}

func (g securityGroups) Delete(ctx context.Context, have topology.SecurityGroup, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	_, err = g.api.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: aws.String(id)})
	return removed(err, "a network interface or another group's rule still uses the group")
}
