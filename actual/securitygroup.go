package actual

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type securityGroupReader interface {
	DescribeSecurityGroups(context.Context, *ec2.DescribeSecurityGroupsInput, ...func(*ec2.Options)) (*ec2.DescribeSecurityGroupsOutput, error)
}

type securityGroupAnswers struct{ found []ec2types.SecurityGroup }

func lookSecurityGroups(ctx context.Context, o *observation) error {
	for _, filters := range o.lookups(topology.KindSecurityGroup, "group-id") {
		pages := ec2.NewDescribeSecurityGroupsPaginator(o.clients.EC2, &ec2.DescribeSecurityGroupsInput{Filters: filters, MaxResults: page1000})
		found, err := everything(ctx, pages, func(p *ec2.DescribeSecurityGroupsOutput) []ec2types.SecurityGroup { return p.SecurityGroups })
		if err != nil {
			return err
		}
		o.securityGroups.found = append(o.securityGroups.found, found...)
	}
	o.securityGroups.found = distinct(o.securityGroups.found, func(g ec2types.SecurityGroup) *string { return g.GroupId })
	return nil
}

func convertSecurityGroups(o *observation) error {
	for _, g := range o.securityGroups.found {
		id, tags := aws.ToString(g.GroupId), ec2Tags(g.Tags)
		found := candidate{kind: topology.KindSecurityGroup, id: id, tags: tags}
		who, ok := o.identify(found)
		if !ok {
			continue
		}
		// Controllers inside Kubernetes make groups with the cluster's tags too, but
		// only kops writes the group's name into its Name tag.
		if name := aws.ToString(g.GroupName); who.owner == topology.Owned && name != who.name {
			o.leave(found, fmt.Sprintf("the group is named %q, unlike its Name tag", name))
			continue
		}
		description := aws.ToString(g.Description)
		if who.owner == topology.Shared {
			description = "" // the words of those whose group it is; no manifest has them
		}
		o.add(id, topology.SecurityGroup{Name: who.name, Description: description, VPC: o.ref(g.VpcId), Tags: tags, Ownership: who.owner})
	}
	return nil
}
