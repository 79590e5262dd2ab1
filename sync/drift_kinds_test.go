package sync_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/eventbridge"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	sqstypes "github.com/aws/aws-sdk-go-v2/service/sqs/types"

	"github.com/quorate/quorate/topology"
)

// A meddling is one kind of real drift: what somebody does by hand, and how to read what it changed.
type meddling struct {
	name string
	// class is that of its correction, and field what a report must name.
	class, field string
	do           func(n *night)
	// read is what AWS says of it; it changes when it is done, and is as before when it is corrected.
	read func(n *night) string
}

const (
	aSubnet  = "subnet/us-east-1a.ha.example.com"
	aMaster  = "master-us-east-1a.masters.ha.example.com"
	mastersG = "security-group/masters.ha.example.com"
	targets  = "target-group/tcp-ha-example-com-isubkm"
	balancer = "load-balancer/api.ha.example.com"
	itsRole  = "nodes.ha.example.com"
)

var meddlings = []meddling{
	{"a tag of a subnet is taken away", "metadata", aSubnet + " tags[SubnetType]",
		func(n *night) {
			n.did(n.EC2.DeleteTags(n.Context(), &ec2.DeleteTagsInput{Resources: []string{n.id(aSubnet)}, Tags: []ec2types.Tag{{Key: aws.String("SubnetType")}}}))
		}, tagsOf(aSubnet)},
	{"a route table loses a tag", "metadata", "route-table/ha.example.com tags[kubernetes.io/kops/role]",
		func(n *night) {
			n.did(n.EC2.DeleteTags(n.Context(), &ec2.DeleteTagsInput{Resources: []string{n.id("route-table/ha.example.com")}, Tags: []ec2types.Tag{{Key: aws.String("kubernetes.io/kops/role")}}}))
		}, tagsOf("route-table/ha.example.com")},
	{"an etcd volume gets a stray tag", "metadata", "volume/a.etcd-main.ha.example.com tags[owner]",
		func(n *night) {
			n.tag(n.id("volume/a.etcd-main.ha.example.com"), topology.Tags{"owner": "me"})
		}, tagsOf("volume/a.etcd-main.ha.example.com")},
	{"a role loses a tag", "metadata", "iam-role/nodes.ha.example.com tags[Name]",
		func(n *night) {
			n.did(n.IAM.UntagRole(n.Context(), &iam.UntagRoleInput{RoleName: aws.String(itsRole), TagKeys: []string{"Name"}}))
		}, roleTags},
	{"a group no longer passes a tag on", "metadata", "autoscaling-group/nodes.ha.example.com tags[Name]",
		func(n *night) {
			tags := n.group(workers).Tags
			for _, t := range tags {
				if *t.Key == "Name" {
					n.did(n.AutoScaling.CreateOrUpdateTags(n.Context(), &autoscaling.CreateOrUpdateTagsInput{Tags: groupTag(workers, *t.Key, *t.Value)}))
				}
			}
		}, groupField(workers)},
	{"DNS host names are turned off", "in place", "vpc/ha.example.com dnsHostnames",
		func(n *night) {
			n.did(n.EC2.ModifyVpcAttribute(n.Context(), &ec2.ModifyVpcAttributeInput{VpcId: aws.String(n.id("vpc/ha.example.com")), EnableDnsHostnames: &ec2types.AttributeBooleanValue{Value: aws.Bool(false)}}))
		},
		func(n *night) string {
			return text(n.EC2.DescribeVpcAttribute(n.Context(), &ec2.DescribeVpcAttributeInput{VpcId: aws.String(n.id("vpc/ha.example.com")), Attribute: ec2types.VpcAttributeNameEnableDnsHostnames}))
		}},
	{"other DHCP options are put on the VPC", "in place", "vpc/ha.example.com dhcpOptions",
		func(n *night) {
			n.did(n.EC2.AssociateDhcpOptions(n.Context(), &ec2.AssociateDhcpOptionsInput{VpcId: aws.String(n.id("vpc/ha.example.com")), DhcpOptionsId: aws.String("default")}))
		},
		func(n *night) string {
			return text(n.EC2.DescribeVpcs(n.Context(), &ec2.DescribeVpcsInput{VpcIds: []string{n.id("vpc/ha.example.com")}}))
		}},
	{"machines of a subnet are named by their address", "in place", aSubnet + " hostnameType",
		func(n *night) {
			n.did(n.EC2.ModifySubnetAttribute(n.Context(), &ec2.ModifySubnetAttributeInput{SubnetId: aws.String(n.id(aSubnet)), PrivateDnsHostnameTypeOnLaunch: ec2types.HostnameTypeIpName}))
		},
		func(n *night) string {
			return text(n.EC2.DescribeSubnets(n.Context(), &ec2.DescribeSubnetsInput{SubnetIds: []string{n.id(aSubnet)}}))
		}},
	{"the way to the internet is removed", "in place", "route-table/ha.example.com routes[0.0.0.0/0]",
		func(n *night) {
			n.did(n.EC2.DeleteRoute(n.Context(), &ec2.DeleteRouteInput{RouteTableId: aws.String(n.id("route-table/ha.example.com")), DestinationCidrBlock: aws.String("0.0.0.0/0")}))
		}, routes},
	{"a subnet leaves its route table", "in place", "route-table/ha.example.com subnets[us-east-1a.ha.example.com]",
		func(n *night) {
			out, err := n.EC2.DescribeRouteTables(n.Context(), &ec2.DescribeRouteTablesInput{RouteTableIds: []string{n.id("route-table/ha.example.com")}})
			n.must(err)
			for _, a := range out.RouteTables[0].Associations {
				if aws.ToString(a.SubnetId) == n.id(aSubnet) {
					n.did(n.EC2.DisassociateRouteTable(n.Context(), &ec2.DisassociateRouteTableInput{AssociationId: a.RouteTableAssociationId}))
				}
			}
		},
		func(n *night) string {
			out, err := n.EC2.DescribeRouteTables(n.Context(), &ec2.DescribeRouteTablesInput{RouteTableIds: []string{n.id("route-table/ha.example.com")}})
			n.must(err)
			return fmt.Sprint(len(out.RouteTables[0].Associations))
		}},
	{"workers may no longer talk to masters", "in place", "security-group-rule/masters.ha.example.com-ingress-udp-1to65535-from-nodes.ha.example.com",
		func(n *night) {
			n.revoke(mastersG, "security-group-rule/masters.ha.example.com-ingress-udp-1to65535-from-nodes.ha.example.com")
		},
		rulesOf(mastersG)},
	{"the world may log in on masters", "in place", "security-group-rule/masters.ha.example.com-ingress-tcp-22-from-0.0.0.0/0",
		func(n *night) { n.allow(mastersG, 22, "0.0.0.0/0") }, rulesOf(mastersG)},
	{"another port of the API is open", "in place", "security-group-rule/api-elb.ha.example.com-ingress-tcp-8443-from-0.0.0.0/0",
		func(n *night) { n.allow("security-group/api-elb.ha.example.com", 8443, "0.0.0.0/0") }, rulesOf("security-group/api-elb.ha.example.com")},
	{"the maximum of a group is raised", "in place", "autoscaling-group/nodes.ha.example.com max",
		func(n *night) {
			n.updateGroup(func(in *autoscaling.UpdateAutoScalingGroupInput) { in.MaxSize = aws.Int32(40) })
		}, groupField(workers)},
	{"the minimum of a group is lowered", "in place", "autoscaling-group/nodes.ha.example.com min",
		func(n *night) {
			n.updateGroup(func(in *autoscaling.UpdateAutoScalingGroupInput) { in.MinSize = aws.Int32(0) })
		}, groupField(workers)},
	{"machines of a group live no longer than a week", "in place", "autoscaling-group/nodes.ha.example.com maxInstanceLifetime",
		func(n *night) {
			n.updateGroup(func(in *autoscaling.UpdateAutoScalingGroupInput) { in.MaxInstanceLifetime = aws.Int32(7 * 86400) })
		}, groupField(workers)},
	{"new machines are protected from scaling in", "in place", "autoscaling-group/nodes.ha.example.com protectFromScaleIn",
		func(n *night) {
			n.updateGroup(func(in *autoscaling.UpdateAutoScalingGroupInput) {
				in.NewInstancesProtectedFromScaleIn = aws.Bool(true)
			})
		}, groupField(workers)},
	{"a group is told to launch no machines", "in place", "autoscaling-group/nodes.ha.example.com suspendedProcesses",
		func(n *night) { n.suspend(workers, "Launch") }, groupField(workers)},
	{"nobody measures a group any more", "in place", "autoscaling-group/nodes.ha.example.com metrics",
		func(n *night) {
			n.did(n.AutoScaling.DisableMetricsCollection(n.Context(), &autoscaling.DisableMetricsCollectionInput{AutoScalingGroupName: aws.String(workers)}))
		}, groupField(workers)},
	{"a master is taken from its load balancer", "in place", "autoscaling-group/" + aMaster + " targetGroups",
		func(n *night) {
			n.did(n.AutoScaling.DetachLoadBalancerTargetGroups(n.Context(), &autoscaling.DetachLoadBalancerTargetGroupsInput{AutoScalingGroupName: aws.String(aMaster), TargetGroupARNs: []string{n.id(targets)}}))
		}, groupField(aMaster)},
	{"a lifecycle hook is removed", "in place", "lifecycle-hook/nodes.ha.example.com/nodes-NTHLifecycleHook",
		func(n *night) {
			n.did(n.AutoScaling.DeleteLifecycleHook(n.Context(), &autoscaling.DeleteLifecycleHookInput{AutoScalingGroupName: aws.String(workers), LifecycleHookName: aws.String("nodes-NTHLifecycleHook")}))
		}, hooks},
	{"a lifecycle hook waits longer", "in place", "lifecycle-hook/nodes.ha.example.com/nodes-NTHLifecycleHook heartbeat",
		func(n *night) {
			n.did(n.AutoScaling.PutLifecycleHook(n.Context(), &autoscaling.PutLifecycleHookInput{AutoScalingGroupName: aws.String(workers), LifecycleHookName: aws.String("nodes-NTHLifecycleHook"), LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_TERMINATING"), HeartbeatTimeout: aws.Int32(7200)}))
		}, hooks},
	{"a role may do everything", "in place", "iam-role/nodes.ha.example.com inlinePolicies[nodes.ha.example.com]",
		func(n *night) {
			n.did(n.IAM.PutRolePolicy(n.Context(), &iam.PutRolePolicyInput{RoleName: aws.String(itsRole), PolicyName: aws.String(itsRole), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}`)}))
		}, rolePolicies},
	{"a managed policy is attached to a role", "in place", "iam-role/nodes.ha.example.com managedPolicies",
		func(n *night) {
			n.did(n.IAM.AttachRolePolicy(n.Context(), &iam.AttachRolePolicyInput{RoleName: aws.String(itsRole), PolicyArn: aws.String("arn:aws:iam::aws:policy/AdministratorAccess")}))
		}, rolePolicies},
	{"somebody else may take a role", "in place", "iam-role/nodes.ha.example.com trustPolicy",
		func(n *night) {
			n.did(n.IAM.UpdateAssumeRolePolicy(n.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: aws.String(itsRole), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"sts:AssumeRole"}]}`)}))
		},
		func(n *night) string {
			return text(n.IAM.GetRole(n.Context(), &iam.GetRoleInput{RoleName: aws.String(itsRole)}))
		}},
	{"machines lose their role", "in place", "instance-profile/nodes.ha.example.com role",
		func(n *night) {
			n.did(n.IAM.RemoveRoleFromInstanceProfile(n.Context(), &iam.RemoveRoleFromInstanceProfileInput{RoleName: aws.String(itsRole), InstanceProfileName: aws.String(itsRole)}))
		},
		func(n *night) string {
			return text(n.IAM.GetInstanceProfile(n.Context(), &iam.GetInstanceProfileInput{InstanceProfileName: aws.String(itsRole)}))
		}},
	{"notices of spot interruptions are turned off", "in place", "event-rule/ha.example.com-SpotInterruption enabled",
		func(n *night) {
			n.did(n.EventBridge.DisableRule(n.Context(), &eventbridge.DisableRuleInput{Name: aws.String("ha.example.com-SpotInterruption")}))
		},
		func(n *night) string {
			return text(n.EventBridge.DescribeRule(n.Context(), &eventbridge.DescribeRuleInput{Name: aws.String("ha.example.com-SpotInterruption")}))
		}},
	{"the queue forgets sooner", "in place", "queue/ha-example-com-nth retention",
		func(n *night) { n.setQueue("MessageRetentionPeriod", "60") }, queueField},
	{"the world may write into the queue", "in place", "queue/ha-example-com-nth policy",
		func(n *night) {
			n.setQueue("Policy", `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"sqs:*","Resource":"*"}]}`)
		}, queueField},
	{"the load balancer asks masters less often", "in place", targets + " healthInterval",
		func(n *night) {
			n.did(n.ELB.ModifyTargetGroup(n.Context(), &elb.ModifyTargetGroupInput{TargetGroupArn: aws.String(n.id(targets)), HealthCheckIntervalSeconds: aws.Int32(30)}))
		},
		func(n *night) string {
			return text(n.ELB.DescribeTargetGroups(n.Context(), &elb.DescribeTargetGroupsInput{TargetGroupArns: []string{n.id(targets)}}))
		}},
	{"the load balancer crosses zones", "in place", balancer + " crossZone",
		func(n *night) {
			n.did(n.ELB.ModifyLoadBalancerAttributes(n.Context(), &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: aws.String(n.id(balancer)), Attributes: []elbtypes.LoadBalancerAttribute{{Key: aws.String("load_balancing.cross_zone.enabled"), Value: aws.String("true")}}}))
		},
		func(n *night) string {
			return text(n.ELB.DescribeLoadBalancerAttributes(n.Context(), &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: aws.String(n.id(balancer))}))
		}},
	{"the load balancer no longer listens", "in place", "listener/api.ha.example.com:443",
		func(n *night) {
			n.did(n.ELB.DeleteListener(n.Context(), &elb.DeleteListenerInput{ListenerArn: aws.String(n.id("listener/api.ha.example.com:443"))}))
		},
		func(n *night) string {
			out, err := n.ELB.DescribeListeners(n.Context(), &elb.DescribeListenersInput{LoadBalancerArn: aws.String(n.id(balancer))})
			n.must(err)
			return fmt.Sprint(len(out.Listeners))
		}},
	{"the load balancer gets a stray tag", "metadata", balancer + " tags[owner]",
		func(n *night) {
			n.did(n.ELB.AddTags(n.Context(), &elb.AddTagsInput{ResourceArns: []string{n.id(balancer)}, Tags: []elbtypes.Tag{{Key: aws.String("owner"), Value: aws.String("me")}}}))
		},
		func(n *night) string {
			return text(n.ELB.DescribeTags(n.Context(), &elb.DescribeTagsInput{ResourceArns: []string{n.id(balancer)}}))
		}},
	{"workers are gone with their group", "in place", "autoscaling-group/nodes.ha.example.com",
		func(n *night) {
			n.did(n.AutoScaling.DeleteAutoScalingGroup(n.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: aws.String(workers), ForceDelete: aws.Bool(true)}))
			for range 5 {
				n.minute()
			}
		},
		func(n *night) string {
			out, err := n.AutoScaling.DescribeAutoScalingGroups(n.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{workers}})
			n.must(err)
			if len(out.AutoScalingGroups) == 0 {
				return "none"
			}
			return fmt.Sprint(*out.AutoScalingGroups[0].MinSize, *out.AutoScalingGroups[0].MaxSize)
		}},
	{"a master is gone with its group", "in place", "autoscaling-group/" + aMaster,
		func(n *night) {
			n.did(n.AutoScaling.DeleteAutoScalingGroup(n.Context(), &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: aws.String(aMaster), ForceDelete: aws.Bool(true)}))
			for range 5 {
				n.minute()
			}
		},
		func(n *night) string {
			out, err := n.AutoScaling.DescribeAutoScalingGroups(n.Context(), &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{aMaster}})
			n.must(err)
			if len(out.AutoScalingGroups) == 0 {
				return "none"
			}
			return fmt.Sprint(*out.AutoScalingGroups[0].MinSize, *out.AutoScalingGroups[0].MaxSize)
		}},
	{"an etcd volume is gone", "quorum-affecting", "volume/a.etcd-main.ha.example.com",
		func(n *night) {
			n.suspend(aMaster, "Launch")
			n.terminate(n.machineOf(aMaster))
			for range 10 {
				n.minute()
			}
			n.did(n.EC2.DeleteVolume(n.Context(), &ec2.DeleteVolumeInput{VolumeId: aws.String(n.id("volume/a.etcd-main.ha.example.com"))}))
			n.did(n.AutoScaling.ResumeProcesses(n.Context(), &autoscaling.ResumeProcessesInput{AutoScalingGroupName: aws.String(aMaster)}))
			n.minute()
		},
		func(n *night) string {
			n.Helper()
			out, err := n.EC2.DescribeVolumes(n.Context(), &ec2.DescribeVolumesInput{Filters: []ec2types.Filter{{Name: aws.String("tag:Name"), Values: []string{"a.etcd-main.ha.example.com"}}}})
			n.must(err)
			return fmt.Sprint(len(out.Volumes))
		}},
	{"workers are made from something else", "rolling", "autoscaling-group/nodes.ha.example.com template",
		func(n *night) { n.repin(workers, "launch-template/nodes.ha.example.com") }, machineTypes(workers)},
	{"a master is made from something else", "quorum-affecting", "autoscaling-group/" + aMaster + " template",
		func(n *night) { n.repin(aMaster, "launch-template/"+aMaster) }, machineTypes(aMaster)},
	{"a subnet appears with the cluster's tags", "destructive", "subnet/strange.ha.example.com",
		func(n *night) {
			n.subnet(n.id("vpc/ha.example.com"), "us-east-1a", "172.20.250.0/24", ours("strange.ha.example.com"))
		},
		func(n *night) string {
			out, err := n.EC2.DescribeSubnets(n.Context(), &ec2.DescribeSubnetsInput{})
			n.must(err)
			return fmt.Sprint(len(out.Subnets))
		}},
	{"a security group appears with the cluster's tags", "destructive", "security-group/strange.ha.example.com",
		func(n *night) {
			n.did(n.EC2.CreateSecurityGroup(n.Context(), &ec2.CreateSecurityGroupInput{GroupName: aws.String("strange.ha.example.com"), Description: aws.String("strange"), VpcId: aws.String(n.id("vpc/ha.example.com")),
				TagSpecifications: tagging(ec2types.ResourceTypeSecurityGroup, ours("strange.ha.example.com"))}))
		},
		func(n *night) string {
			out, err := n.EC2.DescribeSecurityGroups(n.Context(), &ec2.DescribeSecurityGroupsInput{})
			n.must(err)
			return fmt.Sprint(len(out.SecurityGroups))
		}},
}

