package awssim_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestMachineGetsThePublicAddressThatSubnetOrLaunchSays(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	net := w.network(t)
	call(w.ec2.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{SubnetId: &net.subnets[0], MapPublicIpOnLaunch: &types.AttributeBooleanValue{Value: aws.Bool(true)}})).must(t)
	nic := func(public *bool, subnet string) *ec2.RunInstancesInput {
		in := launch(subnet)
		in.SubnetId = nil
		in.NetworkInterfaces = []types.InstanceNetworkInterfaceSpecification{{DeviceIndex: aws.Int32(0), SubnetId: &subnet, Groups: []string{net.group}, AssociatePublicIpAddress: public}}
		return in
	}
	for _, c := range []struct {
		name   string
		in     *ec2.RunInstancesInput
		public bool
	}{
		{"the subnet says yes", nic(nil, net.subnets[0]), true},
		{"the launch says no", nic(aws.Bool(false), net.subnets[0]), false},
		{"the subnet says no", nic(nil, net.subnets[1]), false},
		{"the launch says yes", nic(aws.Bool(true), net.subnets[1]), true},
	} {
		t.Run(c.name, func(t *testing.T) {
			i := call(w.ec2.RunInstances(ctx, c.in)).must(t).Instances[0]
			if got := i.PublicIpAddress != nil; got != c.public {
				t.Errorf("public address: %v", aws.ToString(i.PublicIpAddress))
			}
		})
	}
	call(w.ec2.DeleteSecurityGroup(ctx, &ec2.DeleteSecurityGroupInput{GroupId: &net.group})).refused(t, "DependencyViolation")
	found := call(w.ec2.DescribeNetworkInterfaces(ctx, &ec2.DescribeNetworkInterfacesInput{Filters: by("group-id", net.group)})).must(t).NetworkInterfaces
	if len(found) != 4 || found[0].Status != types.NetworkInterfaceStatusInUse || *found[0].Attachment.DeviceIndex != 0 {
		t.Errorf("found %+v", found)
	}
}

func TestMachineInAnIPv6SubnetHasAnIPv6Address(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := call(w.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("172.20.0.0/16"), AmazonProvidedIpv6CidrBlock: aws.Bool(true)})).must(t).Vpc
	w.clock.Advance(time.Minute) // until the block is associated
	block := *vpc.Ipv6CidrBlockAssociationSet[0].Ipv6CidrBlock
	sixtyFour := block[:len(block)-len("/56")] + "/64"
	subnet := *call(w.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: vpc.VpcId, CidrBlock: aws.String("172.20.1.0/24"), Ipv6CidrBlock: &sixtyFour})).must(t).Subnet.SubnetId
	call(w.ec2.ModifySubnetAttribute(ctx, &ec2.ModifySubnetAttributeInput{SubnetId: &subnet, AssignIpv6AddressOnCreation: &types.AttributeBooleanValue{Value: aws.Bool(true)}})).must(t)
	i := w.describedInstance(t, w.instance(t, subnet))
	if nic := i.NetworkInterfaces[0]; len(nic.Ipv6Addresses) != 1 || nic.Ipv6Addresses[0].Ipv6Address == nil {
		t.Errorf("interface %+v", nic)
	}
}
