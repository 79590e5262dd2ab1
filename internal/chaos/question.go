package chaos

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"

	"github.com/quorate/quorate/apply/quorum"
)

type question struct {
	text string
	ask  func(quorum.Cluster) quorum.Verdict
	out  []*ringSeat
	do   func(context.Context) error
	// joins is set if the question is about a newcomer or a learner of that zone, whose vote counts then.
	joins *ringSeat
	adds  bool
	// leaves is set if the members that go lose their vote with it.
	leaves bool
}

func (g *gatekeeping) askMember(ctx context.Context) error {
	s := g.any(func(s *ringSeat) bool { return s.listed && !s.stray })
	return g.takeOut(ctx, "member "+s.name, []*ringSeat{s})
}

func (g *gatekeeping) askZone(ctx context.Context) error { return g.askOf(ctx, 1) }

func (g *gatekeeping) askZones(ctx context.Context) error { return g.askOf(ctx, 2) }

func (g *gatekeeping) askNobody(ctx context.Context) error {
	return g.put(ctx, question{text: "the cluster as it stands", ask: func(c quorum.Cluster) quorum.Verdict {
		return quorum.Decide(c, func(quorum.Member) bool { return false })
	}})
}

func (g *gatekeeping) askOf(ctx context.Context, n int) error {
	var some []string
	for _, i := range g.rng.Perm(len(g.seats)) {
		if s := g.seats[i]; s.listed && !s.stray && !slices.Contains(some, s.zone) && len(some) < n {
			some = append(some, s.zone)
		}
	}
	var out []*ringSeat
	for _, s := range g.seats {
		if s.listed && !s.stray && slices.Contains(some, s.zone) {
			out = append(out, s)
		}
	}
	return g.takeOut(ctx, "zones "+strings.Join(some, " "), out)
}

func (g *gatekeeping) takeOut(ctx context.Context, text string, out []*ringSeat) error {
	return g.put(ctx, question{text: text + " out", out: out, ask: func(c quorum.Cluster) quorum.Verdict {
		return quorum.Decide(c, func(m quorum.Member) bool {
			return slices.ContainsFunc(out, func(s *ringSeat) bool { return s.name == m.Name })
		})
	}, do: func(context.Context) error {
		for _, s := range out {
			g.stop(s)
			if !slices.Contains(g.out, s.zone) {
				g.out = append(g.out, s.zone)
			}
		}
		return nil
	}})
}

func (g *gatekeeping) askAdd(ctx context.Context) error {
	if len(g.seats) > 7 {
		return nil
	}
	s := &ringSeat{name: fmt.Sprintf("new%d", len(g.seats)), zone: fmt.Sprint(1 + g.rng.IntN(5)), learner: true}
	return g.put(ctx, question{text: "add " + s.name + " as a learner in zone " + s.zone, joins: s, adds: true, ask: func(c quorum.Cluster) quorum.Verdict {
		return quorum.DecideAdd(c, quorum.Member{Name: s.name, Zone: s.zone, Learner: true})
	}, do: func(ctx context.Context) error {
		seat := g.seat(s.name, s.zone)
		if err := g.add(ctx, seat, true); err != nil {
			return err
		}
		if !seat.listed {
			return nil
		}
		if err := g.start(seat, embed.ClusterStateFlagExisting); err != nil {
			return err
		}
		return ready(seat)
	}})
}

func (g *gatekeeping) askPromote(ctx context.Context) error {
	s := g.any(func(s *ringSeat) bool { return s.listed && s.learner && !s.stray })
	if s == nil {
		return nil
	}
	return g.put(ctx, question{text: "promote " + s.name, joins: s, ask: func(c quorum.Cluster) quorum.Verdict {
		return quorum.DecidePromote(c, s.name)
	}, do: func(ctx context.Context) error {
		return g.change(ctx, "promote", s, func(ctx context.Context, c *clientv3.Client) error {
			_, err := c.MemberPromote(ctx, s.id)
			return err
		})
	}})
}

