package explain

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// Facts are what was seen.
type Facts struct {
	Cluster desired.Cluster
	At      time.Time
	State   actual.State
	Plan    diff.Plan
	Steps   []order.Step
	// Standing is of the control plane, and Unseen says why there is none. Advice is what is wrong
	// with groups, and what is done about it.
	Standing apply.Standing
	Advice   []repair.Advice
	Unseen   string
	// Drains are the nodes that are being emptied, or were set aside, sorted by name.
	Drains []Drain
	// Holder is the process on this machine that is at work on the cluster; 0 for none.
	Holder int
}

// A Drain is a node that is to be empty.
type Drain struct {
	Node  kube.Node
	Group topology.Ref
	// Obstacles are what holds its pods, and Owners whose pods they are, as KIND/NAME.
	Obstacles []kube.Obstacle
	Owners    []string
	// Unseen says why nobody knows what holds it.
	Unseen string
}

// backLimit is how long a machine of the group may take to come back before it is looked after.
func (f Facts) backLimit(group topology.Ref) time.Duration {
	return cmp.Or(f.Cluster.Rolling[group].BackWithin, topology.DefaultBackWithin)
}

// Of lists what the cluster waits for: first what people have ordered or must decide, then what is down, then
// what is under way, then what is only to be done.
func Of(f Facts) Report {
	r := Report{Cluster: f.Cluster.Name, At: f.At}
	r.Waiting = slices.Concat(f.paused(), f.forbidden(), f.broken(), f.masters(), f.drains(), f.workers(), f.hops(), f.rolls(), f.rest())
	return r
}

func (f Facts) paused() []Waiting {
	if f.Cluster.Policy.Paused == "" {
		return nil
	}
	return []Waiting{{What: "paused: " + f.Cluster.Policy.Paused, Who: People, Action: "remove the annotation quorate.dev/paused from the manifest, and commit"}}
}

func (f Facts) forbidden() []Waiting {
	var all []Waiting
	for _, c := range f.Plan.Forbidden() {
		all = append(all, Waiting{What: fmt.Sprintf("forbidden: %s: %s", c.Ref, c.Reason), Who: People, Action: "change the manifest, and commit; nothing of it is applied before"})
	}
	return all
}

// broken are the groups that something is wrong with: halted rolls, volumes that hang, launches that fail.
func (f Facts) broken() []Waiting {
	var all []Waiting
	for _, a := range f.Advice {
		w := Waiting{What: a.Sentence, Since: a.Since, Until: a.Until, Who: cmp.Or(a.Who, Quorate)}
		if w.Who == People && f.halts(a.Group) {
			w.Action = "commit a manifest that works, or this one with the annotation quorate.dev/resume, which says why it may be tried again"
		}
		all = append(all, w)
	}
	return all
}

// halts reports that a roll of these manifests halted at the group.
func (f Facts) halts(group topology.Ref) bool {
	return repair.Read(f.State.Facts.Marks[group], f.Cluster.Digest).Halt.Set()
}

// halted reports that one halted anywhere: then no machine is replaced until people have decided.
func (f Facts) halted() bool {
	for group := range f.State.Facts.Marks {
		if f.halts(group) {
			return true
		}
	}
	return false
}

// told reports that something was said of the group already.
func (f Facts) told(group topology.Ref) bool {
	return slices.ContainsFunc(f.Advice, func(a repair.Advice) bool { return a.Group == group })
}

// masters are the zones whose machine is not back, and only needs time.
func (f Facts) masters() []Waiting {
	if f.Unseen != "" {
		return []Waiting{{What: "how the control plane is cannot be seen: " + f.Unseen, Who: People, Action: "make AWS and the members of etcd reachable from here (--proxy)"}}
	}
	var all []Waiting
	for _, m := range f.Standing.Masters {
		if m.Back() || !f.there(m.Group) || f.told(m.Group) {
			continue // one that is not there yet is a step to come
		}
		limit := f.backLimit(m.Group)
		w := Waiting{What: fmt.Sprintf("control plane in %s: %s", m.Zone, strings.Join(m.NotBack, "; ")), Since: m.Launched, Who: AWS}
		switch {
		case !m.Leaving.IsZero():
			w.Who, w.Since = Quorate, m.Leaving
		case m.Machine == "":
			w.Action = "see what its group did last: quorate check"
		case f.At.Before(m.Launched.Add(limit)):
			w.Who, w.Until = Quorate, m.Launched.Add(limit)
		default:
			w.Who, w.Action = People, fmt.Sprintf("look at machine %s, which has had its %d minutes: aws ec2 get-console-output --latest --instance-id %s", m.Machine, int(limit.Minutes()), m.Machine)
		}
		all = append(all, w)
	}
	return all
}

func (f Facts) there(ref topology.Ref) bool {
	_, there := f.State.Topology.Get(ref)
	return there
}

