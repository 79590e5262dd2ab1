package kopsmade

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/aws/smithy-go"
)

func ec2Tags(tags map[string]string) []types.Tag {
	return tagList(tags, func(key, value *string) types.Tag { return types.Tag{Key: key, Value: value} })
}

func tagged(typ types.ResourceType, b block) []types.TagSpecification {
	if len(b.tags()) == 0 {
		return nil
	}
	return []types.TagSpecification{{ResourceType: typ, Tags: ec2Tags(b.tags())}}
}

func attributeValue(on *bool) *types.AttributeBooleanValue {
	return &types.AttributeBooleanValue{Value: on}
}

func (m *maker) vpc(ctx context.Context, b block) (attributes, error) {
	out, err := m.EC2.CreateVpc(ctx, &ec2.CreateVpcInput{
		CidrBlock: b.str("cidr_block"), AmazonProvidedIpv6CidrBlock: b.flag("assign_generated_ipv6_cidr_block"),
		TagSpecifications: tagged(types.ResourceTypeVpc, b),
	})
	if err != nil {
		return nil, err
	}
	made := attributes{"id": *out.Vpc.VpcId}
	for _, change := range []ec2.ModifyVpcAttributeInput{
		{VpcId: out.Vpc.VpcId, EnableDnsSupport: attributeValue(b.flag("enable_dns_support"))},
		{VpcId: out.Vpc.VpcId, EnableDnsHostnames: attributeValue(b.flag("enable_dns_hostnames"))},
	} {
		if _, err := m.EC2.ModifyVpcAttribute(ctx, &change); err != nil {
			return nil, err
		}
	}
	if !b.is("assign_generated_ipv6_cidr_block") {
		return made, nil
	}
	if err := m.wait(ctx); err != nil {
		return nil, err
	}
	found, err := m.EC2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{VpcIds: []string{*out.Vpc.VpcId}})
	if err != nil {
		return nil, err
	}
	for _, association := range found.Vpcs[0].Ipv6CidrBlockAssociationSet {
		made["ipv6_cidr_block"] = aws.ToString(association.Ipv6CidrBlock)
	}
	return made, nil
}

func (m *maker) cidrAssociation(ctx context.Context, b block) (attributes, error) {
	_, err := m.EC2.AssociateVpcCidrBlock(ctx, &ec2.AssociateVpcCidrBlockInput{VpcId: b.str("vpc_id"), CidrBlock: b.str("cidr_block")})
	if err != nil {
		return nil, err
	}
	return attributes{}, m.wait(ctx)
}

func (m *maker) dhcpOptions(ctx context.Context, b block) (attributes, error) {
	in := &ec2.CreateDhcpOptionsInput{TagSpecifications: tagged(types.ResourceTypeDhcpOptions, b)}
	if domain := b.text("domain_name"); domain != "" {
		in.DhcpConfigurations = append(in.DhcpConfigurations, types.NewDhcpConfiguration{Key: aws.String("domain-name"), Values: []string{domain}})
	}
	in.DhcpConfigurations = append(in.DhcpConfigurations, types.NewDhcpConfiguration{Key: aws.String("domain-name-servers"), Values: b.list("domain_name_servers")})
	out, err := m.EC2.CreateDhcpOptions(ctx, in)
	if err != nil {
		return nil, err
	}
	return attributes{"id": *out.DhcpOptions.DhcpOptionsId}, nil
}

func (m *maker) dhcpOptionsAssociation(ctx context.Context, b block) (attributes, error) {
	_, err := m.EC2.AssociateDhcpOptions(ctx, &ec2.AssociateDhcpOptionsInput{VpcId: b.str("vpc_id"), DhcpOptionsId: b.str("dhcp_options_id")})
	return attributes{}, err
}

func (m *maker) internetGateway(ctx context.Context, b block) (attributes, error) {
	out, err := m.EC2.CreateInternetGateway(ctx, &ec2.CreateInternetGatewayInput{TagSpecifications: tagged(types.ResourceTypeInternetGateway, b)})
	if err != nil {
		return nil, err
	}
	_, err = m.EC2.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{VpcId: b.str("vpc_id"), InternetGatewayId: out.InternetGateway.InternetGatewayId})
	return attributes{"id": *out.InternetGateway.InternetGatewayId}, err
}

func (m *maker) egressOnlyGateway(ctx context.Context, b block) (attributes, error) {
	out, err := m.EC2.CreateEgressOnlyInternetGateway(ctx, &ec2.CreateEgressOnlyInternetGatewayInput{
		VpcId: b.str("vpc_id"), TagSpecifications: tagged(types.ResourceTypeEgressOnlyInternetGateway, b),
	})
	if err != nil {
		return nil, err
	}
	return attributes{"id": *out.EgressOnlyInternetGateway.EgressOnlyInternetGatewayId}, nil
}

