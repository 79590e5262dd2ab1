package chaos

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/anishathalye/porcupine"
	clientv3 "go.etcd.io/etcd/client/v3"
	"golang.org/x/sync/errgroup"
)

// A Verdict is how a day went. Broken is empty if every promise was kept.
type Verdict struct {
	Plan    Plan
	Figures Figures
	Broken  []string
	// Story is what happened, line by line.
	Story []string
}

// String tells the whole day.
func (v Verdict) String() string {
	return strings.Join(slices.Concat([]string{v.Plan.String()}, v.Story, v.Broken), "\n")
}

// day is a day while it goes on.
type day struct {
	*stage
	plan     Plan
	calls    *callFaults
	began    time.Time
	servants []*servant
	// downed is held while a fault keeps members down, so that two of them never do at once.
	downed sync.Mutex
	// burials are the deaths of services by a call, until they live again.
	burials sync.WaitGroup

	mu        sync.Mutex
	story     []string
	broken    []string
	figures   Figures
	ended     map[string]bool // machines that a service took out
	commitID  string
	converged chan struct{} // of the commit, as halted
	halted    chan struct{}
	last      told
}

// A Part is a half of the suite.
type Part string

// The halves, and both. The gate alone is much quicker.
const (
	Both Part = "both"
	Days Part = "days"
	Gate Part = "gate"
)

// Play plays the day of a plan, and beside it the life of one etcd cluster in front of the gate. The error
// is for what kept either from being played.
func Play(ctx context.Context, p Plan, part Part, stderr io.Writer) (Verdict, error) {
	v := Verdict{Plan: p}
	var gate Verdict
	side, ctx := errgroup.WithContext(ctx)
	if part != Gate {
		side.Go(func() (err error) { v, err = playDay(ctx, p, stderr); return })
	}
	if part != Days {
		side.Go(func() (err error) { gate.Figures, gate.Broken, err = KeepGate(ctx, p.Seed); return })
	}
	err := side.Wait()
	v.Figures.Add(gate.Figures)
	v.Broken = append(v.Broken, gate.Broken...)
	return v, err
}

// playDay builds the cluster in peace, commits while everything goes wrong that the plan says, and judges.
func playDay(ctx context.Context, p Plan, stderr io.Writer) (Verdict, error) {
	s, err := newStage()
	if err != nil {
		return Verdict{}, err
	}
	defer s.close()
	began := time.Now()
	before, after := p.Course.manifests()
	if err := s.build(ctx, before); err != nil {
		return Verdict{}, err
	}
	busy := min(max(float64(time.Since(began))/float64(buildLasts), 1), busiest)
	d := newDay(s, p)
	err = d.play(ctx, after, busy, stderr)
	d.figures.Wall = time.Since(began)
	return Verdict{p, d.figures, d.broken, d.story}, err
}

// buildLasts is how long the build of a cluster takes while nobody else uses the computer. A busy one is
// given time: the members' own, which is real, keeps its proportion to that of AWS. Up to busiest.
const (
	buildLasts = 5 * time.Second
	busiest    = 6
)

func newDay(s *stage, p Plan) *day {
	d := &day{stage: s, plan: p, converged: make(chan struct{}, 1), halted: make(chan struct{}, 1), ended: map[string]bool{}}
	d.figures = Figures{Days: 1, Faults: map[Kind]int{}, Fewest: Margins{}}
	if p.Services > 1 {
		d.figures.Pairs = 1
	}
	return d
}

func (d *day) play(ctx context.Context, text string, busy float64, stderr io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(busy*float64(rollLimit)))
	defer cancel()
	pace := d.clock.run(slowly / busy)
	d.began = time.Now()

	watched, stopWatching := context.WithCancel(ctx)
	defer stopWatching()
	h, writers, stopClients := d.witnesses(watched)
	if err := d.commit(text); err != nil {
		return err
	}
	d.calls = newCallFaults(d, rand.New(rand.NewPCG(d.plan.Seed, 1)))
	d.region.SetIntercept(d.calls.fate)
	if err := d.employ(pace, stderr); err != nil {
		return err
	}
	endFaults := d.hurt(ctx)
	end := d.await(ctx)
	endFaults()
	if end == halted {
		var err error
		if end, err = d.resume(ctx, text); err != nil {
			return err
		}
	}
	d.note(ctx, end)
	for _, s := range d.servants {
		s.kill()
	}
	stopClients()
	d.sum(ctx, h, writers)
	return nil
}

