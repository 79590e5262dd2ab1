package quorum

import "slices"

// A rule is one reason not to proceed.
type rule struct {
	name    string
	answer  Answer
	objects func(question) bool
	because func(question) string
}

// rules are asked in this order, and the first that objects gives the verdict. Doubt comes before
// arithmetic: sums over members nobody can vouch for would only look precise.
var rules = []rule{
	{"unknown", Wait, question.hasUnknown, question.unknownReason},
	{"learner", Wait, question.hasLearner, question.learnerReason},
	{"under way", Wait, question.otherZoneUnderWay, question.underWayReason},
	{"several zones", Refuse, question.spansZones, question.spansReason},
	{"never a majority", Refuse, question.neverMajority, question.neverReason},
	{"too few healthy", Wait, question.tooFewHealthy, question.tooFewReason},
}

// firstObjection is the rule that decides, or nil if none objects.
func firstObjection(rules []rule, q question) *rule {
	for i := range rules {
		if rules[i].objects(q) {
			return &rules[i]
		}
	}
	return nil
}

// question is what a caller asked, counted once.
type question struct {
	Cluster
	out    []Member // the members that would be down
	stay   int      // voters that would not be
	margin Margin
}

func ask(c Cluster, out func(Member) bool) question {
	q := question{Cluster: c}
	for _, m := range c.Members {
		leaves := out(m)
		if leaves {
			q.out = append(q.out, m)
		}
		if !m.Learner {
			q.count(m, leaves)
		}
	}
	q.margin.Majority = q.margin.Voters/2 + 1
	return q
}

func (q *question) count(voter Member, leaves bool) {
	q.margin.Voters++
	healthy := voter.Health == Healthy
	if healthy {
		q.margin.HealthyNow++
	}
	if leaves {
		return
	}
	q.stay++
	if healthy {
		q.margin.HealthyAfter++
	}
}

// A health that is no constant of ours is as unknown as none at all.
func unknown(m Member) bool { return m.Health != Healthy && m.Health != Unhealthy }

func learner(m Member) bool { return m.Learner }

func (q question) hasUnknown() bool { return slices.ContainsFunc(q.Members, unknown) }

// A learner starts to vote any moment, and every majority counted before is then wrong.
func (q question) hasLearner() bool { return slices.ContainsFunc(q.Members, learner) }

// With five members in five zones a majority survives the loss of two, so arithmetic alone would let a
// second zone start. One zone at a time is a promise of its own.
func (q question) otherZoneUnderWay() bool {
	return slices.ContainsFunc(q.UnderWay, q.isOtherZone)
}

func (q question) isOtherZone(zone string) bool {
	return !slices.ContainsFunc(q.out, func(m Member) bool { return m.Zone == zone })
}

// The same promise, for a caller that asks for two zones in one breath.
func (q question) spansZones() bool {
	return slices.ContainsFunc(q.out, func(m Member) bool { return m.Zone != q.out[0].Zone })
}

// Even if every member that stays were healthy. A cluster without voters is one such case.
func (q question) neverMajority() bool { return q.stay < q.margin.Majority }

func (q question) tooFewHealthy() bool { return q.margin.HealthyAfter < q.margin.Majority }
