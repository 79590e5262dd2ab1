package awssim_test

import (
	"slices"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

func TestVPCComesWithItsDefaults(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.vpc(t, "172.20.0.0/16")

	tables := call(w.ec2.DescribeRouteTables(ctx, &ec2.DescribeRouteTablesInput{Filters: by("vpc-id", id)})).must(t).RouteTables
	if len(tables) != 1 || !*tables[0].Associations[0].Main {
		t.Errorf("route tables: %+v", tables)
	}
	if r := tables[0].Routes; len(r) != 1 || *r[0].GatewayId != "local" || *r[0].DestinationCidrBlock != "172.20.0.0/16" || r[0].Origin != "CreateRouteTable" {
		t.Errorf("routes: %+v", r)
	}
	groups := call(w.ec2.DescribeSecurityGroups(ctx, &ec2.DescribeSecurityGroupsInput{Filters: by("vpc-id", id)})).must(t).SecurityGroups
	if len(groups) != 1 || *groups[0].GroupName != "default" || len(groups[0].IpPermissions) != 1 || len(groups[0].IpPermissionsEgress) != 1 {
		t.Errorf("groups: %+v", groups)
	}
	acls := call(w.ec2.DescribeNetworkAcls(ctx, &ec2.DescribeNetworkAclsInput{Filters: by("vpc-id", id)})).must(t).NetworkAcls
	if len(acls) != 1 || !*acls[0].IsDefault {
		t.Errorf("network ACLs: %+v", acls)
	}
	v := w.describedVPC(t, id)
	options := call(w.ec2.DescribeDhcpOptions(ctx, &ec2.DescribeDhcpOptionsInput{DhcpOptionsIds: []string{*v.DhcpOptionsId}})).must(t).DhcpOptions
	if len(options) != 1 || *options[0].DhcpConfigurations[0].Values[0].Value != "ec2.internal" {
		t.Errorf("DHCP options: %+v", options)
	}
	if items := w.Inventory(); len(items) != 1 || items[0].ID != id {
		t.Errorf("the inventory shows more than the VPC: %+v", items)
	}

	call(w.ec2.DeleteVpc(ctx, &ec2.DeleteVpcInput{VpcId: &id})).must(t)
	if left := call(w.ec2.DescribeRouteTables(ctx, nil)).must(t).RouteTables; len(left) != 0 {
		t.Errorf("left behind: %+v", left)
	}
	if left := call(w.ec2.DescribeSecurityGroupRules(ctx, nil)).must(t).SecurityGroupRules; len(left) != 0 {
		t.Errorf("left behind: %+v", left)
	}
}

func (w *world) describedVPC(t *testing.T, id string) types.Vpc {
	t.Helper()
	return call(w.ec2.DescribeVpcs(t.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{id}})).must(t).Vpcs[0]
}

func TestVPCBlocks(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.vpc(t, "172.20.5.5/16")
	if v := w.describedVPC(t, id); *v.CidrBlock != "172.20.0.0/16" || v.State != types.VpcStateAvailable {
		t.Errorf("%s is %s", *v.CidrBlock, v.State)
	}
	associate := func(cidr string) func() error {
		return func() error {
			return only(w.ec2.AssociateVpcCidrBlock(ctx, &ec2.AssociateVpcCidrBlockInput{VpcId: &id, CidrBlock: &cidr}))
		}
	}
	try(t, []refusal{
		{"a second block may be associated", associate("172.21.0.0/16"), ""},
		{"but not one that overlaps", associate("172.21.128.0/17"), "CidrConflict"},
		{"a block may not be too large", associate("10.0.0.0/8"), "InvalidVpc.Range"},
		{"a block has to be one", associate("ten"), "InvalidParameterValue"},
		{"the primary block stays", func() error {
			return only(w.ec2.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{
				AssociationId: w.describedVPC(t, id).CidrBlockAssociationSet[0].AssociationId}))
		}, "OperationNotPermitted"},
		{"no subnet fits into a block that is still being associated", func() error {
			cidr := "172.21.1.0/24"
			return only(w.ec2.CreateSubnet(ctx, &ec2.CreateSubnetInput{VpcId: &id, CidrBlock: &cidr}))
		}, "InvalidSubnet.Range"},
		{"a block in use stays", func() error {
			w.clock.Advance(time.Minute)
			w.subnet(t, id, "172.21.1.0/24", "us-east-1a")
			return only(w.ec2.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{
				AssociationId: w.describedVPC(t, id).CidrBlockAssociationSet[1].AssociationId}))
		}, "DependencyViolation"},
	})
}

