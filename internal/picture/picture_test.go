package picture

import (
	"bytes"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/diff/render"
	"github.com/quorate/quorate/topology"
)

var update = flag.Bool("update", false, "rewrite the golden files")

func ref(kind topology.Kind, name string) topology.Ref { return topology.Ref{Kind: kind, Name: name} }

// house builds the topology of a private cluster, name by name.
type house struct {
	cluster   string
	resources []topology.Resource
}

func (h *house) add(r ...topology.Resource) { h.resources = append(h.resources, r...) }

func (h *house) name(short string) string { return short + "." + h.cluster }

// zone adds the way in, the private subnet and its way out.
func (h *house) zone(zone string, nth int) {
	vpc, gateway := ref(topology.KindVPC, h.cluster), ref(topology.KindInternetGateway, h.cluster)
	everywhere := netip.MustParsePrefix("0.0.0.0/0")
	utility, private := h.name("utility-"+zone), h.name(zone)
	h.add(
		topology.Subnet{Name: utility, VPC: vpc, Zone: zone, CIDR: netip.MustParsePrefix(fmt.Sprintf("10.0.%d.0/24", nth)), Tags: topology.Tags{topology.TagSubnetType: "Utility"}},
		topology.Subnet{Name: private, VPC: vpc, Zone: zone, CIDR: netip.MustParsePrefix(fmt.Sprintf("10.0.%d.0/20", 16+16*nth))},
		topology.NATGateway{Name: private, Subnet: ref(topology.KindSubnet, utility)},
		topology.RouteTable{Name: utility, VPC: vpc, Subnets: []topology.Ref{ref(topology.KindSubnet, utility)}, Routes: []topology.Route{{Destination: everywhere, Target: gateway}}},
		topology.RouteTable{Name: private, VPC: vpc, Subnets: []topology.Ref{ref(topology.KindSubnet, private)}, Routes: []topology.Route{{Destination: everywhere, Target: ref(topology.KindNATGateway, private)}}},
	)
}

// master adds a control-plane group with the two volumes of its member.
func (h *house) master(group, zone, member string) {
	config := topology.NodeConfig{EtcdClusters: []topology.NodeEtcd{{Name: "main", Member: member}, {Name: "events", Member: member}}}
	template := topology.LaunchTemplate{Name: h.name(group + ".masters"), InstanceType: "m6i.large", UserData: topology.UserData(config)}
	h.add(template, topology.AutoScalingGroup{
		Name: template.Name, Role: topology.ControlPlane, LaunchTemplate: template.Ref(), Min: 1, Max: 1,
		Subnets: []topology.Ref{ref(topology.KindSubnet, h.name(zone))}, Zones: []string{zone}, TargetGroups: []topology.Ref{ref(topology.KindTargetGroup, "tcp-api")},
	})
	for _, etcd := range []string{"events", "main"} {
		h.add(topology.Volume{Name: h.name(member + ".etcd-" + etcd), EtcdCluster: etcd, Member: member, Zone: zone, SizeGiB: 20, Type: "gp3"})
	}
}

func (h *house) workers(name string, zones ...string) {
	template := topology.LaunchTemplate{Name: h.name(name), InstanceType: "m6i.xlarge"}
	group := topology.AutoScalingGroup{Name: h.name(name), Role: topology.Worker, LaunchTemplate: template.Ref(), Min: 3, Max: 7, Zones: zones}
	for _, zone := range zones {
		group.Subnets = append(group.Subnets, ref(topology.KindSubnet, h.name(zone)))
	}
	h.add(template, group)
}

// private is a cluster of three zones, five masters and two groups of workers.
func private(cluster string) []topology.Resource {
	h := &house{cluster: cluster}
	vpc, lb, target := ref(topology.KindVPC, cluster), topology.LoadBalancer{Name: h.name("api")}, topology.TargetGroup{Name: "tcp-api"}
	h.add(topology.VPC{Name: cluster, CIDR: netip.MustParsePrefix("10.0.0.0/16")}, topology.InternetGateway{Name: cluster, VPC: vpc})
	zones := []string{"us-east-1a", "us-east-1b", "us-east-1c"}
	for i, zone := range zones {
		h.zone(zone, i)
		lb.Subnets = append(lb.Subnets, topology.SubnetMapping{Subnet: ref(topology.KindSubnet, h.name("utility-"+zone))})
	}
	for i, member := range []string{"a", "b", "c", "d", "e"} {
		h.master("master-"+member, zones[i%3], member)
	}
	h.workers("nodes", zones...)
	h.workers("batch", zones[0], zones[2])
	h.add(lb, target, topology.Listener{LoadBalancer: lb.Ref(), Port: 443, Protocol: "TCP", TargetGroup: target.Ref()},
		topology.SecurityGroup{Name: h.name("masters"), VPC: vpc}, topology.SecurityGroup{Name: h.name("nodes"), VPC: vpc})
	return h.resources
}

func clusterOf(t *testing.T, name string, resources ...topology.Resource) Cluster {
	t.Helper()
	topo, err := topology.New(resources...)
	if err != nil {
		t.Fatal(err)
	}
	return OfCluster(name, "us-east-1", topo)
}

