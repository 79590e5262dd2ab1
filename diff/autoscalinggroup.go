package diff

import "github.com/quorate/quorate/topology"

var autoScalingGroupFields = []field[topology.AutoScalingGroup]{
	on("launchTemplate", Roll, func(g topology.AutoScalingGroup) topology.Ref { return g.LaunchTemplate }),
	on("template", Roll, func(g topology.AutoScalingGroup) string { return g.Template }),
	// Machines that run stay what they are; those that come next follow the policy.
	on("mixed", InPlace, func(g topology.AutoScalingGroup) topology.MixedInstances { return g.Mixed }),
	// The bounds are nobody's business while a schedule holds them: see heldBySchedule.
	// The desired capacity within them never is: it is no field.
	on("min", InPlace, func(g topology.AutoScalingGroup) int { return g.Min }),
	on("max", InPlace, func(g topology.AutoScalingGroup) int { return g.Max }),
	{"subnets", subnetChange},
	on("targetGroups", InPlace, func(g topology.AutoScalingGroup) []topology.Ref { return g.TargetGroups }),
	{"classicLoadBalancers", classicChange},
	on("metrics", InPlace, func(g topology.AutoScalingGroup) []string { return g.Metrics }),
	on("protectFromScaleIn", InPlace, func(g topology.AutoScalingGroup) bool { return g.ProtectFromScaleIn }),
	on("suspendedProcesses", InPlace, func(g topology.AutoScalingGroup) []string { return g.SuspendedProcesses }),
	on("maxInstanceLifetime", InPlace, func(g topology.AutoScalingGroup) int { return g.MaxInstanceLifetime }),
	on("capacityRebalance", InPlace, func(g topology.AutoScalingGroup) bool { return g.CapacityRebalance }),
	{"warmPool", warmPoolChange},
	exactTags(InPlace, func(g topology.AutoScalingGroup) topology.Tags { return g.Tags }),
}

const controlPlaneMove = "an etcd volume cannot leave its zone, so neither can its control-plane group; put the old subnet back"

// subnetChange lets workers move between zones, and a control-plane group only
// between subnets of its own zone.
func subnetChange(want, have topology.AutoScalingGroup) []FieldChange {
	decide := func(_, _ []topology.Ref) (Effect, string) { return InPlace, "" }
	if want.Role == topology.ControlPlane && text(want.Zones) != text(have.Zones) {
		decide = func(_, _ []topology.Ref) (Effect, string) { return Forbid, controlPlaneMove }
	}
	return judged("subnets", decide, func(g topology.AutoScalingGroup) []topology.Ref { return g.Subnets }).compare(want, have)
}

// warmPoolChange makes, changes and removes pools in place: what waits there runs nothing.
func warmPoolChange(want, have topology.AutoScalingGroup) []FieldChange {
	w, h := want.WarmPool, have.WarmPool
	if w == h {
		return nil
	}
	return []FieldChange{{Path: "warmPool", Have: poolText(h), Want: poolText(w), Effect: InPlace}}
}

func poolText(p topology.WarmPool) string {
	if p.IsZero() {
		return ""
	}
	return text(p)
}
