package desired

import (
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// volumes are the disks of the etcd members, one for each member of each etcd cluster. The machine finds
// its volumes by their tags and by the zone, which is why a member never leaves its zone.
func (m manifest) volumes() []topology.Volume {
	var volumes []topology.Volume
	for _, e := range m.Spec.EtcdClusters {
		members := memberNames(e)
		for _, member := range e.Members {
			name := m.qualified(member.Name + ".etcd-" + e.Name)
			volumes = append(volumes, topology.Volume{
				Name:        name,
				EtcdCluster: e.Name,
				Member:      member.Name,
				Members:     members,
				Zone:        m.memberZone(member),
				Type:        member.VolumeType,
				SizeGiB:     member.VolumeSize,
				IOPS:        member.VolumeIOPS,
				Throughput:  member.VolumeThroughput,
				Encrypted:   member.EncryptedVolume,
				KMSKey:      member.KMSKeyID,
				Tags:        m.tags(name).With(etcdTags(e.Name, member.Name, members)),
				Ownership:   topology.Owned,
			})
		}
	}
	return volumes
}

// etcdTags tell etcd-manager whose volume it is, and who the others are.
func etcdTags(etcd, member string, members []string) topology.Tags {
	return topology.RoleTags(topology.ControlPlane).With(topology.Tags{
		topology.TagEtcdPrefix + etcd: member + "/" + strings.Join(members, ","),
	})
}

func memberNames(e kopsspec.EtcdCluster) []string {
	var names []string
	for _, member := range e.Members {
		names = append(names, member.Name)
	}
	slices.Sort(names)
	return names
}

// memberZone is the zone of the member's group, which a rule keeps to one subnet.
func (m manifest) memberZone(member kopsspec.EtcdMember) string {
	g, _ := m.group(member.InstanceGroup)
	if subnets := m.groupSubnets(g); len(subnets) > 0 {
		return subnets[0].Zone
	}
	return ""
}
