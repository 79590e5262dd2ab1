package diff

import "github.com/quorate/quorate/topology"

var instanceProfileFields = []field[topology.InstanceProfile]{
	on("role", InPlace, func(p topology.InstanceProfile) topology.Ref { return p.Role }),
	exactTags(InPlace, func(p topology.InstanceProfile) topology.Tags { return p.Tags }),
}
