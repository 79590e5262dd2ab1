package diff

import "github.com/quorate/quorate/topology"

const targetGroupImmutable = "AWS cannot change it on a target group, and its name follows from the cluster; remove the listener and the target group by hand, and right ones are made"

var targetGroupFields = []field[topology.TargetGroup]{
	forbid("vpc", targetGroupImmutable, func(g topology.TargetGroup) topology.Ref { return g.VPC }),
	forbid("port", targetGroupImmutable, func(g topology.TargetGroup) int { return g.Port }),
	forbid("protocol", targetGroupImmutable, func(g topology.TargetGroup) string { return g.Protocol }),
	on("healthProtocol", InPlace, func(g topology.TargetGroup) string { return g.HealthProtocol }),
	on("healthPath", InPlace, func(g topology.TargetGroup) string { return g.HealthPath }),
	on("healthInterval", InPlace, func(g topology.TargetGroup) int { return g.HealthInterval }),
	on("healthyThreshold", InPlace, func(g topology.TargetGroup) int { return g.HealthyThreshold }),
	on("unhealthyThreshold", InPlace, func(g topology.TargetGroup) int { return g.UnhealthyThreshold }),
	on("deregistrationDelay", InPlace, func(g topology.TargetGroup) int { return g.DeregistrationDelay }),
	on("connectionTermination", InPlace, func(g topology.TargetGroup) bool { return g.ConnectionTermination }),
	exactTags(InPlace, func(g topology.TargetGroup) topology.Tags { return g.Tags }),
}
