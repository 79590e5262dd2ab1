package repair

import (
	"fmt"
	"slices"
	"time"

	"github.com/quorate/quorate/topology"
)

// Group is what is known of a group of either kind.
type Group struct {
	Ref topology.Ref
	Now time.Time
	// Limit is how long a machine may take to come back; zero means [BackLimit].
	Limit time.Duration
	Made  Made
	// Digest stands for what the manifests say.
	Digest string
	Marks  Marks
	// Desired is the capacity that AWS is asked for.
	Desired int
	// Suspended reports that somebody suspended the process Launch.
	Suspended bool
	// Deleting reports that AWS is deleting the group.
	Deleting bool
	// Pinned is the number of the template version that it makes machines from.
	Pinned string
	// Launch is looked at only when machines are missing.
	Launch Launch
	// Rolls reports that a roll that may go on is about to replace its machines anyway.
	Rolls bool
}

// A Master is a control-plane group, and all that is known of it.
type Master struct {
	Group
	Zone string
	// ZoneDown reports that AWS says so.
	ZoneDown bool
	// Machines are those that the group counts on.
	Machines []Machine
	// Missing says what keeps its machine from being back; empty means that it is.
	Missing []string
	Volumes []Volume
	// Stands reports that its machine runs with its volumes attached. Seats is how many members it
	// carries, and Unwell are those of them that are not well. Joins reports that they are all to be
	// asked in yet.
	Stands, Joins bool
	Seats         int
	Unwell        []Member
	// Others tells which versions the masters of the other groups run: "us-east-1b runs version 6".
	Others []string
}

// A Machine is one of a group.
type Machine struct {
	ID string
	// Version is the number of the template version that it was made from, and Image its AMI.
	Version, Image string
	Launched       time.Time
}

// A Volume is one of etcd's.
type Volume struct {
	Ref topology.Ref
	ID  string
	// Holder is the machine that it is attached to, or empty.
	Holder string
	// HolderState is EC2's state of that machine; empty where nobody looked or nobody knows.
	HolderState string
	// HolderEnded is when that machine was told to end; zero where AWS does not say.
	HolderEnded time.Time
	// Ending reports that the holder is a machine that the group is ending, which takes as long as its
	// connections and hooks need.
	Ending bool
	// Attachment is EC2's state of the attachment: attaching, attached, detaching, busy.
	Attachment string
	// Attached is when it began.
	Attached time.Time
}

// masterRows are asked in this order, and the first that has something to say is heard.
var masterRows = []struct {
	name string
	say  func(Master) Advice
}{
	{"halted and not stepped back", Master.stepsBack},
	{"back", Master.back},
	{"zone down", Master.zoneDown},
	{"no machine", Master.lost},
	{"volume held", Master.volumeHeld},
	{"member corrupt", Master.corrupt},
	{"halted", Master.halted},
	{"rolls", Master.rolls},
	{"boots", Master.boots},
	{"waits to join", Master.waitsToJoin},
	{"sick", Master.sick},
	{"bad template", Master.badTemplate},
	{"one member lost", Master.oneIsLost},
	{"hangs", Master.hangs},
	{"members lost", Master.lostTwice},
	{"hangs again", Master.hangsAgain},
}

// none is the advice of a row that settles that there is nothing to do, so that no later one is asked.
const none Verb = "nothing"

// Judge says what is to be done about a control-plane group now.
func (m Master) Judge() Advice {
	if m.Limit == 0 {
		m.Limit = BackLimit
	}
	if m.Deleting {
		return Advice{}
	}
	for _, row := range masterRows {
		switch a := row.say(m); a.Verb {
		case "":
		case none:
			return Advice{}
		default:
			a.Group = m.Ref
			return a
		}
	}
	return Advice{}
}

// machine is the one machine of the group; false if there is none or more.
func (m Master) machine() (Machine, bool) {
	if len(m.Machines) != 1 {
		return Machine{}, false
	}
	return m.Machines[0], true
}

// back takes the marks away, but for that of a roll which has not replaced the machine yet.
func (m Master) back() Advice {
	if len(m.Missing) > 0 {
		return Advice{}
	}
	if m.Marks.Halt.Set() {
		return m.halted()
	}
	machine, _ := m.machine()
	begun := m.Marks.From.Set() && machine.Version != m.Pinned
	if len(m.Marks.Old) > 0 && !begun && !m.Rolls {
		return Advice{Verb: Forget}
	}
	return Advice{Verb: none}
}

