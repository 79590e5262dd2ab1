package repair

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

var (
	now   = time.Date(2026, 11, 21, 4, 0, 0, 0, time.UTC)
	group = topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "master-b"}
	disk  = topology.Ref{Kind: topology.KindVolume, Name: "b.main"}
)

// master is one in zone b whose machine is not back since so long.
func master(age time.Duration, change ...func(*Master)) Master {
	m := Master{
		Group:    Group{Ref: group, Now: now, Digest: "new", Desired: 1, Pinned: "7", Made: Made{InstanceType: "m5.large", Image: "ubuntu", InstanceGroup: "master-b"}},
		Zone:     "b",
		Machines: []Machine{{ID: "i-new", Version: "7", Image: "ami-7", Launched: now.Add(-age)}},
		Missing:  []string{"member b of etcd main is unhealthy"},
		Others:   []string{"c runs version 4"},
		Volumes:  []Volume{{Ref: disk, ID: "vol-1", Holder: "i-new", HolderState: "running", Attachment: "attached", Attached: now.Add(-age)}},
	}
	for _, c := range change {
		c(&m)
	}
	return m
}

func held(state, attachment string) func(*Master) {
	return func(m *Master) {
		m.Volumes[0].Holder, m.Volumes[0].HolderState, m.Volumes[0].Attachment = "i-old", state, attachment
		m.Volumes[0].Attached = now.Add(-30 * time.Hour)
	}
}

func back(m *Master) { m.Missing = nil }
func rolledFrom6(m *Master) {
	m.Marks.From = Mark{At: now.Add(-time.Hour), Version: "6"}
	m.Marks.Old = []string{topology.TagRolledFrom}
}
func stepsToo(m *Master)  { m.Rolls = true }
func noMachine(m *Master) { m.Machines = nil }
func endedBefore(m *Master) {
	m.Marks.Ended = Mark{Digest: "new", At: now.Add(-time.Hour), Machine: "i-before", Count: 1}
}
func endedThis(m *Master) {
	m.Marks.Ended = Mark{Digest: "new", At: now.Add(-time.Minute), Machine: "i-new", Count: 1}
}
func haltedAt7(m *Master) {
	m.Marks.Halt = Mark{Digest: "new", At: now.Add(-time.Hour), Machine: "i-new", Version: "7", Good: "6", Image: "ami-7"}
}
func pinned6(m *Master)    { m.Pinned = "6" }
func machineOf6(m *Master) { m.Machines[0].Version = "6" }
func neverGood(m *Master)  { m.Marks.Halt.Good = "" }
func launchFails(ago time.Duration, words string) func(*Master) {
	return func(m *Master) { m.Machines = nil; m.Launch = Launch{Failure: words, Since: now.Add(-ago)} }
}

func sick(ago time.Duration, machine string) func(*Master) {
	return func(m *Master) { m.Marks.Sick = Mark{At: now.Add(-ago), Machine: machine} }
}

const noRoom = "We currently do not have sufficient m5.large capacity in the Availability Zone you requested (us-east-1b). Our system will be working on provisioning additional capacity. Launching EC2 instance failed."

