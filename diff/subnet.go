package diff

import (
	"net/netip"

	"github.com/quorate/quorate/topology"
)

const subnetImmutable = "AWS cannot change it on a subnet; give the subnet another name in the manifest to have a new one made, move the groups over, then remove the old one"

var subnetFields = []field[topology.Subnet]{
	forbid("vpc", subnetImmutable, func(s topology.Subnet) topology.Ref { return s.VPC }),
	forbid("zone", subnetImmutable, func(s topology.Subnet) string { return s.Zone }),
	forbid("cidr", subnetImmutable, func(s topology.Subnet) netip.Prefix { return s.CIDR }),
	judged("ipv6CIDR", addIPv6, func(s topology.Subnet) string { return s.IPv6CIDR }),
	on("assignIPv6", InPlace, func(s topology.Subnet) bool { return s.AssignIPv6 }),
	on("dns64", InPlace, func(s topology.Subnet) bool { return s.DNS64 }),
	on("hostnameType", InPlace, func(s topology.Subnet) string { return s.HostnameType }),
	on("resourceNameA", InPlace, func(s topology.Subnet) bool { return s.ResourceNameA }),
	on("resourceNameAAAA", InPlace, func(s topology.Subnet) bool { return s.ResourceNameAAAA }),
	missingTags(func(s topology.Subnet) topology.Tags { return s.Tags }),
}

// addIPv6 lets a subnet gain an IPv6 range; taking one away or swapping it would cut
// off whatever has an address in it.
func addIPv6(_, have string) (Effect, string) {
	if have == "" {
		return InPlace, ""
	}
	return Forbid, subnetImmutable
}
