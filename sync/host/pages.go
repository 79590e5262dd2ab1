package host

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
)

// How much is read of what people can make as long as they like.
const (
	maxPullRequests = 1000
	// maxFiles is what GitHub tells of at most: https://docs.github.com/en/rest/pulls/pulls#list-pull-requests-files
	maxFiles    = 3000
	maxComments = 2000
	maxReviews  = 1000
)

// pages reads page after page until the host names no next one. Reading more than most items is
// ErrTooLarge, along with those that were read; so is a host that sends us in circles.
func pages[T any](most int, read func(page int) (items []T, next int, err error)) ([]T, error) {
	var all []T
	for page := 1; page != 0; {
		items, next, err := survive(read, page)
		if err != nil {
			return nil, err
		}
		all = append(all, items...)
		if len(all) > most || (next != 0 && (next <= page || len(items) == 0)) {
			return all, &Error{Class: ErrTooLarge, Detail: fmt.Sprintf("more than %d", min(most, len(all)))}
		}
		page = next
	}
	return all, nil
}

// survive makes an error of a panic: GitLab's client has one for a list with a null in it, and what a host
// answers must not bring us down.
func survive[T any](read func(page int) ([]T, int, error), page int) (items []T, next int, err error) {
	defer func() {
		if what := recover(); what != nil {
			err = &Error{Class: ErrUnavailable, Detail: fmt.Sprintf("its answer cannot be read: %v", what)}
		}
	}()
	return read(page)
}

// paths makes Changed of what pages read.
func paths(files []string, err error) (Changed, error) {
	truncated := errors.Is(err, ErrTooLarge) && len(files) > 0
	if err != nil && !truncated {
		return Changed{}, err
	}
	files = slices.DeleteFunc(files, func(f string) bool { return f == "" })
	slices.Sort(files)
	return Changed{Files: slices.Compact(files), Truncated: truncated || len(files) >= maxFiles}, nil
}

// userName is what the hosts allow. Their clients put names into paths, some as they are.
var userName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9_.-]{0,254}(\[bot\])?$`)

var commitID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// complete looks up the tip of each base once, and refuses what is no pull request. A base that is gone
// leaves BaseCommit empty.
func complete(ctx context.Context, all []PullRequest, tip func(ctx context.Context, branch string) (string, error)) ([]PullRequest, error) {
	tips := map[string]string{}
	for i := range all {
		pr := &all[i]
		if pr.Number <= 0 || !commitID.MatchString(pr.Head) || pr.Base == "" {
			return nil, &Error{Class: ErrUnavailable, Detail: fmt.Sprintf("pull request %d has no head or no base", pr.Number)}
		}
		if _, known := tips[pr.Base]; !known {
			commit, err := tip(ctx, pr.Base)
			if err != nil && !errors.Is(classed(ctx, err), ErrNotFound) {
				return nil, err
			}
			tips[pr.Base] = commit
		}
		pr.BaseCommit = tips[pr.Base]
	}
	slices.SortFunc(all, func(a, b PullRequest) int { return a.Number - b.Number })
	return all, nil
}

// lastWords keeps each author's last review.
func lastWords(all []Review) []Review {
	slices.SortStableFunc(all, func(a, b Review) int { return a.At.Compare(b.At) })
	last := map[string]Review{}
	for _, r := range all {
		last[r.Author] = r
	}
	return slices.SortedFunc(maps.Values(last), func(a, b Review) int { return strings.Compare(a.Author, b.Author) })
}

// whole is a list that was read to its end, or nothing.
func whole[T any](all []T, err error) ([]T, error) {
	if err != nil {
		return nil, err
	}
	return all, nil
}

// present leaves out the nulls that a host may put into a list.
func present[T any](all []*T) []*T {
	return slices.DeleteFunc(all, func(p *T) bool { return p == nil })
}

func convert[From, To any](all []*From, one func(*From) To) []To {
	var out []To
	for _, from := range present(all) {
		out = append(out, one(from))
	}
	return out
}

// ordered is what was made or edited since, oldest first.
func ordered(all []Comment, since time.Time) []Comment {
	all = slices.DeleteFunc(all, func(c Comment) bool { return c.At.Before(since) })
	slices.SortStableFunc(all, func(a, b Comment) int { return cmp.Or(a.At.Compare(b.At), cmp.Compare(a.ID, b.ID)) })
	return all
}
