package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"
	"go.etcd.io/etcd/server/v3/embed"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
)

// layouts are the zones of the members that a ring begins with.
var layouts = [][]string{
	{"1", "2", "3"}, {"1", "2", "3"}, {"1", "2", "3"}, {"1", "1", "2"}, {"1", "2", "3", "4", "5"}, {"1", "2", "3", "4", "5"},
	{"1", "1", "2", "2", "3"}, {"1"}, {"1", "2"}, {"1", "1", "2", "3"},
}

// gatekeeping is a life of one etcd cluster whose members are taken out, added and removed only if the
// gate lets it happen, while members fail and others meddle.
type gatekeeping struct {
	*ring
	rng   *rand.Rand
	story []string
	// out are the zones taken out and not brought back.
	out    []string
	failed *ringSeat // by fault, at most one
	cut    *ringSeat // cannot be reached by who asks
	broken []string
	asked  int
	let    int // questions that the gate answered with proceed
	lost   int // times without a majority that the gate let happen
}

// gateSteps is how much happens in one life.
const gateSteps = 14

// KeepGate plays the life of a seed.
func KeepGate(ctx context.Context, seed uint64) (Figures, []string, error) {
	rng := rand.New(rand.NewPCG(seed, 3))
	layout := layouts[rng.IntN(len(layouts))]
	r, err := newRing(layout)
	if err != nil {
		return Figures{}, nil, err
	}
	defer r.close()
	g := &gatekeeping{ring: r, rng: rng}
	g.tell("members in zones %s", strings.Join(layout, " "))
	for range gateSteps {
		if err := g.step(ctx); err != nil {
			return Figures{}, nil, fmt.Errorf("seed %d: %w\n%s", seed, err, strings.Join(g.story, "\n"))
		}
		if len(g.broken) > 0 {
			break
		}
	}
	f := Figures{Questions: g.asked, Proceeded: g.let, QuorumLosses: g.lost}
	if len(g.broken) > 0 {
		return f, slices.Concat(g.story, g.broken), nil
	}
	return f, nil, nil
}

func (g *gatekeeping) tell(format string, args ...any) {
	g.story = append(g.story, "  ring: "+fmt.Sprintf(format, args...))
}

// step does one thing: something fails or heals, somebody meddles, or the gate is asked.
func (g *gatekeeping) step(ctx context.Context) error {
	steps := []func(context.Context) error{
		g.fail, g.heal, g.meddle, g.tidy, g.back, g.back,
		g.askMember, g.askMember, g.askZone, g.askZone, g.askZones, g.askNobody, g.askAdd, g.askPromote, g.askRemove,
	}
	err := steps[g.rng.IntN(len(steps))](ctx)
	g.calm(ctx)
	return err
}

func (g *gatekeeping) any(fit func(*ringSeat) bool) *ringSeat {
	var all []*ringSeat
	for _, s := range g.seats {
		if fit(s) {
			all = append(all, s)
		}
	}
	if len(all) == 0 {
		return nil
	}
	return all[g.rng.IntN(len(all))]
}

// fail stops a member, if the others are a majority without it: a fault never breaks quorum by itself. Or
// it cuts one off from who asks.
func (g *gatekeeping) fail(context.Context) error {
	s := g.any(func(s *ringSeat) bool { return s.etcd != nil && s.listed && !s.learner })
	all, running := g.voters()
	switch {
	case s == nil:
	case g.rng.IntN(3) == 0:
		g.cut = s
		g.tell("%s cannot be reached by who asks", s.name)
	case g.failed == nil && len(running)-1 > len(all)/2:
		g.stop(s)
		g.failed = s
		g.tell("%s fails", s.name)
	}
	return nil
}

func (g *gatekeeping) heal(context.Context) error {
	s := g.failed
	g.failed, g.cut = nil, nil
	if s == nil || slices.Contains(g.out, s.zone) {
		return nil
	}
	g.tell("%s is back", s.name)
	return g.restart(s)
}

