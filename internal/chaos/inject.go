package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/quorate/quorate/internal/awssim"
)

// inject lets one fault happen at its time, and ends it.
func (d *day) inject(ctx context.Context, f Fault) {
	wait(ctx, d.clock.real(f.At))
	if ctx.Err() != nil {
		return
	}
	switch f.Kind {
	case Throttled:
		d.during(ctx, f, func() { d.calls.set(awssim.Throttle, f.Rate) }, func() { d.calls.set(awssim.Throttle, 0) })
	case ServerErrors:
		d.during(ctx, f, func() { d.calls.set(awssim.ServerError, f.Rate) }, func() { d.calls.set(awssim.ServerError, 0) })
	case LostAnswers:
		d.during(ctx, f, func() { d.calls.set(awssim.LoseAnswer, f.Rate) }, func() { d.calls.set(awssim.LoseAnswer, 0) })
	case StaleReads:
		d.during(ctx, f, func() { d.calls.stale(true); d.region.SetStaleReads(staleness) }, func() { d.region.SetStaleReads(0); d.calls.stale(false) })
		d.count(f.Kind)
	case SlowAttach:
		d.during(ctx, f, d.hazard(func(h *hazards) { h.slowAttach[f.Zone] = f.For }), nil)
	case SlowDetach:
		d.during(ctx, f, d.hazard(func(h *hazards) { h.slowDetach[f.Zone] = f.For }), nil)
	case NeverBoots:
		d.neverBoots(ctx, f)
	case CutOff:
		d.cutOff(ctx, f)
	case ZoneLost:
		d.down(ctx, f, func() { d.region.ZoneDown(f.Zone) }, func() { d.region.ZoneUp(f.Zone) })
	case MachineKilled:
		d.killMachine(ctx, f)
	case ServiceKilled:
		d.killService(ctx, f)
	}
}

// staleness is how old AWS's reads are at their worst; the lease settles for longer.
const staleness = 6 * time.Second

// during has a fault for its time. One without an end lasts as long as the day.
func (d *day) during(ctx context.Context, f Fault, begin, end func()) {
	d.tell("fault: %s", f)
	begin()
	if end != nil {
		wait(ctx, d.clock.real(f.For))
		end()
		d.tell("over: %s", f.Kind)
	}
}

func (d *day) hazard(change func(*hazards)) func() { return func() { d.hazards.set(change) } }

// neverBoots has the next machines of a zone come up with nothing on them, until somebody reboots them.
func (d *day) neverBoots(ctx context.Context, f Fault) {
	end := func() {
		var unborn []string
		d.hazards.set(func(h *hazards) { delete(h.stillborn, f.Zone); unborn, h.unborn = h.unborn, nil })
		for _, id := range unborn {
			d.region.RebootMachine(id)
		}
	}
	begin := d.hazard(func(h *hazards) { h.stillborn[f.Zone] = true })
	d.tell("fault: %s", f)
	begin()
	// It begins to count when it has hit somebody: until then nobody has anything to wait for.
	for ctx.Err() == nil {
		hit := false
		d.hazards.set(func(h *hazards) { hit = len(h.unborn) > 0 })
		if hit {
			break
		}
		wait(ctx, samplePause)
	}
	wait(ctx, d.clock.real(f.For))
	end()
	d.tell("over: %s", f.Kind)
}

// cutOff keeps the service, and nobody else, from the members of a zone.
func (d *day) cutOff(ctx context.Context, f Fault) {
	set := func(cut bool) {
		names := d.machines.Names()
		d.hazards.set(func(h *hazards) {
			for name, addr := range names {
				if isMember(name, memberIn(f.Zone)) {
					h.cutOff[addr.String()] = cut
				}
			}
		})
	}
	d.during(ctx, f, func() { set(true) }, func() { d.hazards.set(func(h *hazards) { clear(h.cutOff) }) })
}

func (d *day) killMachine(ctx context.Context, f Fault) {
	var killed string
	d.down(ctx, f, func() {
		for _, m := range d.masters()[f.Zone] {
			killed = m.ID
			d.region.KillMachine(m.ID)
		}
	}, func() { d.region.RebootMachine(killed) })
}

