package picture

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// A sketch is what a layout program needs to know: frames in frames, dots in them, and
// edges. Mermaid and Graphviz get the same one.
type sketch struct {
	title     string
	leftRight bool
	root      frame
	edges     []edge
	styles    []style
}

type frame struct {
	id, label string
	frames    []frame
	dots      []dot
}

type dot struct {
	id    string
	lines []string
	style string
	disk  bool
}

type edge struct {
	from, to string
	strong   bool
}

type style struct{ name, fill, stroke string }

var clusterStyles = []style{
	{"balancer", "#f3ebfd", "#7c3aed"},
	{"gateway", "#e3f5f2", "#0f766e"},
	{"controlplane", "#e8ebfb", "#3b4cca"},
	{"worker", "#fdf0e0", "#d97706"},
	{"volume", "#ffffff", "#64748b"},
	{"note", "#f8fafc", "#cbd5e1"},
}

func (c Cluster) sketch() sketch {
	s := sketch{title: c.Name + " in " + c.Region, styles: clusterStyles}
	vpc := frame{id: "vpc", label: c.VPC}
	for i, zone := range c.Zones {
		vpc.frames = append(vpc.frames, c.zoneFrame(&s, i, zone))
	}
	for i, g := range c.Groups {
		if len(g.Columns) > 1 {
			vpc.dots = append(vpc.dots, g.dot(i))
			s.spread(c, i)
		}
	}
	for i, b := range c.Balancers {
		id := "lb" + strconv.Itoa(i)
		vpc.dots = append(vpc.dots, dot{id: id, lines: append([]string{b.title()}, b.Ports...), style: "balancer"})
		for _, target := range b.Targets {
			s.edges = append(s.edges, edge{from: id, to: groupID(target), strong: true})
		}
	}
	s.root.frames = []frame{vpc}
	if len(c.Others) > 0 {
		s.root.dots = append(s.root.dots, dot{id: "others", lines: append([]string{"also"}, c.Others...), style: "note"})
	}
	return s
}

// spread joins a group to each subnet that it is in.
func (s *sketch) spread(c Cluster, group int) {
	for i, subnet := range c.Subnets {
		for _, col := range c.Groups[group].Columns {
			if subnet.Row == c.Groups[group].Row && subnet.Col == col {
				s.edges = append(s.edges, edge{from: subnetID(i), to: groupID(group)})
			}
		}
	}
}

func (c Cluster) zoneFrame(s *sketch, col int, zone string) frame {
	f := frame{id: "zone" + strconv.Itoa(col), label: zone}
	for i, subnet := range c.Subnets {
		if subnet.Col == col {
			f.frames = append(f.frames, c.subnetFrame(s, i))
		}
	}
	for i, v := range c.Loose {
		if v.Col == col {
			f.dots = append(f.dots, v.dot("loose"+strconv.Itoa(i)))
		}
	}
	return f
}

func (c Cluster) subnetFrame(s *sketch, index int) frame {
	subnet := c.Subnets[index]
	f := frame{id: "frame" + strconv.Itoa(index), label: strings.TrimSpace(subnet.Tier + " " + subnet.Label)}
	f.dots = append(f.dots, dot{id: subnetID(index), lines: []string{subnet.CIDR, subnet.Route}, style: "note"})
	for i, gateway := range subnet.Gateways {
		f.dots = append(f.dots, dot{id: fmt.Sprintf("nat%d_%d", index, i), lines: []string{"NAT gateway", gateway}, style: "gateway"})
	}
	for i, g := range c.Groups {
		if g.Row != subnet.Row || len(g.Columns) > 1 || g.Columns[0] != subnet.Col {
			continue
		}
		f.dots = append(f.dots, g.dot(i))
		for j, v := range g.Volumes {
			id := fmt.Sprintf("volume%d_%d", i, j)
			f.dots = append(f.dots, v.dot(id))
			s.edges = append(s.edges, edge{from: groupID(i), to: id})
		}
	}
	return f
}

func groupID(i int) string  { return "group" + strconv.Itoa(i) }
func subnetID(i int) string { return "subnet" + strconv.Itoa(i) }

func (g Group) dot(i int) dot {
	kind := "worker"
	if g.Role == topology.ControlPlane || g.Role == topology.APIServer {
		kind = "controlplane"
	}
	return dot{id: groupID(i), lines: []string{g.Label, string(g.Role), g.InstanceType, g.size()}, style: kind}
}

func (v Volume) dot(id string) dot {
	return dot{id: id, lines: []string{v.Label, v.Detail}, style: "volume", disk: true}
}

// size is how many machines the group keeps.
func (g Group) size() string {
	switch {
	case g.Min != g.Max:
		return fmt.Sprintf("%d to %d machines", g.Min, g.Max)
	case g.Max == 1:
		return "1 machine"
	}
	return fmt.Sprintf("%d machines", g.Max)
}

func (b Balancer) title() string {
	if b.Internal {
		return "internal load balancer " + b.Label
	}
	return "load balancer " + b.Label
}

func (g Graph) sketch() sketch {
	s := sketch{title: g.title(), leftRight: true}
	for _, e := range effects {
		s.styles = append(s.styles, style{effectStyles[e].name, effectStyles[e].fill, effectStyles[e].stroke})
	}
	chain := frame{id: "chain", label: chainTitle}
	for i, n := range g.Nodes {
		d := dot{id: nodeID(i), lines: append([]string{n.title()}, g.names(n)...), style: effectStyles[n.Effect].name}
		if n.Zone != "" {
			chain.dots = append(chain.dots, d)
		} else {
			s.root.dots = append(s.root.dots, d)
		}
		for _, j := range n.After {
			s.edges = append(s.edges, edge{nodeID(j), nodeID(i), n.Zone != "" && g.Nodes[j].Zone != ""})
		}
	}
	if g.forbidden() {
		s.root.dots = append(s.root.dots, dot{id: "forbidden", lines: []string{forbiddenTitle}, style: effectStyles[diff.Forbid].name})
	}
	if len(chain.dots) > 0 {
		s.root.frames = append(s.root.frames, chain)
	}
	return s
}

func nodeID(i int) string { return "step" + strconv.Itoa(i) }
