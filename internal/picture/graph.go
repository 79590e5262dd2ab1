package picture

import (
	"cmp"
	"slices"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/diff/render"
	"github.com/quorate/quorate/topology"
)

// Graph is a plan's changes in their order, from left to right.
type Graph struct {
	Cluster, Region, Summary string
	Nodes                    []Node // sorted by layer; edges go from earlier to later ones
}

// A Node is one change, or several of one kind and one effect that stand side by side.
type Node struct {
	Effect diff.Effect
	Kind   topology.Kind
	Names  []string
	// Zone is set where control-plane machines are taken out: these nodes are a chain.
	Zone string
	// Layer is the number of changes on the longest way here.
	Layer int
	// After are the indexes of the nodes right before this one: what follows from
	// other edges is left out.
	After []int
}

// OfPlan arranges a plan.
func OfPlan(p render.Plan) Graph {
	layers, after := layered(p.Lines)
	g := Graph{Cluster: p.Cluster, Region: p.Region, Summary: p.Summary()}
	nodeOf := g.group(p.Lines, layers)
	for i := range p.Lines {
		for _, j := range after[i] {
			node := &g.Nodes[nodeOf[i]]
			node.After = append(node.After, nodeOf[j])
		}
	}
	g.reduce()
	return g
}

// layered finds for each line the lines it comes after and its layer. Lines are in the
// order they happen, so whatever a line waits for stands before it.
func layered(lines []render.Line) (layers []int, after [][]int) {
	layers, after = make([]int, len(lines)), make([][]int, len(lines))
	place := map[topology.Ref]int{}
	for i, l := range lines {
		for _, ref := range l.After {
			if j, known := place[ref]; known {
				after[i] = append(after[i], j)
				layers[i] = max(layers[i], layers[j]+1)
			}
		}
		place[l.Change.Ref] = i
	}
	return layers, after
}

// group makes the nodes and returns the node of each line. Changes that take machines
// out, and refusals, are never grouped: each is a sentence of its own.
func (g *Graph) group(lines []render.Line, layers []int) []int {
	type key struct {
		layer  int
		effect diff.Effect
		kind   topology.Kind
		alone  int // tells the ones apart that are not grouped
	}
	keyOf := func(i int) key {
		c := lines[i].Change
		k := key{layers[i], c.Effect, c.Ref.Kind, -1}
		if lines[i].Zone != "" || c.Effect == diff.Roll || c.Effect == diff.Forbid {
			k.alone = i
		}
		return k
	}
	order := make([]int, len(lines))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(layers[a], layers[b]) })
	nodes, nodeOf := map[key]int{}, make([]int, len(lines))
	for _, i := range order {
		l := lines[i]
		n, known := nodes[keyOf(i)]
		if !known {
			n = len(g.Nodes)
			nodes[keyOf(i)] = n
			g.Nodes = append(g.Nodes, Node{Effect: l.Change.Effect, Kind: l.Change.Ref.Kind, Zone: l.Zone, Layer: layers[i]})
		}
		g.Nodes[n].Names = append(g.Nodes[n].Names, l.Change.Ref.Name)
		nodeOf[i] = n
	}
	return nodeOf
}

// reduce drops each edge that a longer way says already. Edges only go to later nodes,
// so one walk in order knows all ancestors.
func (g *Graph) reduce() {
	ancestors := make([]map[int]bool, len(g.Nodes))
	for i := range g.Nodes {
		node := &g.Nodes[i]
		slices.Sort(node.After)
		node.After = slices.Compact(node.After)
		all, indirect := map[int]bool{}, map[int]bool{}
		for _, j := range node.After {
			all[j] = true
			for a := range ancestors[j] {
				all[a], indirect[a] = true, true
			}
		}
		node.After = slices.DeleteFunc(node.After, func(j int) bool { return indirect[j] })
		ancestors[i] = all
	}
}
