package prices

import (
	"fmt"

	"github.com/quorate/quorate/topology"
)

// invoice is a bill in the making.
type invoice struct {
	region   Region
	name     string // of the region
	currency string
	topology topology.Topology
	sizes    Sizes
	lines    []Line
}

// Monthly prices the cluster's own resources in a month in which nothing changes; what is
// shared is paid by whoever owns it. It holds no data that leaves the region or passes a
// NAT gateway, and nothing that is billed by request.
func (t Table) Monthly(region string, what topology.Topology, sizes Sizes) Bill {
	return t.monthly(region, what, sizes, nil)
}

// monthly prices a topology and other resources beside it.
func (t Table) monthly(region string, what topology.Topology, sizes Sizes, others []topology.Resource) Bill {
	in := &invoice{region: t.Regions[region], name: region, currency: currencyOf(region), topology: what, sizes: sizes}
	for _, r := range what.All() {
		if r.Owner() != topology.Owned {
			continue
		}
		in.resource(r)
	}
	for _, r := range others {
		in.resource(r)
	}
	in.traffic()
	return Bill{in.lines}
}

// resource prices one resource by its type. The kinds without a case cost nothing by
// themselves, which [free] says with the reason.
func (in *invoice) resource(r topology.Resource) {
	switch r := r.(type) {
	case topology.AutoScalingGroup:
		in.group(r)
	case topology.Volume:
		in.add(r.Ref(), diskOf(r).String(), in.region.monthly(diskOf(r)), "")
	case topology.LoadBalancer:
		in.loadBalancer(r)
	case topology.ClassicELB:
		in.classicELB(r)
	case topology.NATGateway:
		in.add(r.Ref(), "NAT gateway, without the data that passes", in.region.rate(NATGatewayHour).monthly(), "")
	case topology.ElasticIP:
		in.addresses(r.Ref(), 1)
	default:
		if free[r.Ref().Kind] == "" {
			in.add(r.Ref(), string(r.Ref().Kind), amount{}, "this version does not know what it costs")
		}
	}
}

// free are the kinds without a price of their own, with the reason.
var free = map[topology.Kind]string{
	topology.KindDHCPOptions:       "free of charge",
	topology.KindVPC:               "free of charge",
	topology.KindInternetGateway:   "free of charge; data is billed by the byte",
	topology.KindVPCCIDR:           "free of charge",
	topology.KindEgressOnlyGateway: "free of charge; data is billed by the byte",
	topology.KindSubnet:            "free of charge",
	topology.KindRouteTable:        "free of charge",
	topology.KindSecurityGroup:     "free of charge",
	topology.KindSecurityGroupRule: "free of charge",
	topology.KindOIDCProvider:      "free of charge",
	topology.KindIAMRole:           "free of charge",
	topology.KindInstanceProfile:   "free of charge",
	topology.KindKeyPair:           "free of charge",
	topology.KindQueue:             "billed by request, a few a day",
	topology.KindEventRule:         "free for events of AWS services",
	topology.KindTargetGroup:       "part of its load balancer",
	topology.KindListener:          "part of its load balancer",
	topology.KindDNSRecord:         "billed by query; the zone is not the cluster's",
	topology.KindZoneAssociation:   "free of charge",
	topology.KindLaunchTemplate:    "free of charge; its machines are priced with their group",
	topology.KindLifecycleHook:     "free of charge",
	topology.KindScalingPolicy:     "free of charge; the two alarms that AWS makes for a target are billed by CloudWatch, in cents",
	topology.KindScheduledAction:   "free of charge",
	topology.KindAlarm:             "billed by CloudWatch, in cents; the first ten of an account are free",
}

// loadBalancer prices the hours, the capacity units as a guess, and the addresses of a
// public one, of which those that are elastic IPs of the cluster have their own line.
func (in *invoice) loadBalancer(l topology.LoadBalancer) {
	in.add(l.Ref(), "network load balancer", in.region.rate(NetworkLBHour).monthly(), "")
	in.add(l.Ref(), "1 capacity unit", in.region.rate(NetworkLBUnit).monthly(), "an estimate: a quiet API stays below one unit")
	if l.Internal {
		return
	}
	var n int
	for _, m := range l.Subnets {
		if _, counted := in.topology.Get(m.Allocation); !counted {
			n++
		}
	}
	in.addresses(l.Ref(), n)
}

// classicELB prices the hours, and an address in each zone of a public one; data is billed
// by the byte.
func (in *invoice) classicELB(l topology.ClassicELB) {
	in.add(l.Ref(), "classic load balancer, without the data that passes", in.region.rate(ClassicLBHour).monthly(), "")
	if !l.Internal {
		in.addresses(l.Ref(), len(l.Subnets))
	}
}

func (in *invoice) addresses(ref topology.Ref, n int) {
	if n > 0 {
		in.add(ref, fmt.Sprintf("%d × public IPv4 address", n), in.region.rate(PublicIPv4Hour).monthly().times(float64(n)), "")
	}
}

// trafficPerMachine is a guess at what one machine's control traffic (kubelets, watches,
// etcd's replication) comes to, in GiB a month; about 8 KiB a second.
const trafficPerMachine = 20

// traffic guesses at the bytes between zones: if machines talk to all alike, the share
// that crosses is one less than the zones, of the zones. Both ends pay.
func (in *invoice) traffic() {
	zones, n := map[string]bool{}, 0
	for _, g := range topology.Of[topology.AutoScalingGroup](in.topology) {
		size := in.sizes.of(g.Ref())
		if size == 0 {
			continue
		}
		n += size
		for _, z := range g.Zones {
			zones[z] = true
		}
	}
	if len(zones) < 2 {
		return
	}
	crossing := float64(n*trafficPerMachine) * float64(len(zones)-1) / float64(len(zones))
	in.add(topology.Ref{}, fmt.Sprintf("%.0f GiB between zones", crossing), in.region.rate(CrossZoneTraffic).times(2*crossing),
		fmt.Sprintf("an estimate: %d GiB of control traffic for each of %d machines; what workloads send is not in it", trafficPerMachine, n))
}

func (in *invoice) add(ref topology.Ref, what string, cost amount, note string) {
	if !cost.known && note == "" {
		note = "the table has no price of it in " + in.name
	}
	in.lines = append(in.lines, Line{Ref: ref, What: what, Monthly: cost.value, Known: cost.known, Note: note})
}
