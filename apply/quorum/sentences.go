package quorum

import (
	"fmt"
	"slices"
	"strings"
)

func (q question) proceedReason() string {
	if len(q.out) == 0 {
		return q.say("%d of %d voters are healthy, %s.", q.margin.HealthyNow, q.margin.Voters, q.majority())
	}
	return q.say("%s may be down: %d of %d voters stay healthy, %s.",
		list(q.out), q.margin.HealthyAfter, q.margin.Voters, q.majority())
}

func (q question) unknownReason() string {
	return q.say("the health of %s is unknown.", list(filter(q.Members, unknown)))
}

func (q question) learnerReason() string {
	return q.say("%s must catch up and get a vote first.", list(filter(q.Members, learner)))
}

func (q question) underWayReason() string {
	zones := slices.DeleteFunc(slices.Clone(q.UnderWay), func(z string) bool { return !q.isOtherZone(z) })
	slices.Sort(zones)
	return q.say("work in %s is not finished, and only one zone at a time may be down.", join(slices.Compact(zones)))
}

func (q question) spansReason() string {
	return q.say("%s are in different zones, and only one zone at a time may be down.", list(q.out))
}

func (q question) neverReason() string {
	if q.margin.Voters == 0 {
		return q.say("no member has a vote.")
	}
	return q.say("without %s only %d of %d voters would be left, %s.", list(q.out), q.stay, q.margin.Voters, q.majority())
}

func (q question) tooFewReason() string {
	verb := "are"
	without := ""
	if len(q.out) > 0 {
		verb, without = "would stay", "without "+list(q.out)+" "
	}
	down := filter(q.Members, func(m Member) bool { return m.Health != Healthy && !slices.Contains(q.out, m) })
	return q.say("%sonly %d of %d voters %s healthy, %s; %s must recover first.",
		without, q.margin.HealthyAfter, q.margin.Voters, verb, q.majority(), list(down))
}

// say opens every sentence with the etcd cluster it is about.
func (q question) say(format string, args ...any) string {
	return q.Name + ": " + fmt.Sprintf(format, args...)
}

func (q question) majority() string { return fmt.Sprintf("and a majority is %d", q.margin.Majority) }

func filter(ms []Member, keep func(Member) bool) []Member {
	return slices.DeleteFunc(slices.Clone(ms), func(m Member) bool { return !keep(m) })
}

// list names members with their zones: "a (us-test-1a) and b (us-test-1b)".
func list(ms []Member) string {
	names := make([]string, len(ms))
	for i, m := range ms {
		names[i] = fmt.Sprintf("%s (%s)", m.Name, m.Zone)
	}
	return join(names)
}

func join(words []string) string {
	last := len(words) - 1
	if last < 1 {
		return strings.Join(words, "")
	}
	return strings.Join(words[:last], ", ") + " and " + words[last]
}
