package render

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// night is a plan with one line of every effect.
func night() Plan {
	ref := func(kind topology.Kind, name string) topology.Ref {
		return topology.Ref{Kind: kind, Name: name + ".ha.example.com"}
	}
	vpc, group := topology.Ref{Kind: topology.KindVPC, Name: "ha.example.com"}, ref(topology.KindAutoScalingGroup, "master-us-east-1b.masters")
	return Plan{
		Cluster: "ha.example.com", Region: "us-east-1", Rollout: climbing(group),
		Warnings: []string{"cluster.yaml:12:3: two masters share us-east-1a: if that zone fails, etcd has no majority"},
		Lines: []Line{
			{Change: diff.Change{Ref: ref(topology.KindSubnet, "us-east-1d"), Effect: diff.Create}, Why: "nothing that it needs has to change first"},
			{Change: diff.Change{Ref: vpc, Effect: diff.InPlace, Fields: []diff.FieldChange{
				{Path: "dnsHostnames", Have: "false", Want: "true"}, {Path: "tags[team]", Want: `"sre"`},
			}}, Why: "nothing that it needs has to change first"},
			{Change: diff.Change{Ref: ref(topology.KindNATGateway, "us-east-1a"), Effect: diff.Replace, Fields: []diff.FieldChange{
				{Path: "elasticIP", Have: "elastic-ip/old", Want: "elastic-ip/new"},
			}}, After: []topology.Ref{vpc}, Why: "it needs vpc/ha.example.com"},
			{Change: diff.Change{Ref: group, Effect: diff.Roll, Fields: []diff.FieldChange{
				{Path: "template", Have: "67c249e874a8", Want: "f8b7ac9944e6"},
			}}, After: []topology.Ref{vpc}, Zone: "us-east-1b", Why: "one control-plane zone at a time: us-east-1b comes after us-east-1a"},
			{Change: diff.Change{Ref: ref(topology.KindSecurityGroup, "bastion"), Effect: diff.Delete, Reason: "it is ours, and the manifest no longer asks for it"},
				After: []topology.Ref{group}, Why: "removals come last"},
			{Change: diff.Change{Ref: ref(topology.KindIAMRole, "nodes"), Effect: diff.InPlace, Fields: []diff.FieldChange{
				{Path: "inlinePolicies[nodes.ha.example.com]", Have: "", Want: `{"Statement":[` + strings.Repeat(`{"Action":"ec2:DescribeInstances"},`, 9) + `]}`},
			}}, Why: "nothing that it needs has to change first"},
			{Change: diff.Change{Ref: ref(topology.KindVolume, "a.etcd-main"), Effect: diff.Forbid, Reason: "AWS cannot shrink a volume; put a size back that is no smaller than the volume has",
				Fields: []diff.FieldChange{{Path: "sizeGiB", Have: "20", Want: "10"}}}},
		},
		Leftovers: []Leftover{{Kind: topology.KindSubnet, ID: "subnet-0a1b2c3d4e5f60718", Created: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), Reason: "it has no Name tag"}},
		Notes:     []diff.Note{{Ref: ref(topology.KindAutoScalingGroup, "nodes"), Text: "it follows $Latest of its launch template, which is no difference"}},
		Kept:      []diff.Kept{{Ref: ref(topology.KindVolume, "d.etcd-main"), Reason: "an etcd volume holds data that nothing else has, so no plan removes it"}},
	}
}

