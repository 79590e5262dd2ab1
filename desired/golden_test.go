package desired

import (
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/quorate/quorate/topology"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// sections are what an archive may say about its manifest; it says what it is about.
var sections = map[string]func([]Cluster, []Problem) string{
	"topology": func(cs []Cluster, _ []Problem) string { return each(cs, describe) },
	"roles":    func(cs []Cluster, _ []Problem) string { return each(cs, describeRoles) },
	"names":    func(cs []Cluster, _ []Problem) string { return each(cs, listRefs) },
	"alarms":   func(cs []Cluster, _ []Problem) string { return each(cs, describeAlarms) },
	"scaling":  func(cs []Cluster, _ []Problem) string { return each(cs, describeScaling) },
	"problems": func(_ []Cluster, ps []Problem) string { return listProblems(ps) },
}

// TestManifestsGiveTheGoldenTopologies builds the manifest of each archive, or the file that its comment
// names, and compares the sections that the archive has.
func TestManifestsGiveTheGoldenTopologies(t *testing.T) {
	archives, err := filepath.Glob("testdata/topology/*.txtar")
	if err != nil || len(archives) == 0 {
		t.Fatalf("no golden files: %v", err)
	}
	for _, file := range archives {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			clusters, problems := Build([]File{manifestOf(t, archive)})
			for i, f := range archive.Files {
				section, ok := sections[f.Name]
				if !ok {
					continue
				}
				got := section(clusters, problems)
				if diff := cmp.Diff(string(f.Data), got); diff != "" && !*update {
					t.Errorf("%s differs (-want +got); run with -update if it is right:\n%s", f.Name, diff)
				}
				archive.Files[i].Data = []byte(got)
			}
			if *update {
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

func manifestOf(t *testing.T, archive *txtar.Archive) File {
	t.Helper()
	for _, f := range archive.Files {
		if strings.HasSuffix(f.Name, ".yaml") {
			return File{f.Name, f.Data}
		}
	}
	for line := range strings.Lines(string(archive.Comment)) {
		if path, ok := strings.CutPrefix(line, "manifest: "); ok {
			path = strings.TrimSpace(path)
			return File{filepath.Base(path), readFile(t, path)}
		}
	}
	t.Fatal("the archive has no manifest")
	return File{}
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func each(clusters []Cluster, describe func(*strings.Builder, Cluster)) string {
	var b strings.Builder
	for _, c := range clusters {
		fmt.Fprintf(&b, "cluster %s in %s\n", c.Name, c.Region)
		describe(&b, c)
	}
	return b.String()
}

func listRefs(b *strings.Builder, c Cluster) {
	for ref, r := range c.Topology.All() {
		fmt.Fprintf(b, "%s %s\n", ref, r.Owner())
	}
}

func listProblems(problems []Problem) string {
	var b strings.Builder
	for _, p := range problems {
		fmt.Fprintln(&b, p)
	}
	return b.String()
}

// describeAlarms writes the alarms, and which groups are marked for having some.
func describeAlarms(b *strings.Builder, c Cluster) {
	for _, a := range topology.Of[topology.Alarm](c.Topology) {
		fmt.Fprintf(b, "\n%s\n  %s\n  %s %s %s of %s %s\n", a.Ref(), a.Description, a.Statistic, a.Namespace, a.Metric, a.Watches, a.LoadBalancer)
		fmt.Fprintf(b, "  %s %g in %d of %d times %d s, missing data %s\n", a.Comparison, a.Threshold, a.Datapoints, a.Periods, a.Period, a.MissingData)
		fmt.Fprintf(b, "  to %s, and back to %s\n", strings.Join(a.AlarmActions, " "), strings.Join(a.OKActions, " "))
	}
	fmt.Fprintln(b)
	for _, g := range topology.Of[topology.AutoScalingGroup](c.Topology) {
		if mark, ok := g.Tags[topology.TagAlarms]; ok {
			fmt.Fprintf(b, "%s %s: %s\n", g.Ref(), topology.TagAlarms, mark)
		}
	}
}

// describeScaling writes what changes the sizes of the groups, and which groups are marked for it.
func describeScaling(b *strings.Builder, c Cluster) {
	for _, g := range topology.Of[topology.AutoScalingGroup](c.Topology) {
		fmt.Fprintf(b, "\n%s from %d to %d\n", g.Ref(), g.Min, g.Max)
		if mark, ok := g.Tags[topology.TagScaling]; ok {
			fmt.Fprintf(b, "  %s: %s\n", topology.TagScaling, mark)
		}
	}
	for _, p := range topology.Of[topology.ScalingPolicy](c.Topology) {
		fmt.Fprintf(b, "\n%s\n  %s of %g by %s\n", p.Ref(), p.Metric, p.Target, p.Type)
	}
	for _, a := range topology.Of[topology.ScheduledAction](c.Topology) {
		fmt.Fprintf(b, "\n%s\n  at %q in %q from %d to %d, desired %d\n", a.Ref(), a.Recurrence, a.TimeZone, a.Min, a.Max, a.Desired)
	}
}

// describeRoles writes the OIDC provider, and who may do what by which role: a statement per line.
func describeRoles(b *strings.Builder, c Cluster) {
	for _, p := range topology.Of[topology.OIDCProvider](c.Topology) {
		fmt.Fprintf(b, "\n%s for %s\n", p.Ref(), strings.Join(p.ClientIDs, ", "))
	}
	for _, role := range topology.Of[topology.IAMRole](c.Topology) {
		fmt.Fprintf(b, "\n%s within %s\n  %s\n", role.Ref(), role.PermissionsBoundary, role.TrustPolicy)
		for _, arn := range role.ManagedPolicies {
			fmt.Fprintf(b, "  %s\n", arn)
		}
		for _, policy := range role.InlinePolicies {
			statements := strings.NewReplacer(`},{"Action"`, "}\n  {\"Action\"", `{"Statement":[`, "", `],"Version":"2012-10-17"}`, "")
			fmt.Fprintf(b, "  %s\n", statements.Replace(policy.Document))
		}
	}
}

// describe writes the fields of every resource, except for those without a value, and for what the name of
// the resource says already: its base tags, and the peer and ports of a rule.
func describe(b *strings.Builder, c Cluster) {
	for ref, r := range c.Topology.All() {
		fmt.Fprintf(b, "\n%s\n", ref)
		var fields map[string]any
		text, err := json.Marshal(r)
		if err != nil {
			panic(err)
		}
		if err := json.Unmarshal(text, &fields); err != nil {
			panic(err)
		}
		if data, ok := fields["userData"].(string); ok {
			fields["userData"] = readable(data)
		}
		if fields["name"] == ref.Name {
			delete(fields, "name")
		}
		if tags, ok := fields["tags"].(map[string]any); ok {
			fields["tags"] = withoutBase(tags, topology.BaseTags(c.Name, ref.Name))
		}
		if _, ok := r.(topology.SecurityGroupRule); ok {
			fields = map[string]any{"name": r.Labels()[topology.TagName]}
		}
		for _, name := range slices.Sorted(maps.Keys(fields)) {
			describeField(b, name, fields[name])
		}
	}
}

// withoutBase keeps the tags that are missing or different in the base tags; a resource that lacks a base
// tag shows it as missing.
func withoutBase(tags map[string]any, base topology.Tags) map[string]any {
	rest := maps.Clone(tags)
	for key, value := range base {
		switch got, ok := tags[key]; {
		case !ok:
			rest[key] = "(missing)"
		case got == value:
			delete(rest, key)
		}
	}
	return rest
}

func describeField(b *strings.Builder, name string, value any) {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err)
	}
	switch string(text) {
	case "null", `""`, "0", "false", "[]", "{}", `"owned"`:
		return
	}
	fmt.Fprintf(b, "  %s: %s\n", name, strings.NewReplacer(`\"`, "'", `\n`, "\n    ").Replace(string(text)))
}

// readable shows the node configuration instead of its encoding.
func readable(userData string) any {
	config, err := topology.ParseUserData(userData)
	if err != nil {
		return userData
	}
	return config
}