// did wants that a call of somebody's was taken.
func (n *night) did(_ any, err error) {
	n.Helper()
	n.must(err)
}

// id is what AWS calls a resource that the last pass found.
func (n *night) id(ref string) string {
	n.Helper()
	var r topology.Ref
	n.must(r.UnmarshalText([]byte(ref)))
	id, known := n.ids.ID(r)
	if !known {
		n.Fatalf("nobody has seen %s", ref)
	}
	return id
}

func ours(name string) topology.Tags {
	return topology.Tags{"Name": name, topology.TagCluster: its, topology.OwnershipTag(its): "owned"}
}

// text is an answer of AWS in words, without what differs from call to call.
func text(answer any, err error) string {
	if err != nil {
		return err.Error()
	}
	b, err := json.Marshal(answer)
	if err != nil {
		return err.Error()
	}
	body, _, _ := strings.Cut(string(b), `,"ResultMetadata"`)
	return body
}

func tagsOf(ref string) func(n *night) string {
	return func(n *night) string {
		return text(n.EC2.DescribeTags(n.Context(), &ec2.DescribeTagsInput{Filters: []ec2types.Filter{{Name: aws.String("resource-id"), Values: []string{n.id(ref)}}}}))
	}
}

func roleTags(n *night) string {
	return text(n.IAM.ListRoleTags(n.Context(), &iam.ListRoleTagsInput{RoleName: aws.String(itsRole)}))
}

