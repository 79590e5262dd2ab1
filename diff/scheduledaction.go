package diff

import "github.com/quorate/quorate/topology"

var scheduledActionFields = []field[topology.ScheduledAction]{
	on("recurrence", InPlace, func(a topology.ScheduledAction) string { return a.Recurrence }),
	judged("timeZone", unsetting(""), func(a topology.ScheduledAction) string { return a.TimeZone }),
	on("min", InPlace, func(a topology.ScheduledAction) int { return a.Min }),
	on("max", InPlace, func(a topology.ScheduledAction) int { return a.Max }),
	judged("desired", unsetting(topology.KeepDesired), func(a topology.ScheduledAction) int { return a.Desired }),
	judged("end", unsetting(""), func(a topology.ScheduledAction) string { return a.End }),
}

// unsetting replaces an action that would lose a value: what a call does not say, AWS
// leaves as it is.
func unsetting[V comparable](none V) judge[V] {
	return func(want, _ V) (Effect, string) {
		if want == none {
			return Replace, ""
		}
		return InPlace, ""
	}
}

// A group is held by a schedule while its bounds are those that one of its scheduled
// actions sets. They differ from the manifest's then, and rightly so: the manifest's own
// bounds are what the group starts with, and what it returns to when no schedule is
// wanted any more.
//
// The rule is strict. Both bounds must be those of one and the same action, and the
// action must be of ours and still wanted, with the numbers that AWS or the manifest has
// for it: a commit that changes tomorrow's numbers moves nothing today. Anything else,
// be it one bound of one action and one of another, or bounds of an action that nobody
// wants any more, is drift.
func heldBySchedule(group topology.AutoScalingGroup, want, have topology.Topology) bool {
	for _, wanted := range topology.Of[topology.ScheduledAction](want) {
		if wanted.Group != group.Ref() {
			continue
		}
		if holds(wanted, group) {
			return true
		}
		if found, ok := topology.Find[topology.ScheduledAction](have, wanted.Ref()); ok && holds(found, group) {
			return true
		}
	}
	return false
}

func holds(a topology.ScheduledAction, group topology.AutoScalingGroup) bool {
	return a.Min == group.Min && a.Max == group.Max
}
