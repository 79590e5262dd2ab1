package awssim

import (
	"cmp"
	"slices"
	"strconv"
	"time"
)

// perZone counts the instances that make up the capacity, by zone.
func (g *scalingGroup) perZone() map[string]int {
	count := map[string]int{}
	for _, i := range g.Instances {
		if i.counts() {
			count[i.Zone]++
		}
	}
	return count
}

// emptiest is the zone that should get an instance so that the group is balanced, or "" if it is:
// no zone has two instances more than another, and none is outside the group's zones.
func (g *scalingGroup) emptiest(zones []string) string {
	count := g.perZone()
	if len(zones) == 0 {
		return ""
	}
	fewest := slices.MinFunc(zones, func(a, b string) int { return cmp.Compare(count[a], count[b]) })
	for zone, n := range count {
		if n >= count[fewest]+2 || !slices.Contains(zones, zone) {
			return fewest
		}
	}
	return ""
}

// victim chooses the instance to go when the group is too large: one outside the group's zones, else
// one of the zone that has the most, by the group's termination policies. Nil if all are protected.
func (g *scalingGroup) victim(zones []string, now time.Time) *groupInstance {
	var free []*groupInstance
	for _, i := range g.Instances {
		if i.counts() && !i.Protected {
			free = append(free, i)
		}
	}
	if len(free) == 0 {
		return nil
	}
	misplaced := slices.DeleteFunc(slices.Clone(free), func(i *groupInstance) bool { return slices.Contains(zones, i.Zone) })
	if len(misplaced) > 0 {
		free = misplaced
	} else {
		free = g.inFullestZone(free)
	}
	for _, policy := range g.Policies {
		free = g.narrow(policy, free, now)
	}
	return free[0]
}

// inFullestZone keeps the candidates of the zone with the most instances.
func (g *scalingGroup) inFullestZone(free []*groupInstance) []*groupInstance {
	count := g.perZone()
	return least(free, func(i *groupInstance) int { return -count[i.Zone] })
}

// narrow keeps the candidates that a termination policy would take.
func (g *scalingGroup) narrow(policy string, free []*groupInstance, now time.Time) []*groupInstance {
	switch policy {
	case "OldestInstance":
		return least(free, func(i *groupInstance) int { return int(i.Launched.Unix()) })
	case "NewestInstance":
		return least(free, func(i *groupInstance) int { return -int(i.Launched.Unix()) })
	case "ClosestToNextInstanceHour":
		return least(free, func(i *groupInstance) int { return -int(now.Sub(i.Launched) % time.Hour / time.Second) })
	case "OldestLaunchTemplate":
		return least(free, g.templateAge)
	case "Default":
		return g.narrow("ClosestToNextInstanceHour", g.narrow("OldestLaunchTemplate", free, now), now)
	default: // allocation strategies and launch configurations, of which there are none
		return free
	}
}

// templateAge orders instances by how old what they were launched from is: another template than
// the group's counts as oldest.
func (g *scalingGroup) templateAge(i *groupInstance) int {
	if i.Template.ID != g.Template.ID {
		return -1
	}
	n, _ := strconv.Atoi(i.Template.Version)
	return n
}

// least keeps the elements with the smallest rank, in their order.
func least[T any](list []T, rank func(T) int) []T {
	var kept []T
	for _, v := range list {
		if len(kept) > 0 && rank(v) < rank(kept[0]) {
			kept = nil
		}
		if len(kept) == 0 || rank(v) == rank(kept[0]) {
			kept = append(kept, v)
		}
	}
	return kept
}

// bySpace orders subnets by how few instances their zone, then they themselves, have; ties keep the
// group's order.
func (g *scalingGroup) bySpace(subnets []string, zoneOf func(string) string) []string {
	zones, own := g.perZone(), map[string]int{}
	for _, i := range g.Instances {
		if i.counts() {
			own[i.SubnetID]++
		}
	}
	return slices.SortedStableFunc(slices.Values(subnets), func(a, b string) int {
		return cmp.Or(cmp.Compare(zones[zoneOf(a)], zones[zoneOf(b)]), cmp.Compare(own[a], own[b]))
	})
}
