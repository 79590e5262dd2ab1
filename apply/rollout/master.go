package rollout

import (
	"fmt"
	"strings"
)

// A Master is the machine of one control-plane group on its way out, as it is now. The zero value of
// every fact is the careful one.
type Master struct {
	// ID is empty if no machine of the group has to go: then only its settings are written.
	ID, Zone string
	// Open is the gate's answer about this machine, and Closed why it is not open.
	Open   bool
	Closed string
	// OtherBroken says what another master lacks that nobody took from it.
	OtherBroken string
	// Sick masters do not work as they are; what was taken from one for its replacement is no sickness.
	Sick bool
	// Downtime is set for an only master, which nobody can stand in for; the gate is open for it only if
	// the manifest lets the cluster be away meanwhile.
	Downtime bool
	// Leads is set while a member on the machine leads its etcd cluster.
	Leads bool
	// Backups are one for each etcd cluster.
	Backups []Backup
	// Leaving means that the machine bears the mark of one that is being taken out of service.
	Leaving   bool
	Balancers []Balancer
	Node      Node

	// What this pass did already: none of it outlives the pass.
	Settled, HandedOver, Sure, Ended bool
}

// A Backup is the newest snapshot of one etcd cluster.
type Backup struct {
	Etcd string
	// Fresh: it is completed, and was begun a short while ago.
	Fresh bool
	// Pending says how far the one is that AWS takes now.
	Pending string
	// From is the member that one can be taken from; without any, Lack says why.
	From, Lack string
}

// A Balancer is a load balancer in front of the machine.
type Balancer struct {
	Name string
	State
	// Serves is set while the machine is healthy there.
	Serves bool
	// Others counts healthy machines in other zones.
	Others int
}

// State is what a load balancer does with a machine.
type State int

// The states. Whatever is not known to be over is Registered.
const (
	Registered State = iota
	Draining         // no new connections; those that are open may end
	Out              // the load balancer knows it no longer
)

// A Node is the machine in Kubernetes.
type Node struct {
	// Asked is false without access to Kubernetes.
	Asked bool
	// Error says why there was no answer.
	Error string
	// Ready is false for machines that never joined, too: from those no pod can be moved.
	Ready bool
	// Emptied is set when this pass has taken a step in moving pods away; Left is what remains.
	Emptied bool
	Left    string
}

// A MasterVerb is what is done with a master.
type MasterVerb string

// The verbs of masters, in the order in which they come.
const (
	// TakeBackup takes a snapshot of the etcd clusters that lack one.
	TakeBackup MasterVerb = "snapshot"
	// Settle writes the settings of the group, and pins it to the template that is wanted.
	Settle MasterVerb = "settle"
	// Begin marks the machine: from here on it counts as under way, whoever comes next.
	Begin MasterVerb = "begin"
	// Deregister takes the machine out of its load balancers.
	Deregister MasterVerb = "deregister"
	// Empty takes one step in moving pods away.
	Empty MasterVerb = "empty"
	// HandOver moves leadership of etcd away.
	HandOver MasterVerb = "hand over"
	// AskAgain looks anew, and asks the gate right before the deed.
	AskAgain MasterVerb = "ask again"
	// Terminate ends the machine; its group makes another.
	Terminate MasterVerb = "terminate"
	// GiveBack undoes Begin, Deregister and Empty.
	GiveBack MasterVerb = "give back"
)

// A Move is the next thing to do with a master. Without a verb there is something to wait for; with
// neither, nothing is left to do.
type Move struct {
	Verb MasterVerb
	Wait string
}

