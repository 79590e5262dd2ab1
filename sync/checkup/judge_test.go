package checkup

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/actual/vitals"
	"github.com/quorate/quorate/apply"
	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/kube"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

var moment = time.Date(2026, 8, 6, 12, 0, 0, 0, time.UTC)

// What API servers show here, and who signed it.
var authority, serving = certificatesFor(moment.AddDate(9, 0, 0), moment.AddDate(1, 0, 0))

func certificatesFor(authorityEnds, servingEnds time.Time) (ca, server *x509.Certificate) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(err)
	}
	ca = &x509.Certificate{SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "kubernetes-ca"}, NotBefore: moment.AddDate(-1, 0, 0), NotAfter: authorityEnds,
		KeyUsage: x509.KeyUsageCertSign, IsCA: true, BasicConstraintsValid: true}
	server = &x509.Certificate{SerialNumber: big.NewInt(8), Subject: pkix.Name{CommonName: "kubernetes-master"}, NotBefore: moment.AddDate(-1, 0, 0), NotAfter: servingEnds}
	signed := func(c, by *x509.Certificate) *x509.Certificate {
		der, err := x509.CreateCertificate(rand.Reader, c, by, key.Public(), key)
		if err != nil {
			panic(err)
		}
		parsed, err := x509.ParseCertificate(der)
		if err != nil {
			panic(err)
		}
		return parsed
	}
	ca = signed(ca, ca)
	return ca, signed(server, ca)
}

func ref(name string) topology.Ref {
	return topology.Ref{Kind: topology.KindAutoScalingGroup, Name: name}
}

// healthy are the facts of three masters and two workers that lack nothing. Each call makes them anew.
func healthy(t *testing.T) Facts {
	t.Helper()
	f := Facts{At: moment, Cluster: desired.Cluster{Name: "ha.example.com", Region: "us-east-1", API: "api.ha.example.com"}}
	var want []topology.Resource
	f.Kubernetes.Value = Kubernetes{Nodes: map[string]kube.Node{}, System: kube.System{Version: "v1.36.3", Static: map[string][]string{}, Critical: 9}}
	for _, report := range []string{"events", "main"} {
		f.Control.Value.Standing.Etcd = append(f.Control.Value.Standing.Etcd, health.Report{Cluster: quorum.Cluster{Name: report}, Leader: "a", Reasons: map[string]string{}, Sizes: map[string]health.Size{}})
	}
	add := func(group string, role topology.Role, machines ...string) {
		g := topology.AutoScalingGroup{Name: group, Role: role, Template: "new", Min: len(machines), Max: len(machines), Zones: []string{"us-east-1a"}, Ownership: topology.Owned}
		want = append(want, g)
		live := vitals.Group{Ref: ref(group), Desired: len(machines), Version: "2", Versions: map[string]string{},
			Last: []vitals.Activity{{Description: "Launching a new EC2 instance: " + machines[0], Began: moment.Add(-2 * time.Hour), Ended: moment.Add(-time.Hour)}}}
		for _, id := range machines {
			live.Versions[id] = "2"
			f.State.Machines = append(f.State.Machines, topology.Machine{ID: id, Group: ref(group), Role: role, Template: "new", State: "running", Lifecycle: "InService", Healthy: true, Launched: moment.Add(-time.Hour)})
			f.Kubernetes.Value.Nodes[id] = kube.Node{Name: "node-" + id, Machine: id, Ready: true, Schedulable: true, Version: "v1.36.3"}
			if role == topology.ControlPlane {
				f.Kubernetes.Value.System.Static["node-"+id] = kube.Components
				f.Serving = append(f.Serving, Serving{Group: ref(group), Machine: id, Certificate: Fact[*x509.Certificate]{Value: serving}})
			}
		}
		f.Groups.Value = append(f.Groups.Value, live)
	}
	for _, letter := range []string{"a", "b", "c"} {
		add("master-"+letter, topology.ControlPlane, "i-"+letter)
		f.Control.Value.Standing.Masters = append(f.Control.Value.Standing.Masters, apply.Master{Group: ref("master-" + letter), Zone: "us-east-1" + letter, Machine: "i-" + letter, Launched: moment.Add(-time.Hour)})
		for i := range f.Control.Value.Standing.Etcd {
			f.Control.Value.Standing.Etcd[i].Members = append(f.Control.Value.Standing.Etcd[i].Members, quorum.Member{Name: letter, Zone: "us-east-1" + letter, Health: quorum.Healthy})
			f.Control.Value.Standing.Etcd[i].Sizes[letter] = health.Size{File: 100 << 20, InUse: 90 << 20, Quota: 2 << 30}
		}
	}
	add("nodes", topology.Worker, "i-1", "i-2")
	want = append(want, topology.DNSRecord{Name: "api.ha.example.com", Type: "A", Values: []string{"203.0.113.123"}, Ownership: topology.Owned},
		topology.DNSRecord{Name: "api.internal.ha.example.com", Type: "A", Values: []string{"203.0.113.123"}, Ownership: topology.Owned})
	var have []topology.Resource
	for _, r := range want {
		if record, ok := r.(topology.DNSRecord); ok {
			record.Values = []string{"192.0.2.7"}
			r = record
		}
		have = append(have, r)
	}
	f.Cluster.Topology, f.State.Topology = topologyOf(t, want...), topologyOf(t, have...)
	for _, name := range []string{"events", "main"} {
		f.Copies = append(f.Copies, Copies{Etcd: name, Store: "s3://state/backups/" + name, Backup: Fact[time.Time]{Value: moment.Add(-10 * time.Minute)}})
	}
	f.Authority.Value = []*x509.Certificate{authority}
	return f
}

