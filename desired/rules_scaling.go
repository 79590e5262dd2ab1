package desired

import "github.com/quorate/quorate/desired/kopsspec"

var scalingRules = []rule{
	{"only groups without etcd members scale", scalingRoleRule},
	{"a group that follows its CPU has room to", scalingRoomRule},
}

const (
	targetPath   = `metadata.annotations["` + annotationPrefix + cpuTarget + `"]`
	schedulePath = `metadata.annotations["` + annotationPrefix + scalingSchedule + `"]`
)

func scalingRoleRule(m manifest, r *report) {
	for _, g := range m.ofRole(kopsspec.ControlPlane) {
		for name, path := range map[string]string{cpuTarget: targetPath, scalingSchedule: schedulePath} {
			if _, written := g.Metadata.Annotations[annotationPrefix+name]; written {
				r.errorf(g.Source, path, "control-plane machines hold etcd members, whose number must not follow load or the hour; remove the annotation")
			}
		}
	}
}

func scalingRoomRule(m manifest, r *report) {
	for _, g := range m.groups {
		_, target := g.Metadata.Annotations[annotationPrefix+cpuTarget]
		_, schedule := g.Metadata.Annotations[annotationPrefix+scalingSchedule]
		if target && !schedule && *g.Spec.MinSize == *g.Spec.MaxSize {
			r.warnf(g.Source, targetPath, "minSize and maxSize are both %d, so nothing can follow the CPU; raise maxSize", *g.Spec.MaxSize)
		}
	}
}
