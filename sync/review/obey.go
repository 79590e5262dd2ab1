package review

import (
	"context"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/internal/printable"
	"github.com/quorate/quorate/sync/host"
)

const (
	// maxCommandAge is how old a command may be: what was said while nobody listened is not done later.
	maxCommandAge = time.Hour
	// maxAnswers bounds what is answered on one pull request.
	maxAnswers = 100
	// explainLimit bounds what is written to explain one cluster, in bytes.
	explainLimit = 10_000
)

// hearing is one look at what people said on a pull request.
type hearing struct {
	pr   host.PullRequest
	p    *pull
	ours map[string]host.Comment
}

// obey answers each command that has no answer yet, in the order in which they were given. A command that
// was carried out and not answered, because the process ended, is carried out again: each is such that
// this changes nothing more.
func (s *Service) obey(ctx context.Context, pr host.PullRequest, p *pull) error {
	ours, err := s.cfg.Host.Remarks(ctx, pr.Number)
	if err != nil {
		return err
	}
	h := hearing{pr, p, ours}
	h.permit()
	comments, err := s.cfg.Host.Comments(ctx, pr.Number, time.Time{})
	if err != nil {
		return err
	}
	answers := len(ours)
	for _, c := range comments {
		name := fmt.Sprintf("answer-%d", c.ID)
		order, complaint, addressed := parse(c.Body)
		if _, answered := ours[name]; !addressed || answered || answers >= maxAnswers {
			continue
		}
		text, err := s.answer(ctx, h, c, order, complaint)
		if err != nil {
			return err
		}
		if err := s.cfg.Host.Keep(ctx, pr.Number, host.Remark{Name: name, Body: text}); err != nil {
			return err
		}
		answers++
		s.cfg.Log.Info("command", "number", pr.Number, "by", c.Author, "verb", order.verb, "comment", c.ID)
	}
	return s.takeApprovals(ctx, h, comments)
}

// answer carries out a command, or says why not. Only what is worth another try is an error.
func (s *Service) answer(ctx context.Context, h hearing, c host.Comment, order command, complaint string) (string, error) {
	reply := func(text string) string { return span(c.Author) + ": " + text + "\n" }
	if complaint == "" {
		role, err := s.cfg.Host.Role(ctx, c.Author)
		if err != nil {
			return "", err
		}
		complaint = order.allow(c, role)
	}
	if age := s.cfg.Now().Sub(c.At); complaint == "" && age > maxCommandAge {
		complaint = "this was said while nobody listened; say it again if it still holds"
	}
	if complaint == "" && h.p.closed && order.verb == "plan" {
		complaint = "the pull request is closed, and nothing of it is planned any more"
	}
	if complaint == "" && len(h.p.touched.changes) == 0 {
		complaint = "this pull request has no cluster that could be planned"
	}
	if complaint != "" {
		return reply(span(complaint)), nil
	}
	do := map[string]func(context.Context, hearing, host.Comment, command) (string, error){
		"plan": s.replan, "explain": s.explain, "pause": s.pause, "resume": s.resume, "roll": s.roll, "approve": s.approve,
	}[order.verb]
	text, err := do(ctx, h, c, order)
	return reply(text), err
}

// shownTo says why a comment cannot be about the present head: it was made before our comment showed that, or
// what ours shows is not what we wrote. Hosts count in seconds: what came in the same one may have come before.
func (h hearing) shownTo(c host.Comment) (saw shown, why string) {
	plan := h.ours[remarkName]
	saw = readShown(plan.Body)
	switch {
	case saw.head != h.pr.Head:
		why = fmt.Sprintf("commit %.12s came after what you saw; look at it, and say it again", h.pr.Head)
	case h.p.edited(plan):
		why = "somebody else has edited what is above; have it written again with /quorate plan, look at it, and say it again"
	case !c.At.After(plan.At):
		why = "what is above was written after you said this; look at it, and say it again"
	}
	return saw, why
}

var permitted = regexp.MustCompile(`(?m)^<!-- plans ([0-9a-f]{40}) -->\s*$`)

// permit lets a fork be planned if somebody asked for that before, as our answer tells.
func (h hearing) permit() {
	for name, c := range h.ours {
		if m := permitted.FindStringSubmatch(c.Body); m != nil && m[1] == h.pr.Head && strings.HasPrefix(name, "answer-") {
			h.p.permitted = h.pr.Head
		}
	}
}

