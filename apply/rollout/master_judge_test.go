package rollout

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// plane is a control plane of three masters in three zones that is rolled by processes which die at any
// move, while things break and mend: a second account of what may happen to it, which knows the promises
// and nothing of how they are kept.
type plane struct {
	rng     *rand.Rand
	machine [3]machine
	// backup is when the newest snapshot was begun, and taken whether it is completed.
	backup, clock int
	taken         bool
	log           []string
}

type machine struct {
	old, marked bool
	at          State // at the one load balancer
	draining    int   // moments until its connections are drained
	pods        int
	cordoned    bool
	booting     int // moments until a successor is up; 0 for a machine that is
	broken      bool
	leads       bool
}

const fresh = 40 // moments for which a snapshot is

func (p *plane) serves(i int) bool {
	m := p.machine[i]
	return m.at == Registered && m.booting == 0 && !m.broken
}

func (p *plane) member(i int) bool { return p.machine[i].booting == 0 && !p.machine[i].broken }

// back is the gate's view of another master.
func (p *plane) back(i int) bool { return p.serves(i) && !p.machine[i].marked }

// others counts who serves besides i.
func (p *plane) others(i int) int {
	n := 0
	for j := range p.machine {
		if j != i && p.serves(j) {
			n++
		}
	}
	return n
}

// facts are what a process sees.
func (p *plane) facts(i int) Master {
	m := p.machine[i]
	f := Master{ID: fmt.Sprint("i-", i), Zone: fmt.Sprint("1", i), Open: true, Leaving: m.marked, Leads: m.leads, Sick: !p.member(i)}
	for j := range p.machine {
		if j == i {
			continue
		}
		if !p.back(j) {
			f.Open, f.Closed = false, fmt.Sprintf("%d is not back", j)
		}
		if !p.member(j) && p.rng.IntN(3) > 0 { // or it is unknown why nobody hears of it
			f.OtherBroken = fmt.Sprint(j)
		}
	}
	f.Balancers = []Balancer{{Name: "api", State: m.at, Serves: p.serves(i), Others: p.others(i)}}
	b := Backup{Etcd: "main", From: "x"}
	if age := p.clock - p.backup; p.backup > 0 && age <= fresh {
		b.Fresh = p.taken
		if !p.taken {
			b.Pending = "soon"
		}
	}
	f.Backups = []Backup{b}
	f.Node = Node{Asked: true, Ready: p.member(i)}
	return f
}

// pass is one pass of a process for master i, which dies after a random number of moves. It returns the
// first promise that it broke.
func (p *plane) pass(i int) error {
	f := p.facts(i)
	for range 1 + p.rng.IntN(12) {
		move := f.Next()
		p.log = append(p.log, fmt.Sprintf("%d: %d %s%s", p.clock, i, move.Verb, move.Wait))
		m := &p.machine[i]
		switch move.Verb {
		case "":
			return nil
		case TakeBackup:
			p.backup, p.taken, f.Backups[0].Pending = p.clock, false, "begun"
		case Settle:
			f.Settled = true
		case Begin:
			m.marked, f.Leaving = true, true
		case Deregister:
			if p.serves(i) && p.others(i) == 0 {
				return fmt.Errorf("nobody else serves clients when %d leaves", i)
			}
			m.at, m.draining, f.Balancers[0].State = Draining, 3, Draining
		case Empty:
			m.cordoned, f.Node.Emptied = true, true
			if m.pods = max(0, m.pods-1-p.rng.IntN(2)); m.pods > 0 {
				f.Node.Left = "a pod"
			}
		case HandOver:
			f.HandedOver = true
			p.lead(i)
			p.moment() // that takes its time
		case AskAgain:
			p.moment() // things happen while it looks
			again := p.facts(i)
			again.Settled, again.HandedOver, again.Sure = f.Settled, f.HandedOver, true
			again.Node.Emptied, again.Node.Left = f.Node.Emptied, f.Node.Left
			f = again
		case Terminate:
			if err := p.judge(i); err != nil {
				return err
			}
			p.machine[i] = machine{at: Out, booting: 5}
			return nil
		case GiveBack:
			m.at, m.draining, m.cordoned, m.marked = Registered, 0, false, false
			return nil
		default:
			return fmt.Errorf("a master knows no %s", move.Verb)
		}
	}
	return nil
}