func (m Master) zoneDown() Advice {
	if !m.ZoneDown {
		return Advice{}
	}
	return Advice{Verb: Wait, Who: AWS, Sentence: fmt.Sprintf(
		"zone %s is down, AWS says; its master comes back with it, and no other zone is touched until then", m.Zone)}
}

// lost tells what a group without a machine does about it.
func (m Master) lost() Advice {
	a := Advice{Verb: Wait, Who: People}
	switch {
	case len(m.Machines) > 1:
		return Advice{Verb: none} // one of them is about to go
	case len(m.Machines) == 1:
		return Advice{}
	case m.Desired == 0:
		a.Sentence = fmt.Sprintf("%s has no machine and wants none: somebody set its desired capacity to 0; set it to 1", m.Ref)
	case m.Suspended:
		a.Sentence = fmt.Sprintf("%s has no machine and may make none: its process Launch is suspended; resume it", m.Ref)
	case m.Launch.Failure != "":
		return m.launchFails(m.Zone)
	case m.Rolls || m.Marks.From.Set():
		return Advice{Verb: none} // its roll ended the machine
	default:
		a.Who, a.Sentence = AWS, fmt.Sprintf("%s has no machine in %s; AWS makes one", m.Ref, m.Zone)
	}
	return a
}

// launchFails says AWS's words; a template that never made a machine is given up after the limit.
func (g Group) launchFails(where string) Advice {
	words, who := Explain(g.Launch.Failure, g.Made)
	sentence := fmt.Sprintf("%s cannot make machines since %s: %s", g.Ref, ago(g.Now, g.Launch.Since), words)
	if g.unproven() && !g.Marks.Halt.Set() && g.Now.Sub(g.Launch.Since) > g.limit() {
		return g.halt(Machine{Version: g.Pinned}, where, g.Launch.Since, words)
	}
	a := Advice{Verb: Wait, Who: who, Since: g.Launch.Since, Sentence: sentence}
	if g.unproven() && !g.Marks.Halt.Set() {
		a.Until = g.Launch.Since.Add(g.limit())
	}
	return a
}

func (g Group) limit() time.Duration {
	if g.Limit == 0 {
		return BackLimit
	}
	return g.Limit
}

// unproven reports that the group rolls to a version that no machine of it has come back with.
func (g Group) unproven() bool {
	return g.Marks.From.Set() && g.Marks.From.Version != g.Pinned
}

// volumeHeld looks for a volume that another machine than the group's keeps. Only a machine that is no
// longer running is made to give it up: what runs may write.
func (m Master) volumeHeld() Advice {
	machine, _ := m.machine()
	for _, v := range m.Volumes {
		if v.Holder == "" || v.Holder == machine.ID {
			continue
		}
		if a := m.release(v, machine); a.Verb != "" {
			return a
		}
	}
	return Advice{}
}

func (m Master) release(v Volume, machine Machine) Advice {
	since := machine.Launched
	if v.HolderEnded.After(since) {
		since = v.HolderEnded
	}
	waited := m.Now.Sub(since)
	if waited < DetachAfter || v.Ending {
		return Advice{}
	}
	a := Advice{Volume: v.ID, Machine: v.Holder, Attached: v.Attached, Since: since, Who: Quorate}
	held := fmt.Sprintf("%s (%s) hangs on machine %s, which is %s", v.Ref, v.ID, v.Holder, v.HolderState)
	switch {
	case v.gone(m.Now) && waited >= ForceAfter:
		a.Verb, a.Sentence = ForceDetach, held+": it is detached by force, for its successor "+machine.ID+" waits for it"
	case (v.gone(m.Now) || v.ending()) && v.Attachment != "detaching":
		a.Verb, a.Sentence = Detach, held+": it is detached, for its successor "+machine.ID+" waits for it"
		a.Until = since.Add(ForceAfter)
	case v.gone(m.Now) || v.ending():
		a.Verb, a.Sentence = Wait, held+", and AWS is detaching it"
		a.Until = since.Add(ForceAfter)
	default:
		a.Verb, a.Who = Wait, People
		a.Sentence = fmt.Sprintf("%s (%s) hangs on machine %s, which is %s and may write to it: end that machine, or detach the volume by hand",
			v.Ref, v.ID, v.Holder, orUnknown(v.HolderState))
	}
	return a
}

