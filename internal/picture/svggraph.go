package picture

import (
	"fmt"
	"slices"
	"strconv"
)

// The columns of a plan in pixels.
const (
	nodeW   = 270
	layerW  = nodeW + 80
	lineH   = 17
	nodeGap = 18
	wireH   = 8 // what an edge takes up where it passes a column
	headY   = 120
	laneTop = 44
)

// spot is a place in a column: a node, or where an edge passes by on its way.
type spot struct {
	node   int // -1 for an edge passing
	layer  int
	lane   bool // in the lane of the control-plane chain
	y, h   int
	before []int // spots of the column to the left
	after  []int
}

// graphDrawing is one drawing of a plan under way.
type graphDrawing struct {
	Graph
	canvas
	spots  []spot
	layers [][]int
	laneH  int
}

func (g Graph) svg() string {
	d := &graphDrawing{Graph: g}
	d.place()
	d.untangle()
	d.stack()
	d.heads()
	for i := range d.spots {
		d.edges(i)
	}
	bottom := headY
	for _, s := range d.spots {
		bottom = max(bottom, s.y+s.h)
		if s.node >= 0 {
			d.node(s)
		}
	}
	w := max(len(d.layers), 2)*layerW - (layerW - nodeW) + 2*margin
	return d.document(max(w, width(g.title(), 22)+2*margin), bottom+margin, g.title())
}

// place gives every node its spot, and each long edge one in every column between.
func (d *graphDrawing) place() {
	for i, n := range d.Nodes {
		d.add(spot{node: i, layer: n.Layer, lane: n.Zone != "", h: 32 + lineH*len(d.names(n))})
	}
	for i, n := range d.Nodes {
		for _, j := range n.After {
			from := j
			lane := n.Zone != "" && d.Nodes[j].Zone != ""
			for layer := d.Nodes[j].Layer + 1; layer < n.Layer; layer++ {
				next := d.add(spot{node: -1, layer: layer, lane: lane, h: wireH})
				d.join(from, next)
				from = next
			}
			d.join(from, i)
		}
	}
}

func (d *graphDrawing) add(s spot) int {
	for len(d.layers) <= s.layer {
		d.layers = append(d.layers, nil)
	}
	d.spots = append(d.spots, s)
	d.layers[s.layer] = append(d.layers[s.layer], len(d.spots)-1)
	return len(d.spots) - 1
}

func (d *graphDrawing) join(from, to int) {
	d.spots[from].after = append(d.spots[from].after, to)
	d.spots[to].before = append(d.spots[to].before, from)
}

// sweeps is how often the columns are sorted; more hardly changes a picture of this size.
const sweeps = 8

// untangle sorts each column by the middle of its neighbours' places, back and forth, as
// Sugiyama, Tagawa and Toda do.
func (d *graphDrawing) untangle() {
	place := make([]float64, len(d.spots))
	note := func(layer []int) {
		for i, s := range layer {
			place[s] = float64(i)
		}
	}
	for _, layer := range d.layers {
		note(layer)
	}
	for sweep := range sweeps {
		for k := range d.layers {
			layer := d.layers[k]
			neighbours := func(s int) []int { return d.spots[s].before }
			if sweep%2 == 1 {
				layer = d.layers[len(d.layers)-1-k]
				neighbours = func(s int) []int { return d.spots[s].after }
			}
			middle := map[int]float64{}
			for _, s := range layer {
				middle[s] = mean(neighbours(s), place, place[s])
			}
			slices.SortStableFunc(layer, func(a, b int) int { return compareSpots(d.spots[a], d.spots[b], middle[a], middle[b]) })
			note(layer)
		}
	}
}

func mean(of []int, place []float64, otherwise float64) float64 {
	if len(of) == 0 {
		return otherwise
	}
	sum := 0.0
	for _, s := range of {
		sum += place[s]
	}
	return sum / float64(len(of))
}

// compareSpots keeps the chain's lane on top of every column.
func compareSpots(a, b spot, middleA, middleB float64) int {
	switch {
	case a.lane != b.lane && a.lane:
		return -1
	case a.lane != b.lane:
		return 1
	case middleA < middleB:
		return -1
	case middleA > middleB:
		return 1
	}
	return 0
}

