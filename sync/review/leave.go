package review

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/sync/host"
)

// maxGoodbyes is how often it is tried to hear what was said before a pull request was closed.
const maxGoodbyes = 20

// leave ends what was begun on pull requests that are no longer open, also those that were closed while no
// service ran: what people said until then is heard, and no status stays pending.
func (s *Service) leave(ctx context.Context, open map[int]host.PullRequest) {
	for number, pr := range s.cfg.Orders.followed() {
		if _, still := open[number]; still {
			continue
		}
		if err := s.goodbye(ctx, pr); err != nil {
			s.cfg.Log.Warn("closed pull request: what was said there last is not heard yet", "number", number, "error", err)
			if s.pulls[number].goodbyes++; s.pulls[number].goodbyes < maxGoodbyes || ctx.Err() != nil {
				continue
			}
		}
		s.forget(number)
	}
	for _, number := range slices.Sorted(maps.Keys(s.pulls)) {
		if _, still := open[number]; !still && s.pulls[number].goodbyes == 0 {
			s.forget(number)
		}
	}
	s.endPending(ctx, open)
}

func (s *Service) forget(number int) {
	delete(s.pulls, number)
	s.schedule.Settles(strconv.Itoa(number))
	if err := s.cfg.Orders.unfollow(number); err != nil {
		s.cfg.Log.Warn("closed pull request", "number", number, "error", err)
	}
}

// goodbye hears a pull request as it was looked at last. Its commits are here; where it was merged to is not
// looked at, for there everything of it is done.
func (s *Service) goodbye(ctx context.Context, pr host.PullRequest) error {
	p := s.pulls[pr.Number]
	if p == nil || p.seen.Head != pr.Head {
		p = &pull{}
		s.pulls[pr.Number] = p
		var err error
		if p.touched, err = s.between(pr); err != nil {
			return err
		}
		p.seen = pr
	}
	p.closed = true
	return s.obey(ctx, pr, p)
}

// endPending gives a last word to plans that nobody makes any more.
func (s *Service) endPending(ctx context.Context, open map[int]host.PullRequest) {
	if s.cfg.Pending == nil {
		return
	}
	heads := map[string]bool{}
	for _, pr := range open {
		heads[pr.Head] = true
	}
	for _, status := range s.cfg.Pending() {
		if ours := status.Context == rollUp || strings.HasPrefix(status.Context, rollUp+"/"); ours && !heads[status.Commit] {
			s.post(ctx, commitstatus.Status{
				Commit: status.Commit, Context: status.Context, State: commitstatus.Error,
				Description: "never planned: the pull request was merged, closed or overtaken by a push before",
			})
		}
	}
}

// follow remembers that a pull request is open, and how it was looked at last.
func (o *Orders) follow(pr host.PullRequest) error {
	pr.Updated = pr.Updated.UTC().Round(0)
	o.mu.Lock()
	known := o.all.Open[pr.Number]
	o.mu.Unlock()
	known.Updated = pr.Updated // of which nothing depends
	if known == pr {
		return nil
	}
	return o.change(func(all *ordered) {
		if all.Open == nil {
			all.Open = map[int]host.PullRequest{}
		}
		all.Open[pr.Number] = pr
	})
}

func (o *Orders) unfollow(number int) error {
	o.mu.Lock()
	_, known := o.all.Open[number]
	o.mu.Unlock()
	if !known {
		return nil
	}
	return o.change(func(all *ordered) { delete(all.Open, number) })
}

// followed are the pull requests that were open when they were looked at last.
func (o *Orders) followed() map[int]host.PullRequest {
	o.mu.Lock()
	defer o.mu.Unlock()
	return maps.Clone(o.all.Open)
}

// name is how people find the pull request.
func name(pr host.PullRequest) string {
	if pr.URL != "" {
		return pr.URL
	}
	return fmt.Sprintf("#%d", pr.Number)
}
