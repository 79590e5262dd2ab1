package kopsmade_test

import (
	"context"
	"encoding/json"
	"net/netip"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/internal/kopsmade"
	"github.com/quorate/quorate/internal/kopsstore"
	"github.com/quorate/quorate/sync"
	"github.com/quorate/quorate/topology"
)

// account is the simulator's.
const account = "123456789012"

// world is a simulated region in which something else than the product makes clusters.
type world struct {
	region  *awssim.Region
	clients awsapi.Clients
	clock   *awssim.ManualClock
}

func newWorld(t *testing.T, region string) *world {
	t.Helper()
	w := &world{clock: awssim.NewManualClock(time.Date(2026, 8, 1, 12, 0, 0, 0, time.UTC))}
	w.region = awssim.New(awssim.Config{Region: region, Account: account, Clock: w.clock, Seed: 1})
	t.Cleanup(w.region.Close)
	url, stop, err := w.region.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(stop)
	t.Setenv("AWS_ENDPOINT_URL", url)
	t.Setenv("AWS_ACCESS_KEY_ID", "AKIDTEST")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "secret")
	w.clients, err = awsapi.Load(t.Context(), awsapi.Options{Region: region, MaxAttempts: 1, Guard: func(context.Context, string) error { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// make makes a cluster, and waits until its machines run.
func (w *world) make(t *testing.T, c desired.Cluster, document []byte, zone string) kopsmade.Made {
	t.Helper()
	made, err := kopsmade.Make(t.Context(), w.clients, document, kopsmade.Setting{
		Cluster: c.Name, Zone: zone, IPv6: ipv6(c), Variables: map[string]string{"hosted_zone_id": zone},
		Wait: func(context.Context) error { w.clock.Advance(10 * time.Minute); return nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(10 * time.Minute)
	return made
}

// giveBalancers makes the Classic load balancers that a cluster's groups join and that are nobody's here.
func (w *world) giveBalancers(c desired.Cluster) {
	for _, g := range topology.Of[topology.AutoScalingGroup](c.Topology) {
		for _, l := range g.ClassicLoadBalancers {
			if l.Kind == topology.KindGiven {
				w.region.AddClassicLoadBalancer(l.Name)
			}
		}
	}
}

// ipv6 says whether machines of a cluster are reached by IPv6.
func ipv6(c desired.Cluster) bool {
	for _, t := range topology.Of[topology.LaunchTemplate](c.Topology) {
		if t.IPv6Addresses > 0 {
			return true
		}
	}
	return false
}

func (w *world) plan(t *testing.T, c desired.Cluster) sync.Planned {
	t.Helper()
	planner := sync.Planner{Observe: func(ctx context.Context, scope actual.Scope) (actual.State, error) {
		return actual.Observe(ctx, actual.FromClients(w.clients), scope)
	}}
	planned, err := planner.Plan(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return planned
}

// adopted is the cluster of a manifest whose machines keep kops's user data.
func adopted(t *testing.T, manifest string) desired.Cluster {
	t.Helper()
	cluster, rest, more := strings.Cut(manifest, "\n---\n")
	annotated, done := kopsstore.Annotate([]byte(cluster), "quorate.dev/bootstrap", "kops")
	if !done {
		annotated = []byte(annotatedInline(cluster))
	}
	if more {
		annotated = append(annotated, "\n---\n"+rest...)
	}
	clusters, problems := desired.Build([]desired.File{{Name: "cluster.yaml", Data: annotated}})
	for _, p := range problems {
		if p.Severity == desired.Error {
			t.Error(p)
		}
	}
	if len(clusters) != 1 {
		t.Fatalf("%d clusters, want 1", len(clusters))
	}
	return clusters[0]
}

// annotatedInline is for metadata that is written on one line.
func annotatedInline(cluster string) string {
	const one = "quorate.dev/bootstrap: kops"
	if strings.Contains(cluster, "\n  annotations: {") {
		return strings.Replace(cluster, "\n  annotations: {", "\n  annotations: {"+one+", ", 1)
	}
	return strings.Replace(cluster, "metadata: {name:", "metadata: {annotations: {"+one+"}, name:", 1)
}

// zone makes a public hosted zone.
func (w *world) zone(t *testing.T, name string) (id string) {
	t.Helper()
	out, err := w.clients.Route53.CreateHostedZone(t.Context(), &route53.CreateHostedZoneInput{Name: &name, CallerReference: &name})
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(*out.HostedZone.Id, "/hostedzone/")
}

// outside is what a manifest refers to and its cluster does not make: Terraform blocks that make it,
// and by which block each id is known.
type outside struct {
	blocks map[string]map[string]map[string]any
	ids    map[string]string // by what the manifest says, TYPE of what is to be made
}

// outsideOf makes blocks for what a cluster shares, in the VPC that it shares or makes.
func outsideOf(c desired.Cluster, text string) outside {
	o := outside{map[string]map[string]map[string]any{}, map[string]string{}}
	vpc, network := "", netip.MustParsePrefix("172.20.0.0/16")
	for _, v := range topology.Of[topology.VPC](c.Topology) {
		ref := v.Ref()
		vpc = "${aws_vpc." + strings.ReplaceAll(ref.Name, ".", "-") + ".id}"
		if v.CIDR.IsValid() {
			network = v.CIDR
		}
		if v.Ownership == topology.Shared {
			o.add("aws_vpc", ref.Name, map[string]any{"cidr_block": network, "enable_dns_support": true, "enable_dns_hostnames": true})
			o.add("aws_internet_gateway", "of-"+ref.Name, map[string]any{"vpc_id": vpc})
		}
	}
	n := 0
	for _, s := range topology.Of[topology.Subnet](c.Topology) {
		if s.Ownership == topology.Shared {
			n++
			cidr := part(network, n)
			if s.CIDR.IsValid() {
				cidr = s.CIDR.String()
			}
			o.add("aws_subnet", s.Name, map[string]any{"vpc_id": vpc, "availability_zone": s.Zone, "cidr_block": cidr})
		}
	}
	for _, id := range slices.Compact(slices.Sorted(slices.Values(groupID.FindAllString(text, -1)))) {
		o.add("aws_security_group", id, map[string]any{"vpc_id": vpc, "name": "given-" + id, "description": "somebody else's"})
	}
	for _, id := range addressID.FindAllString(text, -1) {
		o.add("aws_eip", id, map[string]any{})
	}
	return o
}

var (
	groupID   = regexp.MustCompile(`\bsg-[a-z]*[0-9a-z-]+\b`)
	addressID = regexp.MustCompile(`\beipalloc-[0-9a-z]+\b`)
)

func (o outside) add(typ, id string, block map[string]any) {
	if o.blocks[typ] == nil {
		o.blocks[typ] = map[string]map[string]any{}
	}
	o.blocks[typ][id] = block
	o.ids[id] = typ
}

// into adds the blocks to a document, which then refers to them.
func (o outside) into(t *testing.T, document []byte) []byte {
	t.Helper()
	var whole map[string]map[string]map[string]any
	if err := json.Unmarshal(document, &whole); err != nil {
		t.Fatal(err)
	}
	for _, blocks := range whole {
		for _, byLabel := range blocks {
			for label, b := range byLabel {
				byLabel[label] = o.refer(b)
			}
		}
	}
	for typ, blocks := range o.blocks {
		for label, b := range blocks {
			if whole["resource"][typ] == nil {
				whole["resource"][typ] = map[string]any{}
			}
			whole["resource"][typ][label] = b
		}
	}
	out, err := json.Marshal(whole)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// refer turns ids into references.
func (o outside) refer(value any) any {
	switch v := value.(type) {
	case string:
		if typ, known := o.ids[v]; known {
			return "${" + typ + "." + v + ".id}"
		}
	case []any:
		for i := range v {
			v[i] = o.refer(v[i])
		}
	case map[string]any:
		for key := range v {
			v[key] = o.refer(v[key])
		}
	}
	return value
}

// part is the n-th /24 of an IPv4 network.
func part(network netip.Prefix, n int) string {
	bytes := network.Addr().As4()
	bytes[2] += byte(n)
	return netip.PrefixFrom(netip.AddrFrom4(bytes), 24).String()
}

// rename writes the real ids into a manifest.
func (o outside) rename(manifest string, made kopsmade.Made) string {
	for id, typ := range o.ids {
		if found := made(typ, id, "id"); found != "" {
			manifest = regexp.MustCompile(`\b`+regexp.QuoteMeta(id)+`\b`).ReplaceAllLiteralString(manifest, found)
		}
	}
	return manifest
}