// drains are nodes whose pods do not go, or have not gone yet.
func (f Facts) drains() []Waiting {
	var all []Waiting
	for _, d := range f.Drains {
		w := Waiting{What: "the drain of node " + d.Node.Name, Since: d.Node.Emptying, Who: Quorate}
		switch {
		case d.Unseen != "":
			w.What += ": what holds it cannot be seen: " + d.Unseen
			w.Who = People
		case len(d.Obstacles) > 0:
			o := d.Obstacles[0]
			w.What += " is blocked by " + o.String()
			w.Who, w.Action = cmp.Or(strings.Join(d.Owners, ", "), People), "let its owner run more pods, or allow one to be unavailable"
			if o.Budget == "" {
				w.Action = "let its owner move or delete the pod"
			}
			if !o.Never {
				w.Action += "; it goes on by itself when they are healthy"
			}
		case d.Node.SetAside:
			w.What += " was given up for now, because pods could not go; the others come first"
		default:
			w.What += ": its pods are ending"
		}
		if d.Node.SetAside && len(d.Obstacles) > 0 {
			w.What += "; the other machines come first"
		}
		if force := f.Cluster.Rolling[d.Group].ForceAfter; force > 0 && !d.Node.Emptying.IsZero() {
			w.Until = d.Node.Emptying.Add(force)
			w.What += "; then it is emptied by force (quorate.dev/drain-force-after)"
		}
		all = append(all, w)
	}
	return all
}

// workers are the groups with fewer machines at work than their minimum.
func (f Facts) workers() []Waiting {
	var all []Waiting
	for _, g := range topology.Of[topology.AutoScalingGroup](f.Cluster.Topology) {
		if g.Role == topology.ControlPlane || !f.there(g.Ref()) || f.told(g.Ref()) {
			continue
		}
		n, newest := 0, time.Time{}
		for _, m := range f.State.Machines {
			switch {
			case m.Group != g.Ref() || m.Warm():
			case m.InService():
				n++
			case m.Launched.After(newest):
				newest = m.Launched
			}
		}
		if n >= g.Min {
			continue
		}
		w := Waiting{What: fmt.Sprintf("%s has %d of at least %d machines in service", g.Name, n, g.Min), Since: newest, Who: AWS, Action: "see what the group did last: quorate check"}
		if limit := f.backLimit(g.Ref()); !newest.IsZero() && f.At.Before(newest.Add(limit)) {
			w.Until, w.Action = newest.Add(limit), ""
		}
		all = append(all, w)
	}
	return all
}

// hops say which minor version of Kubernetes the plan leads to, where the manifest's is further.
func (f Facts) hops() []Waiting {
	if f.Plan.Hop == nil {
		return nil
	}
	return []Waiting{{What: "Kubernetes goes one minor version at a time: " + f.Plan.Hop.String(), Who: Quorate}}
}

// rolls tell how far the replacing of machines is, and what the gate says of the next master. Of a roll that
// halted, the halt says all there is to say.
func (f Facts) rolls() []Waiting {
	if f.halted() {
		return nil
	}
	var all []Waiting
	for _, of := range []struct {
		what    string
		control bool
	}{{"control plane", true}, {"workers", false}} {
		done, total, gate := f.progress(of.control)
		if done < total {
			all = append(all, Waiting{What: fmt.Sprintf("%s: %d of %d machines are as wanted%s", of.what, done, total, gate), Who: Quorate})
		}
	}
	return all
}

// progress counts the machines of the masters, or of all others, and says what the gate says of the first master
// that is to go.
func (f Facts) progress(control bool) (done, total int, gate string) {
	for _, g := range topology.Of[topology.AutoScalingGroup](f.Cluster.Topology) {
		if (g.Role == topology.ControlPlane) != control || !f.there(g.Ref()) {
			continue
		}
		change, seen := f.change(g.Ref()), 0
		for _, m := range f.State.Machines {
			if m.Group != g.Ref() || m.Gone() || m.Warm() {
				continue
			}
			seen++
			if !slices.ContainsFunc(change.Old, func(o diff.OldMachine) bool { return o.ID == m.ID }) {
				done++
			}
		}
		if change.Effect == diff.Roll {
			total += max(seen, g.Min)
		} else {
			total += seen // what else is short of machines is told apart
		}
		if len(change.Old) > 0 && control && gate == "" && f.Unseen == "" {
			gate = f.gate(g)
		}
	}
	return done, total, gate
}

func (f Facts) change(ref topology.Ref) diff.Change {
	i := slices.IndexFunc(f.Plan.Changes, func(c diff.Change) bool { return c.Ref == ref })
	if i < 0 {
		return diff.Change{}
	}
	return f.Plan.Changes[i]
}

func (f Facts) gate(g topology.AutoScalingGroup) string {
	verdict := f.Standing.MayGo(g.Ref())
	where := strings.Join(g.Zones, ", ")
	if verdict.Answer == quorum.Proceed {
		return "; the gate is open for " + where
	}
	return fmt.Sprintf("; the gate says %s for %s: %s", verdict.Answer, where, verdict.Reason)
}

// rest are the steps that are to be taken; without those that a halt holds back.
func (f Facts) rest() []Waiting {
	steps := f.Steps
	if f.halted() {
		steps = slices.DeleteFunc(slices.Clone(steps), func(s order.Step) bool { return s.Change.Effect == diff.Roll })
	}
	if len(steps) == 0 || len(f.Plan.Forbidden()) > 0 || f.Cluster.Policy.Paused != "" {
		return nil
	}
	what := fmt.Sprintf("%d changes are to be made, first %s", len(steps), steps[0].Change.Ref)
	if len(steps) == 1 {
		what = fmt.Sprintf("1 change is to be made: %s", steps[0].Change.Ref)
	}
	if f.Holder != 0 {
		return []Waiting{{What: fmt.Sprintf("%s; process %d is at work on it", what, f.Holder), Who: Quorate}}
	}
	return []Waiting{{What: what + "; nobody on this machine is at work on it", Who: Quorate, Action: "the service makes them in its next pass; without one, quorate apply does"}}
}