// stack sets the heights: the lane first, then every column centred beneath it.
func (d *graphDrawing) stack() {
	tallest := 0
	for _, layer := range d.layers {
		lane, rest := d.heights(layer)
		d.laneH, tallest = max(d.laneH, lane), max(tallest, rest)
	}
	for _, layer := range d.layers {
		_, rest := d.heights(layer)
		laneY, y := headY+laneTop, headY+(tallest-rest)/2
		if d.laneH > 0 {
			y = headY + d.laneH + laneTop + 2*nodeGap
		}
		for _, s := range layer {
			at := &y
			if d.spots[s].lane {
				at = &laneY
			}
			d.spots[s].y = *at
			*at += d.spots[s].h + nodeGap
		}
	}
}

func (d *graphDrawing) heights(layer []int) (lane, rest int) {
	for _, s := range layer {
		if d.spots[s].lane {
			lane += d.spots[s].h + nodeGap
		} else {
			rest += d.spots[s].h + nodeGap
		}
	}
	return lane, rest
}

// heads are the title, the legend of effects, the numbers of the columns and the lane of
// the chain.
func (d *graphDrawing) heads() {
	d.text(margin, 42, 4000, "title", d.title())
	x := margin
	for _, e := range effects {
		if !slices.ContainsFunc(d.Nodes, func(n Node) bool { return n.Effect == e }) {
			continue
		}
		st := effectStyles[e]
		d.rect(box{x, 62, 16, 16}, 3, st.fill, st.stroke)
		d.text(x+22, 75, 100, "what", e.String())
		x += 40 + width(e.String(), 12)
	}
	if d.forbidden() {
		d.text(x+pad, 75, 4000, "name", forbiddenTitle)
	}
	d.lane()
	for i := range d.layers {
		d.text(layerX(i)+nodeW/2, headY-14, nodeW, "mid", strconv.Itoa(i+1))
	}
}

// lane frames the chain of control-plane zones.
func (d *graphDrawing) lane() {
	first, last := len(d.layers), -1
	for _, s := range d.spots {
		if s.lane {
			first, last = min(first, s.layer), max(last, s.layer)
		}
	}
	if last >= 0 {
		at := box{layerX(first) - pad, headY, layerX(last) + nodeW + pad - layerX(first) + pad, d.laneH + laneTop}
		d.rect(at, 10, "#fffbeb", "#e5c667")
		d.text(at.x+pad, at.y+26, at.w-2*pad, "zone", chainTitle)
	}
}

func layerX(layer int) int { return margin + layer*layerW }

// edges draws what leads from one spot to the next column. An arrowhead only belongs
// where a node is.
func (d *graphDrawing) edges(i int) {
	from := d.spots[i]
	x, y := layerX(from.layer)+nodeW, from.y+from.h/2
	for _, j := range from.after {
		to := d.spots[j]
		class := "edge"
		if from.lane && to.lane {
			class = "chain"
		}
		tx, ty := layerX(to.layer), to.y+to.h/2
		curve := fmt.Sprintf("M%d %dC%d %d %d %d %d %d", x, y, x+40, y, tx-40, ty, tx-2, ty)
		if to.node < 0 {
			d.bare(class, curve+fmt.Sprintf("H%d", tx+nodeW))
			continue
		}
		d.path(class, curve)
	}
}

func (d *graphDrawing) bare(class, curve string) {
	fmt.Fprintf(&d.b, "<path class=\"%s\" style=\"marker-end:none\" d=\"%s\"/>\n", class, curve)
}

func (d *graphDrawing) node(s spot) {
	n := d.Nodes[s.node]
	st := effectStyles[n.Effect]
	at := box{layerX(s.layer), s.y, nodeW, s.h}
	d.b.WriteString("<g>\n")
	d.rect(at, 6, st.fill, st.stroke)
	d.stripe(at, st.stroke)
	d.text(at.x+pad, at.y+21, nodeW-2*pad, "name", n.title())
	for i, line := range d.names(n) {
		d.text(at.x+pad, at.y+39+i*lineH, nodeW-2*pad, "what", line)
	}
	if len(n.Names) > mostNames {
		d.tooltip(n.Names)
	}
	d.b.WriteString("</g>\n")
}

// tooltip shows the names that the box had no room for.
func (d *graphDrawing) tooltip(names []string) {
	d.b.WriteString("<title>")
	for _, name := range names {
		fmt.Fprintf(&d.b, "%s\n", escaped(name))
	}
	d.b.WriteString("</title>\n")
}
