package preflight

import (
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

// A repertoire is the calls that apply makes for a kind. The same tags go along as in the real calls,
// since policies may ask for them.
type repertoire struct {
	create, remove []probe
	// update are the calls for fields whose path begins so; those for tags are the same for all kinds.
	update map[string][]probe
}

// repertoires has a row for every kind that lives in EC2.
var repertoires = map[topology.Kind]repertoire{
	topology.KindDHCPOptions: {
		create: []probe{asking("CreateDhcpOptions", EC2.CreateDhcpOptions, func(_ *stage, r topology.DHCPOptions) *ec2.CreateDhcpOptionsInput {
			return &ec2.CreateDhcpOptionsInput{DryRun: dry, TagSpecifications: tagged(ec2types.ResourceTypeDhcpOptions, r.Tags),
				DhcpConfigurations: []ec2types.NewDhcpConfiguration{{Key: aws.String("domain-name"), Values: []string{r.DomainName}}}}
		})},
		remove: []probe{asking("DeleteDhcpOptions", EC2.DeleteDhcpOptions, func(s *stage, r topology.DHCPOptions) *ec2.DeleteDhcpOptionsInput {
			return &ec2.DeleteDhcpOptionsInput{DryRun: dry, DhcpOptionsId: s.id(r.Ref())}
		})},
	},
	topology.KindVPC: {
		create: []probe{
			asking("CreateVpc", EC2.CreateVpc, func(_ *stage, r topology.VPC) *ec2.CreateVpcInput {
				return &ec2.CreateVpcInput{DryRun: dry, CidrBlock: aws.String(r.CIDR.String()), AmazonProvidedIpv6CidrBlock: aws.Bool(r.AmazonIPv6),
					TagSpecifications: tagged(ec2types.ResourceTypeVpc, r.Tags)}
			}),
			associateDHCPOptions,
		},
		update: map[string][]probe{"dhcpOptions": {associateDHCPOptions}},
		remove: []probe{asking("DeleteVpc", EC2.DeleteVpc, func(s *stage, r topology.VPC) *ec2.DeleteVpcInput {
			return &ec2.DeleteVpcInput{DryRun: dry, VpcId: s.id(r.Ref())}
		})},
	},
	topology.KindInternetGateway: {
		create: []probe{
			asking("CreateInternetGateway", EC2.CreateInternetGateway, func(_ *stage, r topology.InternetGateway) *ec2.CreateInternetGatewayInput {
				return &ec2.CreateInternetGatewayInput{DryRun: dry, TagSpecifications: tagged(ec2types.ResourceTypeInternetGateway, r.Tags)}
			}),
			attachGateway,
		},
		update: map[string][]probe{"vpc": {attachGateway}},
		remove: []probe{
			asking("DetachInternetGateway", EC2.DetachInternetGateway, func(s *stage, r topology.InternetGateway) *ec2.DetachInternetGatewayInput {
				return &ec2.DetachInternetGatewayInput{DryRun: dry, InternetGatewayId: s.id(r.Ref()), VpcId: s.id(r.VPC)}
			}),
			asking("DeleteInternetGateway", EC2.DeleteInternetGateway, func(s *stage, r topology.InternetGateway) *ec2.DeleteInternetGatewayInput {
				return &ec2.DeleteInternetGatewayInput{DryRun: dry, InternetGatewayId: s.id(r.Ref())}
			}),
		},
	},
	topology.KindEgressOnlyGateway: {
		create: []probe{asking("CreateEgressOnlyInternetGateway", EC2.CreateEgressOnlyInternetGateway, func(s *stage, r topology.EgressOnlyGateway) *ec2.CreateEgressOnlyInternetGatewayInput {
			return &ec2.CreateEgressOnlyInternetGatewayInput{DryRun: dry, VpcId: s.id(r.VPC), TagSpecifications: tagged(ec2types.ResourceTypeEgressOnlyInternetGateway, r.Tags)}
		})},
		remove: []probe{asking("DeleteEgressOnlyInternetGateway", EC2.DeleteEgressOnlyInternetGateway, func(s *stage, r topology.EgressOnlyGateway) *ec2.DeleteEgressOnlyInternetGatewayInput {
			return &ec2.DeleteEgressOnlyInternetGatewayInput{DryRun: dry, EgressOnlyInternetGatewayId: s.id(r.Ref())}
		})},
	},
	topology.KindSubnet: {
		create: []probe{asking("CreateSubnet", EC2.CreateSubnet, func(s *stage, r topology.Subnet) *ec2.CreateSubnetInput {
			return &ec2.CreateSubnetInput{DryRun: dry, VpcId: s.id(r.VPC), AvailabilityZone: aws.String(r.Zone), CidrBlock: written(r.CIDR.IsValid(), r.CIDR.String()),
				TagSpecifications: tagged(ec2types.ResourceTypeSubnet, r.Tags)}
		})},
		remove: []probe{asking("DeleteSubnet", EC2.DeleteSubnet, func(s *stage, r topology.Subnet) *ec2.DeleteSubnetInput {
			return &ec2.DeleteSubnetInput{DryRun: dry, SubnetId: s.id(r.Ref())}
		})},
	},
	topology.KindElasticIP: {
		create: []probe{asking("AllocateAddress", EC2.AllocateAddress, func(_ *stage, r topology.ElasticIP) *ec2.AllocateAddressInput {
			return &ec2.AllocateAddressInput{DryRun: dry, Domain: ec2types.DomainTypeVpc, TagSpecifications: tagged(ec2types.ResourceTypeElasticIp, r.Tags)}
		})},
		remove: []probe{asking("ReleaseAddress", EC2.ReleaseAddress, func(s *stage, r topology.ElasticIP) *ec2.ReleaseAddressInput {
			return &ec2.ReleaseAddressInput{DryRun: dry, AllocationId: s.id(r.Ref())}
		})},
	},
	topology.KindNATGateway: {
		create: []probe{asking("CreateNatGateway", EC2.CreateNatGateway, func(s *stage, r topology.NATGateway) *ec2.CreateNatGatewayInput {
			return &ec2.CreateNatGatewayInput{DryRun: dry, SubnetId: s.id(r.Subnet), AllocationId: s.id(r.ElasticIP), ConnectivityType: ec2types.ConnectivityTypePublic,
				TagSpecifications: tagged(ec2types.ResourceTypeNatgateway, r.Tags)}
		})},
		remove: []probe{asking("DeleteNatGateway", EC2.DeleteNatGateway, func(s *stage, r topology.NATGateway) *ec2.DeleteNatGatewayInput {
			return &ec2.DeleteNatGatewayInput{DryRun: dry, NatGatewayId: s.id(r.Ref())}
		})},
	},
	topology.KindRouteTable: {
		create: []probe{
			asking("CreateRouteTable", EC2.CreateRouteTable, func(s *stage, r topology.RouteTable) *ec2.CreateRouteTableInput {
				return &ec2.CreateRouteTableInput{DryRun: dry, VpcId: s.id(r.VPC), TagSpecifications: tagged(ec2types.ResourceTypeRouteTable, r.Tags)}
			}),
			createRoute, associateTable,
		},
		update: map[string][]probe{"routes": {createRoute, replaceRoute}, "subnets": {associateTable}},
		remove: []probe{asking("DeleteRouteTable", EC2.DeleteRouteTable, func(s *stage, r topology.RouteTable) *ec2.DeleteRouteTableInput {
			return &ec2.DeleteRouteTableInput{DryRun: dry, RouteTableId: s.id(r.Ref())}
		})},
	},
	topology.KindSecurityGroup: {
		create: []probe{asking("CreateSecurityGroup", EC2.CreateSecurityGroup, func(s *stage, r topology.SecurityGroup) *ec2.CreateSecurityGroupInput {
			return &ec2.CreateSecurityGroupInput{DryRun: dry, VpcId: s.id(r.VPC), GroupName: aws.String(r.Name), Description: aws.String(r.Description),
				TagSpecifications: tagged(ec2types.ResourceTypeSecurityGroup, r.Tags)}
		})},
		remove: []probe{asking("DeleteSecurityGroup", EC2.DeleteSecurityGroup, func(s *stage, r topology.SecurityGroup) *ec2.DeleteSecurityGroupInput {
			return &ec2.DeleteSecurityGroupInput{DryRun: dry, GroupId: s.id(r.Ref())}
		})},
	},
	topology.KindSecurityGroupRule: {
		create: []probe{authorizeIngress},
		remove: []probe{revokeIngress},
	},
	topology.KindKeyPair: {
		create: []probe{asking("ImportKeyPair", EC2.ImportKeyPair, func(_ *stage, r topology.KeyPair) *ec2.ImportKeyPairInput {
			return &ec2.ImportKeyPairInput{DryRun: dry, KeyName: aws.String(r.Name), PublicKeyMaterial: []byte(r.PublicKey), TagSpecifications: tagged(ec2types.ResourceTypeKeyPair, r.Tags)}
		})},
		remove: []probe{asking("DeleteKeyPair", EC2.DeleteKeyPair, func(_ *stage, r topology.KeyPair) *ec2.DeleteKeyPairInput {
			return &ec2.DeleteKeyPairInput{DryRun: dry, KeyName: aws.String(r.Name)}
		})},
	},
	topology.KindVolume: {
		create: []probe{asking("CreateVolume", EC2.CreateVolume, func(_ *stage, r topology.Volume) *ec2.CreateVolumeInput {
			return &ec2.CreateVolumeInput{DryRun: dry, AvailabilityZone: aws.String(r.Zone), VolumeType: ec2types.VolumeType(r.Type), Size: aws.Int32(int32(r.SizeGiB)),
				Encrypted: aws.Bool(r.Encrypted), KmsKeyId: written(r.KMSKey != "", r.KMSKey), TagSpecifications: tagged(ec2types.ResourceTypeVolume, r.Tags)}
		})},
		update: map[string][]probe{"type": {modifyVolume}, "sizeGiB": {modifyVolume}, "iops": {modifyVolume}, "throughput": {modifyVolume}},
	},
	topology.KindLaunchTemplate: {
		create: []probe{asking("CreateLaunchTemplate", EC2.CreateLaunchTemplate, func(s *stage, r topology.LaunchTemplate) *ec2.CreateLaunchTemplateInput {
			return &ec2.CreateLaunchTemplateInput{DryRun: dry, LaunchTemplateName: aws.String(r.Name), LaunchTemplateData: s.content(r),
				TagSpecifications: tagged(ec2types.ResourceTypeLaunchTemplate, r.Tags)}
		})},
		update: map[string][]probe{"": {
			asking("CreateLaunchTemplateVersion", EC2.CreateLaunchTemplateVersion, func(s *stage, r topology.LaunchTemplate) *ec2.CreateLaunchTemplateVersionInput {
				return &ec2.CreateLaunchTemplateVersionInput{DryRun: dry, LaunchTemplateId: s.id(r.Ref()), LaunchTemplateData: s.content(r)}
			}),
			asking("ModifyLaunchTemplate", EC2.ModifyLaunchTemplate, func(s *stage, r topology.LaunchTemplate) *ec2.ModifyLaunchTemplateInput {
				return &ec2.ModifyLaunchTemplateInput{DryRun: dry, LaunchTemplateId: s.id(r.Ref()), DefaultVersion: aws.String("1")}
			}),
		}},
		remove: []probe{asking("DeleteLaunchTemplate", EC2.DeleteLaunchTemplate, func(s *stage, r topology.LaunchTemplate) *ec2.DeleteLaunchTemplateInput {
			return &ec2.DeleteLaunchTemplateInput{DryRun: dry, LaunchTemplateId: s.id(r.Ref())}
		})},
	},
}

var associateDHCPOptions = asking("AssociateDhcpOptions", EC2.AssociateDhcpOptions, func(s *stage, r topology.VPC) *ec2.AssociateDhcpOptionsInput {
	return &ec2.AssociateDhcpOptionsInput{DryRun: dry, VpcId: s.id(r.Ref()), DhcpOptionsId: s.id(r.DHCPOptions)}
})

var attachGateway = asking("AttachInternetGateway", EC2.AttachInternetGateway, func(s *stage, r topology.InternetGateway) *ec2.AttachInternetGatewayInput {
	return &ec2.AttachInternetGatewayInput{DryRun: dry, InternetGatewayId: s.id(r.Ref()), VpcId: s.id(r.VPC)}
})

var associateTable = asking("AssociateRouteTable", EC2.AssociateRouteTable, func(s *stage, r topology.RouteTable) *ec2.AssociateRouteTableInput {
	in := &ec2.AssociateRouteTableInput{DryRun: dry, RouteTableId: s.id(r.Ref()), SubnetId: aws.String(standIns[topology.KindSubnet])}
	if len(r.Subnets) > 0 {
		in.SubnetId = s.id(r.Subnets[0])
	}
	return in
})

// anyGateway is enough for the permission of a route, which is the table's.
var anyGateway, anywhere = aws.String(standIns[topology.KindInternetGateway]), aws.String("0.0.0.0/0")

var createRoute = asking("CreateRoute", EC2.CreateRoute, func(s *stage, r topology.RouteTable) *ec2.CreateRouteInput {
	return &ec2.CreateRouteInput{DryRun: dry, RouteTableId: s.id(r.Ref()), DestinationCidrBlock: anywhere, GatewayId: anyGateway}
})

var replaceRoute = asking("ReplaceRoute", EC2.ReplaceRoute, func(s *stage, r topology.RouteTable) *ec2.ReplaceRouteInput {
	return &ec2.ReplaceRouteInput{DryRun: dry, RouteTableId: s.id(r.Ref()), DestinationCidrBlock: anywhere, GatewayId: anyGateway}
})

var modifyVolume = asking("ModifyVolume", EC2.ModifyVolume, func(s *stage, r topology.Volume) *ec2.ModifyVolumeInput {
	return &ec2.ModifyVolumeInput{DryRun: dry, VolumeId: s.id(r.Ref()), VolumeType: ec2types.VolumeType(r.Type), Size: aws.Int32(int32(r.SizeGiB))}
})

func tagged(resource ec2types.ResourceType, tags topology.Tags) []ec2types.TagSpecification {
	if len(tags) == 0 {
		return nil
	}
	return []ec2types.TagSpecification{{ResourceType: resource, Tags: ec2Tags(tags)}}
}

func ec2Tags(tags topology.Tags) []ec2types.Tag {
	var list []ec2types.Tag
	for key, value := range tags {
		list = append(list, ec2types.Tag{Key: aws.String(key), Value: aws.String(value)})
	}
	return list
}

// written is nil for what the real call leaves out too.
func written(is bool, text string) *string {
	if !is {
		return nil
	}
	return &text
}

// content is as much of a template as a permission can depend on.
func (s *stage) content(t topology.LaunchTemplate) *ec2types.RequestLaunchTemplateData {
	data := &ec2types.RequestLaunchTemplateData{InstanceType: ec2types.InstanceType(t.InstanceType)}
	if strings.HasPrefix(t.Image, "ami-") {
		data.ImageId = aws.String(t.Image)
	} else {
		data.ImageId = s.id(topology.Ref{Kind: topology.KindImage, Name: t.Image})
	}
	return data
}
