package actual

import (
	"context"

	"github.com/quorate/quorate/topology"
)

// rounds is how deep a look goes: nothing is asked that depends on more than two
// earlier answers.
const rounds = 3

// A row says how one kind is observed.
type row struct {
	// what names the kind in errors.
	what string
	// looks are the kind's calls, one function per round. All kinds' looks of a round
	// run side by side; a later round may use every answer of the earlier ones.
	looks []func(context.Context, *observation) error
	// convert turns the answers into resources.
	convert func(*observation) error
	// canBeShared tells whether a manifest can give resources of the kind by id.
	canBeShared bool
}

type looks = []func(context.Context, *observation) error

var rows = map[topology.Kind]row{
	topology.KindDHCPOptions:       {"DHCP options", looks{lookDHCPOptions}, convertDHCPOptions, false},
	topology.KindVPC:               {"VPCs", looks{lookVPCs, lookVPCAttributes}, convertVPCs, true},
	topology.KindVPCCIDR:           {"additional ranges of VPCs", looks{nil}, convertVPCCIDRs, true},
	topology.KindInternetGateway:   {"internet gateways", looks{lookInternetGateways}, convertInternetGateways, true},
	topology.KindEgressOnlyGateway: {"egress-only internet gateways", looks{lookEgressOnlyGateways, lookRoutedEgressOnlyGateways}, convertEgressOnlyGateways, true},
	topology.KindSubnet:            {"subnets", looks{lookSubnets}, convertSubnets, true},
	topology.KindElasticIP:         {"elastic IPs", looks{lookElasticIPs}, convertElasticIPs, true},
	topology.KindNATGateway:        {"NAT gateways", looks{lookNATGateways}, convertNATGateways, true},
	topology.KindRouteTable:        {"route tables", looks{lookRouteTables}, convertRouteTables, false},
	topology.KindSecurityGroup:     {"security groups", looks{lookSecurityGroups}, convertSecurityGroups, true},
	topology.KindSecurityGroupRule: {"security group rules", looks{nil, lookSecurityGroupRules}, convertSecurityGroupRules, false},
	topology.KindOIDCProvider:      {"OIDC providers", looks{lookOIDCProviders, lookOIDCProviderDetails}, convertOIDCProviders, false},
	topology.KindIAMRole:           {"IAM roles", looks{lookIAMRoles, lookPolicyNames, lookInlinePolicies}, convertIAMRoles, false},
	topology.KindInstanceProfile:   {"instance profiles", looks{lookInstanceProfiles, lookProfilesOfRoles}, convertInstanceProfiles, true},
	topology.KindKeyPair:           {"key pairs", looks{lookKeyPairs}, convertKeyPairs, true},
	topology.KindVolume:            {"volumes", looks{lookVolumes}, convertVolumes, false},
	topology.KindQueue:             {"queues", looks{lookQueues, lookQueueAttributes}, convertQueues, false},
	topology.KindEventRule:         {"event rules", looks{nil, lookEventRules, lookEventRuleParts}, convertEventRules, false},
	topology.KindTargetGroup:       {"target groups", looks{lookTargetGroups, nil, lookTargetGroupAttributes}, convertTargetGroups, true},
	topology.KindLoadBalancer:      {"load balancers", looks{lookLoadBalancers, lookLoadBalancerTags, lookLoadBalancerAttributes}, convertLoadBalancers, false},
	topology.KindListener:          {"listeners", looks{nil, nil, lookListeners}, convertListeners, false},
	topology.KindClassicELB:        {"classic load balancers", looks{nil, nil, lookClassicELBs}, convertClassicELBs, false},
	topology.KindDNSRecord:         {"DNS records", looks{nil, lookDNSRecords}, convertDNSRecords, false},
	topology.KindZoneAssociation:   {"zone associations", looks{nil, lookZoneAssociations}, convertZoneAssociations, false},
	topology.KindLaunchTemplate:    {"launch templates", looks{lookLaunchTemplates, lookTemplateVersions}, convertLaunchTemplates, false},
	topology.KindAutoScalingGroup:  {"Auto Scaling groups", looks{lookAutoScalingGroups, lookWarmPools}, convertAutoScalingGroups, false},
	topology.KindLifecycleHook:     {"lifecycle hooks", looks{nil, lookLifecycleHooks}, convertLifecycleHooks, false},
	topology.KindScalingPolicy:     {"scaling policies", looks{nil, lookScalingPolicies}, convertScalingPolicies, false},
	topology.KindScheduledAction:   {"scheduled actions", looks{nil, lookScheduledActions}, convertScheduledActions, false},
	topology.KindAlarm:             {"alarms", looks{nil, lookAlarms, lookAlarmTags}, convertAlarms, false},
}

// Images, the hosted zone and machines are no resources, but facts that are looked at in the same way;
// roles that nobody wants any more are found in a way of their own, and so is what remains when a
// cluster ends.
var (
	imageRow     = row{"images", looks{lookImages, nil, lookStrayImages}, convertImages, false}
	zoneRow      = row{"hosted zones", looks{lookHostedZone}, convertHostedZone, false}
	machineRow   = row{"machines", looks{lookInstances}, convertMachines, false}
	remainsRow   = row{"what remains", looks{nil, lookRemains}, convertRemains, false}
	strayRoleRow = row{"IAM roles of service accounts", looks{nil, lookRoleNames, lookStrayRoles}, convertStrayRoles, false}
)

// inOrder lists the rows so that each finds what it refers to converted already.
func inOrder() []row {
	order := []row{imageRow, zoneRow}
	for _, kind := range topology.Kinds() {
		order = append(order, rows[kind])
	}
	return append(order, strayRoleRow, machineRow, remainsRow)
}
