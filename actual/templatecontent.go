package actual

import (
	"cmp"
	"encoding/base64"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

// templateContent is what a version makes machines from. The key pair and the instance
// profile are references by name even if they are gone: the digest must not change, and
// no machine be replaced, because somebody deleted a key pair.
func (o *observation) templateContent(name string, v ec2types.LaunchTemplateVersion) topology.LaunchTemplate {
	data := cmp.Or(v.LaunchTemplateData, &ec2types.ResponseLaunchTemplateData{})
	card := networkInterface(data)
	metadata := cmp.Or(data.MetadataOptions, &ec2types.LaunchTemplateInstanceMetadataOptions{})
	content := topology.LaunchTemplate{
		Name:              name,
		Image:             o.imageName(aws.ToString(data.ImageId)),
		InstanceType:      string(data.InstanceType),
		KeyPair:           refByName(topology.KindKeyPair, aws.ToString(data.KeyName)),
		InstanceProfile:   refByName(topology.KindInstanceProfile, profileName(data.IamInstanceProfile)),
		SecurityGroups:    o.refsOf(card.Groups),
		AssociatePublicIP: aws.ToBool(card.AssociatePublicIpAddress),
		IPv6Addresses:     int(aws.ToInt32(card.Ipv6AddressCount)),
		BlockDevices:      blockDevices(data.BlockDeviceMappings, o.rootDevice(aws.ToString(data.ImageId))),
		HTTPTokens:        string(cmp.Or(metadata.HttpTokens, ec2types.LaunchTemplateHttpTokensStateOptional)),
		HTTPHopLimit:      int(cmp.Or(aws.ToInt32(metadata.HttpPutResponseHopLimit), 1)),
		MetadataIPv6:      metadata.HttpProtocolIpv6 == ec2types.LaunchTemplateInstanceMetadataProtocolIpv6Enabled,
		Monitoring:        data.Monitoring != nil && aws.ToBool(data.Monitoring.Enabled),
		EBSOptimized:      aws.ToBool(data.EbsOptimized),
		UserData:          userData(aws.ToString(data.UserData)),
		Tags:              specifiedTags(data.TagSpecifications),
		Ownership:         topology.Owned,
	}
	if data.CreditSpecification != nil {
		content.CPUCredits = aws.ToString(data.CreditSpecification.CpuCredits)
	}
	if data.Placement != nil {
		content.Tenancy = string(data.Placement.Tenancy)
	}
	content.Spot = spotOptions(data.InstanceMarketOptions)
	return content
}

func spotOptions(market *ec2types.LaunchTemplateInstanceMarketOptions) topology.SpotOptions {
	if market == nil || market.MarketType != ec2types.MarketTypeSpot || market.SpotOptions == nil {
		return topology.SpotOptions{}
	}
	return topology.SpotOptions{
		MaxPrice:        aws.ToString(market.SpotOptions.MaxPrice),
		DurationMinutes: int(aws.ToInt32(market.SpotOptions.BlockDurationMinutes)),
		Interruption:    string(market.SpotOptions.InstanceInterruptionBehavior),
	}
}

// networkInterface is the first network interface. A template without one may name its
// security groups directly.
func networkInterface(data *ec2types.ResponseLaunchTemplateData) ec2types.LaunchTemplateInstanceNetworkInterfaceSpecification {
	if len(data.NetworkInterfaces) == 0 {
		return ec2types.LaunchTemplateInstanceNetworkInterfaceSpecification{Groups: data.SecurityGroupIds}
	}
	return data.NetworkInterfaces[0]
}

func refByName(kind topology.Kind, name string) topology.Ref {
	if name == "" {
		return topology.Ref{}
	}
	return topology.Ref{Kind: kind, Name: name}
}

// profileName reads the name, which may be given as the last part of an ARN.
func profileName(p *ec2types.LaunchTemplateIamInstanceProfileSpecification) string {
	if p == nil {
		return ""
	}
	arn := aws.ToString(p.Arn)
	return cmp.Or(aws.ToString(p.Name), arn[strings.LastIndex(arn, "/")+1:])
}

// blockDevices puts the root device first and the others in the order of their names.
func blockDevices(mappings []ec2types.LaunchTemplateBlockDeviceMapping, root string) []topology.BlockDevice {
	var devices []topology.BlockDevice
	for _, m := range mappings {
		devices = append(devices, blockDevice(m, root))
	}
	slices.SortFunc(devices, func(a, b topology.BlockDevice) int {
		if (a.Device == topology.RootDevice) != (b.Device == topology.RootDevice) {
			return cmp.Compare(b.Device, a.Device)
		}
		return cmp.Compare(a.Device, b.Device)
	})
	return devices
}

func blockDevice(m ec2types.LaunchTemplateBlockDeviceMapping, root string) topology.BlockDevice {
	device := topology.BlockDevice{Device: aws.ToString(m.DeviceName), Ephemeral: aws.ToString(m.VirtualName)}
	if device.Device == root {
		device.Device = topology.RootDevice
	}
	if m.Ebs == nil {
		return device
	}
	device.Type = string(m.Ebs.VolumeType)
	device.SizeGiB = int(aws.ToInt32(m.Ebs.VolumeSize))
	device.IOPS, device.Throughput = performance(m.Ebs.VolumeType, m.Ebs.Iops, m.Ebs.Throughput)
	device.Encrypted = aws.ToBool(m.Ebs.Encrypted)
	device.KMSKey = aws.ToString(m.Ebs.KmsKeyId)
	device.DeleteOnTermination = aws.ToBool(m.Ebs.DeleteOnTermination)
	return device
}

// userData decodes what AWS keeps in base64.
func userData(encoded string) string {
	text, err := base64.StdEncoding.DecodeString(encoded)
	if err != nil {
		return encoded
	}
	return string(text)
}

// taggedFromTemplate are the resource types whose tags a template sets.
var taggedFromTemplate = []ec2types.ResourceType{
	ec2types.ResourceTypeInstance, ec2types.ResourceTypeVolume, ec2types.ResourceTypeNetworkInterface,
}

// specifiedTags are the tags that a version puts on a machine, its disks and its
// network interfaces.
func specifiedTags(specs []ec2types.LaunchTemplateTagSpecification) topology.Tags {
	var sets []topology.Tags
	for _, kind := range taggedFromTemplate {
		tags := topology.Tags{}
		for _, spec := range specs {
			if spec.ResourceType == kind {
				tags = tags.With(ec2Tags(spec.Tags))
			}
		}
		sets = append(sets, tags)
	}
	return agreedTags(sets...)
}

// agreedTags merges the tags of several places into one set. Where the places do not
// agree the value tells all that there are, so that it equals no wanted one and a plan
// shows what is wrong.
func agreedTags(sets ...topology.Tags) topology.Tags {
	keys := topology.Tags{}
	for _, set := range sets {
		maps.Copy(keys, set)
	}
	agreed := topology.Tags{}
	for key := range keys {
		var values []string
		for _, set := range sets {
			value, ok := set[key]
			if !ok {
				value = "(none)"
			}
			if !slices.Contains(values, value) {
				values = append(values, value)
			}
		}
		agreed[key] = strings.Join(values, " | ")
	}
	return agreed
}
