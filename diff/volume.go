package diff

import (
	"maps"
	"strings"

	"github.com/quorate/quorate/topology"
)

const (
	volumeKeptReason = "an etcd volume holds data that nothing else has, so no plan removes it, and a member that comes back finds it; to be rid of it, delete the volume by hand in EC2 once it is detached and its member has left etcd"
	volumeImmutable  = "AWS cannot change it on a volume, and an etcd volume is never replaced; put the old value back into the manifest"
	volumeShrink     = "AWS cannot shrink a volume; put a size back that is no smaller than the volume has"
)

// Tags are exact, as kops has them: a stray k8s.io/etcd key would make etcd-manager
// take the volume for a member's.
var volumeFields = []field[topology.Volume]{
	forbid("etcdCluster", volumeMembership, func(v topology.Volume) string { return v.EtcdCluster }),
	forbid("member", volumeMembership, func(v topology.Volume) string { return v.Member }),
	judged("members", func([]string, []string) (Effect, string) { return InPlace, membersChange }, func(v topology.Volume) []string { return v.Members }),
	forbid("zone", volumeImmutable, func(v topology.Volume) string { return v.Zone }),
	on("type", InPlace, func(v topology.Volume) string { return v.Type }),
	judged("sizeGiB", growOnly, func(v topology.Volume) int { return v.SizeGiB }),
	on("iops", InPlace, func(v topology.Volume) int { return v.IOPS }),
	on("throughput", InPlace, func(v topology.Volume) int { return v.Throughput }),
	forbid("encrypted", volumeImmutable, func(v topology.Volume) bool { return v.Encrypted }),
	{"kmsKey", keyChange},
	exactTags(InPlace, volumeTags),
}

// volumeTags leaves out what the applier writes on a new volume for its machine, and nobody wants or minds.
func volumeTags(v topology.Volume) topology.Tags {
	tags := maps.Clone(v.Tags)
	delete(tags, topology.TagEtcdExists)
	return tags
}

func growOnly(want, have int) (Effect, string) {
	if want > have {
		return InPlace, ""
	}
	return Forbid, volumeShrink
}

// keyChange compares the key only if the manifest names one. AWS tells a key for every
// encrypted volume, and nobody can see whether that is the account's default. It tells
// the ARN, whose last part is the id; what an alias stands for it does not tell.
func keyChange(want, have topology.Volume) []FieldChange {
	key := want.KMSKey
	if key == "" || key == have.KMSKey || strings.HasSuffix(have.KMSKey, ":key/"+key) || strings.Contains(key, "alias/") {
		return nil
	}
	return []FieldChange{{Path: "kmsKey", Have: have.KMSKey, Want: key, Effect: Forbid, Reason: volumeImmutable}}
}
