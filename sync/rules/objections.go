package rules

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/diff"
)

// An objection is one reason not to go on.
type objection struct {
	name string
	// yields says that an override passes it.
	yields bool
	judge  func(hearing) Verdict
}

// objections are asked in this order: what only people can change comes first, so that
// nobody waits for a window to hear then that an approval is missing.
var objections = []objection{
	{"override", false, hearing.override},
	{"destruction", false, hearing.destruction},
	{"approvals", false, hearing.approvals},
	{"order", true, hearing.order},
	{"neighbours", true, hearing.neighbours},
	{"freeze", true, hearing.freeze},
	{"window", true, hearing.window},
	{"others at work", false, hearing.others},
}

// hearing is a question with what the rules say of it, worked out once.
type hearing struct {
	Question
	rules      Rules
	env        Environment
	overridden bool
}

func (r Rules) hear(q Question) hearing {
	may := len(r.Overriders) == 0 || q.Vouched && slices.ContainsFunc(r.Overriders, func(name string) bool { return strings.EqualFold(strings.TrimPrefix(name, "@"), q.OverriddenBy) })
	return hearing{q, r, r.Of(q.Path), q.Override != "" && may}
}

var proceed = Verdict{Answer: Proceed}

// override refuses the trailer of somebody who may not write it, rather than to go on
// without: its author believes that it counts.
func (h hearing) override() Verdict {
	if h.Override == "" || h.overridden {
		return proceed
	}
	if !h.Vouched {
		return Verdict{Answer: Refuse, Reason: fmt.Sprintf("nobody vouches that the %s is from %s; bring it by a pull request that they merge, or remove it", OverrideTrailer, strings.Join(h.rules.Overriders, " or "))}
	}
	return Verdict{Answer: Refuse, Reason: fmt.Sprintf("%s may not override the rules of this repository (%s may); remove the trailer %s", cmp.Or(h.OverriddenBy, "the author"), strings.Join(h.rules.Overriders, ", "), OverrideTrailer)}
}

func (h hearing) destruction() Verdict {
	bound := h.env.Destroy
	if bound == 0 || h.Ends || h.Destroys*100 <= bound*h.Resources {
		return proceed
	}
	return Verdict{Answer: Refuse, Reason: fmt.Sprintf("it would take away %d of %d resources, and in %s at most %d %% may go at once; split it, or raise destroy in %s", h.Destroys, h.Resources, h.env.Name, bound, File)}
}

func (h hearing) approvals() Verdict {
	for _, a := range h.env.Approvals {
		if !slices.Contains(a.Risks, h.Risk) {
			continue
		}
		if n := h.approved(a); n < a.Count {
			return Verdict{Answer: Refuse, Reason: fmt.Sprintf("a %s change in %s needs %s%s, and has %d%s", h.Risk, h.env.Name, several(a.Count, "approval"), h.whose(a), n, because(h.Unknown))}
		}
	}
	return proceed
}

// approved counts different people; the author's own approval is none.
func (h hearing) approved(a Approval) int {
	counted := map[string]bool{}
	from := a.people(h.Owners)
	for _, p := range h.Approvals {
		is := func(name string) bool {
			return strings.EqualFold(name, p.Name) || slices.ContainsFunc(p.Teams, func(t string) bool { return strings.EqualFold(t, name) })
		}
		if !strings.EqualFold(p.Name, h.Author) && (len(a.From) == 0 || slices.ContainsFunc(from, is)) {
			counted[strings.ToLower(p.Name)] = true
		}
	}
	return len(counted)
}

// people are the names and teams behind the words of the rule, without the @ that some
// write before them.
func (a Approval) people(owners []string) []string {
	var names []string
	for _, name := range a.From {
		if name == CodeOwners {
			names = append(names, owners...)
			continue
		}
		names = append(names, name)
	}
	for i := range names {
		names[i] = strings.TrimPrefix(names[i], "@")
	}
	return names
}

func (h hearing) whose(a Approval) string {
	if len(a.From) == 0 {
		return ""
	}
	return " from " + strings.Join(a.From, ", ")
}

