package prices

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/quorate/quorate/topology"
)

// Sizes says how many machines each group has, by instance type. The empty type stands
// for machines of whatever type the group's template says.
type Sizes map[topology.Ref]map[string]int

// Running counts the machines of each group that are there to stay.
func Running(machines []topology.Machine) Sizes {
	sizes := Sizes{}
	for _, m := range machines {
		if m.Group.IsZero() || m.Gone() {
			continue
		}
		if sizes[m.Group] == nil {
			sizes[m.Group] = map[string]int{}
		}
		sizes[m.Group][m.InstanceType]++
	}
	return sizes
}

// Within is the sizes that the wanted groups settle at: what runs now, forced between the
// bounds; a new group begins at its minimum.
func Within(want topology.Topology, running Sizes) Sizes {
	return sized(want, func(g topology.AutoScalingGroup) int {
		return max(g.Min, min(g.Max, running.of(g.Ref())))
	})
}

// Least is every group at its minimum.
func Least(want topology.Topology) Sizes {
	return sized(want, func(g topology.AutoScalingGroup) int { return g.Min })
}

// Most is every group at its maximum.
func Most(want topology.Topology) Sizes {
	return sized(want, func(g topology.AutoScalingGroup) int { return g.Max })
}

func sized(t topology.Topology, size func(topology.AutoScalingGroup) int) Sizes {
	sizes := Sizes{}
	for _, g := range topology.Of[topology.AutoScalingGroup](t) {
		sizes[g.Ref()] = map[string]int{"": size(g)}
	}
	return sizes
}

func (s Sizes) of(group topology.Ref) (sum int) {
	for _, n := range s[group] {
		sum += n
	}
	return sum
}

// group prices a group's machines, and what each of them brings along.
func (in *invoice) group(g topology.AutoScalingGroup) {
	template, _ := topology.Find[topology.LaunchTemplate](in.topology, g.LaunchTemplate)
	n := in.sizes.of(g.Ref())
	if n == 0 {
		return
	}
	in.fleet(g, template, n)
	for _, d := range template.BlockDevices {
		if d.Ephemeral == "" {
			volume := disk{d.Type, d.SizeGiB, d.IOPS, d.Throughput}
			in.add(g.Ref(), fmt.Sprintf("%d × %s, %s", n, d.Device, volume), in.region.monthly(volume).times(float64(n)), "")
		}
	}
	if template.AssociatePublicIP {
		in.addresses(g.Ref(), n)
	}
}

// fleet prices n machines by type. Of each type those on demand are counted first, so
// that spot machines, which have a ceiling, are never taken for fewer than they are.
func (in *invoice) fleet(g topology.AutoScalingGroup, t topology.LaunchTemplate, n int) {
	spot, ceiling := market(g, t, n)
	fixed := n - spot
	counts := in.sizes[g.Ref()]
	for _, kind := range slices.Sorted(maps.Keys(counts)) {
		m := machines{fixed: min(fixed, counts[kind]), instanceType: cmp.Or(kind, t.InstanceType), ceiling: ceiling}
		m.spot = counts[kind] - m.fixed
		fixed -= m.fixed
		if kind == "" && len(g.Mixed.Overrides) > 0 {
			m.instanceType = in.chosen(g.Mixed)
		}
		in.machines(g.Ref(), t.Tenancy, m)
	}
}

// market tells how many of n machines AWS may take back, and what such a machine costs an
// hour at most; zero for the price on demand.
func market(g topology.AutoScalingGroup, t topology.LaunchTemplate, n int) (spot int, ceiling float64) {
	switch {
	case !g.Mixed.IsZero():
		// What is left of a machine is rounded up to one on demand (Auto Scaling user
		// guide, "Allocation strategies for multiple instance types").
		return max(0, n-g.Mixed.OnDemandBase) * (100 - g.Mixed.OnDemandPercent) / 100, dollars(g.Mixed.SpotMaxPrice)
	case t.Spot != topology.SpotOptions{}:
		return n, dollars(t.Spot.MaxPrice)
	}
	return 0, 0
}

// machines are some of a group's machines, all of one type.
type machines struct {
	instanceType string // empty if nobody can tell
	fixed, spot  int
	ceiling      float64
}

// chosen is the type of a list that a group launches on demand: the first, or the
// cheapest if price decides; empty where types only have to meet requirements.
func (in *invoice) chosen(m topology.MixedInstances) string {
	if m.OnDemandStrategy != topology.OnDemandLowestPrice {
		return m.Overrides[0].InstanceType
	}
	var best string
	for _, o := range m.Overrides {
		price := in.region.instance(o.InstanceType)
		if !price.known {
			return ""
		}
		if best == "" || price.value < in.region.instance(best).value {
			best = o.InstanceType
		}
	}
	return best
}

func (in *invoice) machines(group topology.Ref, tenancy string, m machines) {
	hourly := in.region.instance(m.instanceType)
	name, note := m.instanceType, ""
	if name == "" {
		name, note = "machine", "which instance type AWS chooses is not known beforehand"
	}
	if tenancy == "dedicated" || tenancy == "host" {
		hourly.known, note = false, "the table has prices of shared tenancy only, and this is "+tenancy
	}
	if m.fixed > 0 {
		in.add(group, fmt.Sprintf("%d × %s on demand", m.fixed, name), hourly.monthly().times(float64(m.fixed)), note)
	}
	if m.spot == 0 {
		return
	}
	if m.ceiling > 0 && in.currency == "USD" {
		hourly.value = min(hourly.value, m.ceiling)
	}
	if note == "" && hourly.known {
		note = "spot prices move; this is the most it can be"
	}
	in.add(group, fmt.Sprintf("%d × %s spot, up to", m.spot, name), hourly.monthly().times(float64(m.spot)), note)
}

// dollars reads a price that AWS takes as text; what is no number sets no limit.
func dollars(text string) float64 {
	value, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return 0
	}
	return value
}
