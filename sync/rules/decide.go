package rules

import (
	"slices"
	"time"

	"github.com/quorate/quorate/diff"
)

// A Question is whether one change of one cluster may be carried out now.
type Question struct {
	Now     time.Time
	Cluster string
	// Path of its manifest.
	Path string
	Risk diff.Risk
	// Begun says that part of the change has been carried out.
	Begun bool
	// Place is the risk that the cluster is at work with already, be it for this change or one that this
	// takes the place of.
	Place diff.Risk
	// Author of the change, and those who approved of just this commit.
	Author    string
	Approvals []Person
	// Owners are whom CODEOWNERS names for what the change touches.
	Owners []string
	// Unknown says why more approvals there may be are not known; empty if all are.
	Unknown string
	// Override is the trailer's reason, and who wrote it; empty if there is none.
	Override, OverriddenBy string
	// Vouched says that somebody but the commit itself attests who wrote it: the name in a commit
	// is whatever its author likes.
	Vouched bool
	// Others are the other clusters of the repository.
	Others []Other
	// Destroys is how many of Resources the change takes away.
	Destroys, Resources int
	// Ends says that the change is the end of the cluster, by annotation.
	Ends bool
}

// A Person and the teams that they are in.
type Person struct {
	Name  string
	Teams []string
}

// Other is another cluster.
type Other struct {
	Cluster string
	Path    string
	// Busy says that a change of it is being carried out, and Risk what it can do.
	Busy bool
	Risk diff.Risk
	// Halted says that the change is busy no more, and neither done: it failed, or people must see to it.
	Halted bool
	// Current says that it is as the commit in question wants it.
	Current bool
	// Healthy is since when it has been as wanted and worked; zero if it does not.
	Healthy time.Time
	// Trouble says why it is not healthy.
	Trouble string
}

// Answer is what a Verdict says. The zero value is the strictest.
type Answer int

// The answers, the strictest first.
const (
	// Refuse needs people: time does not change it.
	Refuse Answer = iota
	// Wait is until a time, or until others are done.
	Wait
	// Proceed is now.
	Proceed
)

func (a Answer) String() string { return [...]string{"refuse", "wait", "proceed"}[a] }

// A Verdict answers a Question.
type Verdict struct {
	Answer Answer
	// Reason is a sentence for all but a plain Proceed.
	Reason string
	// Until is when it is worth asking again; zero if nobody knows.
	Until time.Time
}

// AsksPeople reports whether a change of that risk needs approvals at all.
func (r Rules) AsksPeople(path string, risk diff.Risk) bool {
	return slices.ContainsFunc(r.Of(path).Approvals, func(a Approval) bool { return slices.Contains(a.Risks, risk) })
}

// Named are the people and teams whose approval counts for a change of that risk, where the rules do not take
// anybody's: by the names of the rules, and of the owners where they ask for these.
func (r Rules) Named(path string, risk diff.Risk, owners []string) []string {
	var names []string
	for _, a := range r.Of(path).Approvals {
		if slices.Contains(a.Risks, risk) {
			names = append(names, a.people(owners)...)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Decide asks every objection, in order; the first that holds decides. What changes
// nothing needs nobody's leave.
func (r Rules) Decide(q Question) Verdict {
	if q.Risk == diff.RiskNothing {
		return Verdict{Answer: Proceed}
	}
	c := r.hear(q)
	for _, o := range objections {
		if c.overridden && o.yields {
			continue
		}
		if v := o.judge(c); v.Answer != Proceed {
			return v
		}
	}
	if c.overridden {
		return Verdict{Answer: Proceed, Reason: "windows, freezes and the order of environments are overridden by " + q.OverriddenBy + ": " + q.Override}
	}
	return Verdict{Answer: Proceed}
}
