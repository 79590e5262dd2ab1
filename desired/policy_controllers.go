package desired

import "slices"

// actionSet collects actions from several reasons; a policy lists each once.
type actionSet []string

func (s *actionSet) add(service string, names ...string) {
	*s = append(*s, actions(service, names...)...)
}

// sorted is the list as kops writes it.
func (s actionSet) sorted() []string {
	list := slices.Clone(s)
	slices.Sort(list)
	return slices.Compact(list)
}

// permissions are collected from those who need them. Most are actions that share a statement: on anything,
// on what carries the cluster's tag, and on what is made with it.
type permissions struct {
	anything, ours, making actionSet
	// statements have resources or conditions of their own.
	statements []statement
	// groupsInVPC lets security groups be made in any VPC.
	groupsInVPC bool
}

// all are the statements in the order in which kops writes them.
func (p *permissions) all(m manifest) []statement {
	list := slices.Clone(p.statements)
	if len(p.anything) > 0 {
		list = append(list, allow(p.anything.sorted(), nil, "*"))
	}
	if len(p.ours) > 0 {
		list = append(list, allow(p.ours.sorted(), m.taggedOurs(), "*"))
	}
	if len(p.making) > 0 {
		list = append(list, allow(p.making.sorted(), m.requestTagged(), "*"))
	}
	if p.groupsInVPC {
		list = append(list, allow(actions("ec2", "CreateSecurityGroup"), nil, m.arn("ec2:*:*:vpc/*")))
	}
	return list
}

// addControllers is for the controllers that run on the masters, unless they have roles of their own.
func (p *permissions) addControllers(m manifest) {
	p.addVolumeDriver(m)
	p.addCloudController(m)
	if m.Spec.AWSLoadBalancerController.Enabled {
		p.addLoadBalancerController(m)
	}
	p.addAutoscaler(m) // kops grants it whether or not it runs
	if m.nthQueue() {
		p.addTerminationHandler()
	}
}

