package awssim

import (
	"maps"
	"slices"
)

// ec2Operations is all of EC2 that the simulator knows, by kind.
var ec2Operations = map[string]operation{
	// account, region, catalogues
	"DescribeAccountAttributes":     reads((*world).describeAccountAttributes),
	"DescribeAvailabilityZones":     reads((*world).describeZones),
	"DescribeRegions":               reads((*world).describeRegions),
	"DescribeImages":                reads((*world).describeImages),
	"DescribeInstanceTypes":         reads((*world).describeInstanceTypes),
	"DescribeInstanceTypeOfferings": reads((*world).describeOfferings),

	// tag.go
	"CreateTags":   mutates((*world).createTags),
	"DeleteTags":   mutates((*world).deleteTags),
	"DescribeTags": reads((*world).describeTags),

	// vpc.go, vpcattribute.go, vpccidr.go
	"CreateVpc":                mutates((*world).createVPC),
	"DescribeVpcs":             reads((*world).describeVPCs),
	"DeleteVpc":                mutates((*world).deleteVPC),
	"DescribeVpcAttribute":     reads((*world).describeVPCAttribute),
	"ModifyVpcAttribute":       mutates((*world).modifyVPCAttribute),
	"AssociateVpcCidrBlock":    mutates((*world).associateVPCCIDR),
	"DisassociateVpcCidrBlock": mutates((*world).disassociateVPCCIDR),

	// dhcpoptions.go
	"CreateDhcpOptions":    mutates((*world).createDHCPOptions),
	"DescribeDhcpOptions":  reads((*world).describeDHCPOptions),
	"AssociateDhcpOptions": mutates((*world).associateDHCPOptions),
	"DeleteDhcpOptions":    mutates((*world).deleteDHCPOptions),

	// internetgateway.go, egressonlygateway.go
	"CreateInternetGateway":              mutates((*world).createInternetGateway),
	"DescribeInternetGateways":           reads((*world).describeInternetGateways),
	"AttachInternetGateway":              mutates((*world).attachInternetGateway),
	"DetachInternetGateway":              mutates((*world).detachInternetGateway),
	"DeleteInternetGateway":              mutates((*world).deleteInternetGateway),
	"CreateEgressOnlyInternetGateway":    mutates((*world).createEgressOnlyGateway),
	"DescribeEgressOnlyInternetGateways": reads((*world).describeEgressOnlyGateways),
	"DeleteEgressOnlyInternetGateway":    mutates((*world).deleteEgressOnlyGateway),

	// subnetcidr.go
	"AssociateSubnetCidrBlock":    mutates((*world).associateSubnetCIDR),
	"DisassociateSubnetCidrBlock": mutates((*world).disassociateSubnetCIDR),

	// subnet.go, subnetattribute.go
	"CreateSubnet":          mutates((*world).createSubnet),
	"DescribeSubnets":       reads((*world).describeSubnets),
	"ModifySubnetAttribute": mutates((*world).modifySubnetAttribute),
	"DeleteSubnet":          mutates((*world).deleteSubnet),

	// routetable.go, route.go
	"CreateRouteTable":             mutates((*world).createRouteTable),
	"DescribeRouteTables":          reads((*world).describeRouteTables),
	"DeleteRouteTable":             mutates((*world).deleteRouteTable),
	"AssociateRouteTable":          mutates((*world).associateRouteTable),
	"ReplaceRouteTableAssociation": mutates((*world).replaceRouteTableAssociation),
	"DisassociateRouteTable":       mutates((*world).disassociateRouteTable),
	"CreateRoute":                  mutates((*world).createRoute),
	"ReplaceRoute":                 mutates((*world).replaceRoute),
	"DeleteRoute":                  mutates((*world).deleteRoute),

	// networkacl.go
	"DescribeNetworkAcls": reads((*world).describeNetworkACLs),

	// elasticip.go, natgateway.go
	"AllocateAddress":     mutates((*world).allocateAddress),
	"DescribeAddresses":   reads((*world).describeAddresses),
	"AssociateAddress":    mutates((*world).associateAddress),
	"DisassociateAddress": mutates((*world).disassociateAddress),
	"ReleaseAddress":      mutates((*world).releaseAddress),
	"CreateNatGateway":    mutates((*world).createNATGateway),
	"DescribeNatGateways": reads((*world).describeNATGateways),
	"DeleteNatGateway":    mutates((*world).deleteNATGateway),

	// securitygroup.go, securitygrouprule.go
	"CreateSecurityGroup":           mutates((*world).createSecurityGroup),
	"DescribeSecurityGroups":        reads((*world).describeSecurityGroups),
	"DeleteSecurityGroup":           mutates((*world).deleteSecurityGroup),
	"AuthorizeSecurityGroupIngress": mutates((*world).authorizeIngress),
	"AuthorizeSecurityGroupEgress":  mutates((*world).authorizeEgress),
	"RevokeSecurityGroupIngress":    mutates((*world).revokeIngress),
	"RevokeSecurityGroupEgress":     mutates((*world).revokeEgress),
	"DescribeSecurityGroupRules":    reads((*world).describeRules),
	"ModifySecurityGroupRules":      mutates((*world).modifyRules),

	// networkinterface.go
	"DescribeNetworkInterfaces": reads((*world).describeNetworkInterfaces),

	// keypair.go
	"ImportKeyPair":    mutates((*world).importKeyPair),
	"DescribeKeyPairs": reads((*world).describeKeyPairs),
	"DeleteKeyPair":    mutates((*world).deleteKeyPair),

	// volume.go, volumeattachment.go, volumemodification.go, snapshot.go
	"CreateVolume":                 mutates((*world).createVolume),
	"DescribeVolumes":              reads((*world).describeVolumes),
	"DeleteVolume":                 mutates((*world).deleteVolume),
	"AttachVolume":                 mutates((*world).attachVolume),
	"DetachVolume":                 mutates((*world).detachVolume),
	"ModifyVolume":                 mutates((*world).modifyVolume),
	"DescribeVolumesModifications": reads((*world).describeVolumesModifications),
	"CreateSnapshot":               mutates((*world).createSnapshot),
	"DescribeSnapshots":            reads((*world).describeSnapshots),
	"DeleteSnapshot":               mutates((*world).deleteSnapshot),

	// launchtemplate.go
	"CreateLaunchTemplate":           mutates((*world).createLaunchTemplate),
	"CreateLaunchTemplateVersion":    mutates((*world).createLaunchTemplateVersion),
	"ModifyLaunchTemplate":           mutates((*world).modifyLaunchTemplate),
	"DescribeLaunchTemplates":        reads((*world).describeLaunchTemplates),
	"DescribeLaunchTemplateVersions": reads((*world).describeLaunchTemplateVersions),
	"DeleteLaunchTemplate":           mutates((*world).deleteLaunchTemplate),
	"DeleteLaunchTemplateVersions":   mutates((*world).deleteLaunchTemplateVersions),

	// runinstances.go, describeinstances.go
	"RunInstances":            mutates((*world).runInstances),
	"DescribeInstances":       reads((*world).describeInstances),
	"DescribeInstanceStatus":  reads((*world).describeInstanceStatus),
	"ModifyInstanceAttribute": mutates((*world).modifyInstanceAttribute),
	"TerminateInstances":      mutates((*world).terminateInstances),
}

