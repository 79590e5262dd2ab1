package desired

import (
	"fmt"

	"github.com/quorate/quorate/desired/kopsspec"
)

// volumeTypes are those that kops lets machines and etcd members have.
var volumeTypes = []string{"gp2", "gp3", "io1", "io2", "standard"}

// ebsLimits are what one type of volume can be.
type ebsLimits struct {
	minGiB, maxGiB int
	// maxIOPS and iopsPerGiB are zero where IOPS cannot be set, and maxThroughput, in MiB/s, where that cannot.
	maxIOPS, iopsPerGiB, maxThroughput int
}

// ebs are the limits of AWS (Amazon EBS User Guide, "Amazon EBS volume types", as of September 2025).
// Regions can lag behind: what they refuse, they refuse when the volume is made.
var ebs = map[string]ebsLimits{
	"gp2":      {minGiB: 1, maxGiB: 16384},
	"gp3":      {minGiB: 1, maxGiB: 65536, maxIOPS: 80000, iopsPerGiB: 500, maxThroughput: 2000},
	"io1":      {minGiB: 4, maxGiB: 16384, maxIOPS: 64000, iopsPerGiB: 50},
	"io2":      {minGiB: 4, maxGiB: 65536, maxIOPS: 256000, iopsPerGiB: 1000},
	"standard": {minGiB: 1, maxGiB: 1024},
}

// gp3Baseline is what every gp3 volume has, however small.
const gp3Baseline = 3000

// iopsPerThroughput is how many IOPS a gp3 volume needs for each MiB/s.
const iopsPerThroughput = 4

// A disk is a volume as the manifest asks for it, with the paths of its fields.
type disk struct {
	typ                    string
	size, iops, throughput int

	typePath, sizePath, iopsPath, throughputPath string
}

// checkDisk complains about what EBS does not make.
func checkDisk(r *report, s kopsspec.Source, d disk) {
	oneOf(r, s, d.typePath, d.typ, volumeTypes...)
	limit, known := ebs[d.typ]
	if !known {
		return
	}
	most := max(limit.iopsPerGiB*d.size, map[string]int{"gp3": gp3Baseline}[d.typ])
	switch {
	case d.size < limit.minGiB || d.size > limit.maxGiB:
		r.errorf(s, d.sizePath, "%d GiB is no size of a %s volume; use %d to %d", d.size, d.typ, limit.minGiB, limit.maxGiB)
	case d.iops > limit.maxIOPS && limit.maxIOPS > 0:
		r.errorf(s, d.iopsPath, "no %s volume has more than %d IOPS; lower %d", d.typ, limit.maxIOPS, d.iops)
	case d.iops > most && limit.iopsPerGiB > 0:
		r.errorf(s, d.iopsPath, "%d IOPS need a larger %s volume than %d GiB; it has at most %d for each GiB", d.iops, d.typ, d.size, limit.iopsPerGiB)
	case d.throughput > limit.maxThroughput && limit.maxThroughput > 0:
		r.errorf(s, d.throughputPath, "no %s volume has more than %d MiB/s; lower %d", d.typ, limit.maxThroughput, d.throughput)
	case d.throughput > 0 && iopsPerThroughput*d.throughput > d.iops:
		r.errorf(s, d.throughputPath, "%d MiB/s need at least %d IOPS; raise the IOPS, or lower the throughput", d.throughput, iopsPerThroughput*d.throughput)
	}
}

func diskRule(m manifest, r *report) {
	for _, g := range m.groups {
		checkDisk(r, g.Source, disk{
			g.Spec.RootVolumeType, g.Spec.RootVolumeSize, g.Spec.RootVolumeIOPS, g.Spec.RootVolumeThroughput,
			"spec.rootVolumeType", "spec.rootVolumeSize", "spec.rootVolumeIops", "spec.rootVolumeThroughput",
		})
		devices := map[string]bool{}
		for i, v := range g.Spec.Volumes {
			path := fmt.Sprintf("spec.volumes[%d].", i)
			checkDisk(r, g.Source, disk{v.Type, v.Size, v.IOPS, v.Throughput, path + "type", path + "size", path + "iops", path + "throughput"})
			if v.Device == "" || devices[v.Device] {
				r.errorf(g.Source, path+"device", "every volume needs a device of its own; write one such as /dev/xvdd")
			}
			devices[v.Device] = true
		}
	}
}
