package terraform

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/quorate/quorate/topology"
)

func (d *document) subnet(s topology.Subnet) {
	a := attrs{
		"vpc_id":                                         d.id(s.VPC),
		"availability_zone":                              s.Zone,
		"ipv6_cidr_block":                                d.ipv6CIDR(s),
		"assign_ipv6_address_on_creation":                optional(s.AssignIPv6),
		"enable_dns64":                                   optional(s.DNS64),
		"private_dns_hostname_type_on_launch":            s.HostnameType,
		"enable_resource_name_dns_a_record_on_launch":    optional(s.ResourceNameA),
		"enable_resource_name_dns_aaaa_record_on_launch": optional(s.ResourceNameAAAA),
		"tags": s.Tags,
	}
	if s.CIDR.IsValid() {
		a["cidr_block"] = s.CIDR
	} else {
		a["ipv6_native"] = true
	}
	d.add("aws_subnet", label(s.Name), a)
}

// ipv6CIDR turns "/64#K" into the K-th /64 of the VPC's /56.
func (d *document) ipv6CIDR(s topology.Subnet) any {
	digits, ok := strings.CutPrefix(s.IPv6CIDR, "/64#")
	if !ok {
		return optional(s.IPv6CIDR)
	}
	k, err := strconv.ParseInt(digits, 16, 32)
	if err != nil {
		return s.IPv6CIDR
	}
	return fmt.Sprintf("${cidrsubnet(%s.%s.ipv6_cidr_block, 8, %d)}", types[topology.KindVPC], label(s.VPC.Name), k)
}
