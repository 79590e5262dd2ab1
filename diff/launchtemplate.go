package diff

import "github.com/quorate/quorate/topology"

// Every difference makes a new version of the template, which touches no machine:
// machines follow when their group is pinned to it, and that is the group's change.
var launchTemplateFields = []field[topology.LaunchTemplate]{
	on("image", InPlace, func(t topology.LaunchTemplate) string { return t.Image }),
	on("instanceType", InPlace, func(t topology.LaunchTemplate) string { return t.InstanceType }),
	on("keyPair", InPlace, func(t topology.LaunchTemplate) topology.Ref { return t.KeyPair }),
	on("instanceProfile", InPlace, func(t topology.LaunchTemplate) topology.Ref { return t.InstanceProfile }),
	on("securityGroups", InPlace, func(t topology.LaunchTemplate) []topology.Ref { return t.SecurityGroups }),
	on("associatePublicIP", InPlace, func(t topology.LaunchTemplate) bool { return t.AssociatePublicIP }),
	on("ipv6Addresses", InPlace, func(t topology.LaunchTemplate) int { return t.IPv6Addresses }),
	on("blockDevices", InPlace, func(t topology.LaunchTemplate) []topology.BlockDevice { return t.BlockDevices }),
	on("httpTokens", InPlace, func(t topology.LaunchTemplate) string { return t.HTTPTokens }),
	on("httpHopLimit", InPlace, func(t topology.LaunchTemplate) int { return t.HTTPHopLimit }),
	on("metadataIPv6", InPlace, func(t topology.LaunchTemplate) bool { return t.MetadataIPv6 }),
	on("monitoring", InPlace, func(t topology.LaunchTemplate) bool { return t.Monitoring }),
	on("ebsOptimized", InPlace, func(t topology.LaunchTemplate) bool { return t.EBSOptimized }),
	on("cpuCredits", InPlace, func(t topology.LaunchTemplate) string { return t.CPUCredits }),
	on("tenancy", InPlace, func(t topology.LaunchTemplate) string { return t.Tenancy }),
	on("spot", InPlace, func(t topology.LaunchTemplate) topology.SpotOptions { return t.Spot }),
	{"userData", userDataChange},
	exactTags(InPlace, func(t topology.LaunchTemplate) topology.Tags { return t.Tags }),
}

// userDataChange never prints the text: it is long, and an adopted cluster's may
// hold what nobody wants to read on a pull request.
func userDataChange(want, have topology.LaunchTemplate) []FieldChange {
	kept := want.UserDataKept && have.UserDataKept
	if kept || want.UserData == have.UserData && want.UserDataKept == have.UserDataKept {
		return nil
	}
	change := FieldChange{
		Path: "userData", Have: "the content of template " + have.Digest(), Want: "the content of template " + want.Digest(), Effect: InPlace,
	}
	if reason := versionStep(want, have); reason != "" {
		change.Effect, change.Reason = Forbid, reason
	}
	return []FieldChange{change}
}
