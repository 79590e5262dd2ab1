package desired

import (
	"cmp"
	"encoding/binary"
	"net/netip"
	"slices"
)

// assignCIDRs gives a range to every subnet without one, by the rule of kops: the network is cut into
// 1, 2, 4 or 8 equal blocks, as few as are enough; one block is cut into eight for the utility subnets,
// the others go to the other subnets in the order of their zones. A network that is too small leaves
// subnets without a range, and a rule says so.
//
// The ranges depend on every other subnet: adding one may move the automatic ranges of the rest. That is
// why a plan forbids changing the range of a subnet that exists.
func assignCIDRs(network netip.Prefix, subnets []subnet) {
	var big, little []*subnet
	for i := range subnets {
		switch s := &subnets[i]; {
		case s.CIDR != "" && !within(network, s.cidr):
			// outside of the network: takes no block
		case s.Type == "Utility":
			little = append(little, s)
		default:
			big = append(big, s)
		}
	}
	blocks := freeBlocks(network, len(big)+min(len(little), 1), subnets)
	byZone := func(a, b *subnet) int { return cmp.Compare(a.Zone, b.Zone) }
	slices.SortStableFunc(big, byZone)
	slices.SortStableFunc(little, byZone)
	if len(little) > 0 && len(blocks) > 0 {
		hand(cut(blocks[0], 3), little)
		blocks = blocks[1:]
	}
	hand(blocks, big)
}

// hand gives the blocks to the subnets that still need one. A private subnet with only IPv6 needs none.
func hand(blocks []netip.Prefix, subnets []*subnet) {
	for _, s := range subnets {
		if s.CIDR != "" || s.shared() || s.Type == "Private" && s.IPv6CIDR != "" || len(blocks) == 0 {
			continue
		}
		s.cidr, s.assigned = blocks[0], true
		blocks = blocks[1:]
	}
}

// freeBlocks cuts the network into at least n blocks and leaves out those that a given range touches.
func freeBlocks(network netip.Prefix, n int, subnets []subnet) []netip.Prefix {
	for bits := range 4 {
		if 1<<bits >= n {
			return slices.DeleteFunc(cut(network, bits), func(block netip.Prefix) bool {
				return slices.ContainsFunc(subnets, func(s subnet) bool { return s.cidr.Overlaps(block) })
			})
		}
	}
	return nil
}

// cut divides an IPv4 range into 1<<bits equal ones; a range too small to cut gives none.
func cut(p netip.Prefix, bits int) []netip.Prefix {
	length := p.Bits() + bits
	if !p.IsValid() || !p.Addr().Is4() || length > 32 {
		return nil
	}
	base := p.Masked().Addr().As4()
	first := binary.BigEndian.Uint32(base[:])
	var parts []netip.Prefix
	for i := range uint32(1) << bits {
		var addr [4]byte
		binary.BigEndian.PutUint32(addr[:], first+i<<(32-length))
		parts = append(parts, netip.PrefixFrom(netip.AddrFrom4(addr), length))
	}
	return parts
}

// within tells whether a range lies inside a network.
func within(network, p netip.Prefix) bool {
	return network.IsValid() && p.IsValid() && network.Bits() <= p.Bits() && network.Overlaps(p)
}
