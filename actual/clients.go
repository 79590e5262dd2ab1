package actual

import "github.com/quorate/quorate/internal/awsapi"

// Clients are the services that are asked. Each interface is put together from the
// readers that stand at the top of the kind files; the SDK's clients satisfy them.
type Clients struct {
	EC2         EC2
	AutoScaling AutoScaling
	ELB         ELB
	ClassicELB  ClassicELB
	IAM         IAM
	Route53     Route53
	SQS         SQS
	EventBridge EventBridge
	CloudWatch  CloudWatch
}

// FromClients takes the SDK's clients.
func FromClients(c awsapi.Clients) Clients {
	return Clients{EC2: c.EC2, AutoScaling: c.AutoScaling, ELB: c.ELB, ClassicELB: c.ClassicELB, IAM: c.IAM, Route53: c.Route53, SQS: c.SQS, EventBridge: c.EventBridge, CloudWatch: c.CloudWatch}
}

// EC2 lists the calls to EC2.
type EC2 interface {
	dhcpOptionsReader
	egressOnlyGatewayReader
	elasticIPReader
	imageReader
	instanceReader
	internetGatewayReader
	keyPairReader
	launchTemplateReader
	natGatewayReader
	remainsReader
	routeTableReader
	securityGroupReader
	securityGroupRuleReader
	subnetReader
	volumeReader
	vpcReader
}

// AutoScaling lists the calls to EC2 Auto Scaling.
type AutoScaling interface {
	autoScalingGroupReader
	lifecycleHookReader
	scalingPolicyReader
	scheduledActionReader
	warmPoolReader
}

// ELB lists the calls to Elastic Load Balancing.
type ELB interface {
	listenerReader
	loadBalancerReader
	targetGroupReader
}

// ClassicELB lists the calls to the first generation of Elastic Load Balancing.
type ClassicELB interface {
	classicELBReader
}

// IAM lists the calls to IAM.
type IAM interface {
	iamRoleReader
	instanceProfileReader
	oidcProviderReader
	strayRoleReader
}

// Route53 lists the calls to Route 53.
type Route53 interface {
	dnsRecordReader
	hostedZoneReader
}

// SQS lists the calls to SQS.
type SQS interface {
	queueReader
}

// EventBridge lists the calls to EventBridge.
type EventBridge interface {
	eventRuleReader
}

// CloudWatch lists the calls to CloudWatch.
type CloudWatch interface {
	alarmReader
}
