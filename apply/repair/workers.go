package repair

import (
	"fmt"
	"slices"
	"time"
)

// Workers are a group that carries no etcd members, and all that is known of it.
type Workers struct {
	Group
	Machines []Worker
	// Needed is how many machines have to be in service.
	Needed int
	// Judged reports that the control plane is whole: nobody can join one that is not.
	Judged bool
}

// A Worker is one machine of such a group, or one that it detached.
type Worker struct {
	ID, Image string
	Launched  time.Time
	// New reports that it was made from the version that the group makes machines from now.
	New bool
	// Ready reports that it works: a Ready node, or in service where Kubernetes is not asked.
	Ready bool
	// Joined reports that it was ready once, whatever it is now.
	Joined bool
	// Why says what it lacks.
	Why      string
	Detached bool
	Leaving  bool
}

var workerRows = []struct {
	name string
	say  func(Workers) Advice
}{
	{"halted", Workers.halted},
	{"launches fail", Workers.fails},
	{"canary", Workers.canary},
	{"well", Workers.well},
	{"control plane first", Workers.waits},
	{"never joined", Workers.neverJoined},
}

// Judge says what is to be done about the group now.
func (w Workers) Judge() Advice {
	if w.Limit == 0 {
		w.Limit = BackLimit
	}
	if w.Deleting {
		return Advice{}
	}
	for _, row := range workerRows {
		switch a := row.say(w); a.Verb {
		case "":
		case none:
			return Advice{}
		default:
			a.Group = w.Ref
			return a
		}
	}
	return Advice{}
}

func (w Workers) where() string { return w.Ref.String() }

// halted brings the group back to the version that worked, then its machines.
func (w Workers) halted() Advice {
	h := w.Marks.Halt
	if !h.Set() {
		return Advice{}
	}
	if h.Good == "" {
		return w.heldUp(w.where(), "some of its machines are still of that version, for nobody knows one that worked")
	}
	if w.Pinned != h.Good {
		return w.stepBack(w.where())
	}
	strayed := func(m Worker) bool { return !m.Leaving && (!m.New || m.Detached) }
	if slices.ContainsFunc(w.Machines, strayed) {
		return Advice{Verb: Return, Who: Quorate, Since: h.At, Sentence: fmt.Sprintf("%s; its machines go back to version %s", w.story(w.where()), h.Good)}
	}
	return w.heldUp(w.where(), "it runs version "+h.Good+" again")
}

func (w Workers) fails() Advice {
	if w.Launch.Failure == "" || len(w.attached()) >= max(w.Desired, 1) {
		return Advice{}
	}
	return w.launchFails(w.where())
}

// canary lets the first machines of a new template prove it, or halts.
func (w Workers) canary() Advice {
	if !w.unproven() {
		return Advice{}
	}
	attached := w.attached()
	if len(attached) == 0 && w.Desired == 0 {
		return Advice{Verb: Forget} // there is nothing to prove it by
	}
	for _, m := range attached {
		if m.New && m.Ready {
			return Advice{Verb: Forget}
		}
	}
	for _, m := range attached {
		if m.New && w.Judged && w.Now.Sub(m.Launched) > w.Limit {
			return w.halt(Machine{ID: m.ID, Version: w.Pinned, Image: m.Image}, w.where(), m.Launched, "machine "+m.ID+" "+m.Why)
		}
	}
	return Advice{Verb: none}
}

// attached are the machines that the group counts on.
func (w Workers) attached() []Worker {
	return slices.DeleteFunc(slices.Clone(w.Machines), func(m Worker) bool { return m.Detached || m.Leaving })
}

// well takes the marks away when all machines that the group wants have joined.
func (w Workers) well() Advice {
	attached := w.attached()
	if len(attached) < w.Needed || slices.ContainsFunc(attached, func(m Worker) bool { return !m.Joined }) {
		return Advice{}
	}
	if len(w.Marks.Old) > 0 && !w.Rolls {
		return Advice{Verb: Forget}
	}
	return Advice{Verb: none}
}

func (w Workers) waits() Advice {
	if !w.Judged {
		return Advice{Verb: none}
	}
	return Advice{}
}

// neverJoined ends one machine at a time, when no other is on its way, and only a few in a row: what
// keeps every new one from joining is not mended by more of them.
func (w Workers) neverJoined() Advice {
	var late []Worker
	for _, m := range w.attached() {
		switch {
		case m.Joined, w.Rolls && !m.New: // the roll replaces what does no work first
		case w.Now.Sub(m.Launched) <= w.Limit:
			return Advice{Verb: none} // it is on its way, and shows whether the next one may go
		default:
			late = append(late, m)
		}
	}
	if len(late) == 0 {
		return Advice{Verb: none}
	}
	m := slices.MinFunc(late, func(a, b Worker) int { return a.Launched.Compare(b.Launched) })
	a := Advice{Verb: End, Machine: m.ID, Who: Quorate, Since: m.Launched}
	if w.Marks.Ended.Count >= endings && w.Marks.Ended.Machine != m.ID {
		a.Verb, a.Who = Wait, People
		a.Sentence = fmt.Sprintf("machine %s of %s never joined (%s), as %d before it that were ended for that; nothing more is done about it until a commit changes the cluster, or you end the machine",
			m.ID, w.Ref, m.Why, w.Marks.Ended.Count)
		return a
	}
	a.Sentence = fmt.Sprintf("machine %s of %s did not join within %s (%s); it is ended, and the group makes another", m.ID, w.Ref, w.Limit, m.Why)
	return a
}
