// Package notify answers: who is told that a cluster needs people, and when is it over?
//
// Start reading at CauseOf, which says why people are to be told of the end of a pass, and at memory, which
// decides what is new: a cause is said once, and once more when it is over, whatever passes run in between
// and whether or not the service is restarted. A Notifier sends that, through one file per make of receiver.
// What is said are sentences that commit statuses say, too; where it is sent is a secret, and in no error and
// no log. It imports what a pass comes to.
package notify

import (
	"context"
	"errors"
	"regexp"
	"strings"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/sync/lease"
)

// Kind is why people are told.
type Kind string

// The kinds, the one that a pass is filed under being the first that fits.
const (
	// NeedsPeople means that nothing more happens until somebody changes a manifest, or removes something.
	NeedsPeople Kind = "needs people"
	// Halted means that a roll stopped, and goes on when people let it.
	Halted Kind = "halted"
	// Failed means that AWS or the service itself does not do what it should.
	Failed Kind = "failed"
	// Recovered means that what was said before is over.
	Recovered Kind = "recovered"
)

// A Cause is one thing that is wrong with a cluster.
type Cause struct {
	Kind     Kind   `json:"kind"`
	Sentence string `json:"sentence"`
}

// same reports that nobody would learn anything new: sentences tell for how long and how many, and what they
// count goes on counting.
func (c Cause) same(other Cause) bool {
	return c.Kind == other.Kind && essence(c.Sentence) == essence(other.Sentence)
}

var counting = regexp.MustCompile(`[0-9]+`)

func essence(sentence string) string {
	return strings.Join(strings.Fields(counting.ReplaceAllString(sentence, "#")), " ")
}

// CauseOf says what is wrong at the end of a pass; nothing is, if kind is empty. A pass that tells nothing of
// its cluster is not ok.
func CauseOf(r sync.Result) (c Cause, ok bool) {
	switch {
	case errors.Is(r.Err, lease.ErrHeld), errors.Is(r.Err, context.Canceled):
		return Cause{}, false
	case r.Err != nil:
		return Cause{Failed, apply.Explain(r.Err)}, true
	}
	if forbidden := r.Planned.Plan.Forbidden(); len(forbidden) > 0 {
		return Cause{NeedsPeople, forbidden[0].Ref.String() + ": " + forbidden[0].Reason}, true
	}
	if r.Report.Halted {
		return Cause{Halted, r.Reason()}, true
	}
	for _, o := range r.Report.Outcomes {
		if o.Verdict != nil && o.Verdict.Answer == quorum.Refuse {
			return Cause{NeedsPeople, o.Ref.String() + ": " + o.Reason}, true
		}
	}
	if r.NeedsPeople() {
		return Cause{NeedsPeople, r.Reason()}, true
	}
	if r.Report.State() == apply.Failed {
		return Cause{Failed, r.Reason()}, true
	}
	return Cause{}, true
}