// subnet waits for the additional ranges of the VPC, as people write depends_on for.
func (m *maker) subnet(ctx context.Context, b block) (attributes, error) {
	if err := m.first(ctx, "aws_vpc_ipv4_cidr_block_association"); err != nil {
		return nil, err
	}
	out, err := m.EC2.CreateSubnet(ctx, &ec2.CreateSubnetInput{
		VpcId: b.str("vpc_id"), AvailabilityZone: b.str("availability_zone"), CidrBlock: b.str("cidr_block"),
		Ipv6CidrBlock: b.str("ipv6_cidr_block"), Ipv6Native: b.flag("ipv6_native"), TagSpecifications: tagged(types.ResourceTypeSubnet, b),
	})
	if err != nil {
		return nil, err
	}
	id := out.Subnet.SubnetId
	var changes []ec2.ModifySubnetAttributeInput
	if b.is("assign_ipv6_address_on_creation") {
		changes = append(changes, ec2.ModifySubnetAttributeInput{SubnetId: id, AssignIpv6AddressOnCreation: attributeValue(aws.Bool(true))})
	}
	if b.is("enable_dns64") {
		changes = append(changes, ec2.ModifySubnetAttributeInput{SubnetId: id, EnableDns64: attributeValue(aws.Bool(true))})
	}
	if b.is("enable_resource_name_dns_a_record_on_launch") {
		changes = append(changes, ec2.ModifySubnetAttributeInput{SubnetId: id, EnableResourceNameDnsARecordOnLaunch: attributeValue(aws.Bool(true))})
	}
	if b.is("enable_resource_name_dns_aaaa_record_on_launch") {
		changes = append(changes, ec2.ModifySubnetAttributeInput{SubnetId: id, EnableResourceNameDnsAAAARecordOnLaunch: attributeValue(aws.Bool(true))})
	}
	if t := b.text("private_dns_hostname_type_on_launch"); t != "" {
		changes = append(changes, ec2.ModifySubnetAttributeInput{SubnetId: id, PrivateDnsHostnameTypeOnLaunch: types.HostnameType(t)})
	}
	for _, change := range changes {
		if _, err := m.EC2.ModifySubnetAttribute(ctx, &change); err != nil {
			return nil, err
		}
	}
	return attributes{"id": *id}, nil
}

// first makes everything of a type.
func (m *maker) first(ctx context.Context, typ string) error {
	for a := range m.blocks {
		if a.typ == typ {
			if _, err := m.make(ctx, a); err != nil {
				return err
			}
		}
	}
	return nil
}

func (m *maker) elasticIP(ctx context.Context, b block) (attributes, error) {
	out, err := m.EC2.AllocateAddress(ctx, &ec2.AllocateAddressInput{Domain: types.DomainTypeVpc, TagSpecifications: tagged(types.ResourceTypeElasticIp, b)})
	if err != nil {
		return nil, err
	}
	return attributes{"id": *out.AllocationId}, nil
}

func (m *maker) natGateway(ctx context.Context, b block) (attributes, error) {
	if err := m.first(ctx, "aws_internet_gateway"); err != nil {
		return nil, err
	}
	out, err := m.EC2.CreateNatGateway(ctx, &ec2.CreateNatGatewayInput{
		SubnetId: b.str("subnet_id"), AllocationId: b.str("allocation_id"), TagSpecifications: tagged(types.ResourceTypeNatgateway, b),
	})
	if err != nil {
		return nil, err
	}
	return attributes{"id": *out.NatGateway.NatGatewayId}, m.wait(ctx)
}

func (m *maker) routeTable(ctx context.Context, b block) (attributes, error) {
	out, err := m.EC2.CreateRouteTable(ctx, &ec2.CreateRouteTableInput{VpcId: b.str("vpc_id"), TagSpecifications: tagged(types.ResourceTypeRouteTable, b)})
	if err != nil {
		return nil, err
	}
	return attributes{"id": *out.RouteTable.RouteTableId}, nil
}

func (m *maker) route(ctx context.Context, b block) (attributes, error) {
	_, err := m.EC2.CreateRoute(ctx, &ec2.CreateRouteInput{
		RouteTableId: b.str("route_table_id"), DestinationCidrBlock: b.str("destination_cidr_block"), DestinationIpv6CidrBlock: b.str("destination_ipv6_cidr_block"),
		GatewayId: b.str("gateway_id"), NatGatewayId: b.str("nat_gateway_id"), TransitGatewayId: b.str("transit_gateway_id"), InstanceId: b.str("instance_id"),
		EgressOnlyInternetGatewayId: b.str("egress_only_gateway_id"), VpcPeeringConnectionId: b.str("vpc_peering_connection_id"),
	})
	return attributes{}, err
}

func (m *maker) routeTableAssociation(ctx context.Context, b block) (attributes, error) {
	_, err := m.EC2.AssociateRouteTable(ctx, &ec2.AssociateRouteTableInput{RouteTableId: b.str("route_table_id"), SubnetId: b.str("subnet_id")})
	return attributes{}, err
}

