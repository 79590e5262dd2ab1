package picture

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quorate/quorate/topology"
)

// Cluster is a topology arranged on a grid: a column for each zone, and a row for each
// tier of subnets.
type Cluster struct {
	Name, Region string
	// VPC is the label of the frame, and Gateway that of the way out of it; empty for none.
	VPC, Gateway string
	Zones        []string // sorted; the columns
	Rows         int
	Balancers    []Balancer
	Subnets      []Subnet // by row, then column
	Groups       []Group
	// Loose are volumes that no group of the topology claims.
	Loose []Volume
	// Others counts what has no place in the drawing, such as "3 security-group".
	Others []string
}

// A Balancer is a load balancer with the groups that its listeners reach.
type Balancer struct {
	Label    string
	Internal bool
	Ports    []string // such as "TCP 443"
	Columns  []int    // where it has a node
	Targets  []int    // indexes of [Cluster.Groups]
}

// A Subnet is one cell of the grid.
type Subnet struct {
	Label, Tier, CIDR string
	// Route is where traffic to the internet goes; empty for nowhere.
	Route    string
	Row, Col int
	Gateways []string // NAT gateways in it
	ref      topology.Ref
}

// A Group is an Auto Scaling group in one cell, or across the cells of one row.
type Group struct {
	Label        string
	Role         topology.Role
	InstanceType string
	Min, Max     int
	Row          int
	Columns      []int // sorted; more than one makes it a bar
	Volumes      []Volume
	targets      []topology.Ref
}

// A Volume is the disk of one etcd member.
type Volume struct {
	Label, Detail, Etcd string
	Col                 int
}

// composer arranges one topology.
type composer struct {
	Cluster
	t     topology.Topology
	drawn map[topology.Ref]bool
}

// OfCluster arranges the topology of the named cluster.
func OfCluster(name, region string, t topology.Topology) Cluster {
	c := composer{Cluster: Cluster{Name: name, Region: region}, t: t, drawn: map[topology.Ref]bool{}}
	c.Zones = zones(t)
	c.frame()
	c.subnets()
	c.groups()
	c.volumes()
	c.balancers()
	c.others()
	return c.Cluster
}

// zones are the columns: every zone that something is in, sorted.
func zones(t topology.Topology) []string {
	seen := map[string]bool{}
	for _, s := range topology.Of[topology.Subnet](t) {
		seen[s.Zone] = true
	}
	for _, g := range topology.Of[topology.AutoScalingGroup](t) {
		for _, zone := range g.Zones {
			seen[zone] = true
		}
	}
	for _, v := range topology.Of[topology.Volume](t) {
		seen[v.Zone] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// short takes off what every name of the cluster ends in.
func (c *composer) short(name string) string {
	return strings.TrimSuffix(strings.TrimSuffix(name, "."+c.Name), ".masters")
}

func (c *composer) frame() {
	for _, v := range topology.Of[topology.VPC](c.t) {
		c.drawn[v.Ref()] = true
		name := v.Name
		if name == c.Name {
			name = "" // the title says it
		}
		c.VPC = strings.Join(slices.DeleteFunc([]string{"VPC", name, prefix(v.CIDR), owner(v)}, empty), " ")
	}
	for _, g := range topology.Of[topology.InternetGateway](c.t) {
		c.drawn[g.Ref()] = true
		c.Gateway = "internet gateway"
	}
}

func owner(r topology.Resource) string {
	if r.Owner() == topology.Shared {
		return "(shared)"
	}
	return ""
}

func empty(s string) bool { return s == "" }

// balancers come with their ports and what these lead to.
func (c *composer) balancers() {
	for _, lb := range topology.Of[topology.LoadBalancer](c.t) {
		c.drawn[lb.Ref()] = true
		b := Balancer{Label: c.short(lb.Name), Internal: lb.Internal}
		for _, m := range lb.Subnets {
			if i := slices.IndexFunc(c.Subnets, func(s Subnet) bool { return s.ref == m.Subnet }); i >= 0 {
				b.Columns = append(b.Columns, c.Subnets[i].Col)
			}
		}
		c.listeners(lb.Ref(), &b)
		for _, i := range b.Targets {
			b.Columns = append(b.Columns, c.Groups[i].Columns[0])
		}
		slices.Sort(b.Columns)
		b.Columns = slices.Compact(b.Columns)
		c.Balancers = append(c.Balancers, b)
	}
}

func (c *composer) listeners(lb topology.Ref, b *Balancer) {
	listeners := slices.DeleteFunc(topology.Of[topology.Listener](c.t), func(l topology.Listener) bool { return l.LoadBalancer != lb })
	slices.SortFunc(listeners, func(x, y topology.Listener) int { return cmp.Compare(x.Port, y.Port) })
	for _, l := range listeners {
		c.drawn[l.Ref()], c.drawn[l.TargetGroup] = true, true
		b.Ports = append(b.Ports, fmt.Sprintf("%s %d", l.Protocol, l.Port))
		for i, g := range c.Groups {
			if slices.Contains(g.targets, l.TargetGroup) && !slices.Contains(b.Targets, i) {
				b.Targets = append(b.Targets, i)
			}
		}
	}
}

// others counts by kind whatever was not drawn, in the order of the topology.
func (c *composer) others() {
	counts := map[topology.Kind]int{}
	var kinds []topology.Kind
	for ref := range c.t.All() {
		if c.drawn[ref] {
			continue
		}
		if counts[ref.Kind] == 0 {
			kinds = append(kinds, ref.Kind)
		}
		counts[ref.Kind]++
	}
	for _, kind := range kinds {
		c.Others = append(c.Others, fmt.Sprintf("%d %s", counts[kind], kind))
	}
}
