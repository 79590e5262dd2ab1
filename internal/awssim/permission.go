package awssim

import (
	"net/netip"
	"strconv"
)

// permission is one IpPermissions.N of a request: a port range and any number of peers.
type permission struct {
	IPProtocol string `wire:"IpProtocol"`
	FromPort   *int
	ToPort     *int
	IPRanges   []struct {
		CIDR        string `wire:"CidrIp"`
		Description string
	} `wire:"IpRanges"`
	IPv6Ranges []struct {
		CIDR        string `wire:"CidrIpv6"`
		Description string
	} `wire:"Ipv6Ranges"`
	PrefixLists []struct {
		ID          string `wire:"PrefixListId"`
		Description string
	} `wire:"PrefixListIds"`
	Groups []struct {
		GroupID     string `wire:"GroupId"`
		UserID      string `wire:"UserId"`
		VPCID       string `wire:"VpcId"`
		Description string
	}
}

// rules takes a permission apart into rules of a group.
func (w *world) rules(groupID string, egress bool, p permission) ([]securityGroupRule, error) {
	base, err := portRange(p.IPProtocol, p.FromPort, p.ToPort)
	if err != nil {
		return nil, err
	}
	base.GroupID, base.Egress = groupID, egress
	var list []securityGroupRule
	for _, peer := range p.IPRanges {
		r := base
		r.IPv4, r.Description = peer.CIDR, peer.Description
		list = append(list, r)
	}
	for _, peer := range p.IPv6Ranges {
		r := base
		r.IPv6, r.Description = peer.CIDR, peer.Description
		list = append(list, r)
	}
	for _, peer := range p.PrefixLists {
		r := base
		r.PrefixList, r.Description = peer.ID, peer.Description
		list = append(list, r)
	}
	for _, peer := range p.Groups {
		r := base
		r.SourceGroup, r.Description = peer.GroupID, peer.Description
		list = append(list, r)
	}
	for i := range list {
		if err := w.checkPeer(&list[i]); err != nil {
			return nil, err
		}
	}
	if len(list) == 0 {
		return nil, missing("ipRanges, ipv6Ranges, prefixListIds or groups")
	}
	return list, nil
}

// protocolNumbers are the protocols that AWS shows by name.
var protocolNumbers = map[string]string{"1": "icmp", "6": "tcp", "17": "udp", "58": "icmpv6", "all": allProtocols}

// portRange checks protocol and ports. For all protocols there are no ports whatever was asked, and
// protocols without ports keep what was given although it means nothing.
func portRange(protocol string, from, to *int) (securityGroupRule, error) {
	if name, known := protocolNumbers[protocol]; known {
		protocol = name
	}
	switch protocol {
	case "":
		return securityGroupRule{}, missing("ipProtocol")
	case allProtocols:
		return securityGroupRule{Protocol: protocol, From: -1, To: -1}, nil
	case "tcp", "udp":
		if from == nil || to == nil || *from < 0 || *to > 65535 || *from > *to {
			return securityGroupRule{}, refuse("InvalidParameterValue", "Invalid value for portRange. Must specify both from and to ports with TCP/UDP.")
		}
	case "icmp", "icmpv6":
	default:
		if n, err := strconv.Atoi(protocol); err != nil || n < 0 || n > 255 {
			return securityGroupRule{}, refuse("InvalidPermission.Malformed", "Unsupported IP protocol \"%s\"", protocol)
		}
	}
	r := securityGroupRule{Protocol: protocol, From: -1, To: -1}
	if from != nil && to != nil {
		r.From, r.To = *from, *to
	}
	return r, nil
}

// checkPeer refuses peers that do not exist and clears the host bits of address blocks.
func (w *world) checkPeer(r *securityGroupRule) error {
	if r.SourceGroup != "" {
		source, err := w.securityGroup(r.SourceGroup)
		if err != nil {
			return err
		}
		if source.VPCID != w.SecurityGroups[r.GroupID].VPCID {
			return refuse("InvalidGroup.NotFound", "You have specified two resources that belong to different networks.")
		}
	}
	for _, cidr := range []*string{&r.IPv4, &r.IPv6} {
		if *cidr == "" {
			continue
		}
		block, err := netip.ParsePrefix(*cidr)
		if err != nil || block.Addr().Is4() != (cidr == &r.IPv4) {
			return refuse("InvalidParameterValue", "CIDR block %s is malformed", *cidr)
		}
		*cidr = block.Masked().String()
	}
	return nil
}
