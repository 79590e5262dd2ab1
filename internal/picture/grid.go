package picture

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/quorate/quorate/topology"
)

// tiers are kops's types of subnets, in the order of the rows: the way in stands on top.
var tiers = []string{"Utility", "Public", "DualStack", "Private"}

// subnets gives each subnet its cell. The second subnet of a tier in one zone gets a row
// of its own, beneath.
func (c *composer) subnets() {
	type place struct {
		tier string
		nth  int
	}
	taken, places := map[string]int{}, map[place]int{}
	var order []place
	found := topology.Of[topology.Subnet](c.t)
	at := make([]place, len(found))
	for i, s := range found {
		tier := c.tier(s)
		key := tier + "\x00" + s.Zone
		at[i] = place{tier, taken[key]}
		taken[key]++
		if !slices.Contains(order, at[i]) {
			order = append(order, at[i])
		}
	}
	slices.SortFunc(order, func(a, b place) int {
		return cmp.Or(cmp.Compare(tierRank(a.tier), tierRank(b.tier)), cmp.Compare(a.tier, b.tier), cmp.Compare(a.nth, b.nth))
	})
	for row, p := range order {
		places[p] = row
	}
	c.Rows = len(order)
	for i, s := range found {
		c.drawn[s.Ref()] = true
		c.Subnets = append(c.Subnets, Subnet{
			Label: c.short(s.Name), Tier: at[i].tier, CIDR: cmp.Or(prefix(s.CIDR), s.IPv6CIDR), Route: c.route(s.Ref()),
			Row: places[at[i]], Col: slices.Index(c.Zones, s.Zone), Gateways: c.gateways(s.Ref()), ref: s.Ref(),
		})
	}
	slices.SortStableFunc(c.Subnets, func(a, b Subnet) int { return cmp.Or(cmp.Compare(a.Row, b.Row), cmp.Compare(a.Col, b.Col)) })
}

func tierRank(tier string) int {
	if i := slices.Index(tiers, tier); i >= 0 {
		return i
	}
	return len(tiers)
}

// tier is what the subnet's tag says; a shared one without the tag is told by its route.
func (c *composer) tier(s topology.Subnet) string {
	if tier := s.Tags[topology.TagSubnetType]; tier != "" {
		return tier
	}
	switch c.target(s.Ref()).Kind {
	case topology.KindInternetGateway:
		return "Public"
	case "":
		return ""
	}
	return "Private"
}

func prefix(p netip.Prefix) string {
	if !p.IsValid() {
		return ""
	}
	return p.String()
}

// target is where the default route of a subnet leads: zero if there is none.
func (c *composer) target(subnet topology.Ref) topology.Ref {
	for _, table := range topology.Of[topology.RouteTable](c.t) {
		if !slices.Contains(table.Subnets, subnet) {
			continue
		}
		for _, route := range table.Routes {
			if route.Destination.IsValid() && route.Destination.Bits() == 0 {
				return route.Target
			}
		}
	}
	return topology.Ref{}
}

func (c *composer) route(subnet topology.Ref) string {
	switch target := c.target(subnet); target.Kind {
	case "":
		return ""
	case topology.KindInternetGateway:
		return "to the internet gateway"
	case topology.KindNATGateway:
		return "out by NAT " + c.short(target.Name)
	default:
		return "out by " + c.short(target.Name)
	}
}

func (c *composer) gateways(subnet topology.Ref) []string {
	var labels []string
	for _, n := range topology.Of[topology.NATGateway](c.t) {
		if n.Subnet == subnet {
			c.drawn[n.Ref()] = true
			labels = append(labels, c.short(n.Name))
		}
	}
	return labels
}