func TestAmazonGivesAnIPv6Block(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := *call(w.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("172.20.0.0/16"), AmazonProvidedIpv6CidrBlock: aws.Bool(true)})).must(t).Vpc.VpcId
	if first := w.describedVPC(t, id).Ipv6CidrBlockAssociationSet; len(first) != 1 || first[0].Ipv6CidrBlockState.State != types.VpcCidrBlockStateCodeAssociating {
		t.Fatalf("at first: %+v", first)
	}
	w.clock.Advance(time.Minute)
	blocks := w.describedVPC(t, id).Ipv6CidrBlockAssociationSet
	if len(blocks) != 1 || blocks[0].Ipv6CidrBlockState.State != types.VpcCidrBlockStateCodeAssociated {
		t.Fatalf("blocks: %+v", blocks)
	}
	call(w.ec2.DisassociateVpcCidrBlock(ctx, &ec2.DisassociateVpcCidrBlockInput{AssociationId: blocks[0].AssociationId})).must(t)
	if left := w.describedVPC(t, id).Ipv6CidrBlockAssociationSet; len(left) != 0 {
		t.Errorf("left: %+v", left)
	}
}

func TestVPCAttributes(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.vpc(t, "172.20.0.0/16")
	on, off := &types.AttributeBooleanValue{Value: aws.Bool(true)}, &types.AttributeBooleanValue{Value: aws.Bool(false)}
	hostnames := func() bool {
		return *call(w.ec2.DescribeVpcAttribute(ctx, &ec2.DescribeVpcAttributeInput{VpcId: &id, Attribute: types.VpcAttributeNameEnableDnsHostnames})).must(t).EnableDnsHostnames.Value
	}
	if hostnames() {
		t.Error("host names are on at first")
	}
	call(w.ec2.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: &id, EnableDnsHostnames: on})).must(t)
	if !hostnames() {
		t.Error("host names stayed off")
	}
	call(w.ec2.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: &id, EnableDnsSupport: off})).refused(t, "InvalidParameterCombination")
	call(w.ec2.ModifyVpcAttribute(ctx, &ec2.ModifyVpcAttributeInput{VpcId: &id, EnableDnsSupport: on, EnableDnsHostnames: on})).refused(t, "InvalidParameterCombination")
}

func TestDHCPOptionsAreKeptWhileInUse(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	vpc := w.vpc(t, "172.20.0.0/16")
	id := *call(w.ec2.CreateDhcpOptions(ctx, &ec2.CreateDhcpOptionsInput{
		DhcpConfigurations: []types.NewDhcpConfiguration{{Key: aws.String("domain-name"), Values: []string{"ec2.internal"}}},
		TagSpecifications:  tagged(types.ResourceTypeDhcpOptions, "Name", "ha.example.com"),
	})).must(t).DhcpOptions.DhcpOptionsId
	call(w.ec2.AssociateDhcpOptions(ctx, &ec2.AssociateDhcpOptionsInput{VpcId: &vpc, DhcpOptionsId: &id})).must(t)
	if got := *w.describedVPC(t, vpc).DhcpOptionsId; got != id {
		t.Errorf("VPC has %s", got)
	}
	call(w.ec2.DeleteDhcpOptions(ctx, &ec2.DeleteDhcpOptionsInput{DhcpOptionsId: &id})).refused(t, "DependencyViolation")
	call(w.ec2.AssociateDhcpOptions(ctx, &ec2.AssociateDhcpOptionsInput{VpcId: &vpc, DhcpOptionsId: aws.String("default")})).must(t)
	call(w.ec2.DeleteDhcpOptions(ctx, &ec2.DeleteDhcpOptionsInput{DhcpOptionsId: &id})).must(t)
}

func TestVPCIsKeptWhileAnythingIsInIt(t *testing.T) {
	for _, c := range []struct {
		name string
		fill func(*world, string)
	}{
		{"a subnet", func(w *world, vpc string) { w.subnet(t, vpc, "172.20.1.0/24", "us-east-1a") }},
		{"an internet gateway", func(w *world, vpc string) { w.gateway(t, vpc) }},
		{"a security group", func(w *world, vpc string) { w.group(t, vpc, "masters") }},
		{"a route table", func(w *world, vpc string) {
			call(w.ec2.CreateRouteTable(t.Context(), &ec2.CreateRouteTableInput{VpcId: &vpc})).must(t)
		}},
		{"an egress-only gateway", func(w *world, vpc string) {
			call(w.ec2.CreateEgressOnlyInternetGateway(t.Context(), &ec2.CreateEgressOnlyInternetGatewayInput{VpcId: &vpc})).must(t)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			vpc := w.vpc(t, "172.20.0.0/16")
			c.fill(w, vpc)
			call(w.ec2.DeleteVpc(t.Context(), &ec2.DeleteVpcInput{VpcId: &vpc})).refused(t, "DependencyViolation")
		})
	}
}

// gateway makes an internet gateway and attaches it.
func (w *world) gateway(t *testing.T, vpc string) string {
	t.Helper()
	id := call(w.ec2.CreateInternetGateway(t.Context(), nil)).must(t).InternetGateway.InternetGatewayId
	call(w.ec2.AttachInternetGateway(t.Context(), &ec2.AttachInternetGatewayInput{VpcId: &vpc, InternetGatewayId: id})).must(t)
	return *id
}

