package picture

import (
	"fmt"
	"slices"
	"strings"

	"github.com/quorate/quorate/topology"
)

// The grid in pixels. Wires come down in the channel at the left of each column.
const (
	margin    = 28
	pad       = 14
	channel   = 30
	columnGap = 22
	gap       = 12
	balancerH = 46
	gatewayH  = 30
	groupH    = 58 // without volumes
	squaresH  = 24 // of a bar's machines
	volumeH   = 26
	zoneHeadH = 34
	leastW    = 290
	mostW     = 420
)

// clusterDrawing is one drawing of a cluster under way.
type clusterDrawing struct {
	Cluster
	canvas
	columnW int
	rowY    []int // top of each row, and then the bottom of the last
	groupAt []box
	columnY int
	vpcY    int
}

func (c Cluster) svg() string {
	d := &clusterDrawing{Cluster: c}
	d.columnW = d.fitColumn()
	d.measure()
	d.background()
	for _, s := range c.Subnets {
		d.subnet(s)
	}
	d.wires()
	for i, g := range c.Groups {
		d.group(d.groupAt[i], g)
	}
	d.loose()
	d.balancers()
	bottom := d.footer()
	return d.document(d.right()+margin+pad, bottom, c.Name+" in "+c.Region)
}

// fitColumn is as wide as the longest name needs, within reason.
func (d *clusterDrawing) fitColumn() int {
	w := leastW
	if len(d.Zones) < 2 {
		w = mostW
	}
	for _, s := range d.Subnets {
		w = max(w, width(s.head(), 14)+2*pad+channel, width(s.facts(), 12)+2*pad+channel)
	}
	for _, g := range d.Groups {
		w = max(w, width(g.Label, 14)+5*pad+channel, width(g.facts(), 12)+5*pad+channel)
		for _, v := range g.Volumes {
			w = max(w, width(v.Label+v.Detail, 12)+7*pad+channel)
		}
	}
	return min(w, mostW)
}

func (d *clusterDrawing) columnX(col int) int {
	return margin + pad + col*(d.columnW+columnGap)
}

func (d *clusterDrawing) right() int {
	return d.columnX(max(len(d.Zones), 1)-1) + d.columnW
}

// head leaves the word out where an AWS id, such as subnet-12345678, says it.
func (s Subnet) head() string {
	if strings.HasPrefix(s.Label, "subnet-") {
		return strings.TrimSpace(s.Tier + " " + s.Label)
	}
	return strings.TrimSpace(s.Tier + " subnet " + s.Label)
}

func (s Subnet) facts() string {
	return strings.Join(slices.DeleteFunc([]string{s.CIDR, s.Route}, empty), " · ")
}

const subnetHeadH = 50

func (g Group) height() int {
	h := groupH + len(g.Volumes)*volumeH
	if len(g.Volumes) > 0 {
		h += 8
	}
	if len(g.Columns) > 1 {
		h += squaresH
	}
	return h
}

func (g Group) facts() string {
	return strings.Join(slices.DeleteFunc([]string{string(g.Role), g.InstanceType, g.size()}, empty), " · ")
}

// measure finds where everything stands, row by row: in each cell the subnet's head, its
// gateways and its groups; beneath the tallest cell, the bars.
func (d *clusterDrawing) measure() {
	d.vpcY = 118
	d.columnY = d.vpcY + 46 + len(d.Balancers)*(balancerH+gap)
	y := d.columnY + zoneHeadH
	d.groupAt = make([]box, len(d.Groups))
	for row := range d.Rows {
		d.rowY = append(d.rowY, y)
		y = d.stackBars(row, d.fillCells(row, y)) + gap
	}
	d.rowY = append(d.rowY, y)
}

// fillCells stacks what is in one column only and returns the bottom of the tallest stack.
func (d *clusterDrawing) fillCells(row, y int) int {
	fill := make([]int, len(d.Zones))
	for col := range fill {
		fill[col] = y + subnetHeadH
	}
	for _, s := range d.Subnets {
		if s.Row == row {
			fill[s.Col] += len(s.Gateways) * (gatewayH + gap)
		}
	}
	bottom := y + subnetHeadH
	for i, g := range d.Groups {
		if g.Row == row && len(g.Columns) == 1 {
			col := g.Columns[0]
			d.groupAt[i] = box{d.columnX(col) + channel + pad, fill[col], d.columnW - channel - 3*pad, g.height()}
			fill[col] += g.height() + gap
		}
	}
	for _, y := range fill {
		bottom = max(bottom, y)
	}
	return bottom
}

