// Package explain answers: what is this cluster waiting for, since when, and who can unblock it?
//
// [Of] is a pure function from what was seen to a list of [Waiting], what matters most first. Nothing is
// remembered: it goes by the plan, the standing of the control plane, the nodes that are being emptied, and
// who holds the lease. [Sources.Gather] looks, and changes nothing.
package explain

import (
	"time"

	"github.com/quorate/quorate/apply/repair"
)

// A Waiting is one thing that keeps a cluster from being what its manifest says, and working.
type Waiting struct {
	// What is a sentence.
	What string `json:"what"`
	// Since is when it began; zero where nobody knows.
	Since time.Time `json:"since,omitzero"`
	// Until is the moment before which nobody needs to do anything; zero where there is none.
	Until time.Time `json:"until,omitzero"`
	// Who can unblock it: [People], [AWS], [Quorate], or an owner in the cluster such as "Deployment/web".
	Who string `json:"who"`
	// Action says what they can do; empty where it ends by itself.
	Action string `json:"action,omitempty"`
}

// Who can unblock something.
const (
	People  = repair.People
	AWS     = repair.AWS
	Quorate = repair.Quorate
)

// A Report is all that a cluster waits for.
type Report struct {
	Cluster string    `json:"cluster"`
	At      time.Time `json:"at"`
	Waiting []Waiting `json:"waiting"`
}
