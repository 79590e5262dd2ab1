package rollout

import (
	"strings"
	"testing"
)

// ready is a master about which nothing speaks against its replacement, which has not begun.
func ready() Master {
	return Master{
		ID: "i-a", Zone: "1a", Open: true,
		Backups:   []Backup{{Etcd: "main", Fresh: true}, {Etcd: "events", Fresh: true}},
		Balancers: []Balancer{{Name: "api", Serves: true, Others: 2}},
		Node:      Node{Asked: true, Ready: true},
		Settled:   true,
	}
}

// out is the same one when nothing is left to wait for.
func out() Master {
	m := ready()
	m.Leaving, m.Balancers[0].State, m.Balancers[0].Serves, m.Node.Emptied = true, Out, false, true
	return m
}

func TestWhatIsNextForAMaster(t *testing.T) {
	with := func(m Master, change func(*Master)) Master { change(&m); return m }
	for name, c := range map[string]struct {
		master Master
		verb   MasterVerb
		wait   string
	}{
		"a group without an old machine is settled":      {Master{Open: true}, Settle, ""},
		"and then nothing is left":                       {Master{Open: true, Settled: true}, "", ""},
		"a closed gate is waited for":                    {with(ready(), func(m *Master) { m.Open, m.Closed = false, "main: no" }), "", "main: no"},
		"a snapshot is taken while the gate is closed":   {with(ready(), func(m *Master) { m.Open = false; m.Backups[1] = Backup{Etcd: "events", From: "b"} }), TakeBackup, ""},
		"a pending snapshot is not taken twice":          {with(ready(), func(m *Master) { m.Backups[0] = Backup{Etcd: "main", From: "b", Pending: "40%"} }), "", "snapshot of etcd main, without which no machine goes: 40%"},
		"without any snapshot nothing goes":              {with(ready(), func(m *Master) { m.Backups[0] = Backup{Etcd: "main", Lack: "nobody votes"} }), "", "none can be taken: nobody votes"},
		"the group is settled before its machine goes":   {with(ready(), func(m *Master) { m.Settled = false }), Settle, ""},
		"a mark comes first":                             {ready(), Begin, ""},
		"the only one that serves stays":                 {with(ready(), func(m *Master) { m.Balancers[0].Others = 0 }), "", "the only one that api can count on"},
		"unless downtime is allowed":                     {with(ready(), func(m *Master) { m.Balancers[0].Others, m.Downtime = 0, true }), Begin, ""},
		"one that does not serve takes nothing away":     {with(ready(), func(m *Master) { m.Balancers[0].Others, m.Balancers[0].Serves = 0, false }), Begin, ""},
		"a marked machine leaves its load balancers":     {with(ready(), func(m *Master) { m.Leaving = true }), Deregister, ""},
		"while they drain its pods are moved":            {with(out(), func(m *Master) { m.Balancers[0].State, m.Node.Emptied = Draining, false }), Empty, ""},
		"open connections are waited for":                {with(out(), func(m *Master) { m.Balancers[0].State = Draining }), "", "connections to machine i-a in 1a through api are being drained"},
		"blocked pods are waited for":                    {with(out(), func(m *Master) { m.Node.Left = "pod a/b of Deployment/b: budget" }), "", "being emptied: pod a/b of Deployment/b: budget"},
		"both are said":                                  {with(out(), func(m *Master) { m.Balancers[0].State, m.Node.Left = Draining, "pod a/b" }), "", "drained; machine i-a in 1a is being emptied: pod a/b"},
		"a silent Kubernetes is waited for":              {with(out(), func(m *Master) { m.Node.Error = "Kubernetes does not answer" }), "", "Kubernetes does not answer"},
		"but not by a sick machine":                      {with(out(), func(m *Master) { m.Node.Error, m.Sick = "Kubernetes does not answer", true }), HandOver, ""},
		"a kubelet that fell silent is not waited for":   {with(out(), func(m *Master) { m.Node = Node{Asked: true} }), HandOver, ""},
		"without Kubernetes nothing is moved":            {with(out(), func(m *Master) { m.Node = Node{} }), HandOver, ""},
		"leadership is handed over":                      {out(), HandOver, ""},
		"then the gate is asked again":                   {with(out(), func(m *Master) { m.HandedOver = true }), AskAgain, ""},
		"and only then it ends":                          {with(out(), func(m *Master) { m.HandedOver, m.Sure = true, true }), Terminate, ""},
		"unless leadership came back":                    {with(out(), func(m *Master) { m.HandedOver, m.Sure, m.Leads = true, true, true }), "", "came back to machine i-a"},
		"which an only master always has":                {with(out(), func(m *Master) { m.HandedOver, m.Sure, m.Leads, m.Downtime = true, true, true, true }), Terminate, ""},
		"its successor is waited for":                    {with(out(), func(m *Master) { m.HandedOver, m.Sure, m.Ended = true, true, true }), "", "i-a in 1a is being replaced"},
		"a gate that closed in between is waited for":    {with(out(), func(m *Master) { m.Open, m.Closed = false, "main: b is unknown" }), "", "main: b is unknown"},
		"another one that breaks needs it back":          {with(out(), func(m *Master) { m.Open, m.OtherBroken = false, "1b: no" }), GiveBack, ""},
		"and so do clients whom nobody else serves":      {with(out(), func(m *Master) { m.Balancers[0].Others = 0 }), GiveBack, ""},
		"unless it is sick itself":                       {with(out(), func(m *Master) { m.Balancers[0].Others, m.Sick = 0, true }), HandOver, ""},
		"downtime that is allowed goes on":               {with(out(), func(m *Master) { m.Balancers[0].Others, m.Downtime = 0, true }), HandOver, ""},
		"downtime that is allowed no more ends":          {with(out(), func(m *Master) { m.Balancers[0].Others, m.Downtime, m.Open = 0, true, false }), GiveBack, ""},
		"a snapshot that grew old on the way is renewed": {with(out(), func(m *Master) { m.Backups[0] = Backup{Etcd: "main", From: "b"} }), TakeBackup, ""},
		"and waited for before the machine goes":         {with(out(), func(m *Master) { m.Backups[0] = Backup{Etcd: "main", Pending: "5%"} }), "", "5%"},
	} {
		t.Run(name, func(t *testing.T) {
			got := c.master.Next()
			if got.Verb != c.verb || !strings.Contains(got.Wait, c.wait) || (c.wait == "") != (got.Wait == "") {
				t.Errorf("%q, %q; want %q, %q", got.Verb, got.Wait, c.verb, c.wait)
			}
		})
	}
}
