package terraform

import (
	"cmp"
	"strings"

	"github.com/quorate/quorate/topology"
)

func (d *document) securityGroupRule(r topology.SecurityGroupRule) {
	from, to := rulePorts(r)
	a := attrs{
		"type":              r.Direction,
		"security_group_id": d.id(r.Group),
		"protocol":          r.Protocol,
		"from_port":         from,
		"to_port":           to,
	}
	switch {
	case r.PrefixList != "":
		a["prefix_list_ids"] = []string{r.PrefixList}
	case !r.Peer.IsZero():
		a["source_security_group_id"] = d.id(r.Peer)
	case r.CIDR.Addr().Is6():
		a["ipv6_cidr_blocks"] = []string{r.CIDR.String()}
	default:
		a["cidr_blocks"] = []string{r.CIDR.String()}
	}
	d.add("aws_security_group_rule", ruleLabel(r), a)
}

// ruleLabel is kops's name of the rule where it has one. The name of a rule for a prefix list says
// 0.0.0.0/0, so that two of them would have one label.
func ruleLabel(r topology.SecurityGroupRule) string {
	if r.PrefixList != "" {
		return label(r.Ref().Name)
	}
	return label(cmp.Or(r.Tags[topology.TagName], r.Ref().Name))
}

// rulePorts are Terraform's words for "all": 0 to 0 for all protocols, the whole range for a protocol
// that has no ports, and -1 for ICMP.
func rulePorts(r topology.SecurityGroupRule) (from, to int) {
	switch {
	case r.FromPort != -1 || strings.HasPrefix(r.Protocol, "icmp"):
		return r.FromPort, r.ToPort
	case r.Protocol == "-1":
		return 0, 0
	}
	return 0, 65535
}
