package sync_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/quorate/quorate/topology"
)

// A day is a cluster on which others work, each in its own way.
type day struct {
	*night
	rand *rand.Rand
	// made are the things that others made and may take away again, by the row of the table.
	made map[string][]func()
	// count numbers what is made.
	count int
}

// activities are what the rows of docs/ownership.md allow.
var activities = map[string]func(d *day){
	"capacity": func(d *day) {
		g := d.group(workers)
		wanted := *g.MinSize + d.rand.Int32N(*g.MaxSize-*g.MinSize+1)
		d.did(d.AutoScaling.SetDesiredCapacity(d.Context(), &autoscaling.SetDesiredCapacityInput{AutoScalingGroupName: aws.String(workers), DesiredCapacity: &wanted}))
	},
	"scaled-in": func(d *day) {
		g := d.group(workers)
		for _, machine := range d.someWorker() {
			d.did(d.AutoScaling.TerminateInstanceInAutoScalingGroup(d.Context(), &autoscaling.TerminateInstanceInAutoScalingGroupInput{
				InstanceId: &machine, ShouldDecrementDesiredCapacity: aws.Bool(*g.DesiredCapacity > *g.MinSize),
			}))
		}
	},
	"bounds-by-schedule": func(d *day) {
		for range 4 * 60 { // one of the two actions comes within any four rounds of this
			d.minute()
		}
	},
	"protection": func(d *day) {
		for _, machine := range d.someWorker() {
			d.did(d.AutoScaling.SetInstanceProtection(d.Context(), &autoscaling.SetInstanceProtectionInput{
				AutoScalingGroupName: aws.String(workers), InstanceIds: []string{machine}, ProtectedFromScaleIn: aws.Bool(d.rand.IntN(2) == 0),
			}))
		}
	},
	"spot": func(d *day) {
		for _, machine := range d.someWorker() {
			d.terminate(machine)
		}
	},
	"unhealthy": func(d *day) {
		for _, machine := range d.someWorker() {
			d.did(d.AutoScaling.SetInstanceHealth(d.Context(), &autoscaling.SetInstanceHealthInput{
				InstanceId: &machine, HealthStatus: aws.String("Unhealthy"), ShouldRespectGracePeriod: aws.Bool(false),
			}))
		}
	},
	"lost-master": func(d *day) {
		if d.whole() {
			d.terminate(d.machineOf(masterIn(string("abc"[d.rand.IntN(3)]))))
		}
	},
	"termination": func(d *day) {
		for _, machine := range d.inService(workers, "Terminating:Wait") {
			d.did(d.AutoScaling.CompleteLifecycleAction(d.Context(), &autoscaling.CompleteLifecycleActionInput{
				AutoScalingGroupName: aws.String(workers), LifecycleHookName: aws.String("nodes-NTHLifecycleHook"), InstanceId: &machine, LifecycleActionResult: aws.String("CONTINUE"),
			}))
		}
		out, err := d.SQS.ReceiveMessage(d.Context(), &sqs.ReceiveMessageInput{QueueUrl: d.queueURL(), MaxNumberOfMessages: 10})
		d.must(err)
		for _, m := range out.Messages {
			d.did(d.SQS.DeleteMessage(d.Context(), &sqs.DeleteMessageInput{QueueUrl: d.queueURL(), ReceiptHandle: m.ReceiptHandle}))
		}
	},
	"machine-tags": func(d *day) {
		for _, machine := range d.someWorker() {
			d.tag(machine, topology.Tags{"node.k8s.amazonaws.com/instance_id": machine, d.name("note"): "x"})
		}
	},
	"network-tags": func(d *day) {
		for _, ref := range []string{aSubnet, "vpc/" + its, "route-table/" + its, mastersG, "internet-gateway/" + its} {
			d.tag(d.id(ref), topology.Tags{"kubernetes.io/role/elb": "1", "kubernetes.io/cluster/other.example.com": "shared", d.some("backup", "cost"): "daily"})
		}
	},
	"aws-tags": func(d *day) {
		for _, ref := range []string{aSubnet, mastersG, "volume/a.etcd-main." + its, "launch-template/" + workers} {
			d.ground.region.WriteTags(d.id(ref), map[string]string{"aws:cloudformation:stack-name": "platform", d.some("aws:backup:a", "aws:backup:b"): "x"})
		}
	},
	"service-rules": func(d *day) {
		d.comeOrGo("service-rules", func() func() {
			port := 30000 + d.rand.Int32N(2767)
			p := ec2types.IpPermission{IpProtocol: aws.String("tcp"), FromPort: &port, ToPort: &port, IpRanges: []ec2types.IpRange{{
				CidrIp: aws.String("0.0.0.0/0"), Description: aws.String("kubernetes.io/rule/nlb/client=" + d.name("a")),
			}}}
			if d.rand.IntN(2) == 0 { // a Classic load balancer is let in by its group, with no word
				p = ec2types.IpPermission{IpProtocol: aws.String("-1"), UserIdGroupPairs: []ec2types.UserIdGroupPair{{GroupId: aws.String(d.serviceGroup())}}}
			}
			group := aws.String(d.id("security-group/nodes." + its))
			d.did(d.EC2.AuthorizeSecurityGroupIngress(d.Context(), &ec2.AuthorizeSecurityGroupIngressInput{GroupId: group, IpPermissions: []ec2types.IpPermission{p}}))
			return func() {
				d.did(d.EC2.RevokeSecurityGroupIngress(d.Context(), &ec2.RevokeSecurityGroupIngressInput{GroupId: group, IpPermissions: []ec2types.IpPermission{p}}))
			}
		})
	},
	"service-groups": func(d *day) {
		d.comeOrGo("service-groups", func() func() {
			group := d.serviceGroup()
			return func() {
				d.did(d.EC2.DeleteSecurityGroup(d.Context(), &ec2.DeleteSecurityGroupInput{GroupId: &group}))
			}
		})
	},
	"service-balancers": func(d *day) {
		d.comeOrGo("service-balancers", func() func() {
			if d.rand.IntN(2) == 0 {
				return d.classicBalancer()
			}
			return d.networkBalancer()
		})
	},
	"pod-routes": func(d *day) {
		d.comeOrGo("pod-routes", func() func() {
			d.count++
			table, pods := aws.String(d.id("route-table/"+its)), aws.String(fmt.Sprintf("100.96.%d.0/24", d.count%256))
			for _, machine := range d.someWorker() {
				d.did(d.EC2.CreateRoute(d.Context(), &ec2.CreateRouteInput{RouteTableId: table, DestinationCidrBlock: pods, InstanceId: &machine}))
				return func() {
					d.did(d.EC2.DeleteRoute(d.Context(), &ec2.DeleteRouteInput{RouteTableId: table, DestinationCidrBlock: pods}))
				}
			}
			return nil
		})
	},
	"pod-volumes": func(d *day) { d.comeOrGo("pod-volumes", d.podVolume) },
	"pod-names": func(d *day) {
		zones, err := d.Route53.ListHostedZones(d.Context(), &route53.ListHostedZonesInput{})
		d.must(err)
		address := fmt.Sprintf("172.20.%d.%d", 32+d.rand.IntN(32), 4+d.rand.IntN(200))
		var changes []dnstypes.Change
		for _, name := range []string{"kops-controller.internal." + its, d.name("app") + "." + its, "api.internal.other." + its} {
			changes = append(changes, dnstypes.Change{Action: dnstypes.ChangeActionUpsert, ResourceRecordSet: &dnstypes.ResourceRecordSet{
				Name: &name, Type: dnstypes.RRTypeA, TTL: aws.Int64(60), ResourceRecords: []dnstypes.ResourceRecord{{Value: &address}},
			}})
		}
		d.did(d.Route53.ChangeResourceRecordSets(d.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: zones.HostedZones[0].Id, ChangeBatch: &dnstypes.ChangeBatch{Changes: changes}}))
	},
	"service-linked-roles": func(d *day) {
		d.did(d.IAM.CreateRole(d.Context(), &iam.CreateRoleInput{
			RoleName: aws.String(d.name("AWSServiceRoleForAutoScaling_")), Path: aws.String("/aws-service-role/autoscaling.amazonaws.com/"),
			AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"autoscaling.amazonaws.com"},"Action":"sts:AssumeRole"}]}`),
		}))
	},
}

// comeOrGo makes something, or ends the oldest of what was made; there are never more than five.
func (d *day) comeOrGo(row string, come func() (end func())) {
	d.Helper()
	made := d.made[row]
	if len(made) > 4 || len(made) > 0 && d.rand.IntN(2) == 0 {
		made[0]()
		d.made[row] = made[1:]
		return
	}
	if end := come(); end != nil {
		if d.made == nil {
			d.made = map[string][]func(){}
		}
		d.made[row] = append(made, end)
	}
}

// name is a new one.
func (d *day) name(prefix string) string {
	d.count++
	return fmt.Sprintf("%s%d", prefix, d.count)
}

func (d *day) some(of ...string) string { return of[d.rand.IntN(len(of))] }

// someWorker is one in service, if there is any.
func (d *day) someWorker() []string {
	machines := d.inService(workers, string(asgtypes.LifecycleStateInService))
	if len(machines) == 0 {
		return nil
	}
	return []string{machines[d.rand.IntN(len(machines))]}
}

func (d *day) inService(group, state string) []string {
	var machines []string
	for _, i := range d.group(group).Instances {
		if string(i.LifecycleState) == state {
			machines = append(machines, *i.InstanceId)
		}
	}
	slices.Sort(machines)
	return machines
}

// whole says that all masters are up.
func (d *day) whole() bool {
	d.ground.mu.Lock()
	defer d.ground.mu.Unlock()
	return len(d.ground.up) == 6
}

// serviceGroup is a security group as the cloud controller makes one for a Service.
func (d *day) serviceGroup() string {
	d.Helper()
	out, err := d.EC2.CreateSecurityGroup(d.Context(), &ec2.CreateSecurityGroupInput{
		GroupName: aws.String(d.name("k8s-elb-a")), Description: aws.String("Security group for Kubernetes ELB"), VpcId: aws.String(d.id("vpc/" + its)),
		TagSpecifications: tagging(ec2types.ResourceTypeSecurityGroup, clusterTags(nil)),
	})
	d.must(err)
	return *out.GroupId
}

func serviceTags(service string) topology.Tags {
	return clusterTags(topology.Tags{"kubernetes.io/service-name": "default/" + service})
}

func (d *day) classicBalancer() (end func()) {
	name := aws.String(d.name("a0123456789abcdef"))
	var tags []classictypes.Tag
	for k, v := range serviceTags(*name) {
		tags = append(tags, classictypes.Tag{Key: &k, Value: &v})
	}
	d.did(d.ClassicELB.CreateLoadBalancer(d.Context(), &classicelb.CreateLoadBalancerInput{
		LoadBalancerName: name, Subnets: []string{d.id(aSubnet)}, SecurityGroups: []string{d.serviceGroup()}, Tags: tags,
		Listeners: []classictypes.Listener{{Protocol: aws.String("TCP"), LoadBalancerPort: 80, InstanceProtocol: aws.String("TCP"), InstancePort: aws.Int32(30080)}},
	}))
	return func() {
		d.did(d.ClassicELB.DeleteLoadBalancer(d.Context(), &classicelb.DeleteLoadBalancerInput{LoadBalancerName: name}))
	}
}

func (d *day) networkBalancer() (end func()) {
	name := aws.String(d.name("a0123456789abcdef"))
	var tags []elbtypes.Tag
	for k, v := range serviceTags(*name) {
		tags = append(tags, elbtypes.Tag{Key: &k, Value: &v})
	}
	balancer, err := d.ELB.CreateLoadBalancer(d.Context(), &elb.CreateLoadBalancerInput{Name: name, Type: elbtypes.LoadBalancerTypeEnumNetwork, Subnets: []string{d.id(aSubnet)}, Tags: tags})
	d.must(err)
	targets, err := d.ELB.CreateTargetGroup(d.Context(), &elb.CreateTargetGroupInput{
		Name: aws.String("k8s-" + *name), Protocol: elbtypes.ProtocolEnumTcp, Port: aws.Int32(30080), VpcId: aws.String(d.id("vpc/" + its)), Tags: tags,
	})
	d.must(err)
	arn, group := balancer.LoadBalancers[0].LoadBalancerArn, targets.TargetGroups[0].TargetGroupArn
	d.did(d.ELB.CreateListener(d.Context(), &elb.CreateListenerInput{LoadBalancerArn: arn, Protocol: elbtypes.ProtocolEnumTcp, Port: aws.Int32(80), Tags: tags,
		DefaultActions: []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: group}}}))
	for _, machine := range d.someWorker() {
		d.did(d.ELB.RegisterTargets(d.Context(), &elb.RegisterTargetsInput{TargetGroupArn: group, Targets: []elbtypes.TargetDescription{{Id: &machine}}}))
	}
	return func() {
		d.did(d.ELB.DeleteLoadBalancer(d.Context(), &elb.DeleteLoadBalancerInput{LoadBalancerArn: arn}))
		d.did(d.ELB.DeleteTargetGroup(d.Context(), &elb.DeleteTargetGroupInput{TargetGroupArn: group}))
	}
}

// podVolume is one as the EBS CSI driver makes it, attached to a worker of its zone and backed up.
func (d *day) podVolume() (end func()) {
	workers := d.someWorker()
	if len(workers) == 0 {
		return nil
	}
	machine, err := d.EC2.DescribeInstances(d.Context(), &ec2.DescribeInstancesInput{InstanceIds: workers})
	d.must(err)
	claim := d.name("pvc-")
	tags := clusterTags(topology.Tags{"Name": its + "-dynamic-" + claim, "CSIVolumeName": claim, "ebs.csi.aws.com/cluster": "true", "kubernetes.io/created-for/pvc/name": claim})
	made, err := d.EC2.CreateVolume(d.Context(), &ec2.CreateVolumeInput{
		AvailabilityZone: machine.Reservations[0].Instances[0].Placement.AvailabilityZone, Size: aws.Int32(1), VolumeType: ec2types.VolumeTypeGp3,
		TagSpecifications: tagging(ec2types.ResourceTypeVolume, tags),
	})
	d.must(err)
	d.minute()
	d.did(d.EC2.CreateSnapshot(d.Context(), &ec2.CreateSnapshotInput{VolumeId: made.VolumeId, TagSpecifications: tagging(ec2types.ResourceTypeSnapshot, tags)}))
	if _, err := d.EC2.AttachVolume(d.Context(), &ec2.AttachVolumeInput{VolumeId: made.VolumeId, InstanceId: &workers[0], Device: aws.String("/dev/xvdb" + string(rune('a'+d.count%26)))}); err != nil && !strings.Contains(err.Error(), "IncorrectState") {
		d.Fatal(err) // but that the machine may be gone by now
	}
	return func() {
		_, err := d.EC2.DetachVolume(d.Context(), &ec2.DetachVolumeInput{VolumeId: made.VolumeId})
		if err == nil {
			d.minute()
		}
		d.did(d.EC2.DeleteVolume(d.Context(), &ec2.DeleteVolumeInput{VolumeId: made.VolumeId}))
	}
}