func (d *clusterDrawing) stackBars(row, y int) int {
	for i, g := range d.Groups {
		if g.Row != row || len(g.Columns) == 1 {
			continue
		}
		left, right := d.columnX(g.Columns[0])+channel+pad, d.columnX(g.Columns[len(g.Columns)-1])+d.columnW-2*pad
		d.groupAt[i] = box{left, y, right - left, g.height()}
		y += g.height() + gap
	}
	return y
}

func (d *clusterDrawing) bottom() int {
	least := 0
	for col := range d.Zones {
		loose := 0
		for _, v := range d.Loose {
			if v.Col == col {
				loose++
			}
		}
		least = max(least, loose)
	}
	return d.rowY[len(d.rowY)-1] + least*volumeH
}

func (d *clusterDrawing) background() {
	d.text(margin, 38, d.right()-margin, "title", d.Name)
	d.text(margin, 60, 200, "what", d.Region)
	vpc := box{margin, d.vpcY, d.right() + pad - margin, d.bottom() + pad - d.vpcY}
	d.rect(vpc, 10, "#fbfcfe", "#64748b")
	room := vpc.w - 2*pad
	if d.Gateway != "" {
		room = vpc.w*3/4 - 100
	}
	d.text(vpc.x+pad, vpc.y+26, room, "zone", d.VPC)
	d.internet(vpc)
	for col, zone := range d.Zones {
		at := box{d.columnX(col), d.columnY, d.columnW, d.bottom() - d.columnY}
		d.rect(at, 8, "#eff3f8", "#cbd5e1")
		d.text(at.x+channel, at.y+23, at.w-channel-pad, "zone", zone)
	}
}

// internet draws the way out on the frame's upper edge.
func (d *clusterDrawing) internet(vpc box) {
	if d.Gateway == "" {
		return
	}
	x := vpc.x + vpc.w*3/4
	d.path("out", fmt.Sprintf("M%d %dV%d", x, 82, vpc.y-14))
	d.rect(box{x - 50, 56, 100, 26}, 13, "#fff", "#64748b")
	d.text(x, 73, 100, "mid", "internet")
	d.rect(box{x - 75, vpc.y - 14, 150, 28}, 14, "#e3f5f2", "#0f766e")
	d.text(x, vpc.y+4, 150, "mid", d.Gateway)
}

// tierColors tell what can be reached from outside from what cannot.
func tierColors(tier string) (fill, stroke string) {
	switch tier {
	case "Utility", "Public", "DualStack":
		return "#f1f9ef", "#86b97c"
	case "Private":
		return "#eef4fd", "#86a9d6"
	}
	return "#f8fafc", "#cbd5e1"
}

func (d *clusterDrawing) subnet(s Subnet) {
	y := d.rowY[s.Row]
	at := box{d.columnX(s.Col) + channel, y, d.columnW - channel - pad, d.rowY[s.Row+1] - y - gap}
	fill, stroke := tierColors(s.Tier)
	d.rect(at, 7, fill, stroke)
	d.text(at.x+pad, y+21, at.w-2*pad, "name", s.head())
	d.text(at.x+pad, y+38, at.w-2*pad, "what", s.facts())
	for i, gateway := range s.Gateways {
		g := box{at.x + pad, y + subnetHeadH + i*(gatewayH+gap), at.w - 2*pad, gatewayH}
		d.rect(g, 15, "#e3f5f2", "#0f766e")
		d.text(g.x+pad, g.y+20, g.w-2*pad, "what", "NAT gateway "+gateway)
	}
}

// wires lead from load balancers to the groups behind them.
func (d *clusterDrawing) wires() {
	for i, b := range d.Balancers {
		from := d.balancerAt(i)
		for _, target := range b.Targets {
			x := d.columnX(d.Groups[target].Columns[0]) + 8 + i%3*7
			to := d.groupAt[target]
			d.path("wire", fmt.Sprintf("M%d %dV%dH%d", x, from.y+from.h, to.y+groupH/2, to.x-1))
		}
	}
}

func (d *clusterDrawing) balancerAt(i int) box {
	first, last := 0, max(len(d.Zones)-1, 0)
	if columns := d.Balancers[i].Columns; len(columns) > 0 {
		first, last = columns[0], columns[len(columns)-1]
	}
	return box{d.columnX(first), d.vpcY + 36 + i*(balancerH+gap), d.columnX(last) + d.columnW - d.columnX(first), balancerH}
}

