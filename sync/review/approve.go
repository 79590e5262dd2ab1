package review

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/quorate/quorate/sync/host"
)

// program matches the accounts of programs, which say what others let them say.
var program = regexp.MustCompile(`\[bot\]$|^(project|group)_\d+_bot(_|$)`)

// mayApprove says why somebody's word is none for this pull request, whatever they may do at the host.
func (h hearing) mayApprove(who string) string {
	switch {
	case strings.EqualFold(who, h.pr.Author):
		return "your own pull request is for others to approve of"
	case program.MatchString(who), strings.EqualFold(who, h.ours[remarkName].Author):
		return "a program approves of nothing; that is for people, in their own name"
	}
	return ""
}

func (s *Service) approve(ctx context.Context, h hearing, c host.Comment, order command) (string, error) {
	saw, why := h.shownTo(c)
	if own := h.mayApprove(c.Author); own != "" {
		why = own
	}
	if why != "" {
		return span(why), nil
	}
	if unseen := saw.lacks(h.p.clusters()); len(unseen) > 0 {
		return fmt.Sprintf("there is no plan of %s that could be carried out; approve of it when there is one.", spans(unseen)), nil
	}
	if err := s.note(h, Approval{By: c.Author, At: c.At, Comment: c.ID}, saw); err != nil {
		return "", err
	}
	if err := s.record(ctx, h, c, order, h.p.clusters()...); err != nil {
		return "", err
	}
	return fmt.Sprintf("approved of %s at `%.12s`. It counts for these manifests and no others, while your comment stands as it is.", spans(h.p.clusters()), h.pr.Head), nil
}

// note keeps an approval of everything that the pull request touches.
func (s *Service) note(h hearing, a Approval, saw shown) error {
	for _, ch := range h.p.touched.changes {
		a.Cluster, a.Manifest, a.Plan = ch.name, ch.want.Digest, saw.plans[ch.name]
		a.Pull, a.Head, a.Author = h.pr.Number, h.pr.Head, h.pr.Author
		if err := s.cfg.Orders.approve(a); err != nil {
			return err
		}
	}
	return nil
}

// takeApprovals keeps approvals that were given in the host's own way, for just this head, by people who may
// write; and takes back what no longer stands, whichever way it was given.
func (s *Service) takeApprovals(ctx context.Context, h hearing, comments []host.Comment) error {
	reviews, err := s.cfg.Host.Reviews(ctx, h.pr.Number)
	if err != nil {
		return err
	}
	roles := map[string]host.Role{}
	role := func(who string) (host.Role, error) {
		known, asked := roles[who]
		if asked {
			return known, nil
		}
		r, err := s.cfg.Host.Role(ctx, who)
		roles[who] = r
		return r, err
	}
	for _, r := range reviews {
		if !r.Approved || r.Commit != h.pr.Head || h.mayApprove(r.Author) != "" {
			continue
		}
		may, err := role(r.Author)
		if err != nil {
			return err
		}
		if may < host.Write {
			continue
		}
		saw, why := h.shownTo(host.Comment{At: r.At})
		if why != "" {
			saw = shown{} // they saw the files, and no plan
		}
		if err := s.note(h, Approval{By: r.Author, At: r.At}, saw); err != nil {
			return err
		}
	}
	return s.recall(h, comments, reviews, role)
}

// recall takes back the approvals of this pull request that no longer stand as they were given: the comment is
// gone or says something else, the review was withdrawn, changes were asked for since, or who gave it may no
// longer write.
func (s *Service) recall(h hearing, comments []host.Comment, reviews []host.Review, role func(string) (host.Role, error)) error {
	for _, a := range s.cfg.Orders.of(h.pr.Number) {
		may, err := role(a.By)
		if err != nil {
			return err
		}
		if may >= host.Write && a.stands(comments, reviews) {
			continue
		}
		if err := s.cfg.Orders.withdraw(a); err != nil {
			return err
		}
		s.cfg.Log.Info("approval taken back", "number", h.pr.Number, "by", a.By, "cluster", a.Cluster)
	}
	return nil
}

func (a Approval) stands(comments []host.Comment, reviews []host.Review) bool {
	given := false
	for _, c := range comments {
		given = given || a.Comment == c.ID && !c.Edited && strings.EqualFold(c.Author, a.By)
	}
	for _, r := range reviews {
		if !strings.EqualFold(r.Author, a.By) {
			continue
		}
		given = given || a.Comment == 0 && r.Approved && r.Commit == a.Head
		if !r.Approved && !r.At.Before(a.At) {
			return false
		}
	}
	return given
}

// edited says that our comment is not as we wrote it last. What an earlier process wrote, and what a host had no
// room for, nobody here can tell.
func (p *pull) edited(plan host.Comment) bool {
	const roomOfAll = 60_000
	if p.told == "" || len(p.told) > roomOfAll {
		return false
	}
	_, body, _ := strings.Cut(strings.ReplaceAll(plan.Body, "\r\n", "\n"), "\n")
	return strings.TrimSpace(body) != strings.TrimSpace(p.told)
}
