package desired

import "github.com/quorate/quorate/topology"

// builders are the rows of this stage: how the resources of each kind follow from a manifest.
var builders = map[topology.Kind]func(manifest) []topology.Resource{
	topology.KindDHCPOptions:       row(manifest.dhcpOptions),
	topology.KindVPC:               row(manifest.vpcs),
	topology.KindVPCCIDR:           row(manifest.vpcCIDRs),
	topology.KindInternetGateway:   row(manifest.internetGateways),
	topology.KindEgressOnlyGateway: row(manifest.egressOnlyGateways),
	topology.KindSubnet:            row(manifest.topologySubnets),
	topology.KindElasticIP:         row(manifest.elasticIPs),
	topology.KindNATGateway:        row(manifest.natGateways),
	topology.KindRouteTable:        row(manifest.routeTables),
	topology.KindSecurityGroup:     row(manifest.securityGroups),
	topology.KindSecurityGroupRule: row(manifest.securityGroupRules),
	topology.KindOIDCProvider:      row(manifest.oidcProviders),
	topology.KindIAMRole:           row(manifest.iamRoles),
	topology.KindInstanceProfile:   row(manifest.instanceProfiles),
	topology.KindKeyPair:           row(manifest.keyPairs),
	topology.KindVolume:            row(manifest.volumes),
	topology.KindQueue:             row(manifest.queues),
	topology.KindEventRule:         row(manifest.eventRules),
	topology.KindTargetGroup:       row(manifest.targetGroups),
	topology.KindLoadBalancer:      row(manifest.loadBalancers),
	topology.KindListener:          row(manifest.listeners),
	topology.KindClassicELB:        row(manifest.classicELBs),
	topology.KindDNSRecord:         row(manifest.dnsRecords),
	topology.KindZoneAssociation:   row(manifest.zoneAssociations),
	topology.KindLaunchTemplate:    row(manifest.launchTemplates),
	topology.KindAutoScalingGroup:  row(manifest.autoScalingGroups),
	topology.KindLifecycleHook:     row(manifest.lifecycleHooks),
	topology.KindScalingPolicy:     row(manifest.scalingPolicies),
	topology.KindScheduledAction:   row(manifest.scheduledActions),
	topology.KindAlarm:             row(manifest.alarms),
}

// row lets the kinds keep their own types: only here do they become plain resources.
func row[T topology.Resource](build func(manifest) []T) func(manifest) []topology.Resource {
	return func(m manifest) []topology.Resource {
		var resources []topology.Resource
		for _, r := range build(m) {
			resources = append(resources, r)
		}
		return resources
	}
}
