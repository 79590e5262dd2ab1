package terraform

import (
	"encoding/base64"

	"github.com/quorate/quorate/topology"
)

func (d *document) launchTemplate(t topology.LaunchTemplate) {
	a := attrs{
		"name":                  t.Name,
		"image_id":              d.image(t.Image),
		"instance_type":         t.InstanceType,
		"block_device_mappings": blockDevices(t.BlockDevices),
		"network_interfaces": []attrs{{
			"associate_public_ip_address": t.AssociatePublicIP,
			"delete_on_termination":       true,
			"ipv6_address_count":          t.IPv6Addresses,
			"security_groups":             d.ids(t.SecurityGroups),
		}},
		"metadata_options": []attrs{{
			"http_endpoint":               "enabled",
			"http_protocol_ipv6":          enabled(t.MetadataIPv6),
			"http_put_response_hop_limit": t.HTTPHopLimit,
			"http_tokens":                 t.HTTPTokens,
		}},
		"monitoring":         []attrs{{"enabled": t.Monitoring}},
		"ebs_optimized":      optional(t.EBSOptimized),
		"tag_specifications": tagSpecifications(t.Tags),
		"tags":               t.Tags,
		"lifecycle":          []attrs{{"create_before_destroy": true, "precondition": rootDeviceHolds(t.Image)}},
	}
	if t.UserDataKept {
		a["lifecycle"].([]attrs)[0]["ignore_changes"] = []string{"user_data"}
	}
	d.addMachineOptions(a, t)
	d.add("aws_launch_template", label(t.Name), a)
}

// addMachineOptions adds the blocks that exist only when they are wanted.
func (d *document) addMachineOptions(a attrs, t topology.LaunchTemplate) {
	if !t.InstanceProfile.IsZero() {
		a["iam_instance_profile"] = []attrs{{"name": d.id(t.InstanceProfile)}}
	}
	if !t.KeyPair.IsZero() {
		a["key_name"] = d.keyName(t.KeyPair)
	}
	if t.CPUCredits != "" {
		a["credit_specification"] = []attrs{{"cpu_credits": t.CPUCredits}}
	}
	if t.Tenancy != "" {
		a["placement"] = []attrs{{"tenancy": t.Tenancy}}
	}
	if t.Spot != (topology.SpotOptions{}) {
		a["instance_market_options"] = []attrs{{"market_type": "spot", "spot_options": []attrs{spotOptions(t.Spot)}}}
	}
	if t.UserData != "" && !t.UserDataKept {
		a["user_data"] = base64.StdEncoding.EncodeToString([]byte(t.UserData))
	}
}

func spotOptions(s topology.SpotOptions) attrs {
	options := attrs{"max_price": s.MaxPrice}
	if s.DurationMinutes != 0 {
		options["block_duration_minutes"] = s.DurationMinutes
	}
	if s.Interruption != "" {
		options["instance_interruption_behavior"] = s.Interruption
	}
	return options
}

// keyName refers to a key pair by its label, which differs from those of other kinds.
func (d *document) keyName(ref topology.Ref) string {
	if k, ok := topology.Find[topology.KeyPair](d.t, ref); ok && k.Ownership == topology.Owned {
		return "${aws_key_pair." + label(keyLabel(ref.Name)) + ".id}"
	}
	return ref.Name
}

func blockDevices(devices []topology.BlockDevice) []attrs {
	var mappings []attrs
	for _, b := range devices {
		if b.Device == topology.RootDevice {
			b.Device = rootDevice
		}
		if b.Ephemeral != "" {
			mappings = append(mappings, attrs{"device_name": b.Device, "virtual_name": b.Ephemeral})
			continue
		}
		mappings = append(mappings, attrs{"device_name": b.Device, "ebs": []attrs{ebs(b)}})
	}
	return mappings
}

func ebs(b topology.BlockDevice) attrs {
	a := attrs{
		"volume_type":           b.Type,
		"volume_size":           b.SizeGiB,
		"encrypted":             b.Encrypted,
		"delete_on_termination": b.DeleteOnTermination,
	}
	if b.IOPS != 0 {
		a["iops"] = b.IOPS
	}
	if b.Throughput != 0 {
		a["throughput"] = b.Throughput
	}
	if b.KMSKey != "" {
		a["kms_key_id"] = b.KMSKey
	}
	return a
}

func enabled(on bool) string {
	if on {
		return "enabled"
	}
	return "disabled"
}

// tagSpecifications tag what is made from the template like the template.
func tagSpecifications(tags topology.Tags) []attrs {
	var specifications []attrs
	for _, made := range []string{"instance", "volume", "network-interface"} {
		specifications = append(specifications, attrs{"resource_type": made, "tags": tags})
	}
	return specifications
}
