package awssim

import (
	"cmp"
	"iter"
	"maps"
	"slices"
	"strings"
)

// Item is one thing that exists in the account.
type Item struct {
	Type string // as tags name it: "vpc", "security-group", …
	ID   string
	Name string // the Name tag, or the ID where there is none
	Tags map[string]string
}

// resourceKind is what the region as a whole knows of a kind: enough to list and to tag it.
type resourceKind struct {
	Type string
	// Prefix of its EC2 ids, without the dash; empty for what CreateTags does not take.
	Prefix string
	// NotFound is CreateTags' refusal of an id with the prefix that does not exist.
	NotFound string
	// IDs are the keys of its objects in state.Tags.
	IDs func(*world) iter.Seq[string]
	// Implied says that an object came with another and goes with it (a VPC's main route table);
	// the inventory leaves it out. May be nil.
	Implied func(w *world, id string) bool
}

// resourceKinds lists every kind, parents before children.
var resourceKinds = []resourceKind{
	{Type: "vpc", Prefix: "vpc", NotFound: "InvalidVpcID.NotFound",
		IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.VPCs) }},
	{Type: "subnet", Prefix: "subnet", NotFound: "InvalidSubnetID.NotFound",
		IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.Subnets) }},
	{Type: "dhcp-options", Prefix: "dopt", NotFound: "InvalidDhcpOptionID.NotFound",
		IDs:     func(w *world) iter.Seq[string] { return maps.Keys(w.DHCPOptions) },
		Implied: func(w *world, id string) bool { return w.DHCPOptions[id].Default }},
	{Type: "internet-gateway", Prefix: "igw", NotFound: "InvalidInternetGatewayID.NotFound",
		IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.InternetGateways) }},
	{Type: "egress-only-internet-gateway", Prefix: "eigw", NotFound: "InvalidEgressOnlyInternetGatewayId.NotFound",
		IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.EgressOnlyGateways) }},
	{Type: "route-table", Prefix: "rtb", NotFound: "InvalidRouteTableID.NotFound",
		IDs:     func(w *world) iter.Seq[string] { return maps.Keys(w.RouteTables) },
		Implied: func(w *world, id string) bool { return w.RouteTables[id].main() }},
	{Type: "network-acl", Prefix: "acl", NotFound: "InvalidNetworkAclID.NotFound",
		IDs:     func(w *world) iter.Seq[string] { return maps.Keys(w.NetworkACLs) },
		Implied: func(*world, string) bool { return true }},
	{Type: "elastic-ip", Prefix: "eipalloc", NotFound: "InvalidAllocationID.NotFound",
		IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.Addresses) }},
	{Type: "natgateway", Prefix: "nat", NotFound: "NatGatewayNotFound",
		IDs:     func(w *world) iter.Seq[string] { return maps.Keys(w.NATGateways) },
		Implied: func(w *world, id string) bool { return w.NATGateways[id].ended() }},
	{Type: "security-group", Prefix: "sg", NotFound: "InvalidGroup.NotFound",
		IDs:     func(w *world) iter.Seq[string] { return maps.Keys(w.SecurityGroups) },
		Implied: func(w *world, id string) bool { return w.SecurityGroups[id].Name == defaultGroup }},
	{Type: "security-group-rule", Prefix: "sgr", NotFound: "InvalidSecurityGroupRuleId.NotFound",
		IDs:     func(w *world) iter.Seq[string] { return maps.Keys(w.SecurityGroupRules) },
		Implied: (*world).impliedRule},
	{Type: "network-interface", Prefix: "eni", NotFound: "InvalidNetworkInterfaceID.NotFound",
		IDs:     func(w *world) iter.Seq[string] { return maps.Keys(w.Interfaces) },
		Implied: func(*world, string) bool { return true }},
	{Type: "key-pair", Prefix: "key", NotFound: "InvalidKeyPair.NotFound",
		IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.KeyPairs) }},
	{Type: "volume", Prefix: "vol", NotFound: "InvalidVolume.NotFound",
		IDs:     func(w *world) iter.Seq[string] { return maps.Keys(w.Volumes) },
		Implied: func(w *world, id string) bool { return w.Volumes[id].goesWithInstance() }},
	{Type: "snapshot", Prefix: "snap", NotFound: "InvalidSnapshot.NotFound",
		IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.Snapshots) }},
	{Type: "launch-template", Prefix: "lt", NotFound: "InvalidLaunchTemplateId.NotFound",
		IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.LaunchTemplates) }},
	{Type: "instance", Prefix: "i", NotFound: "InvalidInstanceID.NotFound",
		IDs:     func(w *world) iter.Seq[string] { return maps.Keys(w.Instances) },
		Implied: func(w *world, id string) bool { return !w.Instances[id].alive() }},

	{Type: "iam-role", IDs: func(w *world) iter.Seq[string] { return arns(w.Roles, func(r *role) string { return r.ARN }) }},
	{Type: "iam-instance-profile", IDs: func(w *world) iter.Seq[string] {
		return arns(w.InstanceProfiles, func(p *instanceProfile) string { return p.ARN })
	}},
	{Type: "iam-oidc-provider", IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.OIDCProviders) }},

	{Type: "load-balancer", IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.LoadBalancers) }},
	{Type: "classic-elb", IDs: func(w *world) iter.Seq[string] {
		return arns(w.Classic, func(b *classicBalancer) string { return b.arn(w) })
	}},
	{Type: "target-group", IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.TargetGroups) }},
	{Type: "listener", IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.Listeners) }},
	{Type: "auto-scaling-group", IDs: func(w *world) iter.Seq[string] {
		return arns(w.ScalingGroups, func(g *scalingGroup) string { return g.ARN })
	}},
	{Type: "alarm",
		IDs:     func(w *world) iter.Seq[string] { return arns(w.Alarms, func(a *alarm) string { return a.ARN }) },
		Implied: func(w *world, id string) bool { a, err := w.alarmByARN(id); return err == nil && a.Policy }},
	{Type: "queue", IDs: func(w *world) iter.Seq[string] { return arns(w.Queues, func(q *queue) string { return q.ARN }) }},
	{Type: "bucket", IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.Buckets) }},
	{Type: "object", IDs: (*world).objectIDs},
	{Type: "hosted-zone", IDs: func(w *world) iter.Seq[string] { return maps.Keys(w.HostedZones) }},
	{Type: "dns-record", IDs: (*world).recordIDs},
	{Type: "zone-association", IDs: (*world).associationIDs},
	{Type: "event-rule", IDs: func(w *world) iter.Seq[string] { return arns(w.EventRules, func(r *eventRule) string { return r.ARN }) }},
}

