package diff

import "github.com/quorate/quorate/topology"

var eventRuleFields = []field[topology.EventRule]{
	on("pattern", InPlace, func(r topology.EventRule) string { return r.Pattern }),
	on("enabled", InPlace, func(r topology.EventRule) bool { return r.Enabled }),
	on("target", InPlace, func(r topology.EventRule) topology.Ref { return r.Target }),
	missingTags(func(r topology.EventRule) topology.Tags { return r.Tags }),
}
