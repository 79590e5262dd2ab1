package repair

import (
	"fmt"
	"strings"
)

// A Member is an etcd member of a master that etcd lists, and that a majority without it calls unhealthy.
type Member struct {
	Etcd, Name string
	// Corrupt reports etcd's alarm CORRUPT: its data differs from the others'.
	Corrupt bool
}

// A member whose data is damaged or gone does not come back with another machine, for its volume goes with
// it. It is removed from its etcd cluster and added again, as a learner first; its machine sets what was
// on the volume aside.

// corrupt does not wait: etcd stops all its writes while the alarm is raised.
func (m Master) corrupt() Advice {
	for _, member := range m.Unwell {
		if member.Corrupt {
			return m.again("etcd raised the alarm CORRUPT, for the data is not that of the others", member)
		}
	}
	return Advice{}
}

// waitsToJoin leaves a master alone whose machine stands ready for members that etcd does not list yet.
func (m Master) waitsToJoin() Advice {
	if m.Joins {
		return Advice{Verb: none}
	}
	return Advice{}
}

// oneIsLost tells a lost data folder from a lost machine: the machine carries another member that is well.
func (m Master) oneIsLost() Advice {
	if !m.Stands || len(m.Unwell) == 0 || len(m.Unwell) == m.Seats {
		return Advice{}
	}
	return m.inTime("it does not start, and the machine carries another member that does")
}

// lostTwice tells it by the second machine: the volumes are all that both had in common.
func (m Master) lostTwice() Advice {
	if !m.Stands || len(m.Unwell) == 0 {
		return Advice{}
	}
	return m.inTime("two machines, one after the other, could not start it")
}

// inTime gives members that were added again the same time to come back; they have been marked since.
func (m Master) inTime(why string) Advice {
	machine, _ := m.machine()
	if since := m.Marks.Sick; since.Machine == machine.ID && m.Now.Sub(since.At) < m.Limit {
		return Advice{Verb: Wait, Machine: machine.ID, Who: AWS, Since: since.At, Until: since.At.Add(m.Limit), Sentence: m.away(machine)}
	}
	return m.again(why, m.Unwell...)
}

func (m Master) again(why string, lost ...Member) Advice {
	machine, _ := m.machine()
	names := make([]string, 0, len(lost))
	for _, member := range lost {
		names = append(names, fmt.Sprintf("member %s of etcd %s", member.Name, member.Etcd))
	}
	return Advice{
		Verb: Rejoin, Lost: lost, Machine: machine.ID, Who: Quorate, Since: m.since(machine),
		Sentence: fmt.Sprintf("%s in %s: %s; removed and added again, while the old data stays on the volume", strings.Join(names, " and "), m.Zone, why),
	}
}