// query is embedded in the input of Describe calls: which objects, and which page of them.
type query struct {
	Filters []filter `wire:"Filter"`
	paging
}

// describe lists the objects of a kind that a query asks for, by id. ids restricts it to these, all
// of which must exist (else the error notFound); EC2 refuses ids together with MaxResults.
func describe[T any](w *world, rows map[string]T, ids []string, q query, table filterTable[T], notFound string) ([]T, string, error) {
	if len(ids) > 0 && q.MaxResults != nil {
		return nil, "", refuse("InvalidParameterCombination", "The parameter MaxResults cannot be used with a list of ids")
	}
	if err := table.check(q.Filters); err != nil {
		return nil, "", err
	}
	if len(ids) == 0 {
		ids = slices.Collect(maps.Keys(rows))
	}
	slices.Sort(ids)
	var found []string
	for _, id := range slices.Compact(ids) {
		object, exists := rows[id]
		if !exists {
			return nil, "", refuse(notFound, "The ID '%s' does not exist", id)
		}
		matched, err := table.matches(w, id, object, q.Filters)
		if err != nil {
			return nil, "", err
		}
		if matched {
			found = append(found, id)
		}
	}
	found, next, err := page(found, func(id string) string { return id }, q.paging, 1000)
	if err != nil {
		return nil, "", err
	}
	list := make([]T, len(found))
	for i, id := range found {
		list[i] = rows[id]
	}
	return list, next, nil
}

// lookup finds an object by id or refuses with the kind's code.
func lookup[T any](rows map[string]T, id, notFound string) (T, error) {
	object, exists := rows[id]
	if !exists {
		return object, refuse(notFound, "The ID '%s' does not exist", id)
	}
	return object, nil
}
