package desired

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

var subnetRules = []rule{
	{"there are subnets", subnetsRule},
	{"subnets have names of their own", subnetNameRule},
	{"subnets have a known type", subnetTypeRule},
	{"zones are zones of one region", zoneRule},
	{"subnets lie in the network", subnetRangeRule},
	{"subnets do not overlap", subnetOverlapRule},
	{"subnets are all shared or all made", sharedSubnetRule},
	{"the way out of a subnet is known", egressRule},
	{"a zone has one way out", zoneEgressRule},
	{"a NAT gateway has an address of its own", publicIPRule},
	{"private subnets have a utility subnet", utilityRule},
	{"additional routes lead somewhere", routeRule},
}

func subnetPath(i int, field string) string {
	path := fmt.Sprintf("spec.subnets[%d]", i)
	if field == "" {
		return path
	}
	return path + "." + field
}

func subnetsRule(m manifest, r *report) {
	if len(m.subnets) == 0 {
		r.errorf(m.Source, "spec.subnets", "the cluster has no subnets; list at least one, with name, type and zone")
	}
}

func subnetNameRule(m manifest, r *report) {
	first := map[string]int{}
	for i, s := range m.subnets {
		at, twice := first[s.Name]
		switch {
		case !dnsLabel.MatchString(s.Name):
			r.errorf(m.Source, subnetPath(i, "name"), "%q cannot be part of a DNS name; use lower-case letters, digits and dashes", s.Name)
		case twice:
			r.errorf(m.Source, subnetPath(i, "name"), "subnet %s is already listed as spec.subnets[%d]; rename one of them", s.Name, at)
		default:
			first[s.Name] = i
		}
	}
}

func subnetTypeRule(m manifest, r *report) {
	for i, s := range m.subnets {
		switch s.Type {
		case "Public", "Private", "Utility":
		case "DualStack":
			if !m.ipv6Only() {
				r.errorf(m.Source, subnetPath(i, "type"), "DualStack subnets are for IPv6 clusters, and this one is IPv4; use Private, or set nonMasqueradeCIDR to ::/0 in a new cluster")
			}
		case "":
			r.errorf(m.Source, subnetPath(i, ""), "subnet %s has no type; write Public, Private, DualStack or Utility", s.Name)
		default:
			r.errorf(m.Source, subnetPath(i, "type"), "%q is not a type of subnet; use Public, Private, DualStack or Utility", s.Type)
		}
	}
}

var zoneName = regexp.MustCompile(`^[a-z]+(-[a-z]+)+-[0-9]+[a-z]$`)

func zoneRule(m manifest, r *report) {
	for i, s := range m.subnets {
		switch path := subnetPath(i, "zone"); {
		case !zoneName.MatchString(s.Zone):
			r.errorf(m.Source, path, "%q is not an availability zone; write one such as us-east-1a", s.Zone)
		case regionOf(s.Zone) != m.region && zoneName.MatchString(m.subnets[0].Zone):
			r.errorf(m.Source, path, "zone %s is not in region %s, where subnet %s is; a cluster lives in one region", s.Zone, m.region, m.subnets[0].Name)
		}
	}
}

func subnetRangeRule(m manifest, r *report) {
	network := m.networkCIDR()
	for i, s := range m.subnets {
		path := subnetPath(i, "cidr")
		switch {
		case s.ipv6Only() && s.Type == "Private":
			continue
		case s.CIDR == "" && !s.cidr.IsValid():
			if network.IsValid() || s.shared() {
				r.errorf(m.Source, path, "subnet %s has no range, and none can be chosen for it; write its cidr", s.Name)
			}
			continue
		case s.assigned:
			continue
		}
		if p, ok := parseRange(r, m.Source, path, s.CIDR); ok && network.IsValid() && !m.inVPC(p) {
			r.errorf(m.Source, path, "%s", m.outside(p))
		}
	}
}

// inVPC tells whether a range lies in one of those of the VPC.
func (m manifest) inVPC(p netip.Prefix) bool {
	return slices.ContainsFunc(append(m.additionalCIDRs(), m.networkCIDR()), func(whole netip.Prefix) bool { return within(whole, p) })
}

func (m manifest) outside(p netip.Prefix) string {
	sentence := fmt.Sprintf("%s is not inside networkCIDR %s", p, m.networkCIDR())
	if len(m.Spec.AdditionalNetworkCIDRs) > 0 {
		sentence += fmt.Sprintf(", nor inside one of additionalNetworkCIDRs (%s)", strings.Join(m.Spec.AdditionalNetworkCIDRs, ", "))
	}
	return sentence
}

func subnetOverlapRule(m manifest, r *report) {
	for i, s := range m.subnets {
		for _, other := range m.subnets[:i] {
			if s.cidr.IsValid() && other.cidr.IsValid() && s.cidr.Overlaps(other.cidr) {
				r.errorf(m.Source, subnetPath(i, "cidr"), "%s overlaps %s of subnet %s; AWS refuses overlapping subnets", s.cidr, other.cidr, other.Name)
			}
		}
	}
}

