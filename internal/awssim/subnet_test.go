package awssim_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestSubnetBlocksAreChecked(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := w.vpc(t, "172.20.0.0/16")
	w.subnet(t, vpc, "172.20.32.0/19", "us-east-1a")
	create := func(cidr, zone string) func() error {
		return func() error {
			return only(w.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &vpc, CidrBlock: &cidr, AvailabilityZone: &zone}))
		}
	}
	try(t, []refusal{
		{"a free block is taken", create("172.20.64.0/19", "us-east-1b"), ""},
		{"the same block is taken", create("172.20.32.0/19", "us-east-1b"), "InvalidSubnet.Conflict"},
		{"a part of a block is taken", create("172.20.33.0/24", "us-east-1b"), "InvalidSubnet.Conflict"},
		{"a block around one is taken", create("172.20.0.0/18", "us-east-1b"), "InvalidSubnet.Conflict"},
		{"a block outside the VPC", create("172.21.0.0/24", "us-east-1b"), "InvalidSubnet.Range"},
		{"a block that is too small", create("172.20.0.0/29", "us-east-1b"), "InvalidSubnet.Range"},
		{"no block at all", create("", "us-east-1b"), "MissingParameter"},
		{"a zone that does not exist", create("172.20.96.0/19", "us-east-1z"), "InvalidParameterValue"},
		{"a VPC that does not exist", func() error {
			return only(w.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: aws.String("vpc-0"), CidrBlock: aws.String("172.20.0.0/19")}))
		}, "InvalidVpcID.NotFound"},
	})
}

func TestSubnetAttributesChangeOneAtATime(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.subnet(t, w.vpc(t, "172.20.0.0/16"), "172.20.32.0/19", "us-east-1a")
	on := &types.AttributeBooleanValue{Value: aws.Bool(true)}
	for _, in := range []ec2.ModifySubnetAttributeInput{
		{MapPublicIpOnLaunch: on},
		{EnableResourceNameDnsARecordOnLaunch: on},
		{PrivateDnsHostnameTypeOnLaunch: types.HostnameTypeResourceName},
	} {
		in.SubnetId = &id
		call(w.ec2.ModifySubnetAttribute(ctx, &in)).must(t)
	}
	s := call(w.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{id}})).must(t).Subnets[0]
	dns := s.PrivateDnsNameOptionsOnLaunch
	if !*s.MapPublicIpOnLaunch || !*dns.EnableResourceNameDnsARecord || *dns.EnableResourceNameDnsAAAARecord || dns.HostnameType != types.HostnameTypeResourceName {
		t.Errorf("subnet %+v", s)
	}
	if *s.AvailabilityZoneId != "use1-az1" || *s.AvailableIpAddressCount != 8192-5 {
		t.Errorf("zone %s, %d free", *s.AvailabilityZoneId, *s.AvailableIpAddressCount)
	}
	call(w.ec2.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{SubnetId: &id, MapPublicIpOnLaunch: on, EnableDns64: on})).refused(t, "InvalidParameterCombination")
	call(w.ec2.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{SubnetId: &id, AssignIpv6AddressOnCreation: on})).refused(t, "InvalidParameterValue")
}

func TestIPv6OnlySubnetHasNoIPv4Block(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := call(w.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("172.20.0.0/16"), AmazonProvidedIpv6CidrBlock: aws.Bool(true)})).must(t).Vpc
	w.clock.Advance(time.Minute) // until the block is associated
	block := *vpc.Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock
	sixtyFour := block[:len(block)-len("/56")] + "/64"
	create := func() answer[*ec2.CreateSubnetOutput] {
		return call(w.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: vpc.VpcId, Ipv6CidrBlock: &sixtyFour, Ipv6Native: aws.Bool(true), AvailabilityZone: aws.String("us-east-1a")}))
	}
	s := create().must(t).Subnet
	if s.CidrBlock != nil || !*s.Ipv6Native || *s.Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock != sixtyFour {
		t.Errorf("subnet %+v", s)
	}
	create().refused(t, "InvalidSubnet.Conflict")
}

