package apply

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/quorate/quorate/topology"
)

func TestTokenIsTheSameForTheSameMakingOnly(t *testing.T) {
	moment := time.Date(2026, 8, 6, 12, 0, 0, 0, time.UTC)
	at := func(d time.Duration) func() time.Time { return func() time.Time { return moment.Add(d) } }
	first := tokens{testCluster, "c0ffee", at(0)}
	for _, c := range []struct {
		name   string
		tokens tokens
		ref    topology.Ref
		what   any
		same   bool
	}{
		{"again a moment later", tokens{testCluster, "c0ffee", at(tokenWindow - readLag)}, aVPC().Ref(), "vpc-1", true},
		{"in the next window", tokens{testCluster, "c0ffee", at(tokenWindow)}, aVPC().Ref(), "vpc-1", false},
		{"at another commit", tokens{testCluster, "decaf", at(0)}, aVPC().Ref(), "vpc-1", false},
		{"for another cluster", tokens{"other.example.com", "c0ffee", at(0)}, aVPC().Ref(), "vpc-1", false},
		{"for another resource", first, aDHCPOptions().Ref(), "vpc-1", false},
		{"with other parameters", first, aVPC().Ref(), "vpc-2", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			one, err1 := first.token(t.Context(), aVPC().Ref(), "vpc-1")
			two, err2 := c.tokens.token(t.Context(), c.ref, c.what)
			if err := errors.Join(err1, err2); err != nil {
				t.Fatal(err)
			}
			if (one == two) != c.same {
				t.Errorf("same = %v, want %v", one == two, c.same)
			}
			if len(one) > 64 {
				t.Errorf("EC2 takes no token of %d characters", len(one))
			}
		})
	}
}

// atTheStart makes tokens at the start of a window.
func atTheStart() tokens {
	return tokens{testCluster, "c0ffee", func() time.Time { return time.Time{} }}
}

// memory is an AWS that answers a token with what it made for it, living or not.
type memory struct {
	made map[string]string
	life map[string]life
}

func (m memory) create(token string) (string, error) {
	if _, again := m.made[token]; !again {
		m.made[token] = "nat-" + string(rune('a'+len(m.made)))
	}
	return m.made[token], nil
}

func (m memory) look(_ context.Context, id string) (life, error) { return m.life[id], nil }

func TestDeletedByHandIsMadeAnewAtTheSameCommit(t *testing.T) {
	aws := memory{map[string]string{}, map[string]life{}}
	tokens := atTheStart()
	create := func() (string, error) {
		return tokens.make(t.Context(), anElasticIP().Ref(), "input", aws.create, aws.look)
	}
	for _, want := range []string{"nat-a", "nat-b", "nat-c"} {
		for range 2 { // the second time is the next pass, after a lost answer
			if got, err := create(); got != want || err != nil {
				t.Fatalf("made %s, %v; want %s", got, err, want)
			}
		}
		aws.life[want] = dead
	}
	if len(aws.made) != 3 {
		t.Errorf("%d were made", len(aws.made))
	}
}

func TestWhatAWSDoesNotShowYetIsWaitedFor(t *testing.T) {
	aws := memory{map[string]string{}, map[string]life{"nat-a": unseen}}
	tokens := atTheStart()
	id, err := tokens.make(t.Context(), anElasticIP().Ref(), "input", aws.create, aws.look)
	if _, waits := errors.AsType[*WaitError](err); !waits || id != "nat-a" {
		t.Errorf("got %q, %v", id, err)
	}
}

func TestEndlessDeletionIsNotFollowedForever(t *testing.T) {
	aws := memory{map[string]string{}, map[string]life{}}
	tokens := atTheStart()
	buried := func(context.Context, string) (life, error) { return dead, nil }
	_, err := tokens.make(t.Context(), anElasticIP().Ref(), "input", aws.create, buried)
	if _, waits := errors.AsType[*WaitError](err); !waits || len(aws.made) != chain {
		t.Errorf("got %v after %d", err, len(aws.made))
	}
}

// TestNoTwoPassesMakeOneThingUnderTwoTokens lets a pass look and make every few seconds
// of some windows, and the next one look at every second from then on.
func TestNoTwoPassesMakeOneThingUnderTwoTokens(t *testing.T) {
	began := time.Date(2026, 8, 6, 12, 0, 0, 0, time.UTC)
	at := func(looked, makes int) (string, error) {
		now := began.Add(time.Duration(makes) * time.Second)
		tokens := tokens{testCluster, "c0ffee", func() time.Time { return now }}
		return tokens.token(lookedAt(t.Context(), began.Add(time.Duration(looked)*time.Second)), aVPC().Ref(), "vpc-1")
	}
	const pass, step = 240, 5
	all := 2 * int(tokenWindow.Seconds()) / step
	made := 0
	for n := range all {
		looked := n * step
		for makes := looked; makes < looked+pass; makes += 2 * step {
			first, err := at(looked, makes)
			if err != nil {
				continue // it made nothing
			}
			made++
			// The second pass does not see what was made, if it looks before the reads have caught up.
			for again := makes; again < makes+int(readLag.Seconds()); again++ {
				if second, err := at(again, again+pass/2); err == nil && second != first {
					t.Fatalf("looked at %d s, made at %d s, looked again at %d s, and made another", looked, makes, again)
				}
			}
		}
	}
	if asked := all * pass / (2 * step); made < asked*3/4 {
		t.Errorf("only %d of %d makings may happen", made, asked)
	}
}