// down takes members down for the time of the fault. It waits for a moment at which all others serve, and
// keeps the services from beginning a pass meanwhile: between a pass's look and its deed nobody could know.
func (d *day) down(ctx context.Context, f Fault, begin, end func()) {
	d.downed.Lock()
	defer d.downed.Unlock()
	if err := d.atRest(ctx, f.Zone, begin); err != nil {
		d.tell("skipped: %s: %v", f.Kind, err)
		return
	}
	d.count(f.Kind)
	d.tell("fault: %s", f)
	wait(ctx, d.clock.real(f.For))
	end()
	d.tell("over: %s", f.Kind)
}

// atRest runs a function while no pass is under way and the members outside the zone serve.
func (d *day) atRest(ctx context.Context, zone string, f func()) error {
	for limit := time.Now().Add(momentLimit); ctx.Err() == nil && time.Now().Before(limit); wait(ctx, samplePause) {
		release, err := d.takeTurn()
		if err != nil {
			continue
		}
		looks := d.witness.look(ctx)
		calm := standing(looks, memberIn(zone)) && d.othersRun(looks, zone)
		if calm {
			f()
			d.awaitFall(ctx, zone)
		}
		release()
		if calm {
			return nil
		}
	}
	return errNoMoment
}

const momentLimit = 20 * time.Second

// othersRun reports whether each other zone with voters has one master, which runs and was not told to end.
func (d *day) othersRun(looks map[string]look, zone string) bool {
	masters := d.masters()
	for _, z := range voting(looks) {
		if z != zone && (len(masters[z]) != 1 || masters[z][0].State != "running" || !masters[z][0].Up || d.taken(masters[z][0].ID)) {
			return false
		}
	}
	return true
}

// voting are the zones of all voters.
func voting(looks map[string]look) []string {
	var zones []string
	for _, l := range looks {
		for name, m := range l {
			if !m.learner && !slices.Contains(zones, region+name) {
				zones = append(zones, region+name)
			}
		}
	}
	return zones
}

func (d *day) taken(machine string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.ended[machine]
}

// awaitFall waits until the members of the zone are seen to be down.
func (d *day) awaitFall(ctx context.Context, zone string) {
	for range 20 {
		down := true
		for _, l := range d.witness.look(ctx) {
			down = down && !l[memberIn(zone)].up
		}
		if down {
			return
		}
		wait(ctx, samplePause)
	}
}

// takeTurn takes the lock of the lease as if somebody else were at work, and leaves no trace in the file.
func (d *day) takeTurn() (release func(), err error) {
	file, err := os.OpenFile(d.lock(), os.O_RDWR, 0)
	if err != nil {
		return nil, err
	}
	if err := unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB); err != nil {
		_ = file.Close()
		return nil, err
	}
	return func() { _ = file.Close() }, nil
}

// killService kills a service and starts it again after a while. If it is to die at a call, the call does it.
func (d *day) killService(ctx context.Context, f Fault) {
	if f.Call > 0 {
		d.calls.murder(f, func(s *servant) { d.bury(ctx, f, s) })
		return
	}
	s := d.servants[int(f.At)%len(d.servants)]
	s.kill()
	d.bury(ctx, f, s)
}

// bury notes the death of a service, and starts it again.
func (d *day) bury(ctx context.Context, f Fault, s *servant) {
	d.count(ServiceKilled)
	d.mu.Lock()
	d.figures.Kills++
	d.mu.Unlock()
	d.tell("fault: %s: %s", f, s.name)
	wait(ctx, d.clock.real(f.For))
	if err := s.start(); err != nil {
		d.breach("%v", err)
	}
}

// callFaults decide the fate of the service's calls.
type callFaults struct {
	day *day

	mu       sync.Mutex
	rng      *rand.Rand
	rates    map[awssim.Fate]float64
	isStale  bool
	mutating int
	murders  []murder
}

