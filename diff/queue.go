package diff

import "github.com/quorate/quorate/topology"

var queueFields = []field[topology.Queue]{
	on("retention", InPlace, func(q topology.Queue) int { return q.Retention }),
	on("policy", InPlace, func(q topology.Queue) string { return q.Policy }),
	missingTags(func(q topology.Queue) topology.Tags { return q.Tags }),
}