func rolePolicies(n *night) string {
	return text(n.IAM.ListAttachedRolePolicies(n.Context(), &iam.ListAttachedRolePoliciesInput{RoleName: aws.String(itsRole)})) +
		text(n.IAM.GetRolePolicy(n.Context(), &iam.GetRolePolicyInput{RoleName: aws.String(itsRole), PolicyName: aws.String(itsRole)}))
}

func routes(n *night) string {
	out, err := n.EC2.DescribeRouteTables(n.Context(), &ec2.DescribeRouteTablesInput{RouteTableIds: []string{n.id("route-table/ha.example.com")}})
	n.must(err)
	var all []string
	for _, r := range out.RouteTables[0].Routes {
		all = append(all, text(r, nil))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

func hooks(n *night) string {
	return text(n.AutoScaling.DescribeLifecycleHooks(n.Context(), &autoscaling.DescribeLifecycleHooksInput{AutoScalingGroupName: aws.String(workers)}))
}

// groupField is all of a group but its machines and the capacity, which are not the manifest's.
func groupField(name string) func(n *night) string {
	return func(n *night) string {
		g := n.group(name)
		g.Instances, g.DesiredCapacity = nil, nil
		g.Tags = slices.DeleteFunc(g.Tags, func(t asgtypes.TagDescription) bool { return topology.IsMark(*t.Key) })
		return text(g, nil)
	}
}

// rulesOf are those of a group without their ids.
func rulesOf(ref string) func(n *night) string {
	return func(n *night) string {
		out, err := n.EC2.DescribeSecurityGroups(n.Context(), &ec2.DescribeSecurityGroupsInput{GroupIds: []string{n.id(ref)}})
		n.must(err)
		rules := map[string]bool{}
		for _, p := range out.SecurityGroups[0].IpPermissions {
			for _, r := range p.IpRanges {
				rules[fmt.Sprint(*p.IpProtocol, aws.ToInt32(p.FromPort), aws.ToInt32(p.ToPort), *r.CidrIp)] = true
			}
			for _, g := range p.UserIdGroupPairs {
				rules[fmt.Sprint(*p.IpProtocol, aws.ToInt32(p.FromPort), aws.ToInt32(p.ToPort), *g.GroupId)] = true
			}
		}
		return fmt.Sprint(rules) // sorted
	}
}

// machineTypes are those of a group's machines and of what it makes next.
func machineTypes(group string) func(n *night) string {
	return func(n *night) string {
		g := n.group(group)
		types := map[string]bool{}
		for _, i := range g.Instances {
			if !strings.HasPrefix(string(i.LifecycleState), "Terminating") {
				types[aws.ToString(i.InstanceType)] = true
			}
		}
		out, err := n.EC2.DescribeLaunchTemplateVersions(n.Context(), &ec2.DescribeLaunchTemplateVersionsInput{LaunchTemplateId: g.LaunchTemplate.LaunchTemplateId, Versions: []string{*g.LaunchTemplate.Version}})
		n.must(err)
		return fmt.Sprint(types, " next ", out.LaunchTemplateVersions[0].LaunchTemplateData.InstanceType)
	}
}

func queueField(n *night) string {
	return text(n.SQS.GetQueueAttributes(n.Context(), &sqs.GetQueueAttributesInput{QueueUrl: n.queueURL(), AttributeNames: []sqstypes.QueueAttributeName{"Policy", "MessageRetentionPeriod"}}))
}

func (n *night) queueURL() *string {
	n.Helper()
	out, err := n.SQS.GetQueueUrl(n.Context(), &sqs.GetQueueUrlInput{QueueName: aws.String("ha-example-com-nth")})
	n.must(err)
	return out.QueueUrl
}

func (n *night) setQueue(attribute, value string) {
	n.Helper()
	n.did(n.SQS.SetQueueAttributes(n.Context(), &sqs.SetQueueAttributesInput{QueueUrl: n.queueURL(), Attributes: map[string]string{attribute: value}}))
}

func (n *night) updateGroup(set func(*autoscaling.UpdateAutoScalingGroupInput)) {
	n.Helper()
	in := autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String(workers)}
	set(&in)
	n.did(n.AutoScaling.UpdateAutoScalingGroup(n.Context(), &in))
}

func (n *night) allow(group string, port int32, from string) {
	n.Helper()
	n.did(n.EC2.AuthorizeSecurityGroupIngress(n.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: aws.String(n.id(group)), IpPermissions: []ec2types.IpPermission{
		{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port, IpRanges: []ec2types.IpRange{{CidrIp: &from}}},
	}}))
}

