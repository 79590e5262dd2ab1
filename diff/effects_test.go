package diff

import (
	"flag"
	"fmt"
	"net/netip"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// decision is what one way to change a field means.
type decision struct {
	kind          topology.Kind
	field, change string
	effect        string
	reason        string
}

// decisions changes every field of every struct in every way there is for its type, and
// asks the tables what each means. Ways that mean the same are told as one.
func decisions() []decision {
	var all []decision
	for _, r := range everyStruct {
		kind := reflect.TypeOf(r)
		for i := range kind.NumField() {
			if reason := exemption(kind.Name(), kind.Field(i).Name); reason != "" {
				all = append(all, decision{r.Ref().Kind, jsonName(kind.Field(i)), "", "not compared", reason})
				continue
			}
			all = append(all, decisionsOf(r, i)...)
		}
		unwanted := decision{r.Ref().Kind, "", "nobody wants it", Delete.String(), ""}
		if keep := rows[r.Ref().Kind].keep; keep != "" {
			unwanted.effect, unwanted.reason = "kept", keep
		}
		all = append(all, unwanted)
	}
	return append(all, special()...)
}

func decisionsOf(r topology.Resource, i int) []decision {
	field := reflect.TypeOf(r).Field(i)
	var found []decision
	for _, c := range changesOf(r, i) {
		effect, reason := meaning(c.want, c.have)
		d := decision{r.Ref().Kind, jsonName(field), c.change, effect, reason}
		found = append(found, d)
	}
	same := func(d decision) bool { return d.effect == found[0].effect && d.reason == found[0].reason }
	if !slices.ContainsFunc(found, func(d decision) bool { return !same(d) }) {
		found[0].change = "any"
		return found[:1]
	}
	return found
}

type change struct {
	change     string
	want, have topology.Resource
}

// changesOf are the ways to change a field, in words that fit its type.
func changesOf(r topology.Resource, i int) []change {
	none, one, other := r, edited(r, i, 1), edited(r, i, 2)
	switch reflect.TypeOf(r).Field(i).Type.Kind() {
	case reflect.Bool:
		return []change{{"turned on", one, none}, {"turned off", none, one}}
	case reflect.Int, reflect.Float64:
		return []change{{"raised", other, one}, {"lowered", one, other}}
	case reflect.Slice, reflect.Map:
		return []change{{"added to", one, none}, {"changed", other, one}, {"taken from", none, one}}
	}
	return []change{{"set", one, none}, {"changed", other, one}, {"removed", none, one}}
}

func edited(r topology.Resource, i, n int) topology.Resource {
	v := reflect.New(reflect.TypeOf(r)).Elem()
	v.Set(reflect.ValueOf(r))
	fillWith(v.Field(i), n)
	return v.Interface().(topology.Resource)
}

func meaning(want, have topology.Resource) (effect, reason string) {
	c := Change{Ref: want.Ref(), Fields: rows[want.Ref().Kind].compare(want, have)}
	c.settle()
	return c.Effect.String(), c.Reason
}

// special are the decisions that depend on more than the field.
func special() []decision {
	var all []decision
	add := func(field, change string, want, have topology.Resource) {
		effect, reason := meaning(want, have)
		all = append(all, decision{want.Ref().Kind, field, change, effect, reason})
	}
	masters := topology.AutoScalingGroup{Role: topology.ControlPlane, Zones: []string{"a"}, Subnets: []topology.Ref{topology.Given("subnet-1")}}
	add("subnets", "a control-plane group's, in its zone", with(masters, func(g *topology.AutoScalingGroup) { g.Subnets = nil }), masters)
	add("subnets", "a control-plane group's, to another zone",
		with(masters, func(g *topology.AutoScalingGroup) { g.Zones, g.Subnets = []string{"b"}, nil }), masters)
	key := topology.Volume{KMSKey: "arn:aws:kms:us-east-1:123456789012:key/k"}
	add("kmsKey", "the id for the ARN of the same", with(key, func(v *topology.Volume) { v.KMSKey = "k" }), key)
	return all
}

// table is the decisions by kind, as text in columns.
func table(all []decision) string {
	var b strings.Builder
	for _, kind := range topology.Kinds() {
		fmt.Fprintf(&b, "%s\n", kind)
		for _, d := range all {
			if d.kind == kind {
				fmt.Fprintf(&b, "%s\n", strings.TrimRight(fmt.Sprintf("  %-22s %-16s %-12s %s", d.field, d.change, d.effect, d.reason), " "))
			}
		}
		b.WriteString("\n")
	}
	return strings.TrimSuffix(b.String(), "\n")
}

const pageHead = `# What a change does

Each field of each kind of resource, and what a difference between the manifest and AWS means.
This page is written by ` + "`make golden`" + ` from the tables in ` + "`diff/`" + `, which are the policy; a test
compares the two, and refuses a field that no table compares.

| effect | what happens |
| --- | --- |
| in-place | the resource is changed; no machine is touched |
| roll | the group's machines are replaced one after another, those of the control plane under the gate |
| replace | the resource is removed and another is made in its place |
| delete | it is removed, children first, after everything else |
| kept | it stays although nobody wants it, and the plan says so |
| forbid | nothing of the plan is done; the reason says the way out |
| none | it is no difference |

A new version of a launch template is in place; the roll is that of the group that is pinned to it.
A resource that is shared (given by its id) is never changed at all.
`

// page is the decisions for people who read documents.
func page(all []decision) string {
	var b strings.Builder
	b.WriteString(pageHead)
	for _, kind := range topology.Kinds() {
		fmt.Fprintf(&b, "\n## %s\n\n| field | change | effect | why |\n| --- | --- | --- | --- |\n", kind)
		for _, d := range all {
			if d.kind == kind {
				field := ""
				if d.field != "" {
					field = "`" + d.field + "`"
				}
				fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", field, d.change, d.effect, d.reason)
			}
		}
	}
	return b.String()
}

func TestEveryFieldHasADecidedEffect(t *testing.T) {
	all := decisions()
	for name, got := range map[string]string{
		"testdata/effects.txt":          table(all),
		"../docs/what-a-change-does.md": page(all),
	} {
		if *update {
			if err := os.MkdirAll("testdata", 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(string(want), got); d != "" {
			t.Errorf("%s (-want +got); write it anew with make golden, and read what changed:\n%s", name, d)
		}
	}
}

func TestARefusalSaysWhy(t *testing.T) {
	for _, d := range decisions() {
		if d.effect == Forbid.String() && d.reason == "" {
			t.Errorf("%s %s, %s, is forbidden without a sentence that says the way out", d.kind, d.field, d.change)
		}
	}
}

func TestEveryKindIsInTheTableOfEffects(t *testing.T) {
	var kinds []topology.Kind
	for _, r := range everyStruct {
		kinds = append(kinds, r.Ref().Kind)
	}
	slices.Sort(kinds)
	if d := cmp.Diff(slices.Sorted(slices.Values(topology.Kinds())), kinds); d != "" {
		t.Errorf("everyStruct (-want +got):\n%s", d)
	}
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// fillWith puts something into a value that is not zero, and another thing for another n.
func fillWith(v reflect.Value, n int) {
	if _, ok := reflect.TypeAssert[netip.Prefix](v); ok {
		v.Set(reflect.ValueOf(netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(n)}), 16)))
		return
	}
	switch v.Kind() {
	case reflect.String:
		v.SetString(strings.Repeat("x", n))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int:
		v.SetInt(int64(6 + n))
	case reflect.Float64:
		v.SetFloat(7.5 * float64(n))
	case reflect.Map:
		v.Set(reflect.ValueOf(topology.Tags{"x": strings.Repeat("y", n)}))
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fillWith(v.Index(0), n)
	case reflect.Struct:
		for _, field := range v.Fields() {
			fillWith(field, n)
		}
	}
}
