package quorum

import (
	"iter"
	"slices"
)

// The space of all questions about up to seven members is walked whole, up to two symmetries that
// TestNamesAndOrderChangeNothing proves of the package by brute force: the order of the members, and
// which of the three zones is called which.

var (
	zoneNames   = []string{"a", "b", "c"}
	memberNames = []string{"m0", "m1", "m2", "m3", "m4", "m5", "m6"}
)

// kinds are the six states a member can be in, in each of three zones, zone by zone.
func kinds() []Member {
	var all []Member
	for _, zone := range zoneNames {
		for _, h := range []Health{Unknown, Healthy, Unhealthy} {
			for _, l := range []bool{false, true} {
				all = append(all, Member{Zone: zone, Health: h, Learner: l})
			}
		}
	}
	return all
}

// memberListsOf yields every list of exactly n members of those kinds, up to order. The slice is only
// good until the next one.
func memberListsOf(kinds []Member, n int) iter.Seq[[]Member] {
	return func(yield func([]Member) bool) {
		deal(make([]Member, n), kinds, 0, 0, yield)
	}
}

// deal fills members[at:] with kinds from index from onwards, so that each multiset comes once.
func deal(members []Member, kinds []Member, at, from int, yield func([]Member) bool) bool {
	if at == len(members) {
		return yield(members)
	}
	for k := from; k < len(kinds); k++ {
		members[at] = kinds[k]
		members[at].Name = memberNames[at]
		if !deal(members, kinds, at+1, k, yield) {
			return false
		}
	}
	return true
}

// orderedLists yields every list of exactly n members in every order.
func orderedLists(n int) iter.Seq[[]Member] {
	all := kinds()
	return func(yield func([]Member) bool) {
		members := make([]Member, n)
		total := 1
		for range n {
			total *= len(all)
		}
		for number := range total {
			for i := range members {
				members[i] = all[number%len(all)]
				members[i].Name = memberNames[i]
				number /= len(all)
			}
			if !yield(members) {
				return
			}
		}
	}
}

// firstOfItsRenamings says whether no renaming of the zones would give a list that sorts before this
// one: a zone may not hold a smaller hand than the zone after it.
func firstOfItsRenamings(members []Member) bool {
	var hands [3][6]int
	for _, m := range members {
		zone := slices.Index(zoneNames, m.Zone)
		state := 2 * int(m.Health)
		if m.Learner {
			state++
		}
		hands[zone][state]++
	}
	return slices.Compare(hands[0][:], hands[1][:]) >= 0 && slices.Compare(hands[1][:], hands[2][:]) >= 0
}

// zoneSets are all eight sets of zones.
func zoneSets() [][]string {
	var sets [][]string
	for bits := range 1 << len(zoneNames) {
		var set []string
		for i, z := range zoneNames {
			if bits&(1<<i) != 0 {
				set = append(set, z)
			}
		}
		sets = append(sets, set)
	}
	return sets
}

// candidates yields who might be asked for: each member, and everybody in each set of zones (no zone:
// nobody; all zones: everybody). Like members are asked for once.
func candidates(members []Member, out []bool) iter.Seq[[]bool] {
	return func(yield func([]bool) bool) {
		for i := range members {
			if i > 0 && sameKind(members[i-1], members[i]) {
				continue
			}
			clear(out)
			out[i] = true
			if !yield(out) {
				return
			}
		}
		for _, zones := range allZoneSets {
			for i, m := range members {
				out[i] = slices.Contains(zones, m.Zone)
			}
			if !yield(out) {
				return
			}
		}
	}
}

var allZoneSets = zoneSets()

func sameKind(a, b Member) bool {
	a.Name = b.Name
	return a == b
}

// questions yields every question about exactly n members, as a cluster and who would be out.
func questions(n int) iter.Seq2[Cluster, []bool] {
	return func(yield func(Cluster, []bool) bool) {
		out := make([]bool, n)
		for members := range memberListsOf(kinds(), n) {
			if !firstOfItsRenamings(members) {
				continue
			}
			for _, underWay := range allZoneSets {
				c := Cluster{Name: "main", Members: members, UnderWay: underWay}
				for o := range candidates(members, out) {
					if !yield(c, o) {
						return
					}
				}
			}
		}
	}
}

// anySubset yields every question in which an arbitrary part of n members of one zone would be out, with
// that zone, another, or none under way. It covers what candidates leaves out.
func anySubset(n int) iter.Seq2[Cluster, []bool] {
	return func(yield func(Cluster, []bool) bool) {
		out := make([]bool, n)
		for members := range memberListsOf(kinds()[:6], n) {
			for bits := range 1 << n {
				for i := range out {
					out[i] = bits&(1<<i) != 0
				}
				for _, underWay := range [][]string{nil, {"a"}, {"b"}, {"a", "b"}} {
					if !yield(Cluster{Name: "main", Members: members, UnderWay: underWay}, out) {
						return
					}
				}
			}
		}
	}
}

// indexed turns a slice of who is out into the function Decide wants.
func indexed(out []bool) func(Member) bool {
	return func(m Member) bool { return out[m.Name[1]-'0'] }
}