func (s *Service) replan(_ context.Context, h hearing, c host.Comment, _ command) (string, error) {
	if h.pr.Fork && !s.cfg.Forks && h.p.permitted != h.pr.Head {
		if _, why := h.shownTo(c); why != "" {
			return span(why), nil
		}
		h.p.permitted = h.pr.Head
	}
	h.p.rows, h.p.told = nil, "" // also if somebody edited what stands there
	return fmt.Sprintf("`%.12s` is planned; see the comment above.\n<!-- plans %s -->", h.pr.Head, h.pr.Head), nil
}

func (s *Service) explain(ctx context.Context, h hearing, _ host.Comment, _ command) (string, error) {
	if s.cfg.Explain == nil {
		return "nothing can be explained here.", nil
	}
	var b strings.Builder
	b.WriteString("what the clusters wait for, as the branch has them\n")
	for _, c := range h.p.touched.changes {
		was, known := h.p.touched.branch[c.name]
		if !known {
			fmt.Fprintf(&b, "\n%s is not on the branch yet.\n", span(c.name))
			continue
		}
		text, err := s.cfg.Explain(ctx, was)
		if err != nil {
			text = apply.Explain(err)
		}
		b.WriteString("\n" + block(text))
	}
	return b.String(), nil
}

// block is a text as it is, line by line, indented so that no fence in it could end it.
func block(text string) string {
	var b strings.Builder
	for line := range strings.SplitSeq(text, "\n") {
		if b.Len() > explainLimit {
			b.WriteString("    …\n")
			break
		}
		b.WriteString("    " + printable.Keep(line) + "\n")
	}
	return b.String()
}

func (s *Service) pause(ctx context.Context, h hearing, c host.Comment, order command) (string, error) {
	for _, name := range h.p.clusters() {
		if err := s.cfg.Orders.pause(name, Pause{Reason: clip(order.argument), By: c.Author, Pull: h.pr.Number, At: c.At}); err != nil {
			return "", err
		}
		s.ordered(name)
	}
	if err := s.record(ctx, h, c, order, h.p.clusters()...); err != nil {
		return "", err
	}
	return fmt.Sprintf("paused %s: nothing more is begun; what is under way comes to its next safe point. `/quorate resume` ends it.", spans(h.p.clusters())), nil
}

func (s *Service) resume(ctx context.Context, h hearing, c host.Comment, order command) (string, error) {
	var ended, others []string
	for _, name := range h.p.clusters() {
		if !s.cfg.Orders.paused(name) {
			others = append(others, name)
			continue
		}
		// On record first: afterwards nobody could tell that there was something to end.
		if err := s.record(ctx, h, c, order, name); err != nil {
			return "", err
		}
		if err := s.cfg.Orders.resume(name); err != nil {
			return "", err
		}
		ended = append(ended, name)
		s.ordered(name)
	}
	if len(ended) == 0 {
		return fmt.Sprintf("no command paused %s. A pause in the manifest ends by a commit, and so does a halt of a roll.", spans(others)), nil
	}
	return fmt.Sprintf("%s goes on.", spans(ended)), nil
}

func (s *Service) roll(ctx context.Context, h hearing, c host.Comment, order command) (string, error) {
	var of []string
	for _, ch := range h.p.touched.changes {
		was, known := h.p.touched.branch[ch.name]
		if _, found := groupOf(was, order.argument); known && found {
			of = append(of, ch.name)
		}
	}
	if len(of) != 1 {
		return fmt.Sprintf("%s is an instance group of %d of the clusters that this pull request touches, as the branch has them; it must be one.", span(order.argument), len(of)), nil
	}
	if err := s.cfg.Orders.roll(of[0], order.argument, c.At); err != nil {
		return "", err
	}
	s.ordered(of[0])
	if err := s.record(ctx, h, c, order, of[0]); err != nil {
		return "", err
	}
	return fmt.Sprintf("the machines of %s in %s that were launched before now are replaced, one after another as in every roll.", span(order.argument), span(of[0])), nil
}

// ordered wakes whoever carries orders out.
func (s *Service) ordered(cluster string) {
	if s.cfg.Ordered != nil {
		s.cfg.Ordered(cluster)
	}
}

func (p *pull) clusters() []string {
	var all []string
	for _, c := range p.touched.changes {
		all = append(all, c.name)
	}
	slices.Sort(all)
	return all
}

func spans(names []string) string {
	var all []string
	for _, name := range names {
		all = append(all, span(name))
	}
	return strings.Join(all, ", ")
}