// arns lists the ARNs of objects that are kept by name.
func arns[T any](rows map[string]T, arn func(T) string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, object := range rows {
			if !yield(arn(object)) {
				return
			}
		}
	}
}

// impliedRule says that a rule belongs to a group that came with its VPC.
func (w *world) impliedRule(id string) bool {
	return w.SecurityGroups[w.SecurityGroupRules[id].GroupID].Name == defaultGroup
}

// Inventory lists everything that exists in the account, by type and id, so that tests can compare
// worlds and find orphans. Left out is what AWS makes and deletes by itself along with something
// else, and what is terminated or deleted but still shown by Describe calls for a while.
func (r *Region) Inventory() []Item {
	r.mu.Lock()
	defer r.mu.Unlock()
	var list []Item
	for _, kind := range resourceKinds {
		for id := range kind.IDs(r.world) {
			if kind.Implied != nil && kind.Implied(r.world, id) {
				continue
			}
			tags := r.world.Tags[id]
			list = append(list, Item{Type: kind.Type, ID: id, Name: cmp.Or(tags["Name"], id), Tags: maps.Clone(tags)})
		}
	}
	slices.SortFunc(list, func(a, b Item) int { return cmp.Or(cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID)) })
	return list
}

// resourceKindOf tells the kind of an EC2 resource from the prefix of its id.
func resourceKindOf(id string) (resourceKind, bool) {
	prefix, _, _ := strings.Cut(id, "-")
	i := slices.IndexFunc(resourceKinds, func(k resourceKind) bool { return k.Prefix != "" && k.Prefix == prefix })
	if i < 0 {
		return resourceKind{}, false
	}
	return resourceKinds[i], true
}