type murder struct {
	fault Fault
	bury  func(*servant)
}

func newCallFaults(d *day, rng *rand.Rand) *callFaults {
	return &callFaults{day: d, rng: rng, rates: map[awssim.Fate]float64{}}
}

func (c *callFaults) set(f awssim.Fate, rate float64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.rates[f] = rate
}

func (c *callFaults) stale(is bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.isStale = is
}

func (c *callFaults) murder(f Fault, bury func(*servant)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.murders = append(c.murders, murder{f, bury})
}

// forgive calls off the murders that are still to come.
func (c *callFaults) forgive() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.murders = nil
}

// fate is the awssim.Intercept of the day.
func (c *callFaults) fate(call awssim.Call) awssim.Fate {
	s := c.day.caller(call.KeyID)
	if s == nil {
		return awssim.Proceed // it is one of us
	}
	fate, m := c.draw(call)
	if m != nil {
		s.kill()
		go func() {
			defer c.day.burials.Done()
			m.bury(s)
		}()
	}
	if fate == awssim.Proceed || fate == awssim.LoseAnswer {
		if d, ok := deedOf(call, c.day.zoneOf); ok {
			c.day.judge(d)
		}
	}
	return fate
}

var fateKinds = map[awssim.Fate]Kind{awssim.Throttle: Throttled, awssim.ServerError: ServerErrors, awssim.LoseAnswer: LostAnswers}

func (c *callFaults) draw(call awssim.Call) (awssim.Fate, *murder) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if call.Mutating {
		c.mutating++
		for i, m := range c.murders {
			if m.fault.Call == c.mutating {
				fate := awssim.DropRequest
				if m.fault.Effect {
					fate = awssim.LoseAnswer
				}
				c.day.burials.Add(1)
				return fate, &c.murders[i]
			}
		}
	}
	for _, fate := range []awssim.Fate{awssim.Throttle, awssim.ServerError, awssim.LoseAnswer} {
		if fate == awssim.LoseAnswer && !call.Mutating {
			continue
		}
		if rate := c.rates[fate]; rate > 0 && c.rng.Float64() < rate {
			c.day.count(fateKinds[fate])
			return fate, nil
		}
	}
	return awssim.Proceed, nil
}

func (d *day) caller(key string) *servant {
	for _, s := range d.servants {
		if s.name == key {
			return s
		}
	}
	return nil
}

// judge looks at the members at the moment of a deed. Leadership may be on its way from one to another, so
// it looks until nothing speaks against the deed, for as long as an election lasts.
func (d *day) judge(did deed) {
	d.mu.Lock()
	d.figures.Deeds++
	for _, m := range d.masters()[did.zone] {
		d.ended[m.ID] = true
	}
	d.mu.Unlock()
	ctx := context.Background()
	var objections []string
	for limit := time.Now().Add(2 * election); ; wait(ctx, samplePause) {
		around := d.surroundings(ctx, did.zone)
		objections = append(did.objections(around), d.doors(did, around.looks)...)
		if len(objections) == 0 || time.Now().After(limit) {
			break
		}
	}
	d.tell("deed: %s", did)
	for _, o := range objections {
		d.breach("%8s  %s", time.Since(d.began).Round(time.Millisecond), o)
	}
}

// surroundings looks at etcd, and at the machines of the other zones.
func (d *day) surroundings(ctx context.Context, zone string) surroundings {
	s := surroundings{looks: d.witness.look(ctx), back: map[string]string{}}
	masters := d.masters()
	for _, z := range voting(s.looks) {
		if z == zone {
			continue
		}
		if n := len(masters[z]); n != 1 {
			s.back[z] = fmt.Sprintf("it has %d masters", n)
		} else if m := masters[z][0]; !m.Up {
			s.back[z] = fmt.Sprintf("%s is not up", m.ID)
		}
	}
	return s
}

// isMember reports whether a DNS name is that of a member.
func isMember(host, member string) bool {
	for etcd := range etcdPorts {
		if host == etcdHost(etcd, member) {
			return true
		}
	}
	return false
}