func orUnknown(state string) string {
	if state == "" {
		return "not known to be dead"
	}
	return state
}

// gone reports that the machine that holds the volume certainly does not run. One that AWS has forgotten
// ended an hour ago or more; what it does not show sooner than that may be too new to be shown.
func (v Volume) gone(now time.Time) bool {
	switch v.HolderState {
	case "terminated", "stopped":
		return true
	case NotShown:
		return !v.Attached.IsZero() && now.Sub(v.Attached) > forgotten
	}
	return false
}

// NotShown is the state of a machine that AWS was asked for and does not know.
const NotShown = "not shown by AWS"

// MayLose reports whether the machine may be made to give the volume up, by its present state.
func (v Volume) MayLose(force bool, now time.Time) bool {
	return v.gone(now) || !force && v.ending()
}

func (v Volume) ending() bool { return v.HolderState == "shutting-down" || v.HolderState == "stopping" }

// rolls leaves a machine that is about to be replaced to its roll, which goes on from wherever it is.
func (m Master) rolls() Advice {
	if m.Rolls {
		return Advice{Verb: none}
	}
	return Advice{}
}

// boots gives a new machine its time; settling tells what it misses.
func (m Master) boots() Advice {
	machine, _ := m.machine()
	if m.Now.Sub(machine.Launched) < m.Limit {
		return Advice{Verb: none}
	}
	return Advice{}
}

// sick gives a machine that had been back the same time, from when it was first missed.
func (m Master) sick() Advice {
	machine, _ := m.machine()
	since := m.Marks.Sick
	switch {
	case m.fresh(machine):
		return Advice{}
	case since.Machine != machine.ID:
		return Advice{Verb: Notice, Machine: machine.ID, Who: AWS, Since: m.Now, Until: m.Now.Add(m.Limit), Sentence: m.away(machine)}
	case m.Now.Sub(since.At) < m.Limit:
		return Advice{Verb: Wait, Machine: machine.ID, Who: AWS, Since: since.At, Until: since.At.Add(m.Limit), Sentence: m.away(machine)}
	}
	return Advice{}
}

// fresh reports that the machine has never been back as far as anybody knows: it is the first of a new
// template, or the successor of one that was ended.
func (m Master) fresh(machine Machine) bool {
	return m.unproven() && machine.Version == m.Pinned || m.Marks.Ended.Set() && m.Marks.Ended.Machine != machine.ID
}

func (m Master) away(machine Machine) string {
	return fmt.Sprintf("the master %s in %s is not well: %s", machine.ID, m.Zone, m.Missing[0])
}

func (m Master) badTemplate() Advice {
	machine, _ := m.machine()
	if !m.unproven() || machine.Version != m.Pinned {
		return Advice{}
	}
	return m.halt(machine, m.Zone, machine.Launched, m.Missing[0])
}

func (m Master) hangs() Advice {
	machine, _ := m.machine()
	if m.Marks.Ended.Set() && m.Marks.Ended.Machine != machine.ID {
		return Advice{}
	}
	return Advice{Verb: End, Machine: machine.ID, Who: Quorate, Since: m.since(machine), Sentence: fmt.Sprintf(
		"%s, and has been so for more than %s; it is ended, and %s makes another", m.away(machine), m.Limit, m.Ref)}
}

func (m Master) since(machine Machine) time.Time {
	if m.Marks.Sick.Machine == machine.ID {
		return m.Marks.Sick.At
	}
	return machine.Launched
}

func (m Master) hangsAgain() Advice {
	machine, _ := m.machine()
	return Advice{Verb: Wait, Machine: machine.ID, Who: People, Since: machine.Launched, Sentence: fmt.Sprintf(
		"two machines in %s did not come back one after the other, %s and now %s: %s. Nothing more is done about it until a commit changes the cluster, or you end the machine",
		m.Zone, m.Marks.Ended.Machine, machine.ID, m.Missing[0])}
}

// Counts reports whether a machine with that lifecycle state of Auto Scaling is one that its group counts
// on.
func Counts(lifecycle string) bool {
	return !slices.Contains([]string{"Terminating", "Terminating:Wait", "Terminating:Proceed", "Terminated", "Detaching", "Detached"}, lifecycle)
}