func (n *night) revoke(group, rule string) {
	n.Helper()
	n.did(n.EC2.RevokeSecurityGroupIngress(n.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: aws.String(n.id(group)), SecurityGroupRuleIds: []string{n.id(rule)}}))
}

// repin has a group make machines of another type from now on, and ends one of those that there are.
func (n *night) repin(group, template string) {
	n.Helper()
	g := n.group(group)
	made, err := n.EC2.CreateLaunchTemplateVersion(n.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: aws.String(n.id(template)), SourceVersion: g.LaunchTemplate.Version,
		LaunchTemplateData: &ec2types.RequestLaunchTemplateData{InstanceType: "m5.2xlarge"},
	})
	n.must(err)
	g.LaunchTemplate.LaunchTemplateName = nil
	g.LaunchTemplate.Version = aws.String(fmt.Sprint(*made.LaunchTemplateVersion.VersionNumber))
	n.did(n.AutoScaling.UpdateAutoScalingGroup(n.Context(), &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: &group, LaunchTemplate: g.LaunchTemplate}))
}

// groupTag is a tag that machines do not get.
func groupTag(group, key, value string) []asgtypes.Tag {
	return []asgtypes.Tag{{
		ResourceId: &group, ResourceType: aws.String("auto-scaling-group"), Key: &key, Value: &value, PropagateAtLaunch: aws.Bool(false),
	}}
}
