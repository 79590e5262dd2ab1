package host

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"github.com/quorate/quorate/sync/commitstatus"
)

// The classes of failure, for errors.Is. Their texts are sentences a user can act on.
var (
	ErrRateLimited = errors.New("the Git host asks us to slow down")
	ErrUnavailable = errors.New("the Git host does not answer as it should")
	ErrRefused     = errors.New("the Git host refuses our credentials, or what they may do is too little")
	ErrNotFound    = errors.New("the Git host does not know it, or does not show it to us")
	ErrRejected    = errors.New("the Git host does not accept what we sent")
	ErrTooLarge    = errors.New("the Git host's answer is larger than we read")
	ErrCredential  = errors.New("our credential for the Git host cannot be read")
)

// Error is an answer that is not a success. It never holds a token.
type Error struct {
	Class  error     // one of the above
	Status int       // of HTTP; zero if there was no answer
	Until  time.Time // when to ask again, if Class is ErrRateLimited
	Detail string    // one line, in the words of the host or the network
}

func (e *Error) Error() string {
	text := e.Class.Error()
	if !e.Until.IsZero() {
		text += " until " + e.Until.UTC().Format(time.RFC3339)
	}
	if e.Status != 0 {
		text += fmt.Sprintf(" (HTTP %d)", e.Status)
	}
	if e.Detail != "" {
		text += ": " + e.Detail
	}
	return text
}

func (e *Error) Unwrap() error { return e.Class }

// RetryAt says when a rate limit ends, if err is about one.
func RetryAt(err error) (time.Time, bool) {
	limited, ok := errors.AsType[*Error](err)
	if !ok || !errors.Is(limited, ErrRateLimited) {
		return time.Time{}, false
	}
	return limited.Until, true
}

// failed wraps what a client returned: once, with the verb, and as one of the classes.
func (a address) failed(ctx context.Context, verb string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %s: %w", a, verb, classed(ctx, err))
}

// classed finds the class under whatever a client wrapped around it. The rest are answers that the client
// could not make sense of.
func classed(ctx context.Context, err error) error {
	if known, ok := errors.AsType[*Error](err); ok {
		return known
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return context.Canceled
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the URL says nothing that the verb does not
	}
	return &Error{Class: ErrUnavailable, Detail: commitstatus.Shorten(err.Error(), maxDetail)}
}

// rejected marks a status that will never be accepted, so that it is not tried for ever.
func rejected(err error) error {
	if errors.Is(err, ErrRejected) {
		return fmt.Errorf("%w: %w", commitstatus.ErrRejected, err)
	}
	return err
}
