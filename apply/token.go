package apply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/quorate/quorate/topology"
)

// A client token makes a creating call idempotent: AWS answers the second call of one
// token with what the first one made, so that a lost answer never makes a second
// resource. The hard part is the other direction. Somebody may delete what we made,
// at the same commit, and making it again is then right although AWS would answer
// with the lost one. Hence a token stands for
//
//   - cluster, commit and reference;
//   - all parameters of the call, parents' ids included: what is made in another
//     place or with other content is another thing. AWS would refuse the token then;
//   - for a template version also the version that it follows, so that a version
//     made by hand on top of ours can be answered by one more of ours;
//   - the ids of those that this token's ancestors made and that AWS shows as dead.
//     A NAT gateway deleted by hand is shown as deleted for an hour, so the next
//     token of the chain makes a new one at once;
//   - a window of time, because the other kinds vanish without a trace, and "deleted
//     by somebody" then looks exactly like "made a second ago, and AWS's reads lag
//     behind". Within the window we take it for the second and wait.
//
// The window is that in which this pass looked at AWS, and near its end nothing is made
// any more: then whoever looks in the next window sees all that was made in this one,
// and no two passes make one thing under two tokens.
const (
	// tokenWindow is many times what a pass takes, for a pass that looked in one window
	// makes nothing in the next; and it is not much longer than drift waits to be seen.
	tokenWindow = 15 * time.Minute
	// readLag is how far AWS's reads may lag behind, with the time of a call: the EC2
	// guide to eventual consistency speaks of seconds.
	readLag = 15 * time.Second
)

// tokenLength is EC2's limit, and what a SHA-256 has in hexadecimal.
const tokenLength = 64

// tokens makes the client tokens of one cluster at one commit.
type tokens struct {
	cluster, commit string
	now             func() time.Time
}

type lookedKey struct{}

// lookedAt tells the calls of a run when AWS was looked at for its plan.
func lookedAt(ctx context.Context, at time.Time) context.Context {
	return context.WithValue(ctx, lookedKey{}, at)
}

// window is the number of the window that ctx's run looked in. It is an error that time
// mends if nothing may be made in it any more.
func (t tokens) window(ctx context.Context) (int64, error) {
	now := t.now()
	looked, told := ctx.Value(lookedKey{}).(time.Time)
	if !told || looked.IsZero() {
		looked = now
	}
	window := looked.Truncate(tokenWindow)
	if now.After(window.Add(tokenWindow - readLag)) {
		return 0, &WaitError{Reason: "it is made by the next pass, which sees for certain whether this one or an earlier one made it already", Idle: true}
	}
	return window.Unix(), nil
}

func (e env) tokens() tokens {
	if e.now == nil {
		e.now = time.Now
	}
	return tokens{e.cluster, e.commit, e.now}
}

// token derives the token for the call that makes ref. What are the call's
// parameters without the token, and whatever else tells this making from others.
func (t tokens) token(ctx context.Context, ref topology.Ref, what ...any) (string, error) {
	window, err := t.window(ctx)
	if err != nil {
		return "", err
	}
	content, err := json.Marshal([]any{t.cluster, t.commit, ref, window, what})
	if err != nil {
		return "", fmt.Errorf("derive a client token: %w", err)
	}
	sum := sha256.Sum256(content)
	return hex.EncodeToString(sum[:])[:tokenLength], nil
}

// life is what AWS shows of an id that a creating call answered with.
type life int

const (
	// alive is there, or on its way.
	alive life = iota
	// dead is shown as deleted: the answer was to an earlier call of the token.
	dead
	// unseen is not shown: made just now, or gone without a trace.
	unseen
)

// chain bounds how many dead predecessors are followed in one window.
const chain = 8

// make makes ref by a creating call that takes a token. It follows the chain of
// tokens past the dead, and returns an id together with a [WaitError] if AWS does
// not show what it answered with.
func (t tokens) make(ctx context.Context, ref topology.Ref, input any, create func(token string) (string, error), look func(ctx context.Context, id string) (life, error)) (string, error) {
	var buried []string
	for range chain {
		token, err := t.token(ctx, ref, input, buried)
		if err != nil {
			return "", err
		}
		id, err := create(token)
		if err != nil {
			return "", settling(err, "something that it needs is not known to AWS yet, or it was made and deleted within a minute")
		}
		switch state, err := look(ctx, id); {
		case err != nil:
			return id, err
		case state == alive:
			return id, nil
		case state == unseen:
			return id, &WaitError{Reason: fmt.Sprintf("AWS made %s and does not show it yet", id)}
		}
		buried = append(buried, id)
	}
	return "", &WaitError{Reason: "it was made and deleted many times within minutes: " + strings.Join(buried, ", ")}
}
