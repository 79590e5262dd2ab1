package diff

import (
	"fmt"

	"github.com/quorate/quorate/topology"
)

// rows says for every kind how its resources are compared, and what it means that
// nobody wants one any more.
var rows = map[topology.Kind]row{
	topology.KindDHCPOptions:       compared(dhcpOptionsFields),
	topology.KindVPC:               compared(vpcFields),
	topology.KindVPCCIDR:           compared(vpcCIDRFields),
	topology.KindInternetGateway:   compared(internetGatewayFields),
	topology.KindEgressOnlyGateway: compared(egressOnlyGatewayFields),
	topology.KindSubnet:            compared(subnetFields),
	topology.KindElasticIP:         compared(elasticIPFields),
	topology.KindNATGateway:        compared(natGatewayFields),
	topology.KindRouteTable:        compared(routeTableFields),
	topology.KindSecurityGroup:     compared(securityGroupFields),
	topology.KindSecurityGroupRule: compared(securityGroupRuleFields),
	topology.KindOIDCProvider:      compared(oidcProviderFields),
	topology.KindIAMRole:           compared(iamRoleFields),
	topology.KindInstanceProfile:   compared(instanceProfileFields),
	topology.KindKeyPair:           compared(keyPairFields),
	topology.KindVolume:            kept(volumeFields, volumeKeptReason),
	topology.KindQueue:             compared(queueFields),
	topology.KindEventRule:         compared(eventRuleFields),
	topology.KindTargetGroup:       compared(targetGroupFields),
	topology.KindLoadBalancer:      compared(loadBalancerFields),
	topology.KindListener:          compared(listenerFields),
	topology.KindClassicELB:        compared(classicELBFields),
	topology.KindDNSRecord:         compared(dnsRecordFields),
	topology.KindZoneAssociation:   compared(zoneAssociationFields),
	topology.KindLaunchTemplate:    compared(launchTemplateFields),
	topology.KindAutoScalingGroup:  compared(autoScalingGroupFields),
	topology.KindLifecycleHook:     compared(lifecycleHookFields),
	topology.KindScalingPolicy:     compared(scalingPolicyFields),
	topology.KindScheduledAction:   compared(scheduledActionFields),
	topology.KindAlarm:             compared(alarmFields),
}

// A row is a kind's line of [rows].
type row struct {
	compare func(want, have topology.Resource) []FieldChange
	// keep is a sentence for kinds that no plan ever removes; empty for the others.
	keep string
}

func compared[T topology.Resource](table []field[T]) row {
	return row{compare: func(want, have topology.Resource) []FieldChange {
		w, wok := want.(T)
		h, hok := have.(T)
		if !wok || !hok {
			panic(fmt.Sprintf("row of %T met %T and %T", *new(T), want, have))
		}
		var changes []FieldChange
		for _, f := range table {
			changes = append(changes, f.compare(w, h)...)
		}
		return changes
	}}
}

func kept[T topology.Resource](table []field[T], reason string) row {
	r := compared(table)
	r.keep = reason
	return r
}
