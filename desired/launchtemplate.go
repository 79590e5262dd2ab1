package desired

import (
	"cmp"
	"slices"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// groupInfixes stand between the names of a group and its cluster, for the roles that have one.
var groupInfixes = map[kopsspec.Role]string{kopsspec.ControlPlane: ".masters", kopsspec.APIServer: ".apiservers"}

// groupName is the name of a group's launch template and Auto Scaling group.
func (m manifest) groupName(g kopsspec.InstanceGroup) string {
	return m.qualified(g.Name() + groupInfixes[g.Role()])
}

func (m manifest) launchTemplates() []topology.LaunchTemplate {
	var templates []topology.LaunchTemplate
	for _, g := range m.groups {
		templates = append(templates, m.launchTemplate(g))
	}
	return templates
}

func (m manifest) launchTemplate(g kopsspec.InstanceGroup) topology.LaunchTemplate {
	ipv6 := slices.ContainsFunc(m.groupSubnets(g), func(s subnet) bool { return s.IPv6CIDR != "" })
	t := topology.LaunchTemplate{
		Name:              m.groupName(g),
		Image:             g.Spec.Image,
		InstanceType:      g.Spec.MachineType,
		KeyPair:           m.keyPairRef(),
		InstanceProfile:   m.instanceProfileRef(g),
		SecurityGroups:    m.machineSecurityGroups(g),
		AssociatePublicIP: m.associatePublicIP(g),
		BlockDevices:      blockDevices(g.Spec),
		HTTPTokens:        g.Spec.InstanceMetadata.HTTPTokens,
		HTTPHopLimit:      g.Spec.InstanceMetadata.HTTPPutResponseHopLimit,
		MetadataIPv6:      ipv6,
		Monitoring:        g.Spec.DetailedInstanceMonitoring,
		EBSOptimized:      g.Spec.RootVolumeOptimization,
		CPUCredits:        g.Spec.CPUCredits,
		Tenancy:           g.Spec.Tenancy,
		Spot:              spotOptions(g.Spec),
		UserData:          m.userData(g),
		UserDataKept:      m.keepsUserData(),
		Tags:              m.machineTags(g),
		Ownership:         topology.Owned,
	}
	if ipv6 {
		t.IPv6Addresses = 1
	}
	return t
}

// machineSecurityGroups are the group of the machine's role, or the one that the instance group brings,
// and those that are added by id.
func (m manifest) machineSecurityGroups(g kopsspec.InstanceGroup) []topology.Ref {
	prefixes := map[kopsspec.Role]string{
		kopsspec.ControlPlane: "masters", kopsspec.APIServer: "masters", kopsspec.Node: "nodes", kopsspec.Bastion: "bastion",
	}
	f := m.ownFirewall(prefixes[g.Role()])
	f.ref.Name = cmp.Or(g.Spec.SecurityGroupOverride, f.ref.Name)
	more := slices.Clone(g.Spec.AdditionalSecurityGroups)
	if lb := m.apiLoadBalancer(); lb != nil && prefixes[g.Role()] == "masters" {
		more = append(more, lb.AdditionalSecurityGroups...)
	}
	return securityGroupRefs([]firewall{f}, more)
}

// associatePublicIP follows the subnets of the group; rules keep them of one sort.
func (m manifest) associatePublicIP(g kopsspec.InstanceGroup) bool {
	if !slices.ContainsFunc(m.groupSubnets(g), subnet.public) {
		return false
	}
	return g.Spec.AssociatePublicIP == nil || *g.Spec.AssociatePublicIP
}

// blockDevices are the root disk, the instance store, and the extra volumes.
func blockDevices(g kopsspec.InstanceGroupSpec) []topology.BlockDevice {
	root := topology.BlockDevice{
		Device:              topology.RootDevice,
		Type:                g.RootVolumeType,
		SizeGiB:             g.RootVolumeSize,
		IOPS:                g.RootVolumeIOPS,
		Throughput:          g.RootVolumeThroughput,
		Encrypted:           isTrue(g.RootVolumeEncryption, true),
		DeleteOnTermination: true,
	}
	if isTrue(g.RootVolumeEncryption, false) {
		root.KMSKey = g.RootVolumeEncryptionKey // kops ignores the key unless encryption is written out
	}
	more := ephemeralDevices(g.MachineType)
	for _, v := range g.Volumes {
		more = append(more, topology.BlockDevice{
			Device:              v.Device,
			Type:                v.Type,
			SizeGiB:             v.Size,
			IOPS:                v.IOPS,
			Throughput:          v.Throughput,
			Encrypted:           isTrue(v.Encrypted, true),
			KMSKey:              v.Key,
			DeleteOnTermination: isTrue(v.DeleteOnTermination, true),
		})
	}
	slices.SortFunc(more, func(a, b topology.BlockDevice) int { return cmp.Compare(a.Device, b.Device) })
	return append([]topology.BlockDevice{root}, more...)
}

func isTrue(b *bool, otherwise bool) bool {
	if b == nil {
		return otherwise
	}
	return *b
}