func TestSubnetGetsAnIPv6BlockLater(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := call(w.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("172.20.0.0/16"), AmazonProvidedIpv6CidrBlock: aws.Bool(true)})).must(t).Vpc
	block := *vpc.Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock
	sixtyFour := block[:len(block)-len("/56")] + "/64"
	first, second := w.subnet(t, *vpc.VpcId, "172.20.1.0/24", "us-east-1a"), w.subnet(t, *vpc.VpcId, "172.20.2.0/24", "us-east-1a")
	associate := func(subnet, cidr string) func() error {
		return func() error {
			return only(w.ec2.AssociateSubnetCidrBlock(ctx, &ec2.AssociateSubnetCidrBlockInput{SubnetId: &subnet, Ipv6CidrBlock: &cidr}))
		}
	}
	try(t, []refusal{{"not before the VPC has its own", associate(first, sixtyFour), "InvalidSubnet.Range"}})
	w.clock.Advance(time.Minute)
	try(t, []refusal{
		{"the block has to be one of IPv6", associate(first, "172.20.3.0/24"), "InvalidParameterValue"},
		{"the block has a size that AWS takes", associate(first, block[:len(block)-len("/56")]+"/62"), "InvalidSubnet.Range"},
		{"a subnet gets a block", associate(first, sixtyFour), ""},
		{"which no other can have", associate(second, sixtyFour), "InvalidSubnet.Conflict"},
		{"and no second one", associate(first, sixtyFour), "InvalidSubnet.Conflict"},
		{"the VPC's block is in use", func() error {
			return only(w.ec2.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{
				AssociationId: w.describedVPC(t, *vpc.VpcId).Ipv6CidrBlockAssociationSet[0].AssociationId}))
		}, "DependencyViolation"},
		{"until the subnet gives it back", func() error {
			s := call(w.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{first}})).must(t).Subnets[0]
			return only(w.ec2.DisassociateSubnetCidrBlock(ctx, &ec2.DisassociateSubnetCidrBlockInput{AssociationId: s.Ipv6CidrBlockAssociationSet[0].AssociationId}))
		}, ""},
	})
}

func TestListsComeInPages(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := w.vpc(t, "172.20.0.0/16")
	want := map[string]bool{}
	for i := range 12 {
		want[w.subnet(t, vpc, fmt.Sprintf("172.20.%d.0/24", i), "us-east-1a")] = true
	}
	pages := 0
	p := ec2.NewDescribeSubnetsPaginator(w.ec2, &ec2.DescribeSubnetsInput{MaxResults: aws.Int32(5)})
	for p.HasMorePages() {
		pages++
		for _, s := range call(p.NextPage(ctx)).must(t).Subnets {
			delete(want, *s.SubnetId)
		}
	}
	if pages != 3 || len(want) != 0 {
		t.Errorf("%d pages, not seen: %v", pages, want)
	}
}

func TestDescribeRefusesWhatItDoesNotKnow(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.subnet(t, w.vpc(t, "172.20.0.0/16"), "172.20.32.0/19", "us-east-1a")
	try(t, []refusal{
		{"an unknown id", func() error {
			return only(w.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{id, "subnet-0"}}))
		}, "InvalidSubnetID.NotFound"},
		{"an unknown filter", func() error {
			return only(w.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: by("colour", "blue")}))
		}, "InvalidParameterValue"},
		{"ids and pages", func() error {
			return only(w.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{SubnetIds: []string{id}, MaxResults: aws.Int32(5)}))
		}, "InvalidParameterCombination"},
		{"an unknown parameter", func() error {
			return only(w.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &id, OutpostArn: aws.String("x")}))
		}, "UnknownParameter"},
		{"an unknown operation", func() error {
			return only(w.ec2.DescribeSpotFleetRequests(ctx, nil))
		}, "InvalidAction"},
		{"a dry run", func() error {
			return only(w.ec2.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{DryRun: aws.Bool(true)}))
		}, "DryRunOperation"},
	})
}

func TestOtherRegionsAreElsewhere(t *testing.T) {
	w := newWorld(t)
	cfg := w.aws
	cfg.Region = "eu-west-1"
	call(ec2.NewFromConfig(cfg).DescribeVpcs(t.Context(), nil)).refused(t, "SignatureDoesNotMatch")
}