// climbing is the rollout of a hop: a master that is to be repaired, then workers.
func climbing(master topology.Ref) Rollout {
	return Rollout{
		Hop: &diff.Hop{Number: 1, Of: 2, Version: "v1.33.13", Next: []string{"v1.34.2"}},
		Stages: []Stage{{
			Group: master, Role: topology.ControlPlane, Zones: []string{"us-east-1b"},
			Machines: []Going{{"i-0b1b2c3d4e5f60718", "us-east-1b", "made from an older template"}},
			Gate:     "every other master is back, the members of etcd are healthy voters without it, and a snapshot is fresh", Order: "nothing has to change first",
			Now:     "wait: zone us-east-1c is under way",
			Margins: []Margin{{"events", 3, 2, 2, 2, 3}, {"main", 3, 2, 3, 2, 3}},
			Each:    252, Seconds: 252, Learned: 3, Within: 900,
		}, {
			Group: topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "nodes.ha.example.com"}, Role: topology.Worker, Zones: []string{"us-east-1a", "us-east-1b"},
			Machines: []Going{
				{"i-0a000000000000001", "us-east-1a", "made from an older template"}, {"i-0a000000000000002", "us-east-1a", "marked on its node (kops.k8s.io/needs-update)"},
				{"i-0b000000000000003", "us-east-1b", "made from an older template"},
			},
			Warm: 1, Gate: "every master is back", Order: "workers follow the control plane",
			Pace: &Pace{Surge: 1, Batches: 3, Canary: true}, Each: 300, Seconds: 900, Within: 1200,
		}},
		Seconds: 1152, Members: "members as etcd answered at 22:00:00 UTC",
	}
}

func rendered(t *testing.T, p Plan) *txtar.Archive {
	t.Helper()
	archive := &txtar.Archive{Comment: []byte("One plan, as people and programs read it.\n\n")}
	for _, form := range []struct {
		name  string
		write func(*bytes.Buffer) error
	}{
		{"text", func(b *bytes.Buffer) error { return Text(b, p, Plain) }},
		{"markdown", func(b *bytes.Buffer) error { return Markdown(b, p) }},
		{"json", func(b *bytes.Buffer) error { return JSON(b, p) }},
	} {
		var b bytes.Buffer
		if err := form.write(&b); err != nil {
			t.Fatal(err)
		}
		archive.Files = append(archive.Files, txtar.File{Name: form.name, Data: b.Bytes()})
	}
	return archive
}

func TestOnePlanInThreeForms(t *testing.T) {
	const golden = "testdata/plan.txtar"
	got := txtar.Format(rendered(t, night()))
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s (-want +got):\n%s", golden, d)
	}
}

func TestAnEmptyPlanSaysSo(t *testing.T) {
	var b bytes.Buffer
	if err := Text(&b, Plan{Cluster: "ha.example.com", Region: "us-east-1"}, Plain); err != nil {
		t.Fatal(err)
	}
	if got := b.String(); got != "Plan for ha.example.com in us-east-1: no changes\n" {
		t.Errorf("got %q", got)
	}
}

func TestJSONHasNoNullLists(t *testing.T) {
	var b bytes.Buffer
	plan := Plan{Lines: []Line{{Change: diff.Change{Ref: topology.Ref{Kind: topology.KindVPC, Name: "x"}, Effect: diff.Create}}}}
	if err := JSON(&b, plan); err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b.Bytes(), []byte("null")) || !json.Valid(b.Bytes()) {
		t.Errorf("got %s", b.String())
	}
}

// A manifest or a tag may come from somebody hostile; in a comment on a pull request
// its text must stay text.
func TestHostileTextStaysTextInMarkdown(t *testing.T) {
	hostile := "a|b\n# title <img src=x> [link](http://evil) @everyone `code`"
	var b bytes.Buffer
	plan := Plan{Cluster: hostile, Region: "us-east-1", Warnings: []string{hostile}, Lines: []Line{{
		Change: diff.Change{Ref: topology.Ref{Kind: topology.KindVPC, Name: hostile}, Effect: diff.InPlace, Reason: hostile,
			Fields: []diff.FieldChange{{Path: "tags[" + hostile + "]", Have: hostile, Want: hostile}}},
	}}}
	if err := Markdown(&b, plan); err != nil {
		t.Fatal(err)
	}
	text := b.String()
	for _, bad := range []string{"\n# title", "<img", " [link]", " @everyone", "`code`"} {
		outside := stripCode(text)
		if strings.Contains(outside, bad) {
			t.Errorf("%q came through:\n%s", bad, text)
		}
	}
	if rows := strings.Count(text, "\n| 1 |"); rows != 1 {
		t.Errorf("the table has %d first rows:\n%s", rows, text)
	}
}

// stripCode takes away what stands between backticks, where Markdown means nothing.
func stripCode(text string) string {
	var outside strings.Builder
	for i, part := range strings.Split(text, "`") {
		if i%2 == 0 {
			outside.WriteString(part)
		}
	}
	return outside.String()
}