func (g *gatekeeping) askRemove(ctx context.Context) error {
	s := g.any(func(s *ringSeat) bool { return s.listed && !s.stray && !s.learner })
	return g.put(ctx, question{text: "remove " + s.name, out: []*ringSeat{s}, leaves: true, ask: func(c quorum.Cluster) quorum.Verdict {
		return quorum.DecideRemove(c, s.name)
	}, do: func(ctx context.Context) error { return g.remove(ctx, s) }})
}

// put asks the gate, compares with the truth, and does what the gate lets happen.
func (g *gatekeeping) put(ctx context.Context, q question) error {
	g.asked++
	truth, why := g.truth(q)
	var v quorum.Verdict
	for limit := time.Now().Add(5 * time.Second); ; {
		v = q.ask(g.observe(ctx))
		// Doubt may pass when the members have agreed on a leader again; a yes is for good.
		if v.Answer == truth || v.Answer == quorum.Proceed || time.Now().After(limit) {
			break
		}
	}
	g.tell("may %s? %s: %s", q.text, v.Answer, v.Reason)
	// Who sees nobody may as well say that the learner in question does not exist.
	if v.Answer != truth && !(g.blind() && v.Answer != quorum.Proceed) {
		g.broken = append(g.broken, fmt.Sprintf("the gate says %s to %s, and should %s: %s", v.Answer, q.text, truth, why))
	}
	if v.Answer != quorum.Proceed || q.do == nil {
		return nil
	}
	g.let++
	if err := q.do(ctx); err != nil {
		return err
	}
	if !g.writes(ctx) {
		g.lost++
		g.broken = append(g.broken, "quorum is lost: nothing can be written any more after the gate let "+q.text)
	}
	return nil
}

// truth is the answer from what really is, which the gate does not see.
func (g *gatekeeping) truth(q question) (quorum.Answer, string) {
	all, running := g.voters()
	voters, stay, healthy := len(all), 0, 0
	// Of two voters both have to agree that one leaves, and the other is a majority then.
	lastPair := q.leaves && voters == 2
	for _, s := range all {
		if slices.Contains(q.out, s) && !lastPair {
			continue
		}
		stay++
		if slices.Contains(running, s) && s != g.cut {
			healthy++
		}
	}
	if q.joins != nil && !q.adds { // its vote counts
		voters++
		stay++
		if q.joins.etcd != nil && q.joins != g.cut {
			healthy++
		}
	}
	switch {
	case g.blind():
		return quorum.Wait, "who asks sees no majority"
	case g.any(func(s *ringSeat) bool { return s.listed && s.stray }) != nil:
		return quorum.Wait, "nobody can vouch for a member that is listed"
	case g.any(func(s *ringSeat) bool { return s.listed && s.learner && (s != q.joins) }) != nil:
		return quorum.Wait, "there is a learner"
	case slices.ContainsFunc(g.out, func(zone string) bool { return !concerns(q, zone) }):
		return quorum.Wait, "another zone is under way"
	case spans(q.out):
		return quorum.Refuse, "it concerns two zones"
	case stay < voters/2+1:
		return quorum.Refuse, fmt.Sprintf("%d of %d voters can never be a majority", stay, voters)
	case healthy < voters/2+1:
		return quorum.Wait, fmt.Sprintf("%d of %d voters would be healthy", healthy, voters)
	}
	return quorum.Proceed, "nothing speaks against it"
}

// blind reports whether the members that who asks can reach are no majority: then every health is unknown.
func (g *gatekeeping) blind() bool {
	all, running := g.voters()
	reached := slices.DeleteFunc(running, func(s *ringSeat) bool { return s == g.cut })
	return len(reached) <= len(all)/2
}

func concerns(q question, zone string) bool {
	return q.joins != nil && q.joins.zone == zone || slices.ContainsFunc(q.out, func(s *ringSeat) bool { return s.zone == zone })
}

func spans(out []*ringSeat) bool {
	return slices.ContainsFunc(out, func(s *ringSeat) bool { return s.zone != out[0].zone })
}