// securityGroup takes away the rules that AWS gives to a new group, as the provider does. The one for IPv6
// is there only in a VPC that has it.
func (m *maker) securityGroup(ctx context.Context, b block) (attributes, error) {
	out, err := m.EC2.CreateSecurityGroup(ctx, &ec2.CreateSecurityGroupInput{
		GroupName: b.str("name"), Description: b.str("description"), VpcId: b.str("vpc_id"), TagSpecifications: tagged(types.ResourceTypeSecurityGroup, b),
	})
	if err != nil {
		return nil, err
	}
	_, err = m.EC2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: out.GroupId, IpPermissions: []types.IpPermission{{
		IpProtocol: aws.String("-1"), IpRanges: []types.IpRange{{CidrIp: aws.String("0.0.0.0/0")}},
	}}})
	if err != nil {
		return nil, err
	}
	_, err = m.EC2.RevokeSecurityGroupEgress(ctx, &ec2.RevokeSecurityGroupEgressInput{GroupId: out.GroupId, IpPermissions: []types.IpPermission{{
		IpProtocol: aws.String("-1"), Ipv6Ranges: []types.Ipv6Range{{CidrIpv6: aws.String("::/0")}},
	}}})
	if answer, ok := errors.AsType[smithy.APIError](err); ok && answer.ErrorCode() == "InvalidPermission.NotFound" {
		err = nil
	}
	return attributes{"id": *out.GroupId, "name": b.text("name")}, err
}

func (m *maker) securityGroupRule(ctx context.Context, b block) (attributes, error) {
	permission := types.IpPermission{IpProtocol: b.str("protocol")}
	if b.text("protocol") != "-1" {
		permission.FromPort, permission.ToPort = b.number("from_port"), b.number("to_port")
	}
	for _, cidr := range b.list("cidr_blocks") {
		permission.IpRanges = append(permission.IpRanges, types.IpRange{CidrIp: &cidr})
	}
	for _, cidr := range b.list("ipv6_cidr_blocks") {
		permission.Ipv6Ranges = append(permission.Ipv6Ranges, types.Ipv6Range{CidrIpv6: &cidr})
	}
	for _, list := range b.list("prefix_list_ids") {
		permission.PrefixListIds = append(permission.PrefixListIds, types.PrefixListId{PrefixListId: &list})
	}
	if source := b.str("source_security_group_id"); source != nil {
		permission.UserIdGroupPairs = []types.UserIdGroupPair{{GroupId: source}}
	}
	group, all, tags := b.str("security_group_id"), []types.IpPermission{permission}, m.ruleTags(b)
	var err error
	switch direction := b.text("type"); direction {
	case "ingress":
		_, err = m.EC2.AuthorizeSecurityGroupIngress(ctx, &ec2.AuthorizeSecurityGroupIngressInput{GroupId: group, IpPermissions: all, TagSpecifications: tags})
	case "egress":
		_, err = m.EC2.AuthorizeSecurityGroupEgress(ctx, &ec2.AuthorizeSecurityGroupEgressInput{GroupId: group, IpPermissions: all, TagSpecifications: tags})
	default:
		err = fmt.Errorf("a rule of type %q", direction)
	}
	return attributes{}, err
}

// ruleTags are those that kops gives to rules; Terraform's aws_security_group_rule has none.
func (m *maker) ruleTags(b block) []types.TagSpecification {
	peer := strings.Join(slices.Concat(b.list("cidr_blocks"), b.list("ipv6_cidr_blocks")), ",")
	if source := b.text("source_security_group_id"); source != "" {
		peer = m.groupName(source)
	}
	if len(b.list("prefix_list_ids")) > 0 {
		peer = "0.0.0.0/0"
	}
	from, to := peer, m.groupName(b.text("security_group_id"))
	if b.text("type") == "egress" {
		from, to = to, from
	}
	protocol := b.text("protocol")
	if protocol == "-1" {
		protocol = "all"
	}
	tags := m.clusterTags()
	tags["Name"] = fmt.Sprintf("from-%s-%s-%s-%sto%s-%s", from, b.text("type"), protocol, b.text("from_port"), b.text("to_port"), to)
	return []types.TagSpecification{{ResourceType: types.ResourceTypeSecurityGroupRule, Tags: ec2Tags(tags)}}
}

// clusterTags are those that kops gives to everything, with the labels of the manifest: a security group or
// a key pair has no others.
func (m *maker) clusterTags() map[string]string {
	for a, b := range m.blocks {
		if tags := b.tags(); (a.typ == "aws_security_group" || a.typ == "aws_key_pair") && tags["KubernetesCluster"] == m.setting.Cluster {
			return tags
		}
	}
	return map[string]string{"KubernetesCluster": m.setting.Cluster, "kubernetes.io/cluster/" + m.setting.Cluster: "owned"}
}

// groupName is the name of a security group that was made.
func (m *maker) groupName(id string) string {
	for a, made := range m.made {
		if a.typ == "aws_security_group" && made["id"] == id {
			return made["name"]
		}
	}
	return id
}
