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

// grants are the actions that share a statement: on anything, on what carries the cluster's tag, and on
// what is made with it.
type grants struct {
	anything, ours, making actionSet
}

func (g grants) statements(m manifest) []statement {
	var list []statement
	if len(g.anything) > 0 {
		list = append(list, allow(g.anything.sorted(), nil, "*"))
	}
	if len(g.ours) > 0 {
		list = append(list, allow(g.ours.sorted(), m.taggedOurs(), "*"))
	}
	if len(g.making) > 0 {
		list = append(list, allow(g.making.sorted(), m.requestTagged(), "*"))
	}
	return list
}

// controllerStatements are for the controllers that run on the masters.
func (m manifest) controllerStatements() []statement {
	var g grants
	g.addCloudController()
	g.addVolumes(m)
	g.addAutoscaling()
	g.addNetworking(m)
	g.addRegistry(m)
	if m.Spec.AWSLoadBalancerController.Enabled {
		g.addLoadBalancerController()
	}
	if m.nthQueue() {
		g.anything.add("sqs", "DeleteMessage", "ReceiveMessage")
		g.ours.add("autoscaling", "CompleteLifecycleAction")
	}
	return append(g.statements(m), allow(actions("ec2", "CreateSecurityGroup"), nil, m.arn("ec2:*:*:vpc/*")))
}

// addCloudController is for the AWS cloud controller: nodes, routes and load balancers of services.
func (g *grants) addCloudController() {
	g.anything.add("ec2",
		"DescribeAvailabilityZones", "DescribeInstanceTopology", "DescribeInstances", "DescribeRegions",
		"DescribeRouteTables", "DescribeSecurityGroups", "DescribeSubnets", "DescribeVpcs")
	g.anything.add("elasticloadbalancing",
		"DescribeListeners", "DescribeLoadBalancerAttributes", "DescribeLoadBalancerPolicies", "DescribeLoadBalancers",
		"DescribeTargetGroupAttributes", "DescribeTargetGroups", "DescribeTargetHealth")
	g.anything.add("iam", "CreateServiceLinkedRole")
	g.anything.add("kms", "DescribeKey")
	g.ours.add("ec2", "AuthorizeSecurityGroupIngress", "DeleteSecurityGroup", "ModifyInstanceAttribute", "RevokeSecurityGroupIngress")
	g.ours.add("elasticloadbalancing",
		"AddTags", "ApplySecurityGroupsToLoadBalancer", "AttachLoadBalancerToSubnets", "ConfigureHealthCheck",
		"CreateLoadBalancerListeners", "CreateLoadBalancerPolicy", "DeleteListener", "DeleteLoadBalancer",
		"DeleteLoadBalancerListeners", "DeleteTargetGroup", "DeregisterInstancesFromLoadBalancer", "DeregisterTargets",
		"DetachLoadBalancerFromSubnets", "ModifyListener", "ModifyLoadBalancerAttributes", "ModifyTargetGroup",
		"ModifyTargetGroupAttributes", "RegisterInstancesWithLoadBalancer", "RegisterTargets",
		"SetLoadBalancerPoliciesForBackendServer", "SetLoadBalancerPoliciesOfListener")
	g.making.add("ec2", "CreateSecurityGroup")
	g.making.add("elasticloadbalancing", "CreateListener", "CreateLoadBalancer", "CreateTargetGroup")
}

// addVolumes is for etcd-manager and the EBS driver, with the snapshot controller if it runs.
func (g *grants) addVolumes(m manifest) {
	g.anything.add("ec2", "DescribeInstances", "DescribeTags", "DescribeVolumeStatus", "DescribeVolumes", "DescribeVolumesModifications")
	g.ours.add("ec2", "AttachVolume", "DeleteVolume", "DetachVolume", "ModifyVolume")
	g.making.add("ec2", "CopyVolumes", "CreateVolume")
	if m.Spec.SnapshotController.Enabled {
		g.anything.add("ec2", "CreateSnapshot", "DescribeSnapshots")
		g.ours.add("ec2", "DeleteSnapshot", "EnableFastSnapshotRestores")
		g.making.add("ec2", "CreateSnapshot")
	}
}

