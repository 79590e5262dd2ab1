package terraform

import "github.com/quorate/quorate/topology"

// kinds are the rows of this package: how a resource of each kind is written.
var kinds = map[topology.Kind]func(*document, topology.Resource){
	topology.KindDHCPOptions:       row((*document).dhcpOptions),
	topology.KindVPC:               row((*document).vpc),
	topology.KindVPCCIDR:           row((*document).vpcCIDR),
	topology.KindInternetGateway:   row((*document).internetGateway),
	topology.KindEgressOnlyGateway: row((*document).egressOnlyGateway),
	topology.KindSubnet:            row((*document).subnet),
	topology.KindElasticIP:         row((*document).elasticIP),
	topology.KindNATGateway:        row((*document).natGateway),
	topology.KindRouteTable:        row((*document).routeTable),
	topology.KindSecurityGroup:     row((*document).securityGroup),
	topology.KindSecurityGroupRule: row((*document).securityGroupRule),
	topology.KindOIDCProvider:      row((*document).oidcProvider),
	topology.KindIAMRole:           row((*document).iamRole),
	topology.KindInstanceProfile:   row((*document).instanceProfile),
	topology.KindKeyPair:           row((*document).keyPair),
	topology.KindVolume:            row((*document).volume),
	topology.KindQueue:             row((*document).queue),
	topology.KindEventRule:         row((*document).eventRule),
	topology.KindTargetGroup:       row((*document).targetGroup),
	topology.KindLoadBalancer:      row((*document).loadBalancer),
	topology.KindListener:          row((*document).listener),
	topology.KindClassicELB:        row((*document).classicELB),
	topology.KindDNSRecord:         row((*document).dnsRecord),
	topology.KindZoneAssociation:   row((*document).zoneAssociation),
	topology.KindLaunchTemplate:    row((*document).launchTemplate),
	topology.KindAutoScalingGroup:  row((*document).autoScalingGroup),
	topology.KindLifecycleHook:     row((*document).lifecycleHook),
	topology.KindScalingPolicy:     row((*document).scalingPolicy),
	topology.KindScheduledAction:   row((*document).scheduledAction),
	topology.KindAlarm:             row((*document).alarm),
}

// row lets the kinds keep their own types: only here is a resource asked what it is.
func row[T topology.Resource](write func(*document, T)) func(*document, topology.Resource) {
	return func(d *document, r topology.Resource) {
		if typed, ok := r.(T); ok {
			write(d, typed)
		}
	}
}
