// Package repair answers: what is wrong with this group of machines, and what is to be done about it
// now?
//
// Start with [Master.Judge] and [Workers.Judge]: pure functions from facts to one [Advice], a table of
// rows each, of which the first that has something to say is heard. A group is given its own time first,
// for AWS mends most of what breaks; then comes the least that helps: a volume is let go of, a machine
// is ended so that its group makes another, a roll is halted and its group goes back to the template
// that worked. Each of these happens once, or a few times, and then somebody is told.
//
// Whether a machine may go is not decided here: apply asks the gate before it follows an advice. What
// was done stands in a [Mark] on the group, so that a service that was killed goes on.
//
// It imports topology only.
package repair

import (
	"time"

	"github.com/quorate/quorate/topology"
)

const (
	// BackLimit is how long a machine may take to come back, unless the manifest says otherwise.
	BackLimit = topology.DefaultBackWithin
	// DetachAfter is how long a machine waits for a volume before a dead machine is told to give it up:
	// AWS takes seconds, and a minute or two on a bad day.
	DetachAfter = 5 * time.Minute
	// ForceAfter is when it is not asked any more.
	ForceAfter = 10 * time.Minute
	// forgotten is how long AWS shows an instance after its end; see the EC2 guide on terminating.
	forgotten = time.Hour
	// endings is how many workers of a group are ended in a row before people are asked.
	endings = 3
)

// A Verb is what is done about a group.
type Verb string

// The verbs.
const (
	// Wait does nothing: AWS mends it, or a person does; see [Advice.Who].
	Wait Verb = "wait"
	// Detach asks EC2 to take a volume from a dead machine, and ForceDetach does not ask.
	Detach      Verb = "detach"
	ForceDetach Verb = "detach by force"
	// End ends a machine through its group, which makes another.
	End Verb = "end"
	// Notice writes down since when a machine is away.
	Notice Verb = "notice"
	// Halt stops the roll of the whole cluster, and StepBack lets the group make machines from the
	// template version that worked before.
	Halt     Verb = "halt"
	StepBack Verb = "step back"
	// Return takes the machines of a group of workers back to the version of their group.
	Return Verb = "return"
	// Rejoin removes a member from its etcd cluster whose data is lost and adds it again, as a learner
	// first.
	Rejoin Verb = "rejoin"
	// Forget takes the marks off a group that is whole again.
	Forget Verb = "forget"
)

// Who can unblock a group. Nobody has to where time or AWS does it.
const (
	People  = "you"
	AWS     = "AWS"
	Quorate = "quorate"
)

// An Advice is what to do about one group now. The zero one is: nothing is wrong.
type Advice struct {
	Verb  Verb
	Group topology.Ref
	// Volume and Machine are the AWS ids of what is acted upon, and Lost are the etcd members.
	Volume, Machine string
	Lost            []Member
	// Attached is when the volume was attached to the machine.
	Attached time.Time
	// Sentence tells a person at night what is wrong and what is done about it.
	Sentence string
	// Since is when it began and Until when more is done about it; zero where nobody knows.
	Since, Until time.Time
	// Who can unblock it: [People], [AWS] or [Quorate].
	Who string
}

// Nothing reports that there is nothing to say.
func (a Advice) Nothing() bool { return a.Verb == "" }

// ago is a time since then in words.
func ago(now, then time.Time) string { return now.Sub(then).Round(time.Second).String() }
