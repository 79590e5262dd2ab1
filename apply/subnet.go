package apply

import (
	"context"
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type subnetWriter interface {
	ec2Tagger
	DescribeVpcs(context.Context, *ec2.DescribeVpcsInput, ...func(*ec2.Options)) (*ec2.DescribeVpcsOutput, error)
	DescribeSubnets(context.Context, *ec2.DescribeSubnetsInput, ...func(*ec2.Options)) (*ec2.DescribeSubnetsOutput, error)
	CreateSubnet(context.Context, *ec2.CreateSubnetInput, ...func(*ec2.Options)) (*ec2.CreateSubnetOutput, error)
	AssociateSubnetCidrBlock(context.Context, *ec2.AssociateSubnetCidrBlockInput, ...func(*ec2.Options)) (*ec2.AssociateSubnetCidrBlockOutput, error)
	ModifySubnetAttribute(context.Context, *ec2.ModifySubnetAttributeInput, ...func(*ec2.Options)) (*ec2.ModifySubnetAttributeOutput, error)
	DeleteSubnet(context.Context, *ec2.DeleteSubnetInput, ...func(*ec2.Options)) (*ec2.DeleteSubnetOutput, error)
}

type subnets struct {
	api     subnetWriter
	cluster string
}

const subnetNew = "AWS does not know the new subnet or its VPC everywhere yet"

// Create makes the subnet, and then sets the attributes that a new subnet has
// otherwise. Two subnets of one range cannot be, so a second call of a lost first
// one meets a conflict, and takes the subnet up.
func (s subnets) Create(ctx context.Context, want topology.Subnet, ids topology.Bindings) (topology.Bindings, error) {
	vpc, err := idOf(ids, want.VPC)
	if err != nil {
		return nil, err
	}
	made, err := s.make(ctx, want, vpc)
	if err != nil {
		return nil, settling(err, subnetNew)
	}
	learned := topology.Bindings{want.Ref(): aws.ToString(made.SubnetId)}
	return learned, s.write(ctx, learned[want.Ref()], want, differs(want, attributesOf(made)))
}

func (s subnets) make(ctx context.Context, want topology.Subnet, vpc string) (ec2types.Subnet, error) {
	ipv6, err := s.ipv6(ctx, want, vpc)
	if err != nil {
		return ec2types.Subnet{}, err
	}
	in := &ec2.CreateSubnetInput{
		VpcId: aws.String(vpc), AvailabilityZone: aws.String(want.Zone), Ipv6CidrBlock: ipv6,
		TagSpecifications: tagged(ec2types.ResourceTypeSubnet, want.Tags),
	}
	if want.CIDR.IsValid() {
		in.CidrBlock = aws.String(want.CIDR.String())
	} else {
		in.Ipv6Native = aws.Bool(true)
	}
	out, err := s.api.CreateSubnet(ctx, in)
	if err != nil && awsapi.AlreadyExists(err) {
		return s.find(ctx, want, vpc, err)
	}
	if err != nil {
		return ec2types.Subnet{}, err
	}
	return *out.Subnet, nil
}

// find takes up the subnet that is in the way, if it is the wanted one.
func (s subnets) find(ctx context.Context, want topology.Subnet, vpc string, conflict error) (ec2types.Subnet, error) {
	filters := append(ours(s.cluster, want.Tags), filter("vpc-id", vpc), filter("availability-zone", want.Zone))
	out, err := s.api.DescribeSubnets(ctx, &ec2.DescribeSubnetsInput{Filters: filters})
	if err != nil {
		return ec2types.Subnet{}, err
	}
	for _, found := range out.Subnets {
		if aws.ToString(found.CidrBlock) == want.CIDR.String() || !want.CIDR.IsValid() {
			return found, nil
		}
	}
	return ec2types.Subnet{}, fmt.Errorf("the range %s is taken by another subnet: %w", want.CIDR, conflict)
}

// attributesOf are the attributes that a subnet was made with.
func attributesOf(made ec2types.Subnet) topology.Subnet {
	got := topology.Subnet{
		AssignIPv6:   aws.ToBool(made.AssignIpv6AddressOnCreation),
		DNS64:        aws.ToBool(made.EnableDns64),
		HostnameType: string(ec2types.HostnameTypeIpName),
	}
	if names := made.PrivateDnsNameOptionsOnLaunch; names != nil {
		got.HostnameType = string(names.HostnameType)
		got.ResourceNameA = aws.ToBool(names.EnableResourceNameDnsARecord)
		got.ResourceNameAAAA = aws.ToBool(names.EnableResourceNameDnsAAAARecord)
	}
	return got
}

// subnetAttributes are the attributes that one call each can set; AWS refuses two in
// one call. The paths are those of the diff.
var subnetAttributes = []struct {
	path  string
	value func(topology.Subnet) any
	write func(topology.Subnet, *ec2.ModifySubnetAttributeInput)
}{
	{"assignIPv6", func(s topology.Subnet) any { return s.AssignIPv6 }, func(s topology.Subnet, in *ec2.ModifySubnetAttributeInput) {
		in.AssignIpv6AddressOnCreation = &ec2types.AttributeBooleanValue{Value: aws.Bool(s.AssignIPv6)}
	}},
	{"dns64", func(s topology.Subnet) any { return s.DNS64 }, func(s topology.Subnet, in *ec2.ModifySubnetAttributeInput) {
		in.EnableDns64 = &ec2types.AttributeBooleanValue{Value: aws.Bool(s.DNS64)}
	}},
	{"hostnameType", func(s topology.Subnet) any { return s.HostnameType }, func(s topology.Subnet, in *ec2.ModifySubnetAttributeInput) {
		in.PrivateDnsHostnameTypeOnLaunch = ec2types.HostnameType(s.HostnameType)
	}},
	{"resourceNameA", func(s topology.Subnet) any { return s.ResourceNameA }, func(s topology.Subnet, in *ec2.ModifySubnetAttributeInput) {
		in.EnableResourceNameDnsARecordOnLaunch = &ec2types.AttributeBooleanValue{Value: aws.Bool(s.ResourceNameA)}
	}},
	{"resourceNameAAAA", func(s topology.Subnet) any { return s.ResourceNameAAAA }, func(s topology.Subnet, in *ec2.ModifySubnetAttributeInput) {
		in.EnableResourceNameDnsAAAARecordOnLaunch = &ec2types.AttributeBooleanValue{Value: aws.Bool(s.ResourceNameAAAA)}
	}},
}

// differs tells for each attribute whether it has to be written.
func differs(want, have topology.Subnet) func(path string) bool {
	different := map[string]bool{}
	for _, a := range subnetAttributes {
		different[a.path] = a.value(want) != a.value(have)
	}
	return func(path string) bool { return different[path] }
}

func (s subnets) write(ctx context.Context, id string, want topology.Subnet, needed func(path string) bool) error {
	for _, a := range subnetAttributes {
		if !needed(a.path) {
			continue
		}
		in := &ec2.ModifySubnetAttributeInput{SubnetId: aws.String(id)}
		a.write(want, in)
		if _, err := s.api.ModifySubnetAttribute(ctx, in); err != nil {
			return settling(err, subnetNew)
		}
	}
	return nil
}

// Update associates the IPv6 range before the attributes that need one.
func (s subnets) Update(ctx context.Context, _, want topology.Subnet, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	if err := addTags(ctx, s.api, id, tagChangeOf(change).set); err != nil {
		return nil, err
	}
	if change.Has("ipv6CIDR") {
		if err := s.addIPv6(ctx, id, want, ids); err != nil {
			return nil, settling(err, subnetNew)
		}
	}
	return nil, s.write(ctx, id, want, change.Has)
}

func (s subnets) addIPv6(ctx context.Context, id string, want topology.Subnet, ids topology.Bindings) error {
	vpc, err := idOf(ids, want.VPC)
	if err != nil {
		return err
	}
	ipv6, err := s.ipv6(ctx, want, vpc)
	if err != nil {
		return err
	}
	_, err = s.api.AssociateSubnetCidrBlock(ctx, &ec2.AssociateSubnetCidrBlockInput{SubnetId: aws.String(id), Ipv6CidrBlock: ipv6})
	if err != nil && awsapi.AlreadyExists(err) {
		return &WaitError{Reason: "AWS is still associating the subnet's IPv6 range"}
	}
	return err
}

// ipv6 is the subnet's IPv6 range; nil for none. "/64#K" is counted in the block that
// Amazon gave the VPC, which only AWS knows.
func (s subnets) ipv6(ctx context.Context, want topology.Subnet, vpc string) (*string, error) {
	number, counted := strings.CutPrefix(want.IPv6CIDR, "/64#")
	if !counted {
		return present(want.IPv6CIDR), nil
	}
	out, err := s.api.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{vpc}})
	if err != nil {
		return nil, err
	}
	for _, v := range out.Vpcs {
		if a, ok := amazonBlock(v); ok && a.Ipv6CidrBlockState.State == ec2types.VpcCidrBlockStateCodeAssociated {
			return nth64(aws.ToString(a.Ipv6CidrBlock), number)
		}
	}
	return nil, &WaitError{Reason: "AWS has not given the VPC its IPv6 block yet"}
}

// nth64 is the /64 of a block with the given number, which is hexadecimal.
func nth64(block, number string) (*string, error) {
	prefix, err := netip.ParsePrefix(block)
	if err != nil {
		return nil, fmt.Errorf("the VPC's IPv6 block: %w", err)
	}
	k, err := strconv.ParseUint(number, 16, 64)
	if err != nil || prefix.Bits() > 64 || k>>(64-prefix.Bits()) != 0 {
		return nil, fmt.Errorf("%s has no /64 with the number %s", block, number)
	}
	address := prefix.Masked().Addr().As16()
	binary.BigEndian.PutUint64(address[:8], binary.BigEndian.Uint64(address[:8])|k)
	return aws.String(netip.PrefixFrom(netip.AddrFrom16(address), 64).String()), nil
}

func (s subnets) Delete(ctx context.Context, have topology.Subnet, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	_, err = s.api.DeleteSubnet(ctx, &ec2.DeleteSubnetInput{SubnetId: aws.String(id)})
	return removed(err, "something is still in the subnet")
}
