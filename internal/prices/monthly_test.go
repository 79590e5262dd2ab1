package prices

import (
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// round is a table whose prices are easy to reckon with.
var round = Table{map[string]Region{"us-test-1": {
	Currency:  "USD",
	Instances: Section{Date: "2026-01-02", Source: "a test", Prices: map[string]float64{"m5.large": 0.10, "m5.xlarge": 0.20, "c5.large": 0.08}},
	Rates: Section{Date: "2026-01-03", Source: "a test", Prices: map[string]float64{
		"gp2/gib": 0.10, "gp3/gib": 0.08, "gp3/iops": 0.005, "gp3/mibps": 0.04,
		"io1/gib": 0.125, "io1/iops": 0.065,
		"io2/gib": 0.125, "io2/iops": 0.06, "io2/iops-above-32000": 0.05, "io2/iops-above-64000": 0.03,
		"st1/gib": 0.045, "sc1/gib": 0.015, "standard/gib": 0.05,
		"network-load-balancer/hour": 0.02, "network-load-balancer/unit-hour": 0.006, "classic-load-balancer/hour": 0.03,
		"nat-gateway/hour": 0.04, "public-ipv4/hour": 0.005, "cross-zone/gib": 0.01,
	}},
}}}

func made(t *testing.T, resources ...topology.Resource) topology.Topology {
	t.Helper()
	made, err := topology.New(resources...)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func etcdVolume(kind string, size, iops, throughput int) topology.Volume {
	return topology.Volume{Name: "a.etcd-main", Type: kind, SizeGiB: size, IOPS: iops, Throughput: throughput, Ownership: topology.Owned}
}

func TestAVolumeIsPaidBySizeAndByWhatExceedsTheBaseline(t *testing.T) {
	for name, c := range map[string]struct {
		volume topology.Volume
		want   float64
	}{
		"gp2 has its IOPS with its size":       {etcdVolume("gp2", 20, 0, 0), 20 * 0.10},
		"gp3 at its baseline":                  {etcdVolume("gp3", 20, 3000, 125), 20 * 0.08},
		"gp3 with more IOPS":                   {etcdVolume("gp3", 20, 4000, 125), 20*0.08 + (4000-3000)*0.005},
		"gp3 with more throughput":             {etcdVolume("gp3", 20, 3000, 250), 20*0.08 + (250-125)*0.04},
		"io1 pays every IOPS":                  {etcdVolume("io1", 100, 3000, 0), 100*0.125 + 3000*0.065},
		"io2 in the first tier":                {etcdVolume("io2", 100, 32000, 0), 100*0.125 + 32000*0.06},
		"io2 in the second tier":               {etcdVolume("io2", 100, 40000, 0), 100*0.125 + 32000*0.06 + 8000*0.05},
		"io2 in the third tier":                {etcdVolume("io2", 100, 65000, 0), 100*0.125 + 32000*0.06 + 32000*0.05 + 1000*0.03},
		"st1 pays no throughput":               {etcdVolume("st1", 500, 0, 0), 500 * 0.045},
		"sc1":                                  {etcdVolume("sc1", 500, 0, 0), 500 * 0.015},
		"a magnetic one, without its requests": {etcdVolume("standard", 20, 0, 0), 20 * 0.05},
	} {
		t.Run(name, func(t *testing.T) {
			bill := round.Monthly("us-test-1", made(t, c.volume), nil)
			if got := bill.Total(); math.Abs(got-c.want) > 1e-9 || len(bill.Unknown()) > 0 {
				t.Errorf("total %v, want %v; lines %v", got, c.want, bill.Lines)
			}
		})
	}
}

func TestTheNetworkIsPaidByTheHour(t *testing.T) {
	subnet := func(name string) topology.Subnet { return topology.Subnet{Name: name, Ownership: topology.Owned} }
	a, b := subnet("a"), subnet("b")
	ip := topology.ElasticIP{Name: "a", Ownership: topology.Owned}
	public := topology.LoadBalancer{Name: "api", Ownership: topology.Owned, Subnets: []topology.SubnetMapping{{Subnet: a.Ref()}, {Subnet: b.Ref()}}}
	internal := public
	internal.Internal = true
	fixed := public
	fixed.Subnets = []topology.SubnetMapping{{Subnet: a.Ref(), Allocation: ip.Ref()}, {Subnet: b.Ref(), Allocation: topology.Given("eipalloc-1")}}
	shared := topology.NATGateway{Name: "nat-1", Ownership: topology.Shared}

	for name, c := range map[string]struct {
		resources []topology.Resource
		want      float64
	}{
		"what is free":               {[]topology.Resource{a, b}, 0},
		"a NAT gateway":              {[]topology.Resource{topology.NATGateway{Name: "a", Ownership: topology.Owned}}, 730 * 0.04},
		"a NAT gateway of others":    {[]topology.Resource{shared}, 0},
		"an elastic IP":              {[]topology.Resource{ip}, 730 * 0.005},
		"an internal load balancer":  {[]topology.Resource{a, b, internal}, 730 * (0.02 + 0.006)},
		"a public one has addresses": {[]topology.Resource{a, b, public}, 730 * (0.02 + 0.006 + 2*0.005)},
		"a classic one": {
			[]topology.Resource{a, b, topology.ClassicELB{Name: "api", Subnets: []topology.Ref{a.Ref(), b.Ref()}, Ownership: topology.Owned}},
			730 * (0.03 + 2*0.005),
		},
		"no address is paid twice": {[]topology.Resource{a, b, ip, fixed}, 730 * (0.02 + 0.006 + 2*0.005)},
	} {
		t.Run(name, func(t *testing.T) {
			bill := round.Monthly("us-test-1", made(t, c.resources...), nil)
			if got := bill.Total(); math.Abs(got-c.want) > 1e-9 || len(bill.Unknown()) > 0 {
				t.Errorf("total %v, want %v; lines %v", got, c.want, bill.Lines)
			}
		})
	}
}

// group is a group of 1 to 10 machines with a template of its own, in the zones.
func group(change func(*topology.AutoScalingGroup, *topology.LaunchTemplate), zones ...string) []topology.Resource {
	t := topology.LaunchTemplate{Name: "nodes", InstanceType: "m5.large", Ownership: topology.Owned}
	g := topology.AutoScalingGroup{Name: "nodes", LaunchTemplate: t.Ref(), Min: 1, Max: 10, Zones: zones, Ownership: topology.Owned}
	change(&g, &t)
	return []topology.Resource{g, t}
}

func unchanged(*topology.AutoScalingGroup, *topology.LaunchTemplate) {}

func of(n int) Sizes {
	return Sizes{{Kind: topology.KindAutoScalingGroup, Name: "nodes"}: {"": n}}
}

func TestMachinesArePaidWithWhatTheyBringAlong(t *testing.T) {
	type change = func(g *topology.AutoScalingGroup, t *topology.LaunchTemplate)
	mixed := func(m topology.MixedInstances) change {
		return func(g *topology.AutoScalingGroup, _ *topology.LaunchTemplate) { g.Mixed = m }
	}
	types := []topology.InstanceOverride{{InstanceType: "m5.xlarge"}, {InstanceType: "c5.large"}}
	for name, c := range map[string]struct {
		change change
		sizes  Sizes
		want   float64
	}{
		"three on demand": {unchanged, of(3), 3 * 730 * 0.10},
		"none":            {unchanged, of(0), 0},
		"of the types they are, during a roll": {
			unchanged, Sizes{{Kind: topology.KindAutoScalingGroup, Name: "nodes"}: {"m5.xlarge": 1, "m5.large": 2}}, 730 * (1*0.20 + 2*0.10),
		},
		"with their disks, but not those of the machine itself": {
			func(_ *topology.AutoScalingGroup, t *topology.LaunchTemplate) {
				t.BlockDevices = []topology.BlockDevice{
					{Device: "root", Type: "gp3", SizeGiB: 64, IOPS: 3000, Throughput: 125},
					{Device: "/dev/sdb", Type: "gp2", SizeGiB: 10}, {Device: "/dev/sdc", Ephemeral: "ephemeral0"},
				}
			}, of(2), 2 * (730*0.10 + 64*0.08 + 10*0.10),
		},
		"with public addresses": {
			func(_ *topology.AutoScalingGroup, t *topology.LaunchTemplate) { t.AssociatePublicIP = true },
			of(2), 2 * 730 * (0.10 + 0.005),
		},
		"spot, up to the price on demand": {
			func(_ *topology.AutoScalingGroup, t *topology.LaunchTemplate) { t.Spot.MaxPrice = "0.50" }, of(2), 2 * 730 * 0.10,
		},
		"spot, up to the most that is offered": {
			func(_ *topology.AutoScalingGroup, t *topology.LaunchTemplate) { t.Spot.MaxPrice = "0.04" }, of(2), 2 * 730 * 0.04,
		},
		"mixed: two on demand, then a quarter of eight": {
			mixed(topology.MixedInstances{OnDemandStrategy: "prioritized", OnDemandBase: 2, OnDemandPercent: 25, SpotMaxPrice: "0.03"}),
			of(10), 730 * ((2+2)*0.10 + 6*0.03),
		},
		"mixed: a part of a machine is one on demand": {
			mixed(topology.MixedInstances{OnDemandStrategy: "prioritized", OnDemandPercent: 50, SpotMaxPrice: "0.03"}),
			of(3), 730 * (2*0.10 + 1*0.03),
		},
		"mixed: the first of the list": {
			mixed(topology.MixedInstances{OnDemandStrategy: "prioritized", OnDemandPercent: 100, Overrides: types}), of(1), 730 * 0.20,
		},
		"mixed: the cheapest of the list": {
			mixed(topology.MixedInstances{OnDemandStrategy: "lowest-price", OnDemandPercent: 100, Overrides: types}), of(1), 730 * 0.08,
		},
	} {
		t.Run(name, func(t *testing.T) {
			bill := round.Monthly("us-test-1", made(t, group(c.change)...), c.sizes)
			if got := bill.Total(); math.Abs(got-c.want) > 1e-9 || len(bill.Unknown()) > 0 {
				t.Errorf("total %v, want %v; lines %v", got, c.want, bill.Lines)
			}
		})
	}
}

func TestTrafficBetweenZonesIsAnEstimateThatSaysSo(t *testing.T) {
	bill := round.Monthly("us-test-1", made(t, group(unchanged, "a", "b", "c")...), of(3))
	want := 3*730*0.10 + 3*20*2.0/3*2*0.01
	if got := bill.Total(); math.Abs(got-want) > 1e-9 {
		t.Errorf("total %v, want %v", got, want)
	}
	if last := bill.Lines[len(bill.Lines)-1]; last.What != "40 GiB between zones" || !strings.Contains(last.Note, "an estimate") {
		t.Errorf("the last line is %+v", last)
	}
}

func TestWhatTheTableDoesNotKnowIsUnknownAndNeverZero(t *testing.T) {
	dedicated := func(_ *topology.AutoScalingGroup, t *topology.LaunchTemplate) { t.Tenancy = "dedicated" }
	odd := func(_ *topology.AutoScalingGroup, t *topology.LaunchTemplate) { t.InstanceType = "x9.huge" }
	required := func(g *topology.AutoScalingGroup, _ *topology.LaunchTemplate) {
		g.Mixed = topology.MixedInstances{OnDemandStrategy: "lowest-price", OnDemandPercent: 100, Overrides: []topology.InstanceOverride{{}}}
	}
	for name, c := range map[string]struct {
		region    string
		resources []topology.Resource
		want      string // part of the note
	}{
		"another region":           {"eu-test-1", group(unchanged), "no price of it in eu-test-1"},
		"a volume there":           {"eu-test-1", []topology.Resource{etcdVolume("gp3", 20, 3000, 125)}, "no price of it in eu-test-1"},
		"another type":             {"us-test-1", group(odd), "no price of it in us-test-1"},
		"another kind of volume":   {"us-test-1", []topology.Resource{etcdVolume("gp9", 20, 0, 0)}, "no price of it in us-test-1"},
		"machines of one customer": {"us-test-1", group(dedicated), "this is dedicated"},
		"types that AWS chooses":   {"us-test-1", group(required), "not known beforehand"},
	} {
		t.Run(name, func(t *testing.T) {
			unknown := round.Monthly(c.region, made(t, c.resources...), of(2)).Unknown()
			if len(unknown) != 1 || !strings.Contains(unknown[0].Note, c.want) {
				t.Errorf("unknown are %+v, want one for %q", unknown, c.want)
			}
		})
	}
}

func TestEveryKindHasAPriceOrAReasonForNone(t *testing.T) {
	priced := map[topology.Kind]bool{
		topology.KindAutoScalingGroup: true, topology.KindVolume: true, topology.KindLoadBalancer: true,
		topology.KindClassicELB: true, topology.KindNATGateway: true, topology.KindElasticIP: true,
	}
	for _, kind := range topology.Kinds() {
		if priced[kind] == (free[kind] != "") {
			t.Errorf("%s: price it in invoice.resource, or say in free why it costs nothing", kind)
		}
	}
}

func TestAGroupIsPricedAtItsSizeNowWithinItsBounds(t *testing.T) {
	ref := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: "nodes"}
	machine := func(state string) topology.Machine {
		return topology.Machine{Group: ref, InstanceType: "m5.large", State: state}
	}
	running := Running([]topology.Machine{machine("running"), machine("pending"), machine("terminated"), {InstanceType: "m5.large"}})
	if diff := cmp.Diff(Sizes{ref: {"m5.large": 2}}, running); diff != "" {
		t.Errorf("running (-want +got):\n%s", diff)
	}
	for name, c := range map[string]struct{ min, max, want int }{
		"inside stays":         {1, 10, 2},
		"a higher floor lifts": {3, 10, 3},
		"a lower roof presses": {0, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			want := made(t, group(func(g *topology.AutoScalingGroup, _ *topology.LaunchTemplate) { g.Min, g.Max = c.min, c.max })...)
			if got := Within(want, running).of(ref); got != c.want {
				t.Errorf("size %d, want %d", got, c.want)
			}
		})
	}
}