// Next decides. It is asked again after each move, with what the move changed; every move may be the
// last one of a process, and whoever comes next decides from what stands in AWS and Kubernetes.
func (m Master) Next() Move {
	switch {
	case m.Ended:
		return Move{Wait: fmt.Sprintf("machine %s in %s is being replaced", m.ID, m.Zone)}
	case m.Leaving && m.stranded():
		return Move{Verb: GiveBack}
	case m.ID != "" && m.canBackUp():
		return Move{Verb: TakeBackup} // early: it costs no time while another zone boots
	case !m.Open:
		return Move{Wait: m.Closed}
	case m.ID == "" && !m.Settled:
		return Move{Verb: Settle}
	case m.ID == "":
		return Move{}
	case m.backupMissing() != "":
		return Move{Wait: m.backupMissing()}
	case !m.Settled:
		return Move{Verb: Settle}
	}
	return m.takeOut()
}

// takeOut goes on when all agree that the machine may go.
func (m Master) takeOut() Move {
	lone := m.lone()
	switch {
	case lone != "" && !m.Leaving:
		return Move{Wait: fmt.Sprintf("machine %s is the only one that %s can count on; one in another zone has to be healthy there first", m.ID, lone)}
	case !m.Leaving:
		return Move{Verb: Begin}
	case m.at(Registered) != "":
		return Move{Verb: Deregister}
	case m.Node.movable() && !m.Node.Emptied:
		return Move{Verb: Empty}
	}
	if wait := m.unfinished(); wait != "" {
		return Move{Wait: wait}
	}
	switch {
	case !m.HandedOver:
		return Move{Verb: HandOver}
	case !m.Sure:
		return Move{Verb: AskAgain}
	case m.Leads && !m.Downtime:
		return Move{Wait: fmt.Sprintf("leadership of etcd came back to machine %s in %s, and is handed over again", m.ID, m.Zone)}
	}
	return Move{Verb: Terminate}
}

// stranded reports that a machine on its way out is needed again: another master is broken, which is
// repaired first and needs everybody else, or nobody else serves clients any more.
func (m Master) stranded() bool {
	if !m.Open && m.OtherBroken != "" {
		return true
	}
	return !m.Sick && m.forsaken() && !(m.Downtime && m.Open)
}

// forsaken reports that some load balancer has no other healthy machine.
func (m Master) forsaken() bool {
	for _, b := range m.Balancers {
		if b.Others == 0 {
			return true
		}
	}
	return false
}

// lone is the load balancer that has nobody else to serve its clients.
func (m Master) lone() string {
	for _, b := range m.Balancers {
		if b.Serves && b.Others == 0 && !m.Downtime {
			return b.Name
		}
	}
	return ""
}

func (m Master) at(s State) string {
	for _, b := range m.Balancers {
		if b.State == s {
			return b.Name
		}
	}
	return ""
}

func (m Master) canBackUp() bool {
	for _, b := range m.Backups {
		if !b.Fresh && b.Pending == "" && b.From != "" {
			return true
		}
	}
	return false
}

func (m Master) backupMissing() string {
	for _, b := range m.Backups {
		switch {
		case b.Fresh:
		case b.Pending != "":
			return fmt.Sprintf("AWS takes a snapshot of etcd %s, without which no machine goes: %s", b.Etcd, b.Pending)
		default:
			return fmt.Sprintf("there is no fresh snapshot of etcd %s, and none can be taken: %s", b.Etcd, b.Lack)
		}
	}
	return ""
}

// movable nodes have pods that can be moved: a kubelet that fell silent ends none.
func (n Node) movable() bool { return n.Asked && n.Error == "" && n.Ready }

// unfinished says what a machine that is out of service is still waited for.
func (m Master) unfinished() string {
	var waits []string
	if name := m.at(Draining); name != "" {
		waits = append(waits, fmt.Sprintf("connections to machine %s in %s through %s are being drained", m.ID, m.Zone, name))
	}
	switch {
	case m.Node.Left != "":
		waits = append(waits, fmt.Sprintf("machine %s in %s is being emptied: %s", m.ID, m.Zone, m.Node.Left))
	case m.Node.Error != "" && !m.Sick: // a sick one may be why there is no answer
		waits = append(waits, fmt.Sprintf("whether machine %s in %s is empty is not known: %s", m.ID, m.Zone, m.Node.Error))
	}
	return strings.Join(waits, "; ")
}
