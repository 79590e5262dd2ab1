package kopsmade

import (
	"context"
	"encoding/base64"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func (m *maker) keyPair(ctx context.Context, b block) (attributes, error) {
	_, err := m.EC2.ImportKeyPair(ctx, &ec2.ImportKeyPairInput{
		KeyName: b.str("key_name"), PublicKeyMaterial: []byte(b.text("public_key")), TagSpecifications: tagged(types.ResourceTypeKeyPair, b),
	})
	return attributes{"id": b.text("key_name"), "key_name": b.text("key_name")}, err
}

func (m *maker) volume(ctx context.Context, b block) (attributes, error) {
	out, err := m.EC2.CreateVolume(ctx, &ec2.CreateVolumeInput{
		AvailabilityZone: b.str("availability_zone"), VolumeType: types.VolumeType(b.text("type")), Size: b.number("size"), Iops: b.positive("iops"),
		Throughput: b.positive("throughput"), Encrypted: b.flag("encrypted"), KmsKeyId: b.str("kms_key_id"), TagSpecifications: tagged(types.ResourceTypeVolume, b),
	})
	if err != nil {
		return nil, err
	}
	return attributes{"id": *out.VolumeId}, nil
}

func (m *maker) launchTemplate(ctx context.Context, b block) (attributes, error) {
	data := templateData(b)
	if err := m.nameRoot(ctx, data); err != nil {
		return nil, err
	}
	out, err := m.EC2.CreateLaunchTemplate(ctx, &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: b.str("name"), LaunchTemplateData: data, TagSpecifications: tagged(types.ResourceTypeLaunchTemplate, b),
	})
	if err != nil {
		return nil, err
	}
	return attributes{"id": *out.LaunchTemplate.LaunchTemplateId, "latest_version": strconv.FormatInt(*out.LaunchTemplate.LatestVersionNumber, 10)}, nil
}

// nameRoot gives the first disk the name that the image has for its root, as kops does, which asks for the
// image; documents that were written without AWS say /dev/xvda.
func (m *maker) nameRoot(ctx context.Context, data *types.RequestLaunchTemplateData) error {
	images, err := m.EC2.DescribeImages(ctx, &ec2.DescribeImagesInput{ImageIds: []string{aws.ToString(data.ImageId)}})
	if err != nil {
		return err
	}
	if len(images.Images) == 1 && len(data.BlockDeviceMappings) > 0 && aws.ToString(data.BlockDeviceMappings[0].DeviceName) == "/dev/xvda" {
		data.BlockDeviceMappings[0].DeviceName = images.Images[0].RootDeviceName
	}
	return nil
}

func templateData(b block) *types.RequestLaunchTemplateData {
	data := &types.RequestLaunchTemplateData{
		ImageId: b.str("image_id"), InstanceType: types.InstanceType(b.text("instance_type")), KeyName: b.str("key_name"), EbsOptimized: b.flag("ebs_optimized"),
		UserData:   aws.String(base64.StdEncoding.EncodeToString([]byte(UserData))),
		Monitoring: &types.LaunchTemplatesMonitoringRequest{Enabled: b.only("monitoring").flag("enabled")},
	}
	if text := b.str("user_data"); text != nil {
		data.UserData = text
	}
	if b.has("iam_instance_profile") {
		data.IamInstanceProfile = &types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: b.only("iam_instance_profile").str("name")}
	}
	if b.has("credit_specification") {
		data.CreditSpecification = &types.CreditSpecificationRequest{CpuCredits: b.only("credit_specification").str("cpu_credits")}
	}
	if b.has("placement") {
		data.Placement = &types.LaunchTemplatePlacementRequest{Tenancy: types.Tenancy(b.only("placement").text("tenancy"))}
	}
	for _, o := range b.blocks("metadata_options") {
		data.MetadataOptions = &types.LaunchTemplateInstanceMetadataOptionsRequest{
			HttpEndpoint: types.LaunchTemplateInstanceMetadataEndpointState(o.text("http_endpoint")), HttpProtocolIpv6: types.LaunchTemplateInstanceMetadataProtocolIpv6(o.text("http_protocol_ipv6")),
			HttpPutResponseHopLimit: o.number("http_put_response_hop_limit"), HttpTokens: types.LaunchTemplateHttpTokensState(o.text("http_tokens")),
		}
	}
	addSpot(data, b)
	addDevices(data, b)
	for i, n := range b.blocks("network_interfaces") {
		data.NetworkInterfaces = append(data.NetworkInterfaces, types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{
			DeviceIndex: aws.Int32(int32(i)), AssociatePublicIpAddress: n.flag("associate_public_ip_address"), DeleteOnTermination: n.flag("delete_on_termination"),
			Ipv6AddressCount: n.positive("ipv6_address_count"), Groups: n.list("security_groups"),
		})
	}
	for _, s := range b.blocks("tag_specifications") {
		data.TagSpecifications = append(data.TagSpecifications, types.LaunchTemplateTagSpecificationRequest{
			ResourceType: types.ResourceType(s.text("resource_type")), Tags: ec2Tags(s.tags()),
		})
	}
	return data
}

func addSpot(data *types.RequestLaunchTemplateData, b block) {
	for _, market := range b.blocks("instance_market_options") {
		spot := market.only("spot_options")
		data.InstanceMarketOptions = &types.LaunchTemplateInstanceMarketOptionsRequest{
			MarketType: types.MarketType(market.text("market_type")), SpotOptions: &types.LaunchTemplateSpotMarketOptionsRequest{
				MaxPrice: spot.str("max_price"), BlockDurationMinutes: spot.positive("block_duration_minutes"),
				InstanceInterruptionBehavior: types.InstanceInterruptionBehavior(spot.text("instance_interruption_behavior")),
			},
		}
	}
}

func addDevices(data *types.RequestLaunchTemplateData, b block) {
	for _, d := range b.blocks("block_device_mappings") {
		mapping := types.LaunchTemplateBlockDeviceMappingRequest{DeviceName: d.str("device_name"), VirtualName: d.str("virtual_name")}
		for _, e := range d.blocks("ebs") {
			mapping.Ebs = &types.LaunchTemplateEbsBlockDeviceRequest{
				VolumeType: types.VolumeType(e.text("volume_type")), VolumeSize: e.number("volume_size"), Encrypted: e.flag("encrypted"), KmsKeyId: e.str("kms_key_id"),
				DeleteOnTermination: e.flag("delete_on_termination"), Iops: e.positive("iops"), Throughput: e.positive("throughput"),
			}
		}
		data.BlockDeviceMappings = append(data.BlockDeviceMappings, mapping)
	}
}
