package commitstatus

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

const commit = "1111111111111111111111111111111111111111"

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func applying(cluster string, state State, text string) Status {
	return Status{Commit: commit, Context: "quorate/apply/" + cluster, State: state, Description: text, At: noon}
}

// board is a place to post to: it shows the latest status of each context, and can be away.
type board struct {
	shown map[key]Status
	posts int
	away  error
}

func (b *board) Post(_ context.Context, s Status) error {
	if b.away != nil {
		return b.away
	}
	if b.shown == nil {
		b.shown = map[key]Status{}
	}
	b.posts++
	b.shown[s.key()] = s
	return nil
}

var errAway = errors.New("the remote is away")

func TestDescriptionsAreCutAtAWord(t *testing.T) {
	long := strings.Repeat("zone ", 40)
	for name, c := range map[string]struct{ text, want string }{
		"short":                  {"converged", "converged"},
		"exactly as long":        {strings.Repeat("x", 140), strings.Repeat("x", 140)},
		"long":                   {long, strings.TrimSpace(strings.Repeat("zone ", 27)) + "…"},
		"one long word":          {strings.Repeat("x", 200), strings.Repeat("x", 139) + "…"},
		"letters of three bytes": {strings.Repeat("→", 141), strings.Repeat("→", 139) + "…"},
		"several lines":          {"a\n\tb\r\n c ", "a b c"},
		"terminal codes":         {"a\x1b[31mb\u202e", "a[31mb"},
		"no dangling comma":      {strings.Repeat("subnet, ", 30), strings.TrimSuffix(strings.Repeat("subnet, ", 17), ", ") + "…"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Shorten(c.text, 140)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if n := utf8.RuneCountInString(got); n > 140 {
				t.Errorf("%d characters", n)
			}
		})
	}
}

func TestUnusableStatusesAreRefusedByEveryPoster(t *testing.T) {
	spool, err := NewSpool(t.TempDir(), &board{})
	if err != nil {
		t.Fatal(err)
	}
	posters := map[string]Poster{"ledger": newLedger(t, &board{}), "spool": spool, "notes": NewNotes(nil)}
	for name, spoil := range map[string]func(*Status){
		"no context":            func(s *Status) { s.Context = "" },
		"space in the context":  func(s *Status) { s.Context = "quorate apply" },
		"line break in context": func(s *Status) { s.Context = "quorate\napply" },
		"short commit":          func(s *Status) { s.Commit = "1111" },
		"branch as commit":      func(s *Status) { s.Commit = strings.Repeat("main", 10) },
		"unknown state":         func(s *Status) { s.State = "maybe" },
		"line break in the URL": func(s *Status) { s.URL = "https://a\nb" },
	} {
		for kind, poster := range posters {
			t.Run(name+" to "+kind, func(t *testing.T) {
				s := applying("ha", Success, "converged")
				spoil(&s)
				if err := poster.Post(t.Context(), s); err == nil || errors.Is(err, ErrDeferred) {
					t.Errorf("error = %v", err)
				}
			})
		}
	}
}