// night is a plan with one zone after another, and one change of every effect.
func night(cluster string) render.Plan {
	line := func(kind topology.Kind, name string, effect diff.Effect, zone string, after ...topology.Ref) render.Line {
		return render.Line{Change: diff.Change{Ref: ref(kind, name+"."+cluster), Effect: effect}, Zone: zone, After: after}
	}
	p := render.Plan{Cluster: cluster, Region: "us-east-1"}
	var templates, before []topology.Ref
	for _, zone := range []string{"a", "b", "c"} {
		l := line(topology.KindLaunchTemplate, "master-"+zone+".masters", diff.InPlace, "")
		templates = append(templates, l.Change.Ref)
		p.Lines = append(p.Lines, l)
	}
	for i, zone := range []string{"a", "b", "c"} {
		after := append([]topology.Ref{templates[i]}, before...)
		l := line(topology.KindAutoScalingGroup, "master-"+zone+".masters", diff.Roll, "us-east-1"+zone, after...)
		before = append(before, l.Change.Ref)
		p.Lines = append(p.Lines, l)
	}
	for port := range 7 {
		p.Lines = append(p.Lines, line(topology.KindSecurityGroupRule, fmt.Sprintf("nodes-%d", port), diff.Create, ""))
	}
	workers := line(topology.KindAutoScalingGroup, "nodes", diff.Roll, "", append(before, p.Lines[6].Change.Ref)...)
	p.Lines = append(p.Lines, workers,
		line(topology.KindNATGateway, "us-east-1a", diff.Replace, ""),
		line(topology.KindSecurityGroup, "bastion", diff.Delete, "", workers.Change.Ref),
		line(topology.KindVolume, "a.etcd-main", diff.Forbid, ""))
	return p
}

func written(t *testing.T, form string, p Picture) string {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, form, p); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestPicturesLookAsTheyDid(t *testing.T) {
	const n = "k.example.com"
	for golden, p := range map[string]Picture{
		"testdata/cluster.txtar": clusterOf(t, n, private(n)...),
		"testdata/plan.txtar":    OfPlan(night(n)),
	} {
		archive := &txtar.Archive{Comment: []byte("One picture in every form.\n\n")}
		for _, form := range Forms() {
			archive.Files = append(archive.Files, txtar.File{Name: form, Data: []byte(written(t, form, p))})
		}
		got := txtar.Format(archive)
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
}

func TestAnUnknownFormIsAnError(t *testing.T) {
	if err := Write(io.Discard, "png", Graph{}); err == nil {
		t.Error("png was written")
	}
}

func TestNothingToShowIsStillAPicture(t *testing.T) {
	for name, p := range map[string]Picture{"topology": clusterOf(t, "k.example.com"), "plan": OfPlan(render.Plan{Cluster: "k.example.com"})} {
		for _, form := range Forms() {
			if text := written(t, form, p); !strings.Contains(text, "k.example.com") {
				t.Errorf("%s as %s does not name its cluster:\n%s", name, form, text)
			}
		}
		elements(t, written(t, SVG, p))
	}
}

// elements parses an SVG and counts its elements by name.
func elements(t *testing.T, text string) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for decoder := xml.NewDecoder(strings.NewReader(text)); ; {
		token, err := decoder.Token()
		if errors.Is(err, io.EOF) {
			return counts
		}
		if err != nil {
			t.Fatalf("the SVG is not XML: %v\n%s", err, text)
		}
		if start, ok := token.(xml.StartElement); ok {
			counts[start.Name.Local]++
		}
	}
}

// A manifest or a tag may come from somebody hostile: its text must stay text, so that
// the picture has exactly the shape that it has with a harmless name.
func TestHostileNamesStayText(t *testing.T) {
	const tame = "k"
	hostile := "k\"]; \\ end\nclick x \"javascript:alert(1)\" </text><script>&lt;`#quot;%%{init}\x00"
	shapes := map[string]func(string) any{
		SVG:     func(text string) any { return withoutTips(elements(t, text)) },
		DOT:     func(text string) any { return outsideQuotes(text, `\`) },
		Mermaid: func(text string) any { return outsideQuotes(text[strings.Index(text, "\n"):], "") },
	}
	for form, shape := range shapes {
		for what, of := range map[string]func(string) Picture{
			"cluster": func(name string) Picture { return clusterOf(t, "other", private(name)...) },
			"plan": func(name string) Picture {
				p := night(name)
				p.Cluster += "'s neighbour" // so that no name is shortened by its ending
				return OfPlan(p)
			},
		} {
			want, text := shape(written(t, form, of(tame))), written(t, form, of(hostile))
			if d := cmp.Diff(want, shape(text)); d != "" {
				t.Errorf("%s as %s changed its shape (-tame +hostile):\n%s", what, form, d)
			}
			if strings.Contains(text, "<script") && form != DOT {
				t.Errorf("%s as %s has a script", what, form)
			}
		}
	}
}

// withoutTips leaves out the tooltips, which longer names have more of.
func withoutTips(counts map[string]int) map[string]int {
	delete(counts, "title")
	return counts
}

// outsideQuotes is what is left of a text without its quoted strings.
func outsideQuotes(text, escape string) string {
	if escape != "" {
		text = strings.NewReplacer(escape+escape, "", escape+`"`, "").Replace(text)
	}
	var outside strings.Builder
	for i, part := range strings.Split(text, `"`) {
		if i%2 == 0 {
			outside.WriteString(part + `""`)
		}
	}
	return outside.String()
}

func TestAPictureIsTheSameEachTime(t *testing.T) {
	const n = "k.example.com"
	for _, form := range Forms() {
		first := written(t, form, clusterOf(t, n, private(n)...)) + written(t, form, OfPlan(night(n)))
		for range 10 {
			resources := private(n)
			slices.Reverse(resources)
			if again := written(t, form, clusterOf(t, n, resources...)) + written(t, form, OfPlan(night(n))); again != first {
				t.Fatalf("%s differs:\n%s", form, cmp.Diff(first, again))
			}
		}
	}
}
