// Package commitstatus answers one question: how does the person who pushed a commit learn what
// became of it?
//
// Start reading at Status and Poster. Posters wrap each other: Spool keeps what could not be said
// yet, Ledger leaves out what was said already and keeps the pace, and at the end stands the place
// to post to; notes.go is the one for a plain repository. It imports little, since what a poster needs from
// elsewhere is an interface beside it.
package commitstatus

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/quorate/quorate/internal/printable"
)

// State is one of the four states that every Git host knows.
type State string

// A problem the user can fix is Failure; trouble with AWS or with us is Error.
const (
	Pending State = "pending"
	Success State = "success"
	Failure State = "failure"
	Error   State = "error"
)

// maxDescription is the limit of GitHub, the tightest of the hosts.
// https://docs.github.com/en/rest/commits/statuses
const maxDescription = 140

// Status is the latest word on one commit in one context.
type Status struct {
	Commit      string    `json:"commit"`  // 40 hex digits
	Context     string    `json:"context"` // stable name, e.g. quorate/apply/ha.example.com; no spaces
	State       State     `json:"state"`
	Description string    `json:"description"` // one line; cut at a word to 140 characters when posted
	URL         string    `json:"url,omitempty"`
	At          time.Time `json:"at"` // when it became true; set when posted if zero

	// First says that this is worth saying only as the first word: a service that starts again looks at commits
	// whose fate is told already, and must not take that back while it looks.
	First bool `json:"first,omitempty"`
}

// ErrRejected says that a status will never be accepted as it is: trying it again is of no use.
var ErrRejected = errors.New("the status is not accepted")

// Poster makes a status visible. Posting the same commit and context again replaces what stood
// there. An error means that it may not be visible; posting again is always allowed.
type Poster interface {
	Post(ctx context.Context, s Status) error
}

// key is what a later status replaces an earlier one by.
type key struct{ commit, context string }

func (s Status) key() key { return key{s.Commit, s.Context} }

// same says that nobody would see a difference between the two.
func (s Status) same(other Status) bool {
	s.At, other.At = time.Time{}, time.Time{}
	s.First, other.First = false, false
	return s == other
}

// Normal is the status as it is posted; one that cannot be is ErrRejected.
func (s Status) Normal() (Status, error) {
	if s.Context == "" || strings.ContainsFunc(s.Context, unicode.IsSpace) || s.Context != printable.Line(s.Context) {
		return s, fmt.Errorf("%w: context %q must be one printable word", ErrRejected, s.Context)
	}
	if len(s.Commit) != 40 || strings.Trim(s.Commit, "0123456789abcdef") != "" {
		return s, fmt.Errorf("%w: %q is not a commit hash", ErrRejected, s.Commit)
	}
	switch s.State {
	case Pending, Success, Failure, Error:
	default:
		return s, fmt.Errorf("%w: state %q is not one of pending, success, failure, error", ErrRejected, s.State)
	}
	if strings.ContainsFunc(s.URL, unicode.IsSpace) || s.URL != printable.Line(s.URL) {
		return s, fmt.Errorf("%w: URL %q must be one printable word", ErrRejected, s.URL)
	}
	s.Description = Shorten(s.Description, maxDescription)
	if s.At.IsZero() {
		s.At = time.Now()
	}
	s.At = s.At.UTC().Truncate(time.Second)
	return s, nil
}

// Shorten makes one line of at most limit characters, cutting at a word and showing the cut as …
func Shorten(text string, limit int) string { return printable.Shorten(text, limit) }
