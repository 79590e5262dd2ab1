package desired

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quorate/quorate/desired/kopsspec"
)

var etcdRules = []rule{
	{"etcd clusters are known, and main is one", etcdNameRule},
	{"etcd has an odd number of members", etcdCountRule},
	{"etcd members have names and groups", etcdMemberRule},
	{"no two members share a machine", etcdSpreadRule},
	{"every etcd cluster runs on every master", etcdSameGroupsRule},
	{"etcd clusters are run alike", etcdVersionRule},
	{"etcd volumes are possible", etcdVolumeRule},
	{"masters are spread over zones", etcdZoneRule},
}

// maxEtcdMembers is where more members make etcd slower and no safer (etcd FAQ: at most seven).
const maxEtcdMembers = 7

func etcdPath(i int, field string) string { return fmt.Sprintf("spec.etcdClusters[%d].%s", i, field) }

func memberPath(i, j int, field string) string {
	return fmt.Sprintf("spec.etcdClusters[%d].etcdMembers[%d].%s", i, j, field)
}

func etcdNameRule(m manifest, r *report) {
	var names []string
	for i, e := range m.Spec.EtcdClusters {
		if _, known := etcdPorts[e.Name]; !known {
			r.errorf(m.Source, etcdPath(i, "name"), "%q is not an etcd cluster of kops; use %s", e.Name, strings.Join(slices.Sorted(maps.Keys(etcdPorts)), ", "))
		} else if slices.Contains(names, e.Name) {
			r.errorf(m.Source, etcdPath(i, "name"), "etcd cluster %s is listed twice; keep one", e.Name)
		}
		names = append(names, e.Name)
	}
	if !slices.Contains(names, "main") {
		r.errorf(m.Source, "spec.etcdClusters", "there is no etcd cluster main, where Kubernetes keeps its objects; add it")
	}
}

func etcdCountRule(m manifest, r *report) {
	for i, e := range m.Spec.EtcdClusters {
		switch n := len(e.Members); {
		case n == 0:
			r.errorf(m.Source, etcdPath(i, "etcdMembers"), "etcd cluster %s has no members; list 1, 3, 5 or 7", e.Name)
		case n > maxEtcdMembers:
			r.errorf(m.Source, etcdPath(i, "etcdMembers"), "etcd cluster %s has %d members, and more than %d only make it slower; use 3 or 5", e.Name, n, maxEtcdMembers)
		case n%2 == 0:
			r.errorf(m.Source, etcdPath(i, "etcdMembers"), "etcd cluster %s has %d members and survives no more failures than with %d; use an odd number", e.Name, n, n-1)
		}
	}
}

func etcdMemberRule(m manifest, r *report) {
	for i, e := range m.Spec.EtcdClusters {
		var names []string
		for j, member := range e.Members {
			if !dnsLabel.MatchString(member.Name) {
				r.errorf(m.Source, memberPath(i, j, "name"), "%q cannot be part of a DNS name; use lower-case letters, digits and dashes", member.Name)
			} else if slices.Contains(names, member.Name) {
				r.errorf(m.Source, memberPath(i, j, "name"), "two members of etcd cluster %s are named %s; rename one", e.Name, member.Name)
			}
			names = append(names, member.Name)
			m.checkMemberGroup(r, memberPath(i, j, "instanceGroup"), member)
		}
	}
}

func (m manifest) checkMemberGroup(r *report, path string, member kopsspec.EtcdMember) {
	g, ok := m.group(member.InstanceGroup)
	switch {
	case member.InstanceGroup == "":
		r.errorf(m.Source, path, "member %s has no instance group; name the control-plane group it runs on", member.Name)
	case !ok:
		r.errorf(m.Source, path, "there is no instance group %q; name a control-plane group", member.InstanceGroup)
	case g.Role() != kopsspec.ControlPlane:
		r.errorf(m.Source, path, "group %s has the role %s, and etcd runs on control-plane groups; name one of those", g.Name(), g.Spec.Role)
	}
}