// back brings back what was taken out.
func (g *gatekeeping) back(context.Context) error {
	for _, s := range g.seats {
		if slices.Contains(g.out, s.zone) && s != g.failed {
			if err := g.restart(s); err != nil {
				return err
			}
		}
	}
	if len(g.out) > 0 {
		g.tell("zones %s are back", strings.Join(g.out, " "))
	}
	g.out = nil
	return nil
}

// meddle adds a member that nobody wants and that never starts, as a forgotten etcdctl does; with a vote
// only if quorum bears it.
func (g *gatekeeping) meddle(ctx context.Context) error {
	// etcd itself takes no newcomer while a member is down, nor a second learner.
	all, running := g.voters()
	if len(running) < len(all) || g.any(func(s *ringSeat) bool { return s.listed && (s.stray || s.learner) }) != nil {
		return nil
	}
	learner := len(all) == 1 || g.rng.IntN(2) == 0
	s := g.seat(fmt.Sprintf("stray%d", len(g.seats)), "9")
	s.stray = true
	return g.add(ctx, s, learner)
}

// tidy removes it again.
func (g *gatekeeping) tidy(ctx context.Context) error {
	if s := g.any(func(s *ringSeat) bool { return s.listed && s.stray }); s != nil && g.quorate() {
		return g.remove(ctx, s)
	}
	return nil
}

// add lists a member, in the words of etcd itself.
func (g *gatekeeping) add(ctx context.Context, s *ringSeat, learner bool) error {
	return g.change(ctx, "add", s, func(ctx context.Context, c *clientv3.Client) error {
		add := c.MemberAdd
		if learner {
			add = c.MemberAddAsLearner
		}
		_, err := add(ctx, []string{g.url(s, ringPeer)})
		return err
	})
}

func (g *gatekeeping) remove(ctx context.Context, s *ringSeat) error {
	return g.change(ctx, "remove", s, func(ctx context.Context, c *clientv3.Client) error {
		_, err := c.MemberRemove(ctx, s.id)
		return err
	})
}

// change asks until etcd agrees. It has rules of its own, such as none but whole clusters gain members; what
// it still refuses after a while does not happen.
func (g *gatekeeping) change(ctx context.Context, verb string, s *ringSeat, do func(context.Context, *clientv3.Client) error) error {
	c, err := g.client()
	if err != nil {
		return err
	}
	defer c.Close()
	asking, cancel := context.WithTimeout(ctx, changeLimit)
	defer cancel()
	err = do(asking, c)
	for err != nil && asking.Err() == nil {
		wait(asking, 4*ringHeartbeat)
		err = do(asking, c)
	}
	g.tell("%s %s: %v", verb, s.name, err)
	return g.sync(ctx, c)
}

// sync takes the members from etcd itself: a change that was refused twice may have happened the first time.
func (g *gatekeeping) sync(ctx context.Context, c *clientv3.Client) error {
	ctx, cancel := context.WithTimeout(ctx, ringLimit)
	defer cancel()
	list, err := c.MemberList(ctx)
	if err != nil {
		return fmt.Errorf("list the members: %w", err)
	}
	for _, s := range g.seats {
		i := slices.IndexFunc(list.Members, func(m *etcdserverpb.Member) bool { return m.GetPeerURLs()[0] == g.url(s, ringPeer) })
		if s.listed = i >= 0; s.listed {
			s.id, s.learner = list.Members[i].GetID(), list.Members[i].GetIsLearner()
		} else {
			g.stop(s) // it has stopped by itself, and still answers
		}
	}
	return nil
}

// changeLimit is above the five seconds for which etcd wants members to have been connected.
const changeLimit = 7 * time.Second

// observe is the service's own eye on the ring.
func (g *gatekeeping) observe(ctx context.Context) quorum.Cluster {
	p := health.Prober{Pause: ringElection / 2, Timeout: time.Second, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if g.cut != nil && strings.HasPrefix(address, g.cut.addr.String()+":") {
			return nil, errCutOff
		}
		return g.network.DialContext(ctx, network, address)
	}}
	seen := p.Observe(ctx, []health.Cluster{g.wanted()})[0].Cluster
	seen.UnderWay = g.out
	return seen
}

// question is what the gate is asked, in words, as the product's function, and as the members concerned.
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
