package rollout

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/quorate/quorate/topology"
)

// A Machine is one machine of a group, or one that was detached from it.
type Machine struct {
	ID, Zone string
	Launched time.Time
	// Old says why the machine is to be replaced; it is empty if the machine is as wanted.
	Old string
	// Ready means that it does its work: in service at AWS, and a Ready node where Kubernetes is asked.
	Ready bool
	// Detached machines have left the group and work on until their turn comes.
	Detached bool
	// Emptying means that its pods are being moved away.
	Emptying bool
	// Blocked means that some of them may not go; it stays set when the machine is set aside.
	Blocked bool
	// Leaving machines were told to end.
	Leaving bool
}

// works tells whether pods can count on the machine.
func (m Machine) works() bool { return m.Ready && !m.Emptying && !m.Leaving }

// A Group is a worker group as it is now.
type Group struct {
	// Desired is the size that AWS and autoscalers want now. It is read, and never written.
	Desired  int
	Machines []Machine
	Settings topology.RollingUpdate
}

// A Verb is what is done to a machine.
type Verb string

// The verbs.
const (
	// Detach takes the machine out of its group, whose desired capacity stays, so that the group makes
	// another one while it works on.
	Detach Verb = "detach"
	// Replace empties the machine and then ends it; asking again goes on where it stands.
	Replace Verb = "replace"
	// SetAside gives a blocked machine back to the scheduler until the others are done.
	SetAside Verb = "set aside"
)

// An Action is one thing to do now, and why to this machine.
type Action struct {
	Verb    Verb
	Machine string
	Why     string
}

// A Decision is what to do now. With no action there is something to wait for, or nothing left to do.
type Decision struct {
	Actions []Action
	// Wait is what a group waits for before more can happen.
	Wait string
}

// Done reports that every machine is as wanted.
func (d Decision) Done() bool { return len(d.Actions) == 0 && d.Wait == "" }

// Next decides. Whatever it does leaves the group's desired capacity, less the machines that may be
// unavailable, at work; the first machine made anew has to be ready before a second one is touched.
func Next(g Group) Decision {
	v := survey(g)
	if len(v.old) == 0 {
		return Decision{Wait: v.ending()}
	}
	d := Decision{Actions: v.goOn()}
	switch {
	case v.proven:
		taken := v.begin(v.slots(), len(v.old))
		d.Actions = append(d.Actions, taken...)
		d.Actions = append(d.Actions, v.detach(v.surge-v.detached, taken)...)
	case v.inFlight():
		d.Wait = "the first machine made anew has to be ready before the others are touched"
	default:
		d.Actions = append(d.Actions, v.first()...)
	}
	if len(d.Actions) == 0 && d.Wait == "" {
		d.Wait = v.reason()
	}
	return d
}

// first touches one machine, whose successor shows whether the new template works: one that does no work
// anyway, else one more beside the others, else one of those.
func (v view) first() []Action {
	if idle := v.begin(0, 1); len(idle) > 0 {
		return idle
	}
	if v.surge > v.detached {
		return v.detach(1, nil)
	}
	return v.begin(v.slots(), 1)
}

// view is a group with what is counted of it.
type view struct {
	Group
	surge, unavailable int
	// old are the machines to replace that were not told to end, in the order of their turn.
	old []Machine
	// proven means that some machine made anew is ready.
	proven bool
	// working machines, detached or not; attached are those that count for the group's size.
	working, attached, detached, leaving int
}

func survey(g Group) view {
	v := view{Group: g}
	v.surge, v.unavailable = g.Settings.Pace(g.Desired)
	for _, m := range g.Machines {
		if m.Leaving {
			v.leaving++
			continue
		}
		if m.Detached {
			v.detached++
		} else {
			v.attached++
		}
		if m.works() {
			v.working++
		}
		if m.Old != "" {
			v.old = append(v.old, m)
		} else if m.Ready {
			v.proven = true
		}
	}
	v.inTurn()
	return v
}

// inTurn sorts the old machines: those in the group before detached ones, which are the surge; blocked
// ones last; from the zone that has the most of them, the oldest first.
func (v *view) inTurn() {
	perZone := map[string]int{}
	for _, m := range v.old {
		perZone[m.Zone]++
	}
	slices.SortFunc(v.old, func(a, b Machine) int {
		return cmp.Or(
			cmp.Compare(rank(a.Detached), rank(b.Detached)),
			cmp.Compare(rank(a.Blocked), rank(b.Blocked)),
			cmp.Compare(rank(a.Ready), rank(b.Ready)), // one that does no work costs nothing
			cmp.Compare(perZone[b.Zone], perZone[a.Zone]),
			a.Launched.Compare(b.Launched),
			cmp.Compare(a.ID, b.ID),
		)
	})
}

func rank(b bool) int {
	if b {
		return 1
	}
	return 0
}

// inFlight means that a machine was touched already, whose successor is not ready yet.
func (v view) inFlight() bool {
	return v.leaving > 0 || v.attached < v.Desired || slices.ContainsFunc(v.Machines, func(m Machine) bool {
		return !m.Leaving && (m.Emptying || m.Old == "")
	})
}

// slots is how many more machines can stop working now.
func (v view) slots() int {
	return max(0, v.working-(v.Desired-v.unavailable))
}

// goOn continues what was begun. A blocked machine makes room while there are others to replace.
func (v view) goOn() []Action {
	var actions []Action
	others := slices.ContainsFunc(v.old, func(m Machine) bool { return !m.Blocked && !m.Emptying })
	for _, m := range v.old {
		switch {
		case !m.Emptying:
		case v.Settings.SurgeOnly, m.Blocked && others:
			actions = append(actions, Action{SetAside, m.ID, "what runs on it may not go now; it is tried again after the others"})
		default:
			actions = append(actions, Action{Replace, m.ID, "it is being emptied"})
		}
	}
	return actions
}

// detach picks machines whose turn comes last, for they work longest as the surge.
func (v view) detach(n int, taken []Action) []Action {
	var actions []Action
	for _, m := range slices.Backward(v.old) {
		begun := slices.ContainsFunc(taken, func(a Action) bool { return a.Machine == m.ID })
		if n > len(actions) && !m.Detached && m.works() && !begun {
			actions = append(actions, Action{Detach, m.ID, "the group makes another beside it"})
		}
	}
	return actions
}

// begin takes the next machines, at most limit. Those that do no work anyway cost no slot.
func (v view) begin(slots, limit int) []Action {
	var actions []Action
	for _, m := range v.old {
		if m.Emptying || v.Settings.SurgeOnly || len(actions) == limit {
			continue
		}
		if !m.Ready {
			actions = append(actions, Action{Replace, m.ID, m.Old + ", and it does no work"})
		} else if slots > 0 {
			slots--
			actions = append(actions, Action{Replace, m.ID, m.Old})
		}
	}
	return actions
}

// reason says why nothing can be done now although machines are old.
func (v view) reason() string {
	switch {
	case v.Settings.SurgeOnly && v.detached > 0:
		return fmt.Sprintf("drainAndTerminate is false: %d machines are detached, and whoever asked for that ends them", v.detached)
	case v.Settings.SurgeOnly:
		return "drainAndTerminate is false and maxSurge 0: nobody may touch the machines"
	}
	return fmt.Sprintf("%d machines of %d work, and %d may be missing; the next one goes when more are ready", v.working, v.Desired, v.unavailable)
}

// ending is what a group without old machines waits for.
func (v view) ending() string {
	if v.leaving > 0 {
		return fmt.Sprintf("AWS is ending %d machines", v.leaving)
	}
	return ""
}
