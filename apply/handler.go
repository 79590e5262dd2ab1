package apply

import (
	"cmp"
	"context"
	"time"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// A handler makes, changes and removes the resources of one kind. Every verb
//
//   - is idempotent: done twice, or cut off anywhere and done again, it ends in the
//     same world. What is already so is left alone.
//   - returns at once. It never waits for AWS to settle; where AWS must settle
//     first it returns a [WaitError], and the next pass comes back.
//   - sets tags in the creating call, and gives a token derived from cluster, commit
//     and reference to every creating call that takes one.
//   - touches nothing but the resource it was given.
type handler[T topology.Resource] interface {
	// Create makes the resource and returns what it learned: at least its own id.
	// On an error, what was learned until then is returned too.
	Create(ctx context.Context, want T, ids topology.Bindings) (learned topology.Bindings, err error)
	// Update brings the fields that differ (change.Fields names them, in the words
	// of the diff file of the kind) from have to want.
	Update(ctx context.Context, have, want T, change diff.Change, ids topology.Bindings) (learned topology.Bindings, err error)
	// Delete removes the resource. That it is gone already is no error.
	Delete(ctx context.Context, have T, ids topology.Bindings) error
}

// WaitError says that time mends it: AWS has to settle something before the verb can
// go on. The next pass tries again.
type WaitError struct {
	Reason string
	// refused is set if AWS said "not yet" to the call, which thus changed nothing.
	refused bool
	// Idle is set if the verb changed nothing before it had to wait.
	Idle bool
	// Since, Limit and Who are as in [Outcome].
	Since time.Time
	Limit time.Duration
	Who   string
}

// backLimit is how long a machine made anew may take to be back; what happens then is the business of
// repair.
func backLimit(pace topology.RollingUpdate) time.Duration {
	return cmp.Or(pace.BackWithin, topology.DefaultBackWithin)
}

func (e *WaitError) Error() string { return "waiting: " + e.Reason }