// addAutoscaling is for the cluster autoscaler; kops grants it whether or not it runs.
func (g *grants) addAutoscaling() {
	g.anything.add("autoscaling",
		"DescribeAutoScalingGroups", "DescribeAutoScalingInstances", "DescribeLaunchConfigurations",
		"DescribeScalingActivities", "DescribeTags")
	g.anything.add("ec2", "DescribeImages", "DescribeInstanceTypes", "DescribeLaunchTemplateVersions", "GetInstanceTypesFromInstanceRequirements")
	g.ours.add("autoscaling", "SetDesiredCapacity", "TerminateInstanceInAutoScalingGroup")
}

// addRegistry lets machines pull images from ECR, and through it from other registries.
func (g *grants) addRegistry(m manifest) {
	if m.Spec.Containerd.UseECRCredentialsForMirrors {
		g.anything.add("ecr", "BatchImportUpstreamImage", "CreateRepository", "ReplicateImage", "TagResource")
	}
	if m.Spec.IAM.AllowContainerRegistry {
		g.anything.add("ecr",
			"BatchCheckLayerAvailability", "BatchGetImage", "DescribeRepositories", "GetAuthorizationToken",
			"GetDownloadUrlForLayer", "GetRepositoryPolicy", "ListImages")
	}
}

// addNetworking is for the network plugin; it runs on every machine.
func (g *grants) addNetworking(m manifest) {
	switch plugin := m.Spec.Networking; {
	case plugin.Plugin() == "calico":
		g.anything.add("ec2", "DescribeInstances", "ModifyNetworkInterfaceAttribute")
	case plugin.Plugin() == "kindnet":
		g.ours.add("ec2", "ModifyInstanceAttribute")
	case plugin.Plugin() == "amazonvpc":
		g.anything.add("ec2",
			"AssignPrivateIpAddresses", "AttachNetworkInterface", "CreateNetworkInterface", "DeleteNetworkInterface",
			"DescribeInstanceTypes", "DescribeInstances", "DescribeNetworkInterfaces", "DescribeSecurityGroups",
			"DescribeSubnets", "DescribeTags", "DetachNetworkInterface", "ModifyNetworkInterfaceAttribute",
			"UnassignPrivateIpAddresses")
	case plugin.Cilium.IPAM == "eni":
		g.anything.add("ec2",
			"AssignPrivateIpAddresses", "AttachNetworkInterface", "CreateNetworkInterface", "DeleteNetworkInterface",
			"DescribeInstanceTypes", "DescribeNetworkInterfaces", "DescribeSecurityGroups", "DescribeSubnets",
			"DescribeVpcPeeringConnections", "DescribeVpcs", "DetachNetworkInterface",
			"ModifyNetworkInterfaceAttribute", "UnassignPrivateIpAddresses")
	}
}

// addLoadBalancerController is for the AWS load balancer controller.
func (g *grants) addLoadBalancerController() {
	g.anything.add("acm", "DescribeCertificate", "ListCertificates")
	g.anything.add("cognito-idp", "DescribeUserPoolClient")
	g.anything.add("ec2",
		"DescribeAccountAttributes", "DescribeInternetGateways", "DescribeNetworkInterfaces",
		"DescribeVpcPeeringConnections", "GetSecurityGroupsForVpc")
	g.anything.add("elasticloadbalancing",
		"DescribeCapacityReservation", "DescribeListenerAttributes", "DescribeListenerCertificates", "DescribeRules",
		"DescribeTags", "DescribeTrustStores", "SetRulePriorities")
	g.ours.add("elasticloadbalancing",
		"AddListenerCertificates", "DeleteRule", "ModifyCapacityReservation", "ModifyListenerAttributes", "ModifyRule",
		"RemoveListenerCertificates", "RemoveTags", "SetIpAddressType", "SetSecurityGroups", "SetSubnets")
	g.making.add("elasticloadbalancing", "CreateRule")
}