func sharedSubnetRule(m manifest, r *report) {
	for i, s := range m.subnets {
		switch path := subnetPath(i, "id"); {
		case s.shared() != m.subnets[0].shared():
			r.errorf(m.Source, path, "some subnets have an id and some do not; give the id of all of them, or of none")
			return
		case s.shared() && !m.sharedVPC():
			r.errorf(m.Source, path, "subnet %s exists already, so its VPC does too; write networkID", s.Name)
		case s.shared():
			requirePrefix(r, m.Source, path, s.ID, "subnet-")
		}
	}
}

func egressRule(m manifest, r *report) {
	for i, s := range m.subnets {
		path := subnetPath(i, "egress")
		switch {
		case s.Egress == "" || s.Egress == "External":
		case s.public() && !m.translated(s):
			r.errorf(m.Source, path, "a %s subnet leaves by the internet gateway; remove egress, or write External to keep its routes elsewhere", s.Type)
		default:
			requirePrefix(r, m.Source, path, s.Egress, "nat-", "eipalloc-", "i-", "tgw-", "External")
		}
	}
}

func zoneEgressRule(m manifest, r *report) {
	for i, s := range m.subnets {
		if (!s.public() && s.managed() || m.translated(s)) && s.Egress != m.zoneEgress(s.Zone) {
			r.errorf(m.Source, subnetPath(i, "egress"), "the subnets of zone %s that need a NAT gateway share one; give them the same egress", s.Zone)
		}
	}
}

// publicIPRule: a zone has one NAT gateway, and an address serves one gateway.
func publicIPRule(m manifest, r *report) {
	zones := map[string]string{}
	for i, s := range m.subnets {
		path := subnetPath(i, "publicIP")
		if !s.public() && s.managed() || m.translated(s) {
			if s.PublicIP != m.zonePublicIP(s.Zone) {
				r.errorf(m.Source, path, "the subnets of zone %s share a NAT gateway; give them the same publicIP", s.Zone)
			}
		} else if s.PublicIP != "" {
			r.warnf(m.Source, path, "subnet %s needs no NAT gateway, so that its publicIP does nothing; remove it", s.Name)
			continue
		}
		if s.PublicIP == "" {
			continue
		}
		if addr, err := netip.ParseAddr(s.PublicIP); err != nil || !addr.Is4() || addr.String() != s.PublicIP {
			r.errorf(m.Source, path, "%q is no IPv4 address; write that of an elastic IP", s.PublicIP)
		}
		if s.Egress != "" {
			r.warnf(m.Source, path, "the NAT gateway of zone %s has its address from egress %s, so that publicIP does nothing; remove one of them", s.Zone, s.Egress)
		} else if other, taken := zones[s.PublicIP]; taken && other != s.Zone {
			r.errorf(m.Source, path, "%s is already the address of the NAT gateway of zone %s; give each its own", s.PublicIP, other)
		}
		zones[s.PublicIP] = s.Zone
	}
}

func utilityRule(m manifest, r *report) {
	for _, zone := range m.zones() {
		private := m.privateSubnets(zone)
		if len(private) == 0 {
			continue
		}
		count := 0
		for _, s := range m.subnets {
			if s.Zone == zone && s.Type == "Utility" {
				count++
			}
		}
		i := slices.IndexFunc(m.subnets, func(s subnet) bool { return s.Name == private[0].Name })
		switch {
		case count == 0:
			r.errorf(m.Source, subnetPath(i, ""), "zone %s has private subnets and no Utility subnet for their NAT gateway; add one", zone)
		case count > 1:
			r.errorf(m.Source, subnetPath(i, ""), "zone %s has %d Utility subnets, and its NAT gateway needs exactly one; keep one", zone, count)
		}
	}
}

func routeRule(m manifest, r *report) {
	for i, s := range m.subnets {
		seen := map[string]bool{}
		for j, route := range s.AdditionalRoutes {
			path := fmt.Sprintf("spec.subnets[%d].additionalRoutes[%d]", i, j)
			if s.Type != "Private" || s.shared() {
				r.errorf(m.Source, path, "only private subnets that are made for the cluster take additional routes; remove it")
				continue
			}
			parseRange(r, m.Source, path+".cidr", route.CIDR)
			requirePrefix(r, m.Source, path+".target", route.Target, "pcx-", "i-", "nat-", "tgw-", "igw-", "eigw-")
			if seen[strings.TrimSpace(route.CIDR)] {
				r.errorf(m.Source, path+".cidr", "%s already has a route; keep one of them", route.CIDR)
			}
			seen[route.CIDR] = true
		}
	}
}