func topologyOf(t *testing.T, resources ...topology.Resource) topology.Topology {
	t.Helper()
	made, err := topology.New(resources...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

// told are the findings that are not ok, as lines.
func told(r Report) []string {
	var lines []string
	for _, f := range r.Findings {
		if f.Severity != OK {
			lines = append(lines, fmt.Sprintf("%s %s %s: %s", f.Severity, f.Check, f.Subject, f.Message))
		}
	}
	return lines
}

func TestAHealthyClusterIsOKInEveryCheck(t *testing.T) {
	r := Judge(healthy(t))
	if !r.Healthy || len(told(r)) > 0 {
		t.Errorf("healthy %v: %v", r.Healthy, told(r))
	}
	seen := map[string]bool{}
	for _, f := range r.Findings {
		seen[f.Check] = true
	}
	if diff := cmp.Diff(slices.Sorted(slices.Values(Checks())), slices.Sorted(maps.Keys(seen))); diff != "" {
		t.Errorf("checks that found something (-want +got):\n%s", diff)
	}
}

func TestWhatIsWrongIsFound(t *testing.T) {
	record := func(f *Facts, name, value string) {
		var all []topology.Resource
		for _, r := range f.State.Topology.All() {
			if d, ok := r.(topology.DNSRecord); ok && d.Name == name {
				d.Values = []string{value}
				r = d
			}
			all = append(all, r)
		}
		f.State.Topology = topologyOf(t, all...)
	}
	node := func(f *Facts, id string, change func(*kube.Node)) {
		n := f.Kubernetes.Value.Nodes[id]
		change(&n)
		f.Kubernetes.Value.Nodes[id] = n
	}
	main := func(f *Facts) *health.Report { return &f.Control.Value.Standing.Etcd[1] }
	for name, c := range map[string]struct {
		spoil func(f *Facts)
		want  string // a line of told; its first word is the worst there is
	}{
		"a change waits": {func(f *Facts) { f.Plan.Changes = []diff.Change{{Ref: ref("nodes"), Effect: diff.Roll}} }, "warning manifest : 1 change to AWS to be made"},
		"a change is forbidden": {func(f *Facts) {
			f.Plan.Changes = []diff.Change{{Ref: ref("nodes"), Effect: diff.Forbid, Reason: "it would destroy"}}
		}, "failure manifest autoscaling-group/nodes: the manifest asks for what is not allowed, so nothing is applied: it would destroy"},
		"it is paused":           {func(f *Facts) { f.Cluster.Policy.Paused = "the sale" }, "warning manifest : it is paused: the sale"},
		"a worker starts":        {func(f *Facts) { f.State.Machines[3].Lifecycle = "Pending" }, "failure machines nodes: 1 of 2 machines in service (i-1 is pending for 1 h 0 min)"},
		"a worker is missing":    {func(f *Facts) { f.State.Machines = f.State.Machines[:4] }, "failure machines nodes: 1 of 2 machines in service"},
		"a group is missing":     {func(f *Facts) { f.Groups.Value = f.Groups.Value[:3] }, "failure machines nodes: the group is not there"},
		"the groups are unknown": {func(f *Facts) { f.Groups = Fact[[]vitals.Group]{Unknown: "AWS is throttling"} }, "unknown machines : how many machines the groups are meant to have: AWS is throttling"},
		"a machine belongs to nobody": {func(f *Facts) {
			f.State.Machines = append(f.State.Machines, topology.Machine{ID: "i-9", State: "running", Role: topology.Bastion})
		}, "warning machines i-9: it carries the cluster's tags and belongs to no group"},
		"a volume is elsewhere": {func(f *Facts) {
			f.Control.Value.Standing.Masters[1].Missing = []string{"volume/b.etcd-main is not attached to machine i-b yet"}
		}, "failure masters master-b: volume/b.etcd-main is not attached to machine i-b yet (launched 1 h 0 min ago)"},
		"the control plane is unknown": {func(f *Facts) { f.Control = Fact[Control]{Unknown: "nobody answers"} }, "unknown masters : how the control plane is: nobody answers"},
		"nobody has looked at masters": {func(f *Facts) { f.Control = Fact[Control]{} }, "unknown masters : nothing was found to look at"},
		"a member is sick": {func(f *Facts) {
			main(f).Members[1].Health = quorum.Unhealthy
			main(f).Reasons["b"] = "it has raised the alarm NOSPACE"
		}, "failure etcd main/b: the member is unhealthy: it has raised the alarm NOSPACE"},
		"a member is unknown":               {func(f *Facts) { main(f).Members[1].Health = quorum.Unknown }, "unknown etcd main/b: nothing more is known"},
		"a member learns":                   {func(f *Facts) { main(f).Members[1].Learner = true }, "warning etcd main/b: it is a learner and has no vote yet"},
		"nobody leads":                      {func(f *Facts) { main(f).Leader = "" }, "failure etcd main: no leader that a majority agrees on"},
		"a member too few":                  {func(f *Facts) { main(f).Members = main(f).Members[:2] }, "warning etcd main: 2 of 2 members vote and are healthy, a leads; 0 more may fail, as with one member fewer"},
		"a database is nearly full":         {func(f *Facts) { main(f).Sizes["b"] = health.Size{File: 1800 << 20, InUse: 1700 << 20, Quota: 2 << 30} }, "warning etcd main/b: its database takes 1.8 GiB of 2.0 GiB (88%)"},
		"a database of an old member":       {func(f *Facts) { main(f).Sizes["b"] = health.Size{File: 2 << 30, InUse: 1 << 20} }, "failure etcd main/b: its database takes 2.0 GiB of 2.0 GiB (100%)"},
		"a roll has halted":                 {advised(repair.Advice{Group: ref("master-b"), Who: repair.People, Sentence: "halted: us-east-1b did not come back", Since: moment.Add(-time.Hour)}), "failure repairs master-b: halted: us-east-1b did not come back (since 1 h 0 min)"},
		"a volume hangs":                    {advised(repair.Advice{Group: ref("master-b"), Who: repair.AWS, Sentence: "AWS is detaching it"}), "warning repairs master-b: AWS is detaching it"},
		"a group follows a word":            {func(f *Facts) { f.Groups.Value[3].Version = "$Latest" }, "warning templates nodes: it is pinned to no version by number: it follows $Latest"},
		"a machine is older":                {func(f *Facts) { f.State.Machines[3].Template = "old"; f.Groups.Value[3].Versions["i-1"] = "1" }, "warning templates nodes: 1 of 2 machines run an older template: i-1 (version 1); the group is pinned to version 2"},
		"the last launch failed":            {func(f *Facts) { fail(&f.Groups.Value[3]) }, "warning launches nodes: Launching a new EC2 instance failed 1 min ago: no capacity"},
		"the last launch failed, and hurts": {func(f *Facts) { fail(&f.Groups.Value[3]); f.State.Machines = f.State.Machines[:4] }, "failure launches nodes: Launching a new EC2 instance failed 1 min ago: no capacity"},
		"the API's name is a placeholder":   {func(f *Facts) { record(f, "api.ha.example.com", "203.0.113.123") }, "failure dns api.ha.example.com: it still leads to kops's placeholder, 203.0.113.123"},
		"another name is":                   {func(f *Facts) { record(f, "api.internal.ha.example.com", "203.0.113.123") }, "warning dns api.internal.ha.example.com: it still leads to kops's placeholder, 203.0.113.123"},
		"there is no Kubernetes":            {func(f *Facts) { f.Kubernetes = Fact[Kubernetes]{Unknown: "there is no access to Kubernetes"} }, "unknown kubernetes : nodes, pods and versions are unknown: there is no access to Kubernetes"},
		"a machine has not joined":          {func(f *Facts) { delete(f.Kubernetes.Value.Nodes, "i-1") }, "failure kubernetes i-1: the machine of nodes has not joined as a node, 1 h 0 min after its launch"},
		"a node is not ready": {func(f *Facts) {
			node(f, "i-1", func(n *kube.Node) { n.Ready, n.Reason = false, "its kubelet fell silent" })
		}, "failure kubernetes node-i-1: the node is not ready: its kubelet fell silent"},
		"a node is cordoned":      {func(f *Facts) { node(f, "i-1", func(n *kube.Node) { n.Schedulable = false }) }, "warning kubernetes node-i-1: the node was cordoned by somebody else"},
		"a node is being emptied": {func(f *Facts) { node(f, "i-1", func(n *kube.Node) { n.Emptying = moment.Add(-time.Minute) }) }, "warning kubernetes node-i-1: the node is being emptied since 1 min"},
		"a static pod is missing": {func(f *Facts) { f.Kubernetes.Value.System.Static["node-i-b"] = kube.Components[:2] }, "failure kubernetes node-i-b: the master has no pod of kube-scheduler"},
		"a pod of the system is sick": {func(f *Facts) {
			f.Kubernetes.Value.System.Sick = []kube.SickPod{{Pod: "kube-system/dns", Reason: "it is pending"}}
		}, "failure kubernetes kube-system/dns: it is pending"},
		"a kubelet is newer":                {func(f *Facts) { node(f, "i-1", func(n *kube.Node) { n.Version = "v1.37.0" }) }, "failure kubernetes node-i-1: the kubelet is of version v1.37.0, newer than the API server's v1.36.3"},
		"a kubelet is four versions behind": {func(f *Facts) { node(f, "i-1", func(n *kube.Node) { n.Version = "v1.32.9" }) }, "failure kubernetes node-i-1: the kubelet is of version v1.32.9, more than 3 minor versions older than the API server's v1.36.3"},
		"a version that nobody can read":    {func(f *Facts) { node(f, "i-1", func(n *kube.Node) { n.Version = "new" }) }, "unknown kubernetes node-i-1: the kubelet's version reads \"new\""},
		"backups are late":                  {func(f *Facts) { f.Copies[1].Backup.Value = moment.Add(-3 * time.Hour) }, "warning backups main: the newest copy is 3 h 0 min old: a backup in s3://state/backups/main"},
		"backups are days old":              {func(f *Facts) { f.Copies[1].Backup.Value = moment.AddDate(0, 0, -3) }, "failure backups main: the newest copy is 3 days old: a backup in s3://state/backups/main"},
		"there is no backup":                {func(f *Facts) { f.Copies[1].Backup.Value = time.Time{} }, "failure backups main: there is no backup in s3://state/backups/main, and no snapshot of a volume"},
		"backups cannot be listed":          {func(f *Facts) { f.Copies[1].Backup = Fact[time.Time]{Unknown: "AWS denied s3:ListBucket"} }, "unknown backups main: how old the newest copy is: AWS denied s3:ListBucket"},
		"nobody knows an etcd cluster":      {func(f *Facts) { f.Copies = nil }, "unknown backups : nothing was found to look at"},
		"an API server is silent":           {func(f *Facts) { f.Serving[1].Certificate = Fact[*x509.Certificate]{Unknown: "connection refused"} }, "unknown certificates master-b: the certificate of the API server: connection refused"},
		"a certificate ends":                {func(f *Facts) { f.Serving[1].Certificate.Value = ending(moment.AddDate(0, 0, 20)) }, "warning certificates master-b: the API server's certificate ends in 20 days"},
		"a certificate ends tomorrow":       {func(f *Facts) { f.Serving[1].Certificate.Value = ending(moment.Add(30 * time.Hour)) }, "failure certificates master-b: the API server's certificate ends in 30 h 0 min"},
		"a certificate has ended":           {func(f *Facts) { f.Serving[1].Certificate.Value = ending(moment.AddDate(0, 0, -2)) }, "failure certificates master-b: the API server's certificate ended 2 days ago"},
		"an authority ends":                 {func(f *Facts) { f.At = authority.NotAfter.AddDate(0, 0, -100); f.Serving = nil }, "warning certificates kubernetes-ca: the authority 7 ends in 100 days"},
		"the authority is unknown":          {func(f *Facts) { f.Authority = Fact[[]*x509.Certificate]{Unknown: "AWS denied s3:GetObject"} }, "unknown certificates kubernetes-ca: when the authority ends: AWS denied s3:GetObject"},
		"somebody else signed": {func(f *Facts) {
			_, f.Serving[1].Certificate.Value = certificatesFor(moment.AddDate(9, 0, 0), moment.AddDate(1, 0, 0))
		}, "failure certificates master-b: the API server shows a certificate that no authority in the state store signed"},
	} {
		t.Run(name, func(t *testing.T) {
			f := healthy(t)
			c.spoil(&f)
			r := Judge(f)
			if !slices.Contains(told(r), c.want) {
				t.Errorf("no %q in:\n%s", c.want, strings.Join(told(r), "\n"))
			}
			if bad := !strings.HasPrefix(c.want, "warning"); r.Healthy == bad && name != "an authority ends" {
				t.Errorf("healthy: %v", r.Healthy)
			}
			for _, finding := range r.Findings {
				if finding.Severity == Failure && finding.Action == "" {
					t.Errorf("nobody is told what to do: %+v", finding)
				}
			}
		})
	}
}

func advised(a repair.Advice) func(*Facts) {
	return func(f *Facts) { f.Control.Value.Advice = []repair.Advice{a} }
}

// fail makes a failed launch the last of a group, with another under way.
func fail(g *vitals.Group) {
	g.Last = append(g.Last, vitals.Activity{Description: "Launching a new EC2 instance.", Message: "no capacity", Failed: true, Began: moment.Add(-2 * time.Minute), Ended: moment.Add(-time.Minute)},
		vitals.Activity{Description: "Launching a new EC2 instance.", Began: moment})
}

// ending is the serving certificate with another end.
func ending(at time.Time) *x509.Certificate {
	c := *serving
	c.NotAfter = at
	return &c
}

func TestChecksThatAreLeftOutFindNothingAndAreNamed(t *testing.T) {
	f := healthy(t)
	f.Kubernetes.Unknown = "there is no access to Kubernetes"
	r := Judge(f, "kubernetes")
	if !r.Healthy || !slices.Equal(r.Without, []string{"kubernetes"}) || !strings.Contains(r.Sum(Plain), "(without kubernetes)") {
		t.Errorf("%v: %s", told(r), r.Sum(Plain))
	}
}

func TestOnlyABackupThatIsCompleteCounts(t *testing.T) {
	keys := []string{
		"2026-08-06T11:00:00Z-000001/etcd.backup.gz", "2026-08-06T11:00:00Z-000001/_etcd_backup.meta",
		"2026-08-06T11:45:00Z-000004/etcd.backup.gz", // its mark is written last
		"2026-08-06T10:00:00Z-000001/etcd.backup.gz", "2026-08-06T10:00:00Z-000001/_etcd_backup.meta",
		"control/etcd-cluster-spec", "somebody's/etcd.backup.gz", "somebody's/_etcd_backup.meta",
	}
	if got := NewestBackup(keys); !got.Equal(moment.Add(-time.Hour)) {
		t.Errorf("got %v", got)
	}
	if got := NewestBackup(nil); !got.IsZero() {
		t.Errorf("of nothing: %v", got)
	}
}

func TestASnapshotIsACopyToo(t *testing.T) {
	f := healthy(t)
	f.Copies[0].Backup.Value, f.Copies[0].Snapshot.Value = moment.AddDate(0, 0, -3), moment.Add(-time.Hour)
	if r := Judge(f); !r.Healthy || len(told(r)) > 0 {
		t.Error(told(r))
	}
}