// hurt lets the faults of the plan happen. When its end returns, all are over, and every service lives.
func (d *day) hurt(ctx context.Context) (end func()) {
	faulty, endFaults := context.WithCancel(ctx)
	var faults sync.WaitGroup
	for _, f := range d.plan.Faults {
		faults.Go(func() { d.inject(faulty, f) })
	}
	return func() {
		endFaults()
		faults.Wait()
		d.calls.forgive()
		d.burials.Wait()
	}
}

// commit makes a manifest what the services see, and from now on wait for.
func (d *day) commit(text string) error {
	d.mu.Lock()
	d.commitID = fingerprint([]byte(text))
	for _, old := range []chan struct{}{d.converged, d.halted} {
		select {
		case <-old:
		default:
		}
	}
	d.mu.Unlock()
	return d.stage.commit(text)
}

// ending is how the work on a commit ends.
type ending int

const (
	stuck ending = iota
	done
	halted
)

func (d *day) note(ctx context.Context, end ending) {
	switch {
	case end == stuck:
		d.breach("the %s did not end: %s", d.plan.Course.Name, d.standing(ctx))
	case end == halted:
		d.breach("the %s halted although nothing goes wrong any more: %s", d.plan.Course.Name, d.standing(ctx))
	case d.plan.Course.grows():
		d.figures.Growths++
	default:
		d.figures.Rolls++
	}
}

// resume judges a roll that halted: a sentence says what to do, and at most one zone is not as it should be.
// Then, as all faults are over, it lets it go on.
func (d *day) resume(ctx context.Context, text string) (ending, error) {
	d.mu.Lock()
	d.figures.Halts++
	said := d.last.Reason
	d.mu.Unlock()
	if !strings.Contains(said, "halted") || !strings.Contains(said, "quorate.dev/resume") {
		d.breach("it halted, and nobody is told what to do: %s", said)
	}
	for limit := time.Now().Add(momentLimit); !nearlyWhole(d.witness.look(ctx)); wait(ctx, samplePause) {
		if ctx.Err() != nil || time.Now().After(limit) {
			d.breach("it halted, and more than one zone is away: %s", d.standing(ctx))
			break
		}
	}
	d.tell("resumed")
	if err := d.commit(resumed(text, 1)); err != nil {
		return stuck, err
	}
	return d.await(ctx), nil
}

// witnesses starts the clients and the sampler.
func (d *day) witnesses(ctx context.Context) (h *history, writers map[string]*writer, stop func()) {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	h, writers = &history{began: d.began}, map[string]*writer{}
	rng := rand.New(rand.NewPCG(d.plan.Seed, 2))
	for etcd, client := range d.witness.whole {
		w := &writer{kv: client}
		writers[etcd] = w
		all.Go(func() { w.run(ctx) })
	}
	for id := range 3 {
		own := rand.New(rand.NewPCG(rng.Uint64(), 0))
		all.Go(func() { h.client(ctx, clientv3.NewKV(d.witness.whole["main"]), id, own) })
	}
	all.Go(func() { d.witness.sample(ctx, d.began) })
	return h, writers, func() {
		cancel()
		all.Wait()
	}
}

// employ starts the services.
func (d *day) employ(p pace, stderr io.Writer) error {
	for n := range d.plan.Services {
		s := &servant{
			name: fmt.Sprintf("SERVICE%d", n), url: d.url, hear: d.hear, stderr: stderr,
			task: assignment{Manifest: d.manifest(), Leases: d.leases(), Proxy: d.proxy, Pace: p, Pause: 100 * time.Millisecond, Round: election},
		}
		if err := s.start(); err != nil {
			return err
		}
		d.servants = append(d.servants, s)
	}
	return nil
}

