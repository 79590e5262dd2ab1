package diff

import "github.com/quorate/quorate/topology"

const dhcpImmutable = "AWS cannot change DHCP options, and both values follow from the region; somebody made this set by hand: remove its tags, and a right one is made"

var dhcpOptionsFields = []field[topology.DHCPOptions]{
	forbid("domainName", dhcpImmutable, func(d topology.DHCPOptions) string { return d.DomainName }),
	forbid("domainNameServers", dhcpImmutable, func(d topology.DHCPOptions) []string { return d.DomainNameServers }),
	missingTags(func(d topology.DHCPOptions) topology.Tags { return d.Tags }),
}