func TestWhatIsDoneAboutAMaster(t *testing.T) {
	for _, c := range []struct {
		name   string
		facts  Master
		verb   Verb
		target string // the volume or machine
		says   string
		who    string
	}{
		{"one that is back is left alone", master(time.Hour, back), "", "", "", ""},
		{"one that boots is given its time", master(10 * time.Minute), "", "", "", ""},
		{"one that is away is given its time from now on", master(20 * time.Minute), Notice, "i-new", "not well", AWS},
		{"one that is away for a while is waited for", master(20*time.Minute, sick(5*time.Minute, "i-new")), Wait, "i-new", "not well", AWS},
		{"that another machine was away says nothing", master(20*time.Minute, sick(time.Hour, "i-old")), Notice, "i-new", "not well", AWS},
		{"one that stays away is ended", master(time.Hour, sick(16*time.Minute, "i-new")), End, "i-new", "it is ended, and", Quorate},
		{"one whose ending was begun is ended again", master(time.Hour, sick(16*time.Minute, "i-new"), endedThis), End, "i-new", "it is ended, and", Quorate},
		{"its successor gets the same time", master(14*time.Minute, endedBefore), "", "", "", ""},
		{"a second one in a row is left to people", master(16*time.Minute, endedBefore), Wait, "i-new", "two machines in b did not come back one after the other, i-before and now i-new", People},
		{"one that a roll replaces is left to the roll", master(time.Hour, stepsToo), "", "", "", ""},

		{"a group makes another by itself", master(0, noMachine), Wait, "", "AWS makes one", AWS},
		{"a group that rolls is not told of", master(0, noMachine, rolledFrom6), "", "", "", ""},
		{"a group that wants none is named", master(0, noMachine, func(m *Master) { m.Desired = 0 }), Wait, "", "desired capacity to 0; set it to 1", People},
		{"a group that may not is named", master(0, noMachine, func(m *Master) { m.Suspended = true }), Wait, "", "process Launch is suspended", People},
		{"a group that cannot is explained", master(0, launchFails(time.Hour, noRoom)), Wait, "", "cannot make machines since 1h0m0s: InsufficientInstanceCapacity", AWS},
		{"a group that AWS deletes is left alone", master(time.Hour, noMachine, func(m *Master) { m.Deleting = true }), "", "", "", ""},
		{"a zone that is down is waited for", master(time.Hour, func(m *Master) { m.ZoneDown = true }), Wait, "", "zone b is down, AWS says", AWS},
		{"nothing is detached in a zone that is down", master(time.Hour, held("terminated", "attached"), func(m *Master) { m.ZoneDown = true }), Wait, "", "zone b is down", AWS},

		{"a volume gets its time", master(4*time.Minute, held("terminated", "attached")), "", "", "", ""},
		{"a volume of a dead machine is detached", master(6*time.Minute, held("terminated", "attached")), Detach, "vol-1", "it is detached, for its successor i-new waits", Quorate},
		{"a volume of a stopped machine is detached", master(6*time.Minute, held("stopped", "attached")), Detach, "vol-1", "which is stopped", Quorate},
		{"a volume of a machine that ends is detached", master(6*time.Minute, held("shutting-down", "busy")), Detach, "vol-1", "which is shutting-down", Quorate},
		{"detaching gets its time", master(6*time.Minute, held("terminated", "detaching")), Wait, "vol-1", "AWS is detaching it", Quorate},
		{"then it is forced", master(11*time.Minute, held("terminated", "detaching")), ForceDetach, "vol-1", "by force", Quorate},
		{"but not while the machine only ends", master(11*time.Minute, held("shutting-down", "detaching")), Wait, "vol-1", "AWS is detaching it", Quorate},
		{"never from a machine that runs", master(time.Hour, held("running", "attached")), Wait, "vol-1", "which is running and may write to it", People},
		{"nor from one that boots", master(time.Hour, held("pending", "attached")), Wait, "vol-1", "which is pending and may write to it", People},
		{"nor from one that nobody knows", master(time.Hour, held("", "attached")), Wait, "vol-1", "not known to be dead", People},
		{"one that AWS forgot is dead", master(11*time.Minute, held(NotShown, "attached")), ForceDetach, "vol-1", "by force", Quorate},
		{"one that AWS does not show yet is not", master(11*time.Minute, held(NotShown, "attached"), func(m *Master) { m.Volumes[0].Attached = now.Add(-50 * time.Minute) }),
			Wait, "vol-1", "may write to it", People},

		{"the first machine of a new template gets its time", master(14*time.Minute, rolledFrom6), "", "", "", ""},
		{"then the roll halts", master(16*time.Minute, rolledFrom6), Halt, "i-new", "b did not come back within 15m0s with template version 7 (image ami-7) (member b of etcd main is unhealthy); the roll halts", Quorate},
		{"a template that makes no machine halts too", master(0, rolledFrom6, launchFails(16*time.Minute, "The image id '[ami-7]' does not exist. Launching EC2 instance failed.")), Halt, "", "b did not come back", Quorate},
		{"after its time", master(0, rolledFrom6, launchFails(14*time.Minute, noRoom)), Wait, "", "cannot make machines since 14m0s", AWS},
		{"the group steps back first", master(time.Hour, rolledFrom6, haltedAt7), StepBack, "", "goes back to version 6", Quorate},
		{"then its machine is ended", master(time.Hour, rolledFrom6, haltedAt7, pinned6), End, "i-new", "makes one of version 6", Quorate},
		{"even if it came back late", master(time.Hour, rolledFrom6, haltedAt7, pinned6, back), End, "i-new", "makes one of version 6", Quorate},
		{"the old one gets its time again", master(time.Minute, rolledFrom6, haltedAt7, pinned6, machineOf6), Wait, "", "it goes back to version 6: member b", AWS},
		{"but not for ever", master(time.Hour, rolledFrom6, haltedAt7, pinned6, machineOf6), Wait, "", "it goes back to version 6: member b", People},
		{"then people are told", master(time.Hour, rolledFrom6, haltedAt7, pinned6, machineOf6, back), Wait, "", "halted: b did not come back within 15m0s with template version 7 (image ami-7); it runs version 6 again, c runs version 4; nothing else is touched: commit a fix, or set quorate.dev/resume", People},
		{"a group that never had a good one stays", master(time.Hour, haltedAt7, neverGood, back), Wait, "", "nobody knows one that worked", People},
		{"a volume is let go of all the same", master(6*time.Minute, haltedAt7, pinned6, machineOf6, held("terminated", "attached")), Detach, "vol-1", "it is detached", Quorate},

		{"marks go when the machine is back", master(time.Hour, back, rolledFrom6), Forget, "", "", ""},
		{"but not before it was replaced", master(time.Hour, back, rolledFrom6, machineOf6), "", "", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			a := c.facts.Judge()
			target := a.Machine
			if a.Volume != "" {
				target = a.Volume
			}
			got := []string{string(a.Verb), target, a.Who}
			if d := cmp.Diff([]string{string(c.verb), c.target, c.who}, got); d != "" {
				t.Errorf("advice (-want +got):\n%s%s", d, a.Sentence)
			}
			if !strings.Contains(a.Sentence, c.says) {
				t.Errorf("it says %q, want %q", a.Sentence, c.says)
			}
		})
	}
}