func (d *day) hear(t told) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.figures.Passes++
	if t.Reason != d.last.Reason || t.Err != d.last.Err {
		d.tellLocked("pass: %s %s%s", t.State, t.Reason, t.Err)
	}
	d.last = t
	if t.Commit != d.commitID {
		return
	}
	if t.Converged {
		signal(d.converged)
	}
	if t.Stopped {
		signal(d.halted)
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// await waits until a service says that all is as it should be, or that it is for people to go on.
func (d *day) await(ctx context.Context) ending {
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for {
		select {
		case <-ctx.Done():
			return stuck
		case <-d.converged:
			return done
		case <-d.halted:
			return halted
		case <-again.C:
			for _, s := range d.servants {
				if s.died() {
					d.breach("service %s ended by itself", s.name)
					return stuck
				}
			}
		}
	}
}

// standing tells how things are, for a day that did not end.
func (d *day) standing(ctx context.Context) string {
	var text []string
	for zone, machines := range d.masters() {
		for _, m := range machines {
			text = append(text, fmt.Sprintf("%s %s %s up %v", zone, m.ID, m.Type, m.Up))
		}
	}
	slices.Sort(text)
	return fmt.Sprintf("%s%s; %s; %v", d.last.Reason, d.last.Err, strings.Join(text, ", "), d.witness.look(context.WithoutCancel(ctx)))
}

// sum takes the last look and asks everybody what they saw.
func (d *day) sum(ctx context.Context, h *history, writers map[string]*writer) {
	ctx = context.WithoutCancel(ctx)
	d.inspect(ctx)
	f := &d.figures
	f.Samples, f.Fewest = d.witness.samples, d.witness.fewest
	f.QuorumLosses = len(d.witness.losses)
	d.broken = append(d.broken, d.witness.losses...)
	var verdict porcupine.CheckResult
	if f.Operations, verdict = h.judge(); verdict != porcupine.Ok {
		f.NotLinearizable++
		d.breach("the history of %d operations is not linearizable: %s", f.Operations, verdict)
	}
	f.Unknown = h.open
	for etcd, w := range writers {
		lost, err := w.audit(ctx)
		if err != nil {
			d.breach("the writes to etcd %s cannot be read back: %v", etcd, err)
		}
		f.Writes += len(w.acked)
		f.FailedWrites += w.failed
		f.LostWrites += lost
		f.LongestStall = max(f.LongestStall, w.stall)
		if lost+w.failed > 0 {
			d.breach("of the writes to etcd %s %d were lost and %d failed", etcd, lost, w.failed)
		}
	}
	for _, c := range d.region.Calls() {
		f.Calls += c.Count
	}
	for k, n := range d.hazards.hit {
		if n > 0 {
			f.Faults[k] += n
		}
	}
}

// inspect compares the control plane with what was committed, if that is said to be done.
func (d *day) inspect(ctx context.Context) {
	if d.figures.Rolls+d.figures.Growths == 0 {
		return
	}
	masters, looks := d.masters(), d.witness.look(ctx)
	for zone, machines := range masters {
		wanted := slices.Contains(zonesOf(d.plan.Course.After), zone)
		if len(machines) != 1 || !wanted || !d.plan.Course.grows() && machines[0].Type != "m5.large" {
			d.breach("%s has %d masters at the end, or one of the old type", zone, len(machines))
		}
	}
	for etcd, l := range looks {
		if l.voters() != len(d.plan.Course.After) || len(l.serving()) != len(l) {
			d.breach("not every member of etcd %s serves at the end: %v", etcd, l)
		}
	}
}

func (d *day) breach(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = append(d.broken, fmt.Sprintf(format, args...))
}

func (d *day) tell(format string, args ...any) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.tellLocked(format, args...)
}

func (d *day) tellLocked(format string, args ...any) {
	d.story = append(d.story, fmt.Sprintf("%8s  ", time.Since(d.began).Round(time.Millisecond))+fmt.Sprintf(format, args...))
}

func (d *day) count(k Kind) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.figures.Faults[k]++
}

// lock is the file that the services' lease of the cluster is a lock on.
func (d *day) lock() string { return filepath.Join(d.leases(), clusterName+".lock") }

var errNoMoment = errors.New("there was no moment at which the others could bear it")
