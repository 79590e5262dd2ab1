package apply

import (
	"encoding/base64"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

// templateData writes the whole content of a template version. Everything in it is
// said and nothing left to defaults, so that reading it back gives the same content,
// and with it the same digest.
func templateData(want topology.LaunchTemplate, ids topology.Bindings, region string) (*ec2types.RequestLaunchTemplateData, error) {
	ami, root, err := imageOf(want, ids, region)
	if err != nil {
		return nil, err
	}
	card, err := networkInterface(want, ids)
	if err != nil {
		return nil, err
	}
	data := &ec2types.RequestLaunchTemplateData{
		ImageId:             aws.String(ami),
		InstanceType:        ec2types.InstanceType(want.InstanceType),
		NetworkInterfaces:   []ec2types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{card},
		BlockDeviceMappings: blockDevices(want.BlockDevices, root),
		MetadataOptions:     metadataOptions(want),
		Monitoring:          &ec2types.LaunchTemplatesMonitoringRequest{Enabled: aws.Bool(want.Monitoring)},
		EbsOptimized:        aws.Bool(want.EBSOptimized),
		TagSpecifications:   machineTags(want.Tags),
	}
	if want.UserData != "" {
		data.UserData = aws.String(base64.StdEncoding.EncodeToString([]byte(want.UserData)))
	}
	if want.CPUCredits != "" {
		data.CreditSpecification = &ec2types.CreditSpecificationRequest{CpuCredits: aws.String(want.CPUCredits)}
	}
	if want.Tenancy != "" {
		data.Placement = &ec2types.LaunchTemplatePlacementRequest{Tenancy: ec2types.Tenancy(want.Tenancy)}
	}
	data.InstanceMarketOptions = marketOptions(want.Spot)
	return data, identity(data, want, ids)
}

// identity adds the SSH key and the instance profile, where there are any.
func identity(data *ec2types.RequestLaunchTemplateData, want topology.LaunchTemplate, ids topology.Bindings) error {
	if !want.KeyPair.IsZero() {
		key, err := idOf(ids, want.KeyPair)
		if err != nil {
			return err
		}
		data.KeyName = aws.String(key)
	}
	if want.InstanceProfile.IsZero() {
		return nil
	}
	profile, err := idOf(ids, want.InstanceProfile)
	if err != nil {
		return err
	}
	data.IamInstanceProfile = &ec2types.LaunchTemplateIamInstanceProfileSpecificationRequest{Name: aws.String(profile)}
	return nil
}

// marketOptions are nil for machines on demand.
func marketOptions(spot topology.SpotOptions) *ec2types.LaunchTemplateInstanceMarketOptionsRequest {
	if spot == (topology.SpotOptions{}) {
		return nil
	}
	return &ec2types.LaunchTemplateInstanceMarketOptionsRequest{
		MarketType: ec2types.MarketTypeSpot,
		SpotOptions: &ec2types.LaunchTemplateSpotMarketOptionsRequest{
			MaxPrice: aws.String(spot.MaxPrice), BlockDurationMinutes: positive(spot.DurationMinutes),
			InstanceInterruptionBehavior: ec2types.InstanceInterruptionBehavior(spot.Interruption),
		},
	}
}

func networkInterface(want topology.LaunchTemplate, ids topology.Bindings) (ec2types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest, error) {
	groups, err := idsOf(ids, want.SecurityGroups)
	return ec2types.LaunchTemplateInstanceNetworkInterfaceSpecificationRequest{
		DeviceIndex: aws.Int32(0), DeleteOnTermination: aws.Bool(true), AssociatePublicIpAddress: aws.Bool(want.AssociatePublicIP),
		Groups: groups, Ipv6AddressCount: positive(want.IPv6Addresses),
	}, err
}

func metadataOptions(want topology.LaunchTemplate) *ec2types.LaunchTemplateInstanceMetadataOptionsRequest {
	ipv6 := ec2types.LaunchTemplateInstanceMetadataProtocolIpv6Disabled
	if want.MetadataIPv6 {
		ipv6 = ec2types.LaunchTemplateInstanceMetadataProtocolIpv6Enabled
	}
	return &ec2types.LaunchTemplateInstanceMetadataOptionsRequest{
		HttpEndpoint: ec2types.LaunchTemplateInstanceMetadataEndpointStateEnabled, HttpProtocolIpv6: ipv6,
		HttpTokens: ec2types.LaunchTemplateHttpTokensState(want.HTTPTokens), HttpPutResponseHopLimit: aws.Int32(int32(want.HTTPHopLimit)),
	}
}

// blockDevices puts the image's own name in the place of the root device.
func blockDevices(devices []topology.BlockDevice, root string) []ec2types.LaunchTemplateBlockDeviceMappingRequest {
	var mappings []ec2types.LaunchTemplateBlockDeviceMappingRequest
	for _, d := range devices {
		mapping := ec2types.LaunchTemplateBlockDeviceMappingRequest{DeviceName: aws.String(d.Device)}
		if d.Device == topology.RootDevice {
			mapping.DeviceName = aws.String(root)
		}
		if d.Ephemeral != "" {
			mapping.VirtualName = aws.String(d.Ephemeral)
		} else {
			mapping.Ebs = &ec2types.LaunchTemplateEbsBlockDeviceRequest{
				VolumeType: ec2types.VolumeType(d.Type), VolumeSize: positive(d.SizeGiB), Iops: positive(d.IOPS), Throughput: positive(d.Throughput),
				Encrypted: aws.Bool(d.Encrypted), KmsKeyId: present(d.KMSKey), DeleteOnTermination: aws.Bool(d.DeleteOnTermination),
			}
		}
		mappings = append(mappings, mapping)
	}
	return mappings
}

// machineTags tags what is made together with a machine.
func machineTags(tags topology.Tags) []ec2types.LaunchTemplateTagSpecificationRequest {
	if len(tags) == 0 {
		return nil
	}
	var specs []ec2types.LaunchTemplateTagSpecificationRequest
	for _, made := range []ec2types.ResourceType{ec2types.ResourceTypeInstance, ec2types.ResourceTypeVolume, ec2types.ResourceTypeNetworkInterface} {
		specs = append(specs, ec2types.LaunchTemplateTagSpecificationRequest{ResourceType: made, Tags: ec2Tags(tags)})
	}
	return specs
}
