package apply

import (
	"fmt"
	"slices"
	"time"

	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

// State is how a step ended in this pass.
type State string

const (
	// Done is finished: AWS has what was wanted.
	Done State = "done"
	// Waiting is not finished yet, for a reason that time mends: a gate, AWS
	// settling, or a step that it stands behind.
	Waiting State = "waiting"
	// Failed needs somebody: AWS refused, or answered nothing.
	Failed State = "failed"
)

// An Outcome is the end of one step in one pass.
type Outcome struct {
	Ref    topology.Ref
	Effect diff.Effect
	State  State
	// Reason is a sentence for everything that is not done.
	Reason string
	// Behind is set if the step never began, because an earlier step is not done.
	Behind topology.Ref
	// Since is when what is waited for began, and Limit how long it may last; zero where nobody
	// knows, or no limit is set.
	Since time.Time
	Limit time.Duration
	// Who can end the waiting, where that is not AWS or this service: "Deployment/web".
	Who string
	// Verdict is the gate's answer for steps that asked it.
	Verdict *quorum.Verdict
	// Zone is set if the step takes control-plane machines of that zone out.
	Zone string
	// Acted reports that the step changed something in this pass.
	Acted bool
	Err   error
	Began time.Time // zero if the step never began
	Took  time.Duration
	// Requests could change something: the first few, and how many there were.
	Requests     []Request
	RequestCount int
}

// A Request is one request to AWS that could change something.
type Request = awsapi.Request

// A Report is all that one run did.
type Report struct {
	// Repairs are what was wrong with groups before the first step, and what was done about it.
	Repairs []Repair
	// Halted means that a roll of these manifests halted: nothing rolls until people change them.
	Halted bool
	// Paused is why nothing of the plan was begun; empty if it was.
	Paused   string
	Outcomes []Outcome
	// Etcd says of each etcd cluster whether it stands as it was found before the first step, with its
	// margin; empty if nobody was asked.
	Etcd []quorum.Verdict
	// Settling tells what is made but not working yet: machines that boot, etcd
	// members that have not caught up. Empty means the cluster is as it should be.
	Settling []string
}

// State of the whole: the worst of its outcomes, and waiting while anything settles.
func (r Report) State() State {
	switch {
	case r.has(Failed) || slices.ContainsFunc(r.Repairs, func(m Repair) bool { return m.Err != nil }):
		return Failed
	case r.has(Waiting) || len(r.Settling) > 0 || len(r.Repairs) > 0:
		return Waiting
	}
	return Done
}

func (r Report) has(s State) bool {
	return slices.ContainsFunc(r.Outcomes, func(o Outcome) bool { return o.State == s })
}

// Done counts the outcomes that are.
func (r Report) Done() int {
	n := 0
	for _, o := range r.Outcomes {
		if o.State == Done {
			n++
		}
	}
	return n
}

// Acted reports whether the run changed anything at all.
func (r Report) Acted() bool {
	return slices.ContainsFunc(r.Outcomes, func(o Outcome) bool { return o.Acted }) ||
		slices.ContainsFunc(r.Repairs, func(m Repair) bool { return m.Acted })
}

// Reason is the one sentence to show for the whole: the first failure, or else what is wrong with a
// group, or else the first thing that is waited for.
func (r Report) Reason() string {
	if reason, failed := r.first(Failed); failed {
		return reason
	}
	if why := r.whyPaused(); why != "" {
		return why
	}
	if len(r.Repairs) > 0 {
		return r.Repairs[0].Sentence
	}
	if reason, waits := r.first(Waiting); waits {
		return reason
	}
	if len(r.Settling) > 0 {
		return r.Settling[0]
	}
	return ""
}

// Stopped reports that a roll halted, and that only people can do something about it: the groups that
// halted are as whole as they can be.
func (r Report) Stopped() bool {
	return r.Halted && r.State() == Waiting && !slices.ContainsFunc(r.Repairs, func(m Repair) bool { return m.Who != repair.People || m.Err != nil })
}

// whyPaused says that the cluster is paused, and what is wrong besides.
func (r Report) whyPaused() string {
	if r.Paused == "" {
		return ""
	}
	why := "paused: " + r.Paused
	if len(r.Repairs) > 0 {
		why += "; " + r.Repairs[0].Sentence
	}
	return why
}

// first is the reason of the first step in that state which did not only stand behind another.
func (r Report) first(s State) (string, bool) {
	for _, o := range r.Outcomes {
		switch {
		case o.State != s || !o.Behind.IsZero():
		case o.Zone != "":
			return o.Reason, true // which names the zone
		default:
			return fmt.Sprintf("%s: %s", o.Ref, o.Reason), true
		}
	}
	return "", false
}

// Explain turns any error of a pass into a sentence for people: which action IAM
// denied, that the credentials are refused, that AWS is throttling.
func Explain(err error) string { return awsapi.Explain(err) }
