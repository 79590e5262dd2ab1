package desired

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// dnsOf builds the private manifest with edits and writes its DNS down, one record per line.
func dnsOf(t *testing.T, edits ...edit) (string, Cluster) {
	t.Helper()
	manifest := apply(t, string(readFile(t, "testdata/clusters/private.yaml")), edits)
	clusters, problems := Build([]File{{"k.yaml", []byte(manifest)}})
	if len(clusters) != 1 {
		t.Fatal(listProblems(problems))
	}
	var b strings.Builder
	for _, r := range topology.Of[topology.DNSRecord](clusters[0].Topology) {
		to := r.Alias.Name
		if r.Alias.IsZero() {
			to = fmt.Sprintf("%v for %d s", r.Values, r.TTL)
		}
		fmt.Fprintln(&b, r.Ref().Name, to)
	}
	return strings.TrimSpace(b.String()), clusters[0]
}

func spec(lines string) edit {
	return edit{"  cloudProvider: aws\n", "  cloudProvider: aws\n  " + lines + "\n"}
}

func TestRecordsAreThoseThatKopsWrites(t *testing.T) {
	const internals = `
api.internal.k.example.com/A [203.0.113.123] for 10 s
api.k.example.com/A api.k.example.com
api.k.example.com/AAAA api.k.example.com
kops-controller.internal.k.example.com/A [203.0.113.123] for 10 s`
	for name, c := range map[string]struct {
		edits []edit
		want  string
	}{
		"a load balancer has its alias, the dns-controller the rest": {nil, internals},
		"the load balancer is the internal name, too": {[]edit{{"      type: Public\n", "      type: Public\n      useForInternalApi: true\n"}}, `
api.internal.k.example.com/A api.k.example.com
api.internal.k.example.com/AAAA api.k.example.com
api.k.example.com/A api.k.example.com
api.k.example.com/AAAA api.k.example.com
kops-controller.internal.k.example.com/A [203.0.113.123] for 10 s`},
		"without a load balancer all is the dns-controller's": {[]edit{{"    loadBalancer:\n      class: Network\n      type: Public\n", "    dns: {}\n"}}, `
api.internal.k.example.com/A [203.0.113.123] for 10 s
api.k.example.com/A [203.0.113.123] for 10 s
kops-controller.internal.k.example.com/A [203.0.113.123] for 10 s`},
		"bastions have a name of their own": {[]edit{spec("topology: {bastion: {bastionPublicName: Bastion.example.com.}}")}, `
api.internal.k.example.com/A [203.0.113.123] for 10 s
api.k.example.com/A api.k.example.com
api.k.example.com/AAAA api.k.example.com
bastion.example.com/A bastion.k.example.com
bastion.example.com/AAAA bastion.k.example.com
kops-controller.internal.k.example.com/A [203.0.113.123] for 10 s`},
		"the API has another name": {[]edit{spec("masterPublicName: k8s.example.com")}, `
api.internal.k.example.com/A [203.0.113.123] for 10 s
k8s.example.com/A api.k.example.com
k8s.example.com/AAAA api.k.example.com
kops-controller.internal.k.example.com/A [203.0.113.123] for 10 s`},
		"without DNS there are none": {[]edit{spec("topology: {dns: {type: None}}")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, _ := dnsOf(t, c.edits...)
			if diff := cmp.Diff(strings.Split(strings.TrimSpace(c.want), "\n"), strings.Split(got, "\n")); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestTheHostedZoneIsGivenOrFoundByTheClustersName(t *testing.T) {
	for name, c := range map[string]struct {
		edits []edit
		want  topology.HostedZone
	}{
		"found":          {nil, topology.HostedZone{Name: "k.example.com", Enclosing: true}},
		"found, private": {[]edit{spec("topology: {dns: {type: Private}}")}, topology.HostedZone{Name: "k.example.com", Enclosing: true, Private: true}},
		"by name":        {[]edit{spec("dnsZone: Example.com.")}, topology.HostedZone{Name: "example.com"}},
		"by id":          {[]edit{spec("dnsZone: Z0123ABC")}, topology.HostedZone{Name: "Z0123ABC"}},
	} {
		t.Run(name, func(t *testing.T) {
			_, cluster := dnsOf(t, c.edits...)
			for _, r := range topology.Of[topology.DNSRecord](cluster.Topology) {
				if r.Zone != c.want {
					t.Errorf("%s is in %+v, want %+v", r.Ref(), r.Zone, c.want)
				}
			}
			associated := topology.Of[topology.ZoneAssociation](cluster.Topology)
			if (len(associated) == 1) != c.want.Private {
				t.Errorf("the networks of the zone are %v", associated)
			}
		})
	}
}