func TestInternetGatewayGoesWhereItMay(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	one, two := w.vpc(t, "172.20.0.0/16"), w.vpc(t, "172.21.0.0/16")
	id := w.gateway(t, one)
	spare := *call(w.ec2.CreateInternetGateway(ctx, nil)).must(t).InternetGateway.InternetGatewayId
	attach := func(id, vpc string) func() error {
		return func() error {
			return only(w.ec2.AttachInternetGateway(ctx, &ec2.AttachInternetGatewayInput{VpcId: &vpc, InternetGatewayId: &id}))
		}
	}
	try(t, []refusal{
		{"an attached gateway stays where it is", attach(id, two), "Resource.AlreadyAssociated"},
		{"a VPC has one gateway", attach(spare, one), "InvalidParameterValue"},
		{"an unknown VPC has none", attach(spare, "vpc-0000000000000000f"), "InvalidVpcID.NotFound"},
		{"what is not attached cannot be detached", func() error {
			return only(w.ec2.DetachInternetGateway(ctx, &ec2.DetachInternetGatewayInput{VpcId: &one, InternetGatewayId: &spare}))
		}, "Gateway.NotAttached"},
		{"an attached gateway is not deleted", func() error {
			return only(w.ec2.DeleteInternetGateway(ctx, &ec2.DeleteInternetGatewayInput{InternetGatewayId: &id}))
		}, "DependencyViolation"},
	})
	found := call(w.ec2.DescribeInternetGateways(ctx, &ec2.DescribeInternetGatewaysInput{Filters: by("attachment.vpc-id", one)})).must(t).InternetGateways
	if len(found) != 1 || *found[0].InternetGatewayId != id || *found[0].Attachments[0].VpcId != one {
		t.Errorf("found %+v", found)
	}
}

func TestTagsCanBeReadChangedAndSearched(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	out := call(w.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("172.20.0.0/16"),
		TagSpecifications: tagged(types.ResourceTypeVpc, "Name", "ha", "kubernetes.io/cluster/ha", "owned")})).must(t)
	id := *out.Vpc.VpcId
	other := w.vpc(t, "172.21.0.0/16")
	find := func(f []types.Filter) []string {
		var ids []string
		for _, v := range call(w.ec2.DescribeVpcs(ctx, &ec2.DescribeVpcsInput{Filters: f})).must(t).Vpcs {
			ids = append(ids, *v.VpcId)
		}
		return ids
	}
	for _, c := range []struct {
		name   string
		filter []types.Filter
		want   []string
	}{
		{"by key and value", by("tag:Name", "ha"), []string{id}},
		{"by any of several values", by("tag:Name", "x", "ha"), []string{id}},
		{"by pattern", by("tag:Name", "h*"), []string{id}},
		{"by key", by("tag-key", "kubernetes.io/cluster/ha"), []string{id}},
		{"by two that do not both match", append(by("tag:Name", "ha"), by("vpc-id", other)...), nil},
		{"by a value it has not", by("tag:Name", "hb"), nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := find(c.filter); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}

	call(w.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{id, other}, Tags: tags("Name", "new", "more", "")})).must(t)
	if got := find(by("tag:Name", "new")); len(got) != 2 {
		t.Errorf("tagged %v", got)
	}
	call(w.ec2.DeleteTags(ctx, &ec2.DeleteTagsInput{Resources: []string{id}, Tags: []types.Tag{
		{Key: aws.String("more")}, {Key: aws.String("Name"), Value: aws.String("not its value")}}})).must(t)
	var left []string
	for _, tag := range call(w.ec2.DescribeTags(ctx, &ec2.DescribeTagsInput{Filters: by("resource-id", id)})).must(t).Tags {
		left = append(left, *tag.Key+"="+*tag.Value+" on a "+string(tag.ResourceType))
	}
	if want := []string{"Name=new on a vpc", "kubernetes.io/cluster/ha=owned on a vpc"}; !slices.Equal(left, want) {
		t.Errorf("left %q, want %q", left, want)
	}
}

func TestTagsAreRefusedAsAWSRefusesThem(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.vpc(t, "172.20.0.0/16")
	tag := func(resource string, tags []types.Tag) func() error {
		return func() error {
			return only(w.ec2.CreateTags(ctx, &ec2.CreateTagsInput{Resources: []string{resource}, Tags: tags}))
		}
	}
	var many []string
	for i := range 51 {
		many = append(many, string(rune('A'+i)), "")
	}
	try(t, []refusal{
		{"aws: is reserved", tag(id, tags("aws:x", "y")), "InvalidParameterValue"},
		{"a key may not come twice", tag(id, tags("a", "1", "a", "2")), "InvalidParameterValue"},
		{"what does not exist has no tags", tag("vpc-0123456789abcdef0", tags("a", "1")), "InvalidVpcID.NotFound"},
		{"what is no id has none either", tag("xyz-1", tags("a", "1")), "InvalidID"},
		{"fifty are enough", tag(id, tags(many...)), "TagLimitExceeded"},
		{"a tag specification is for the right type", func() error {
			return only(w.ec2.CreateVpc(ctx, &ec2.CreateVpcInput{CidrBlock: aws.String("172.20.0.0/16"), TagSpecifications: tagged(types.ResourceTypeSubnet, "a", "b")}))
		}, "InvalidParameterValue"},
	})
}