// etcdSpreadRule: two members on one machine fail together, and count as two when they do.
func etcdSpreadRule(m manifest, r *report) {
	for i, e := range m.Spec.EtcdClusters {
		first := map[string]string{}
		for j, member := range e.Members {
			if other, taken := first[member.InstanceGroup]; taken && member.InstanceGroup != "" {
				r.errorf(m.Source, memberPath(i, j, "instanceGroup"), "members %s and %s of etcd cluster %s are on one machine, group %s, and would fail together; give each its own group",
					other, member.Name, e.Name, member.InstanceGroup)
				continue
			}
			first[member.InstanceGroup] = member.Name
		}
	}
}

// etcdSameGroupsRule: replacing a machine takes a member out of every etcd cluster at once, and the gate
// reasons about zones that hold the same members everywhere.
func etcdSameGroupsRule(m manifest, r *report) {
	for i, e := range m.Spec.EtcdClusters {
		for _, g := range m.ofRole(kopsspec.ControlPlane) {
			if !slices.ContainsFunc(e.Members, func(member kopsspec.EtcdMember) bool { return member.InstanceGroup == g.Name() }) {
				r.errorf(m.Source, etcdPath(i, "etcdMembers"), "control-plane group %s has no member in etcd cluster %s; every etcd cluster runs on the same groups, so add one", g.Name(), e.Name)
			}
		}
	}
}

func etcdVersionRule(m manifest, r *report) {
	stores := map[string]string{}
	for i, e := range m.Spec.EtcdClusters {
		if first := m.Spec.EtcdClusters[0]; e.Version != first.Version {
			r.errorf(m.Source, etcdPath(i, "version"), "etcd cluster %s has version %s and %s has %s; use one version", e.Name, e.Version, first.Name, first.Version)
		} else if e.Version != "" && !strings.HasPrefix(e.Version, "3.") {
			r.errorf(m.Source, etcdPath(i, "version"), "etcd %s is not supported; use a version 3", e.Version)
		}
		oneOf(r, m.Source, etcdPath(i, "provider"), e.Provider, "Manager")
		if other, taken := stores[e.Backups.Store]; taken && other != e.Name {
			r.errorf(m.Source, etcdPath(i, "backups.backupStore"), "etcd clusters %s and %s would overwrite each other's backups; give each its own place", other, e.Name)
		}
		stores[e.Backups.Store] = e.Name
		if _, ok := parseStore(e.Backups.Store, "-"); !ok && m.Source.Has(etcdPath(i, "backups.backupStore")) {
			r.errorf(m.Source, etcdPath(i, "backups.backupStore"), "%q is not a bucket; write s3://BUCKET/PATH", e.Backups.Store)
		}
	}
}

func etcdVolumeRule(m manifest, r *report) {
	for i, e := range m.Spec.EtcdClusters {
		for j, v := range e.Members {
			checkDisk(r, m.Source, disk{
				v.VolumeType, v.VolumeSize, v.VolumeIOPS, v.VolumeThroughput,
				memberPath(i, j, "volumeType"), memberPath(i, j, "volumeSize"), memberPath(i, j, "volumeIops"), memberPath(i, j, "volumeThroughput"),
			})
			if v.KMSKeyID != "" && !v.EncryptedVolume {
				r.errorf(m.Source, memberPath(i, j, "kmsKeyId"), "the key is used only on an encrypted volume; set encryptedVolume: true")
			}
		}
	}
}

// etcdZoneRule warns where a zone holds so many members that etcd does not survive its failure.
func etcdZoneRule(m manifest, r *report) {
	for i, e := range m.Spec.EtcdClusters {
		inZone := map[string]int{}
		for _, member := range e.Members {
			if zone := m.memberZone(member); zone != "" {
				inZone[zone]++
			}
		}
		for _, zone := range slices.Sorted(maps.Keys(inZone)) {
			n, all := inZone[zone], len(e.Members)
			if quorum := all/2 + 1; all > 1 && all-n < quorum {
				r.warnf(m.Source, etcdPath(i, "etcdMembers"), "when zone %s fails, %d of the %d members of etcd cluster %s fail with it, the other %d are no majority, and the API stops accepting writes; spread the masters over three zones",
					zone, n, all, e.Name, all-n)
			}
		}
	}
}
