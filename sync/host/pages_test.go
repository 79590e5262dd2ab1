package host

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
)

func TestAHostThatSendsUsInCirclesIsLeft(t *testing.T) {
	for name, next := range map[string]func(page int) int{
		"back": func(page int) int { return page - 2 }, "the same": func(page int) int { return page },
		"below zero": func(int) int { return -1 }, "for ever": func(page int) int { return page + 1 },
	} {
		asked := 0
		all, err := pages(100, func(page int) ([]int, int, error) {
			asked++
			return []int{page}, next(page), nil
		})
		if !errors.Is(err, ErrTooLarge) || asked > 101 || len(all) == 0 {
			t.Errorf("%s: asked %d times: %v", name, asked, err)
		}
	}
	_, err := pages(100, func(page int) ([]int, int, error) { return nil, page + 1, nil })
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("empty pages without end: %v", err)
	}
}

func TestFilesBeyondWhatTheHostTellsAreSaidToBeMissing(t *testing.T) {
	changed, err := paths(pages(3, func(page int) ([]string, int, error) { return []string{"b", "a", ""}, page + 1, nil }))
	if err != nil || !changed.Truncated || !slices.Equal(changed.Files, []string{"a", "b"}) {
		t.Errorf("%+v: %v", changed, err)
	}
}

func TestEachReviewersLastWordCounts(t *testing.T) {
	at := func(minute int) Review { return Review{Author: "ada", At: noon(minute), Approved: minute == 2} }
	got := lastWords([]Review{at(3), at(1), at(2), {Author: "aaron", At: noon(1), Approved: true}})
	if len(got) != 2 || got[0].Author != "aaron" || got[1].Approved {
		t.Errorf("%+v", got)
	}
}

func TestABaseThatIsGoneIsNotAHostThatIs(t *testing.T) {
	proposals := func() []PullRequest {
		return []PullRequest{{Number: 7, Head: strings.Repeat("a", 40), Base: "main"}, {Number: 3, Head: strings.Repeat("b", 40), Base: "main"}}
	}
	asked := 0
	answers := func(commit string, err error) func(context.Context, string) (string, error) {
		return func(context.Context, string) (string, error) { asked++; return commit, err }
	}
	all, err := complete(t.Context(), proposals(), answers("c", nil))
	if err != nil || asked != 1 || all[0].Number != 3 || all[1].BaseCommit != "c" {
		t.Errorf("asked %d times: %+v, %v", asked, all, err)
	}
	all, err = complete(t.Context(), proposals(), answers("", &Error{Class: ErrNotFound}))
	if err != nil || len(all) != 2 || all[0].BaseCommit != "" {
		t.Errorf("gone: %+v, %v", all, err)
	}
	if _, err = complete(t.Context(), proposals(), answers("", &Error{Class: ErrUnavailable})); !errors.Is(err, ErrUnavailable) {
		t.Errorf("down: %v", err)
	}
}

func noon(minute int) time.Time { return time.Date(2026, 3, 1, 12, minute, 0, 0, time.UTC) }