// lead moves leadership away from i, to one that can have it.
func (p *plane) lead(i int) {
	for j := range p.machine {
		if j != i && p.member(j) && p.machine[i].leads {
			p.machine[i].leads, p.machine[j].leads = false, true
		}
	}
}

// judge knows the promises about a machine that ends now.
func (p *plane) judge(i int) error {
	m := p.machine[i]
	for j := range p.machine {
		if j != i && !p.member(j) {
			return fmt.Errorf("%d ends while %d is away: quorum is lost", i, j)
		}
		if j != i && p.machine[j].booting > 0 {
			return fmt.Errorf("%d ends while the successor of %d boots", i, j)
		}
	}
	switch {
	case !m.old:
		return fmt.Errorf("%d ends and is as wanted", i)
	case m.at == Registered || m.draining > 0:
		return fmt.Errorf("%d ends while clients are connected", i)
	case m.pods > 0 && p.member(i):
		return fmt.Errorf("%d ends with %d pods", i, m.pods)
	case m.leads && p.member(i):
		return fmt.Errorf("%d ends and leads", i)
	case p.backup == 0 || !p.taken || p.clock-p.backup > fresh+1:
		return fmt.Errorf("%d ends without a fresh snapshot", i)
	case p.others(i) == 0:
		return fmt.Errorf("%d ends and nobody serves clients", i)
	}
	return nil
}

// moment lets time pass.
func (p *plane) moment() {
	p.clock++
	if p.backup > 0 && p.clock-p.backup >= 4 {
		p.taken = true
	}
	for i := range p.machine {
		m := &p.machine[i]
		if m.draining > 0 {
			if m.draining--; m.draining == 0 && m.at == Draining {
				m.at = Out
			}
		}
		if m.booting > 0 {
			if m.booting--; m.booting == 0 {
				m.at = Registered
			}
		}
	}
	// One thing breaks at a time, and a member that broke mends by itself.
	switch i := p.rng.IntN(60); {
	case i < 3 && p.member(0) && p.member(1) && p.member(2):
		p.machine[i].broken = true
		p.lead(i)
	case i < 20:
		for j := range p.machine {
			p.machine[j].broken = false
		}
	}
}

// TestWhateverHappensNoMasterGoesBeforeItsTime plays many rolls, each with its own accidents.
func TestWhateverHappensNoMasterGoesBeforeItsTime(t *testing.T) {
	const rolls, patience = 4000, 5000
	longest := 0
	for seed := range uint64(rolls) {
		p := &plane{rng: rand.New(rand.NewPCG(seed, 1))}
		for i := range p.machine {
			p.machine[i] = machine{old: true, pods: p.rng.IntN(4), leads: i == int(seed%3)}
		}
		for !p.done() {
			if p.moment(); p.clock > patience {
				t.Fatalf("seed %d: it does not end:\n%v", seed, p.log[max(0, len(p.log)-30):])
			}
			if err := p.turn(); err != nil {
				t.Fatalf("seed %d: %v:\n%v", seed, err, p.log[max(0, len(p.log)-30):])
			}
		}
		longest = max(longest, p.clock)
	}
	t.Logf("%d rolls, the longest of %d moments", rolls, longest)
}

func (p *plane) done() bool {
	for i := range p.machine {
		if p.machine[i].old || !p.back(i) {
			return false
		}
	}
	return true
}

// turn gives one master its pass, as the order of a plan does: a sick one, then the one that is begun, then
// any; and every other that is begun is given back.
func (p *plane) turn() error {
	next, rank := -1, 3
	for i, m := range p.machine {
		r := 2
		switch {
		case !m.old:
			continue
		case !p.member(i):
			r = 0
		case m.marked:
			r = 1
		}
		if r < rank {
			next, rank = i, r
		}
	}
	for j := range p.machine {
		if m := &p.machine[j]; j != next && m.marked {
			m.at, m.draining, m.cordoned, m.marked = Registered, 0, false, false
		}
	}
	if next < 0 {
		return nil
	}
	return p.pass(next)
}
