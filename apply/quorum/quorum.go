// Package quorum answers one question: may these members be down at the same time, now?
//
// Start at Decide; the rules it asks, in their order, are the table in rules.go. Growing and shrinking
// a member list is the same question about the list as it would be afterwards: see membership.go.
// kops runs two etcd clusters on the same machines, so callers ask about each and join the verdicts
// with All.
//
// Everything here is a function from values to values. The package imports only the standard library.
package quorum

import "slices"

// Health is what was observed of one member. The zero value is Unknown: not knowing is not healthy.
type Health int

// The healths a member can be observed in.
const (
	Unknown Health = iota
	Healthy
	Unhealthy
)

// String is the word people read.
func (h Health) String() string {
	switch h {
	case Healthy:
		return "healthy"
	case Unhealthy:
		return "unhealthy"
	default:
		return "unknown"
	}
}

// Member is one etcd member as it was last observed.
type Member struct {
	Name    string
	Zone    string // the availability zone its machine and its volume live in
	Health  Health
	Learner bool // receives the log but does not vote yet
}

// Cluster is one etcd cluster: all its members, and the zones somebody is still working on.
type Cluster struct {
	Name     string // as in the manifest: "main", "events"
	Members  []Member
	UnderWay []string // zones whose control plane was taken out and is not back yet
}

// Answer is what a Verdict says. Stricter answers are smaller, and the zero value is the strictest, so
// a verdict nobody filled in never lets anything proceed.
type Answer int

// The answers, the strictest first.
const (
	Refuse  Answer = iota // time will not change it: the member list has to
	Wait                  // time can change it: ask again later
	Proceed               // now is safe
)

// String is the word people read.
func (a Answer) String() string {
	switch a {
	case Wait:
		return "wait"
	case Proceed:
		return "proceed"
	default:
		return "refuse"
	}
}

// Margin holds the numbers behind a verdict. A learner is not a voter and appears in none of them.
type Margin struct {
	Voters       int
	HealthyNow   int // voters observed healthy
	HealthyAfter int // of those, the ones that would stay
	Majority     int // the fewest voters that can agree on anything
}

// Verdict is the answer about one cluster, with a sentence for people that names cluster, members and
// zones.
type Verdict struct {
	Answer  Answer
	Cluster string
	Reason  string
	Margin  Margin
}

// Decide says whether the members that out selects may be down together, now. Selecting nobody asks
// whether the cluster stands as it is.
func Decide(c Cluster, out func(Member) bool) Verdict {
	q := ask(c, out)
	v := Verdict{Answer: Proceed, Cluster: c.Name, Margin: q.margin, Reason: q.proceedReason()}
	if r := firstObjection(rules, q); r != nil {
		v.Answer, v.Reason = r.answer, r.because(q)
	}
	return v
}

// All is the strictest of the verdicts, the first such one if several are equally strict: machines that
// carry several etcd clusters may go only if every one of them agrees. Without a verdict nobody agreed,
// so it refuses.
func All(vs ...Verdict) Verdict {
	if len(vs) == 0 {
		return Verdict{Answer: Refuse, Reason: "No etcd cluster was asked."}
	}
	return slices.MinFunc(vs, func(a, b Verdict) int { return int(a.Answer - b.Answer) })
}