func (d *clusterDrawing) balancers() {
	for i, b := range d.Balancers {
		at := d.balancerAt(i)
		d.rect(at, 8, "#f3ebfd", "#7c3aed")
		ports := strings.Join(b.Ports, "   ")
		portsW := width(ports, 12)
		d.text(at.x+channel, at.y+28, at.w-portsW-channel-3*pad, "big", b.title())
		d.text(at.x+at.w-pad, at.y+28, at.w/2, "end", ports)
	}
}

func roleColor(r topology.Role) string {
	switch r {
	case topology.ControlPlane, topology.APIServer:
		return "#3b4cca"
	case topology.Bastion:
		return "#64748b"
	default:
		return "#d97706"
	}
}

func (d *clusterDrawing) group(at box, g Group) {
	d.rect(at, 5, "#fff", roleColor(g.Role))
	d.stripe(at, roleColor(g.Role))
	room := d.columnW - channel - 5*pad
	d.text(at.x+pad, at.y+22, room, "name", g.Label)
	d.text(at.x+pad, at.y+42, room, "what", g.facts())
	d.machines(at, g)
	for i, v := range g.Volumes {
		d.volume(box{at.x + pad, at.y + groupH + i*volumeH, at.w - 2*pad, volumeH - 4}, v)
	}
}

// mostMachines is how many squares a cell has room for.
const mostMachines = 6

// machines draws a square for each machine in the column that it will be in: Auto Scaling
// keeps zones even. The hollow ones are those that the group may grow by.
func (d *clusterDrawing) machines(at box, g Group) {
	zones := len(g.Columns)
	if zones < 2 {
		return
	}
	for col := g.Columns[0]; col < g.Columns[zones-1]; col++ {
		if !slices.Contains(g.Columns, col) {
			d.text(d.columnX(col)+channel+2*pad, at.y+at.h-squaresH+10, d.columnW/2, "note", "not in this zone")
		}
	}
	for i, col := range g.Columns {
		left := d.columnX(col) + channel + 2*pad
		for n := i; n < g.Max && n/zones < mostMachines; n += zones {
			class := "machine"
			if n >= g.Min {
				class = "spare"
			}
			d.square(class, left+n/zones*16, at.y+at.h-squaresH)
		}
	}
}

func (d *clusterDrawing) square(class string, x, y int) {
	d.path(class, fmt.Sprintf("M%d %dh11v11h-11z", x, y))
}

// volume is a cylinder and what is on it.
func (d *clusterDrawing) volume(at box, v Volume) {
	class := "disk"
	if v.Etcd == "main" || v.Etcd == "events" {
		class = v.Etcd
	}
	x, y := at.x, at.y+3
	d.path(class, fmt.Sprintf("M%d %dv11a8 3 0 0 0 16 0v-11a8 3 0 0 0 -16 0a8 3 0 0 0 16 0", x, y+2))
	detailW := width(v.Detail, 12)
	d.text(x+24, y+13, at.w-24-detailW-pad/2, "what", v.Label)
	d.text(at.x+at.w, y+13, at.w/2, "end", v.Detail)
}

func (d *clusterDrawing) loose() {
	next := make([]int, len(d.Zones))
	for _, v := range d.Loose {
		y := d.rowY[len(d.rowY)-1] + next[v.Col]*volumeH
		next[v.Col]++
		d.volume(box{d.columnX(v.Col) + channel + pad, y, d.columnW - channel - 3*pad, volumeH}, v)
	}
}

// footer counts what is not drawn, and returns the height of the picture.
func (d *clusterDrawing) footer() int {
	y, room := d.bottom()+pad+28, d.right()-margin
	if slices.ContainsFunc(d.Groups, func(g Group) bool { return len(g.Columns) > 1 }) {
		d.square("machine", margin, y-10)
		d.text(margin+18, y, room, "note", "a machine that is always there")
		d.square("spare", margin+210, y-10)
		d.text(margin+228, y, room, "note", "one that the group may add")
		y += 20
	}
	line := "Not drawn:"
	for i, other := range d.Others {
		next := line + " " + other
		if i < len(d.Others)-1 {
			next += ","
		}
		if width(next, 12) > room {
			d.text(margin, y, room, "note", line)
			y, next = y+18, strings.TrimPrefix(next, line+" ")
		}
		line = next
	}
	if len(d.Others) > 0 {
		d.text(margin, y, room, "note", line)
	}
	return y + 22
}