// addCloudController is for the AWS cloud controller: nodes, routes and load balancers of services.
func (p *permissions) addCloudController(m manifest) {
	p.anything.add("autoscaling", "DescribeAutoScalingGroups", "DescribeTags")
	p.anything.add("ec2",
		"DescribeAvailabilityZones", "DescribeInstanceTopology", "DescribeInstances", "DescribeRegions",
		"DescribeRouteTables", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs")
	p.anything.add("elasticloadbalancing",
		"DescribeListeners", "DescribeLoadBalancerAttributes", "DescribeLoadBalancerPolicies", "DescribeLoadBalancers",
		"DescribeTargetGroupAttributes", "DescribeTargetGroups", "DescribeTargetHealth")
	p.anything.add("iam", "CreateServiceLinkedRole")
	p.anything.add("kms", "DescribeKey")
	p.ours.add("ec2", "ModifyInstanceAttribute")
	if m.Spec.Networking.Plugin() == "kubenet" { // nodes reach each other's pods by routes of the VPC
		p.ours.add("ec2", "CreateRoute", "DeleteRoute")
	}
	p.ours.add("elasticloadbalancing",
		"ApplySecurityGroupsToLoadBalancer", "AttachLoadBalancerToSubnets", "ConfigureHealthCheck",
		"CreateLoadBalancerListeners", "CreateLoadBalancerPolicy", "DeleteLoadBalancerListeners",
		"DeregisterInstancesFromLoadBalancer", "DetachLoadBalancerFromSubnets", "RegisterInstancesWithLoadBalancer",
		"SetLoadBalancerPoliciesForBackendServer", "SetLoadBalancerPoliciesOfListener")
	p.addBalancing(m)
}

// addBalancing is for the network load balancers of services and their security groups.
func (p *permissions) addBalancing(m manifest) {
	p.ours.add("ec2", "AuthorizeSecurityGroupIngress", "DeleteSecurityGroup", "RevokeSecurityGroupIngress")
	p.ours.add("elasticloadbalancing",
		"AddTags", "DeleteListener", "DeleteLoadBalancer", "DeleteTargetGroup", "DeregisterTargets", "ModifyListener",
		"ModifyLoadBalancerAttributes", "ModifyTargetGroup", "ModifyTargetGroupAttributes", "RegisterTargets")
	p.making.add("ec2", "CreateSecurityGroup")
	p.making.add("elasticloadbalancing", "CreateListener", "CreateLoadBalancer", "CreateTargetGroup")
	p.statements = append(p.statements, m.tagging([]string{m.arn("ec2:*:*:security-group/*")}, "CreateSecurityGroup")...)
	p.groupsInVPC = true
}

// addVolumeDriver is for the EBS driver, with the snapshot controller if it runs.
func (p *permissions) addVolumeDriver(m manifest) {
	storage := []string{m.arn("ec2:*:*:snapshot/*"), m.arn("ec2:*:*:volume/*")}
	if m.Spec.SnapshotController.Enabled {
		p.anything.add("ec2", "CreateSnapshot", "DescribeSnapshots")
		p.ours.add("ec2", "DeleteSnapshot", "EnableFastSnapshotRestores")
		p.making.add("ec2", "CreateSnapshot")
		p.statements = append(p.statements, m.tagging(storage, "CreateSnapshot")...)
		p.statements = append(p.statements, allow(actions("ec2", "CreateVolume"), m.taggedOurs(), storage[0]))
	}
	p.anything.add("ec2",
		"DescribeAvailabilityZones", "DescribeInstances", "DescribeTags", "DescribeVolumeStatus", "DescribeVolumes",
		"DescribeVolumesModifications")
	p.ours.add("ec2", "AttachVolume", "DeleteVolume", "DetachVolume", "ModifyVolume")
	p.making.add("ec2", "CopyVolumes", "CreateVolume")
	p.statements = append(p.statements, m.tagging(storage, "CopyVolumes", "CreateVolume")...)
}

// addAutoscaler is for the cluster autoscaler.
func (p *permissions) addAutoscaler(m manifest) {
	p.anything.add("autoscaling",
		"DescribeAutoScalingGroups", "DescribeAutoScalingInstances", "DescribeLaunchConfigurations",
		"DescribeScalingActivities", "DescribeTags")
	p.anything.add("ec2", "DescribeImages", "DescribeLaunchTemplateVersions", "GetInstanceTypesFromInstanceRequirements")
	if !m.Spec.ClusterAutoscaler.AWSUseStaticInstanceList {
		p.anything.add("ec2", "DescribeInstanceTypes")
	}
	p.ours.add("autoscaling", "SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup")
}

// addTerminationHandler is for the node termination handler that reads the cluster's queue.
func (p *permissions) addTerminationHandler() {
	p.anything.add("autoscaling", "DescribeAutoScalingInstances", "DescribeTags")
	p.anything.add("ec2", "DescribeInstances")
	p.anything.add("sqs", "DeleteMessage", "ReceiveMessage")
	p.ours.add("autoscaling", "CompleteLifecycleAction")
}

// addRegistry lets machines pull images from ECR, and through it from other registries.
func (p *permissions) addRegistry(m manifest) {
	if m.Spec.Containerd.UseECRCredentialsForMirrors {
		p.anything.add("ecr", "BatchImportUpstreamImage", "CreateRepository", "ReplicateImage", "TagResource")
	}
	if m.Spec.IAM.AllowContainerRegistry {
		p.anything.add("ecr",
			"BatchCheckLayerAvailability", "BatchGetImage", "DescribeRepositories", "GetAuthorizationToken",
			"GetDownloadUrlForLayer", "GetRepositoryPolicy", "ListImages")
	}
}

// addNetworking is for the network plugin; it runs on every machine.
func (p *permissions) addNetworking(m manifest) {
	plugin := m.Spec.Networking
	if m.ipv6Only() {
		p.anything.add("ec2", "AssignIpv6Addresses") // each machine takes a range for its pods
	}
	if plugin.Plugin() == "amazonvpc" || plugin.Cilium.IPAM == "eni" {
		// These hand out addresses of the VPC, and tag the interfaces that they make for it.
		p.statements = append(p.statements, allow(actions("ec2", "CreateTags"), nil, m.arn("ec2:*:*:network-interface/*")))
	}
	switch {
	case plugin.Plugin() == "calico":
		p.anything.add("ec2", "DescribeInstances", "ModifyNetworkInterfaceAttribute")
	case plugin.Plugin() == "kindnet":
		p.ours.add("ec2", "ModifyInstanceAttribute")
	case plugin.Plugin() == "amazonvpc":
		p.anything.add("ec2",
			"AssignPrivateIpAddresses", "AttachNetworkInterface", "CreateNetworkInterface", "DeleteNetworkInterface",
			"DescribeInstanceTypes", "DescribeInstances", "DescribeNetworkInterfaces", "DescribeSecurityGroups",
			"DescribeSubnets", "DescribeTags", "DetachNetworkInterface", "ModifyNetworkInterfaceAttribute",
			"UnassignPrivateIpAddresses")
	case plugin.Cilium.IPAM == "eni":
		p.anything.add("ec2",
			"AssignPrivateIpAddresses", "AttachNetworkInterface", "CreateNetworkInterface", "DeleteNetworkInterface",
			"DescribeInstanceTypes", "DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeSubnets",
			"DescribeVpcPeeringConnections", "DescribeVpcs", "DetachNetworkInterface",
			"ModifyNetworkInterfaceAttribute", "UnassignPrivateIpAddresses")
	}
}

// addLoadBalancerController is for the AWS load balancer controller.
func (p *permissions) addLoadBalancerController(m manifest) {
	p.anything.add("acm", "DescribeCertificate", "ListCertificates")
	p.anything.add("cognito-idp", "DescribeUserPoolClient")
	p.anything.add("ec2",
		"DescribeAccountAttributes", "DescribeAvailabilityZones", "DescribeInstances", "DescribeInternetGateways",
		"DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcPeeringConnections",
		"DescribeVpcs", "GetSecurityGroupsForVpc")
	p.anything.add("elasticloadbalancing",
		"DescribeCapacityReservation", "DescribeListenerAttributes", "DescribeListenerCertificates", "DescribeListeners",
		"DescribeLoadBalancerAttributes", "DescribeLoadBalancers", "DescribeRules", "DescribeTags",
		"DescribeTargetGroupAttributes", "DescribeTargetGroups", "DescribeTargetHealth", "DescribeTrustStores",
		"SetRulePriorities")
	p.anything.add("iam", "CreateServiceLinkedRole")
	p.ours.add("elasticloadbalancing",
		"AddListenerCertificates", "DeleteRule", "ModifyCapacityReservation", "ModifyListenerAttributes", "ModifyRule",
		"RemoveListenerCertificates", "RemoveTags", "SetIpAddressType", "SetSecurityGroups", "SetSubnets")
	p.making.add("elasticloadbalancing", "CreateRule")
	p.addBalancing(m)
	p.addFirewalls(m)
}

// addFirewalls lets the load balancer controller put its load balancers behind the firewalls it may use.
func (p *permissions) addFirewalls(m manifest) {
	c := m.Spec.AWSLoadBalancerController
	acl := []string{"AssociateWebACL", "DisassociateWebACL", "GetWebACL", "GetWebACLForResource"}
	if c.EnableWAF {
		p.anything.add("waf-regional", acl...)
	}
	if c.EnableWAFv2 {
		p.anything.add("wafv2", acl...)
	}
	if c.EnableShield {
		p.anything.add("shield", "CreateProtection", "DeleteProtection", "DescribeProtection", "GetSubscriptionState")
	}
}
