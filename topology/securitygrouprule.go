package topology

import (
	"fmt"
	"net/netip"
)

// A Direction is the way of the traffic that a rule allows.
type Direction string

// The two directions of AWS.
const (
	Ingress Direction = "ingress"
	Egress  Direction = "egress"
)

// SecurityGroupRule allows traffic between a group and one peer. A rule is its
// tuple: another port is another rule, so narrowing an access list is always a new
// rule in before the old one goes out.
type SecurityGroupRule struct {
	Group     Ref       `json:"group"`
	Direction Direction `json:"direction"`
	// Protocol is AWS's word: "tcp", "udp", "icmp", "icmpv6", a number, or "-1" for all.
	Protocol string `json:"protocol"`
	// FromPort and ToPort are ports, or the type and code for ICMP; both are -1
	// where the protocol has neither, and where all are meant.
	FromPort int `json:"fromPort"`
	ToPort   int `json:"toPort"`
	// Exactly one of CIDR, Peer and PrefixList is set.
	CIDR       netip.Prefix `json:"cidr,omitzero"`
	Peer       Ref          `json:"peer,omitzero"` // a security group
	PrefixList string       `json:"prefixList,omitempty"`
	// Tags is empty for the rules that kops leaves without tags.
	Tags      Tags      `json:"tags,omitempty"`
	Ownership Ownership `json:"ownership"`
}

// Ref is made of the whole tuple, so that it says what the rule allows.
func (r SecurityGroupRule) Ref() Ref {
	way := "from"
	if r.Direction == Egress {
		way = "to"
	}
	return Ref{KindSecurityGroupRule, fmt.Sprintf("%s-%s-%s-%s-%s", r.Group.Name, r.Direction, r.ports(), way, r.peer())}
}

func (r SecurityGroupRule) ports() string {
	protocol := r.Protocol
	if protocol == "-1" {
		protocol = "all"
	}
	switch {
	case r.FromPort == -1:
		return protocol
	case r.FromPort == r.ToPort:
		return fmt.Sprintf("%s-%d", protocol, r.FromPort)
	}
	return fmt.Sprintf("%s-%dto%d", protocol, r.FromPort, r.ToPort)
}

func (r SecurityGroupRule) peer() string {
	switch {
	case r.CIDR.IsValid():
		return r.CIDR.String()
	case r.PrefixList != "":
		return r.PrefixList
	}
	return r.Peer.Name
}

func (r SecurityGroupRule) Needs() []Ref     { return present(r.Group, r.Peer) }
func (r SecurityGroupRule) Owner() Ownership { return r.Ownership }
func (r SecurityGroupRule) Labels() Tags     { return r.Tags }
func (SecurityGroupRule) resource()          {}
