package preflight

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/quorate/quorate/topology"
)

// reservedAddresses are the first four addresses and the last one of every subnet, which AWS keeps
// (Amazon VPC User Guide, "Subnet CIDR blocks").
const reservedAddresses = 5

// checkAddresses looks whether what is to come finds addresses. Discovery has seen how many are free, so
// that no call is made.
func checkAddresses(_ context.Context, _ Clients, in Input, f *Findings) error {
	needs := map[topology.Ref]need{}
	add := func(subnet topology.Ref, n int, what string) {
		if n > 0 {
			have := needs[subnet]
			needs[subnet] = need{have.count + n, append(have.users, what)}
		}
	}
	for _, c := range changesOf[topology.NATGateway](in) {
		if c.creates() {
			add(c.want.Subnet, 1, c.Ref.String())
		}
	}
	for _, c := range changesOf[topology.LoadBalancer](in) {
		for _, m := range c.want.Subnets {
			if c.creates() {
				add(m.Subnet, 1, c.Ref.String())
			}
		}
	}
	for _, a := range arrivals(in) {
		for _, subnet := range a.group.Subnets {
			add(subnet, a.count/len(a.group.Subnets), a.group.Ref().String())
		}
		judgeGroup(in, a, f)
	}
	for _, subnet := range slices.SortedFunc(maps.Keys(needs), topology.CompareRefs) {
		if free, known := freeAddresses(in, subnet); known && free < needs[subnet].count {
			f.problem(subnet, "the subnet has %d free %s, and %s; free some, or use a larger subnet", free, addresses(free), needs[subnet])
		}
	}
	return nil
}

// need is how many addresses of a subnet are wanted, and by what.
type need struct {
	count int
	users []string
}

func (n need) String() string {
	verb := "need"
	if len(n.users) == 1 {
		verb = "needs"
	}
	return fmt.Sprintf("%s %s %d", strings.Join(n.users, " and "), verb, n.count)
}

func addresses(n int) string {
	if n == 1 {
		return "address"
	}
	return "addresses"
}

// judgeGroup asks for the machines that no even share of any subnet covers.
func judgeGroup(in Input, a arrival, f *Findings) {
	free := 0
	for _, subnet := range a.group.Subnets {
		n, known := freeAddresses(in, subnet)
		if !known {
			return
		}
		free += n
	}
	if len(a.group.Subnets) > 1 && free < a.count {
		f.problem(a.group.Ref(), "its subnets together have %d free %s, and %d machines are to come; free some, or give the group another subnet", free, addresses(free), a.count)
	}
}

// freeAddresses are those that AWS counts, or all of a subnet that is to be made. Subnets without IPv4
// are not known.
func freeAddresses(in Input, ref topology.Ref) (n int, known bool) {
	if n, found := in.Have.Facts.FreeAddresses[ref]; found {
		return n, true
	}
	r, _ := in.Want.Get(ref)
	s, ok := r.(topology.Subnet)
	if !ok || !s.CIDR.IsValid() || !s.CIDR.Addr().Is4() || s.Ownership != topology.Owned {
		return 0, false
	}
	return 1<<(32-s.CIDR.Bits()) - reservedAddresses, true
}
