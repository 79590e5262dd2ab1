package actual

import (
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

// convertVPCCIDRs reads what [lookVPCs] was told. A range that AWS is still adding or
// taking away is not there.
func convertVPCCIDRs(o *observation) error {
	for _, v := range o.vpcs.found {
		vpc, known := o.resources[o.ref(v.VpcId)].(topology.VPC)
		if !known {
			continue
		}
		for _, a := range v.CidrBlockAssociationSet {
			if aws.ToString(a.CidrBlock) == aws.ToString(v.CidrBlock) || a.CidrBlockState == nil ||
				a.CidrBlockState.State != ec2types.VpcCidrBlockStateCodeAssociated {
				continue
			}
			cidr, err := prefix(a.CidrBlock)
			if err != nil {
				return fmt.Errorf("%s: %w", aws.ToString(v.VpcId), err)
			}
			o.add(aws.ToString(a.AssociationId), o.vpcCIDR(vpc, topology.VPCCIDR{VPC: vpc.Ref(), CIDR: cidr, Ownership: topology.Shared}))
		}
	}
	return nil
}

// vpcCIDR tells whose a range is: the cluster's if its VPC says so, or if the manifest
// asks for it. Any other was added by somebody else, such as a network plugin.
func (o *observation) vpcCIDR(vpc topology.VPC, c topology.VPCCIDR) topology.VPCCIDR {
	key := topology.VPCCIDRTag(c.CIDR)
	if value, remembered := vpc.Tags[key]; remembered {
		c.Tags = topology.Tags{key: value}
	}
	if vpc.Ownership == topology.Owned && (c.Tags != nil || slices.Contains(o.scope.Named, c.Ref())) {
		c.Ownership = topology.Owned
	}
	return c
}
