package diff

import (
	"net/netip"

	"github.com/quorate/quorate/topology"
)

var vpcFields = []field[topology.VPC]{
	forbid("cidr", "AWS cannot change the CIDR of a VPC; add an additional CIDR, or build a new cluster and move",
		func(v topology.VPC) netip.Prefix { return v.CIDR }),
	on("amazonIPv6", InPlace, func(v topology.VPC) bool { return v.AmazonIPv6 }),
	on("dnsSupport", InPlace, func(v topology.VPC) bool { return v.DNSSupport }),
	on("dnsHostnames", InPlace, func(v topology.VPC) bool { return v.DNSHostnames }),
	on("dhcpOptions", InPlace, func(v topology.VPC) topology.Ref { return v.DHCPOptions }),
	missingTags(func(v topology.VPC) topology.Tags { return v.Tags }),
}