// groups gives each group its cells; one that is nowhere is left to be counted.
func (c *composer) groups() {
	for _, g := range topology.Of[topology.AutoScalingGroup](c.t) {
		row, columns := c.cells(g)
		if len(columns) == 0 {
			continue
		}
		template, _ := topology.Find[topology.LaunchTemplate](c.t, g.LaunchTemplate)
		c.drawn[g.Ref()], c.drawn[g.LaunchTemplate] = true, true
		c.Groups = append(c.Groups, Group{
			Label: c.short(g.Name), Role: g.Role, InstanceType: template.InstanceType, Min: g.Min, Max: g.Max,
			Row: row, Columns: columns, Volumes: c.disks(g, template, columns[0]), targets: g.TargetGroups,
		})
	}
	slices.SortStableFunc(c.Groups, func(a, b Group) int { return cmp.Compare(roleRank(a.Role), roleRank(b.Role)) })
}

func roleRank(r topology.Role) int {
	return slices.Index([]topology.Role{topology.ControlPlane, topology.APIServer, topology.Worker, topology.Bastion}, r)
}

// cells are the columns of a group's subnets, in the lowest of their rows; of its zones,
// when AWS has it in subnets that are not the cluster's.
func (c *composer) cells(g topology.AutoScalingGroup) (row int, columns []int) {
	for _, s := range c.Subnets {
		if slices.Contains(g.Subnets, s.ref) {
			row, columns = s.Row, append(columns, s.Col)
		}
	}
	if len(columns) == 0 {
		c.Rows, row = max(c.Rows, 1), max(c.Rows-1, 0)
		for _, zone := range g.Zones {
			columns = append(columns, slices.Index(c.Zones, zone))
		}
	}
	slices.Sort(columns)
	return row, slices.Compact(columns)
}

// disks are the volumes of the members that the group's machine runs. Its boot document
// names them; one we did not write leaves the zone to tell, if it has one such group.
func (c *composer) disks(g topology.AutoScalingGroup, template topology.LaunchTemplate, col int) []Volume {
	if g.Role != topology.ControlPlane {
		return nil
	}
	members := map[[2]string]bool{}
	config, err := topology.ParseUserData(template.UserData)
	for _, etcd := range config.EtcdClusters {
		members[[2]string{etcd.Name, etcd.Member}] = true
	}
	alone := err != nil && c.aloneInZone(g)
	var disks []Volume
	for _, v := range topology.Of[topology.Volume](c.t) {
		if members[[2]string{v.EtcdCluster, v.Member}] || alone && slices.Contains(g.Zones, v.Zone) {
			disks = append(disks, c.disk(v, col))
		}
	}
	return mainFirst(disks)
}

func (c *composer) aloneInZone(g topology.AutoScalingGroup) bool {
	for _, other := range topology.Of[topology.AutoScalingGroup](c.t) {
		if other.Role == g.Role && other.Name != g.Name && slices.ContainsFunc(other.Zones, func(zone string) bool { return slices.Contains(g.Zones, zone) }) {
			return false
		}
	}
	return true
}

func (c *composer) disk(v topology.Volume, col int) Volume {
	c.drawn[v.Ref()] = true
	return Volume{
		Label: fmt.Sprintf("etcd %s  %s", v.EtcdCluster, v.Member), Detail: fmt.Sprintf("%d GiB %s", v.SizeGiB, v.Type),
		Etcd: v.EtcdCluster, Col: col,
	}
}

// mainFirst sorts as people say it: main, then events, then whatever else.
func mainFirst(disks []Volume) []Volume {
	rank := func(v Volume) int {
		if i := slices.Index([]string{"main", "events"}, v.Etcd); i >= 0 {
			return i
		}
		return 2
	}
	slices.SortStableFunc(disks, func(a, b Volume) int { return cmp.Compare(rank(a), rank(b)) })
	return disks
}

// volumes finds the ones that no group has claimed.
func (c *composer) volumes() {
	for _, v := range topology.Of[topology.Volume](c.t) {
		if !c.drawn[v.Ref()] {
			c.Loose = append(c.Loose, c.disk(v, slices.Index(c.Zones, v.Zone)))
		}
	}
}
