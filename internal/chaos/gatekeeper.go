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
