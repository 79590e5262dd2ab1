package repair

import (
	"fmt"
	"strings"
	"time"
)

// halt stops the roll: a machine of the new template did not come back.
func (g Group) halt(machine Machine, where string, since time.Time, because string) Advice {
	return Advice{Verb: Halt, Machine: machine.ID, Who: Quorate, Since: since, Sentence: fmt.Sprintf(
		"%s did not come back within %s with template version %s%s (%s); the roll halts", where, g.limit(), machine.Version, g.image(machine.Image), because)}
}

func (g Group) image(id string) string {
	if id == "" {
		return ""
	}
	return " (image " + id + ")"
}

// HaltMark is what is written down before anything else is done about a halt.
func (g Group) HaltMark(a Advice, image string) Mark {
	return Mark{Digest: g.Digest, At: g.Now, Machine: a.Machine, Version: g.Pinned, Good: g.Marks.From.Version, Image: image}
}

// EndMark is written before a machine is ended, so that its successor is not ended too.
func (g Group) EndMark(machine string) Mark {
	count := g.Marks.Ended.Count
	if g.Marks.Ended.Machine != machine {
		count++
	}
	return Mark{Digest: g.Digest, At: g.Now, Machine: machine, Count: count}
}

// stepsBack brings a group that halted to the template version that worked before: first the group,
// then its machine.
func (m Master) stepsBack() Advice {
	if !m.Marks.Halt.Set() || m.Marks.Halt.Good == "" {
		return Advice{}
	}
	if m.Pinned != m.Marks.Halt.Good {
		return m.Group.stepBack(m.Zone)
	}
	machine, one := m.machine()
	if !one || machine.Version == m.Pinned {
		return Advice{}
	}
	return Advice{Verb: End, Machine: machine.ID, Who: Quorate, Since: m.Marks.Halt.At, Sentence: fmt.Sprintf(
		"%s; machine %s is ended, and %s makes one of version %s", m.Group.story(m.Zone), machine.ID, m.Ref, m.Pinned)}
}

func (g Group) stepBack(where string) Advice {
	return Advice{Verb: StepBack, Who: Quorate, Since: g.Marks.Halt.At, Sentence: fmt.Sprintf(
		"%s; %s goes back to version %s", g.story(where), g.Ref, g.Marks.Halt.Good)}
}

// halted is what is left to say when nothing more is to be done about a group that halted.
func (m Master) halted() Advice {
	if !m.Marks.Halt.Set() {
		return Advice{}
	}
	machine, _ := m.machine()
	good := m.Marks.Halt.Good
	switch {
	case good == "":
		return m.Group.heldUp(m.Zone, "it is still of that version, for nobody knows one that worked"+m.others())
	case len(m.Missing) > 0:
		a := m.Group.heldUp(m.Zone, fmt.Sprintf("it goes back to version %s: %s", good, m.Missing[0]))
		if m.Now.Sub(machine.Launched) < m.Limit || machine.ID == "" {
			a.Who = AWS
		}
		return a
	}
	return m.Group.heldUp(m.Zone, "it runs version "+machine.Version+" again"+m.others())
}

func (m Master) others() string {
	if len(m.Others) == 0 {
		return ""
	}
	return ", " + strings.Join(m.Others, ", ")
}

// heldUp is the sentence of a roll that only people let go on.
func (g Group) heldUp(where, state string) Advice {
	return Advice{Verb: Wait, Who: People, Since: g.Marks.Halt.At, Sentence: fmt.Sprintf(
		"%s; %s; nothing else is touched: commit a fix, or set quorate.dev/resume", g.story(where), state)}
}

func (g Group) story(where string) string {
	h := g.Marks.Halt
	return fmt.Sprintf("halted: %s did not come back within %s with template version %s%s", where, g.limit(), h.Version, g.image(h.Image))
}