// order lets a change into an environment when every cluster of those before has it, and
// has been healthy with it for the time of the soak.
func (h hearing) order() Verdict {
	for _, name := range h.env.After {
		for _, o := range h.in(name) {
			switch ready := o.Healthy.Add(h.env.Soak); {
			case !o.Current:
				return Verdict{Answer: Wait, Reason: fmt.Sprintf("%s comes after %s, and %s does not have the change yet%s", h.env.Name, name, o.Cluster, because(o.Trouble))}
			case o.Healthy.IsZero():
				return Verdict{Answer: Wait, Reason: fmt.Sprintf("%s comes after %s, and %s is not healthy with the change%s", h.env.Name, name, o.Cluster, because(o.Trouble))}
			case h.Now.Before(ready):
				return Verdict{Answer: Wait, Until: ready, Reason: fmt.Sprintf("%s comes %s after %s, at %s: %s is healthy with the change since %s", h.env.Name, span(h.env.Soak), name, clock(ready), o.Cluster, clock(o.Healthy))}
			}
		}
	}
	return proceed
}

// neighbours stops an environment at the first cluster that did not bear the change.
func (h hearing) neighbours() Verdict {
	if h.Begun || h.env.Name == "" {
		return proceed
	}
	for _, o := range h.in(h.env.Name) {
		if o.Healthy.IsZero() && (o.Halted || o.Current && !o.Busy) {
			how := "has the change and is not healthy with it"
			if !o.Current {
				how = "does not get on with the change"
			}
			return Verdict{Answer: Wait, Reason: fmt.Sprintf("%s %s%s; no other cluster of %s gets it before", o.Cluster, how, because(o.Trouble), h.env.Name)}
		}
	}
	return proceed
}

func (h hearing) in(environment string) []Other {
	return slices.DeleteFunc(slices.Clone(h.Others), func(o Other) bool { return h.rules.Of(o.Path).Name != environment })
}

func because(trouble string) string {
	if trouble == "" {
		return ""
	}
	return ": " + trouble
}

func (h hearing) freeze() Verdict {
	for _, f := range h.env.Freezes {
		if f.holds(h.Now) {
			return Verdict{Answer: Wait, Until: f.To, Reason: fmt.Sprintf("%s is frozen until %s%s", h.env.Name, clock(f.To), because(f.Reason))}
		}
	}
	return proceed
}

func (h hearing) window() Verdict {
	if h.Begun && h.env.Overrun == Finish {
		return proceed
	}
	if opens(h.env.Windows, h.Now) {
		return proceed
	}
	next := nextOpening(h.env.Windows, h.Now)
	reason := "outside the windows of " + h.env.Name
	if h.Begun {
		reason = "the window of " + h.env.Name + " has closed on a change that is under way"
	}
	return Verdict{Answer: Wait, Until: next, Reason: reason + "; the next opens at " + clock(next)}
}

// others bounds the work at once. Who has a place among those at work is never held up by who came later,
// unless the change has come to touch a quorum only now.
func (h hearing) others() Verdict {
	if h.Place >= diff.RiskQuorum {
		return proceed
	}
	placed := h.Place > diff.RiskNothing
	most := func(bound int) int {
		if placed {
			return 0
		}
		return bound
	}
	quorum := func(o Other) bool { return o.Risk >= diff.RiskQuorum }
	here := func(o Other) bool { return h.rules.Of(o.Path).Name == h.env.Name }
	for _, bound := range []struct {
		most   int
		counts func(Other) bool
		what   string
	}{
		{most(h.rules.AtOnce), func(Other) bool { return true }, "cluster"},
		{most(h.env.AtOnce), here, "cluster of " + h.env.Name},
		{h.quorumBound(), quorum, "change that touches a quorum"},
	} {
		var busy []string
		for _, o := range h.Others {
			if o.Busy && bound.counts(o) {
				busy = append(busy, o.Cluster)
			}
		}
		if bound.most > 0 && len(busy) >= bound.most {
			return Verdict{Answer: Wait, Reason: fmt.Sprintf("at most %s at once, and under way: %s", several(bound.most, bound.what), strings.Join(busy, ", "))}
		}
	}
	return proceed
}

// quorumBound does not hold a change that touches no quorum.
func (h hearing) quorumBound() int {
	if h.Risk < diff.RiskQuorum {
		return 0
	}
	return h.rules.QuorumAtOnce
}

// several writes one thing, or its number.
func several(n int, what string) string {
	if n == 1 {
		return "one " + what
	}
	noun, rest, _ := strings.Cut(what, " ")
	return strings.TrimSpace(fmt.Sprintf("%d %ss %s", n, noun, rest))
}

// clock writes a moment with its zone, so that nobody has to guess whose midnight it is.
func clock(t time.Time) string {
	if t.IsZero() {
		return "a time that the rules do not tell"
	}
	return t.Format("Mon 2 Jan 15:04 MST")
}

// span writes 2h for 2h0m0s.
func span(d time.Duration) string {
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
