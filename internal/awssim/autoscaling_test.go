package awssim_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	asg "github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awssim"
)

// fleet is a site with a launch template, ready for Auto Scaling groups.
type fleet struct {
	*site
	asg      *asg.Client
	template *string
}

func newFleet(t *testing.T, adjust ...func(*awssim.Config)) *fleet {
	t.Helper()
	s := newSite(t, adjust...)
	f := &fleet{site: s, asg: asg.NewFromConfig(s.aws)}
	f.template = call(s.ec2.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: aws.String("nodes.ha.example.com"), LaunchTemplateData: templateOf("t3.medium"),
	})).must(t).LaunchTemplate.LaunchTemplateId
	return f
}

func templateOf(instanceType ec2types.InstanceType) *ec2types.RequestLaunchTemplateData {
	return &ec2types.RequestLaunchTemplateData{ImageId: aws.String("ami-0123456789abcdef0"), InstanceType: instanceType}
}

// version makes another version of the template and gives its number.
func (f *fleet) version(t *testing.T, instanceType ec2types.InstanceType) string {
	t.Helper()
	out := call(f.ec2.CreateLaunchTemplateVersion(t.Context(), &ec2.CreateLaunchTemplateVersionInput{
		LaunchTemplateId: f.template, LaunchTemplateData: templateOf(instanceType)})).must(t)
	return fmt.Sprint(*out.LaunchTemplateVersion.VersionNumber)
}

// create asks for a group of the given size over all three zones.
func (f *fleet) create(name string, low, high int32, change ...func(*asg.CreateAutoScalingGroupInput)) (*asg.CreateAutoScalingGroupOutput, error) {
	in := &asg.CreateAutoScalingGroupInput{
		AutoScalingGroupName: &name, MinSize: &low, MaxSize: &high,
		VPCZoneIdentifier: aws.String(strings.Join(f.subnets, ",")),
		LaunchTemplate:    &types.LaunchTemplateSpecification{LaunchTemplateId: f.template, Version: aws.String("1")},
	}
	for _, c := range change {
		c(in)
	}
	return f.asg.CreateAutoScalingGroup(context.Background(), in)
}

// group makes a group and lets its instances come into service.
func (f *fleet) group(t *testing.T, name string, low, high int32, change ...func(*asg.CreateAutoScalingGroupInput)) {
	t.Helper()
	call(f.create(name, low, high, change...)).must(t)
	f.clock.Advance(time.Minute)
}

func (f *fleet) update(t *testing.T, in asg.UpdateAutoScalingGroupInput) {
	t.Helper()
	call(f.asg.UpdateAutoScalingGroup(t.Context(), &in)).must(t)
}

func (f *fleet) describe(t *testing.T, name string) types.AutoScalingGroup {
	t.Helper()
	out := call(f.asg.DescribeAutoScalingGroups(t.Context(), &asg.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})).must(t)
	if len(out.AutoScalingGroups) != 1 {
		t.Fatalf("%d groups of the name %s", len(out.AutoScalingGroups), name)
	}
	return out.AutoScalingGroups[0]
}

// states lists zone, type and state of a group's instances, sorted.
func (f *fleet) states(t *testing.T, name string) []string {
	t.Helper()
	var list []string
	for _, i := range f.describe(t, name).Instances {
		list = append(list, fmt.Sprint(strings.TrimPrefix(*i.AvailabilityZone, "us-east-1"), " ", *i.InstanceType, " ", i.LifecycleState))
	}
	slices.Sort(list)
	return list
}

func (f *fleet) wantStates(t *testing.T, name string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, f.states(t, name)); diff != "" {
		t.Error(diff)
	}
}

// activities lists status and description of a group's activities, the newest first.
func (f *fleet) activities(t *testing.T, name string) []string {
	t.Helper()
	out := call(f.asg.DescribeScalingActivities(t.Context(), &asg.DescribeScalingActivitiesInput{
		AutoScalingGroupName: &name, IncludeDeletedGroups: aws.Bool(true)})).must(t)
	var list []string
	for _, a := range out.Activities {
		list = append(list, string(a.StatusCode)+": "+*a.Description)
	}
	return list
}

func TestGroupSpreadsItsInstancesOverItsZones(t *testing.T) {
	f := newFleet(t)
	call(f.create("nodes", 4, 6)).must(t)
	f.clock.Advance(10 * time.Second)
	f.wantStates(t, "nodes", "a t3.medium Pending", "a t3.medium Pending", "b t3.medium Pending", "c t3.medium Pending")
	f.clock.Advance(time.Minute)
	f.wantStates(t, "nodes", "a t3.medium InService", "a t3.medium InService", "b t3.medium InService", "c t3.medium InService")
	for _, a := range f.activities(t, "nodes") {
		if !strings.HasPrefix(a, "Successful: Launching a new EC2 instance: i-") {
			t.Error(a)
		}
	}
}

func TestInstancesCarryTheTagsThatPropagate(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 1, 1, func(in *asg.CreateAutoScalingGroupInput) {
		in.Tags = []types.Tag{
			{Key: aws.String("KubernetesCluster"), Value: aws.String("ha.example.com"), PropagateAtLaunch: aws.Bool(true)},
			{Key: aws.String("private"), Value: aws.String("yes"), PropagateAtLaunch: aws.Bool(false)},
		}
	})
	instance := f.describe(t, "nodes").Instances[0]
	want := map[string]string{
		"KubernetesCluster":             "ha.example.com",
		"aws:autoscaling:groupName":     "nodes",
		"aws:ec2launchtemplate:id":      *f.template,
		"aws:ec2launchtemplate:version": "1",
	}
	for _, i := range f.Instances() {
		if diff := cmp.Diff(want, i.Tags); diff != "" || i.ID != *instance.InstanceId {
			t.Error(i.ID, diff)
		}
	}
	if got := instance.LaunchTemplate; *got.Version != "1" || *got.LaunchTemplateId != *f.template || *got.LaunchTemplateName != "nodes.ha.example.com" {
		t.Errorf("launched from %+v", got)
	}
}

func TestDesiredCapacityFollowsTheBounds(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 1, 4)
	desired := func(want int32, instances int) {
		t.Helper()
		f.clock.Advance(10 * time.Minute)
		g := f.describe(t, "nodes")
		if *g.DesiredCapacity != want || len(g.Instances) != instances {
			t.Errorf("desired %d with %d instances, want %d with %d", *g.DesiredCapacity, len(g.Instances), want, instances)
		}
	}
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(3)})
	desired(3, 3)
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(1), MaxSize: aws.Int32(2)})
	desired(2, 2)
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MaxSize: aws.Int32(5)})
	desired(2, 2)
	call(f.asg.SetDesiredCapacity(t.Context(), &asg.SetDesiredCapacityInput{AutoScalingGroupName: new("nodes"), DesiredCapacity: aws.Int32(4)})).must(t)
	desired(4, 4)
}

func TestShrinkingTakesFromTheFullestZoneAndTheOldestTemplate(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 3, 6)
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(5),
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: f.template, Version: aws.String(f.version(t, "m5.large"))}})
	f.clock.Advance(time.Minute)
	f.wantStates(t, "nodes", "a m5.large InService", "a t3.medium InService", "b m5.large InService", "b t3.medium InService", "c t3.medium InService")
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(3), DesiredCapacity: aws.Int32(3)})
	f.clock.Advance(2 * time.Minute)
	f.wantStates(t, "nodes", "a m5.large InService", "b m5.large InService", "c t3.medium InService")
}

func TestShrinkingEvensOutZonesBeforeAge(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 1, 3, func(in *asg.CreateAutoScalingGroupInput) { in.VPCZoneIdentifier = &f.subnets[0] })
	oldest := *f.describe(t, "nodes").Instances[0].InstanceId
	// The two younger ones are both in zone b; the group then has zones a and b.
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), VPCZoneIdentifier: &f.subnets[1], MinSize: aws.Int32(3)})
	f.clock.Advance(5 * time.Second)
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), VPCZoneIdentifier: aws.String(f.subnets[0] + "," + f.subnets[1])})
	f.clock.Advance(time.Minute)
	f.wantStates(t, "nodes", "a t3.medium InService", "b t3.medium InService", "b t3.medium InService")
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(2), DesiredCapacity: aws.Int32(2)})
	f.clock.Advance(2 * time.Minute)
	f.wantStates(t, "nodes", "a t3.medium InService", "b t3.medium InService")
	if left := *f.describe(t, "nodes").Instances[0].InstanceId; left != oldest {
		t.Error("the only instance of its zone was taken")
	}
}

func TestShrinkingPrefersTheOldestTemplateToTheOldestInstance(t *testing.T) {
	f := newFleet(t)
	pin := func(version string) *types.LaunchTemplateSpecification {
		return &types.LaunchTemplateSpecification{LaunchTemplateId: f.template, Version: &version}
	}
	second := f.version(t, "m5.large")
	f.group(t, "nodes", 1, 2, func(in *asg.CreateAutoScalingGroupInput) {
		in.VPCZoneIdentifier, in.LaunchTemplate = &f.subnets[0], pin(second)
	})
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(2), LaunchTemplate: pin("1")})
	f.clock.Advance(time.Minute)
	f.wantStates(t, "nodes", "a m5.large InService", "a t3.medium InService")
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(1), DesiredCapacity: aws.Int32(1)})
	f.clock.Advance(2 * time.Minute)
	f.wantStates(t, "nodes", "a m5.large InService")
}

func TestProtectedInstancesSurviveShrinking(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 2, 2, func(in *asg.CreateAutoScalingGroupInput) { in.NewInstancesProtectedFromScaleIn = aws.Bool(true) })
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(0), DesiredCapacity: aws.Int32(0)})
	f.clock.Advance(5 * time.Minute)
	f.wantStates(t, "nodes", "a t3.medium InService", "b t3.medium InService")
	call(f.asg.SetInstanceProtection(t.Context(), &asg.SetInstanceProtectionInput{AutoScalingGroupName: new("nodes"),
		InstanceIds: []string{*f.describe(t, "nodes").Instances[0].InstanceId}, ProtectedFromScaleIn: aws.Bool(false)})).must(t)
	f.clock.Advance(5 * time.Minute)
	if left := f.states(t, "nodes"); len(left) != 1 {
		t.Errorf("left: %v", left)
	}
}

func TestTerminatedInstanceIsReplacedFromThePinnedVersion(t *testing.T) {
	f := newFleet(t)
	f.group(t, "master-a", 1, 1, func(in *asg.CreateAutoScalingGroupInput) { in.VPCZoneIdentifier = &f.subnets[0] })
	pinned := f.version(t, "m5.large")
	f.version(t, "m5.2xlarge") // newer, and nobody asked for it
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("master-a"),
		LaunchTemplate: &types.LaunchTemplateSpecification{LaunchTemplateId: f.template, Version: &pinned}})
	f.clock.Advance(10 * time.Minute)
	f.wantStates(t, "master-a", "a t3.medium InService") // a new version replaces nothing by itself

	old := *f.describe(t, "master-a").Instances[0].InstanceId
	out := call(f.asg.TerminateInstanceInAutoScalingGroup(t.Context(), &asg.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: &old, ShouldDecrementDesiredCapacity: aws.Bool(false)})).must(t)
	again := call(f.asg.TerminateInstanceInAutoScalingGroup(t.Context(), &asg.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: &old, ShouldDecrementDesiredCapacity: aws.Bool(false)})).must(t)
	if *out.Activity.ActivityId != *again.Activity.ActivityId {
		t.Error("terminating twice began two activities")
	}
	f.clock.Advance(5 * time.Second)
	f.wantStates(t, "master-a", "a m5.large Pending", "a t3.medium Terminating")
	f.clock.Advance(2 * time.Minute)
	f.wantStates(t, "master-a", "a m5.large InService")
}

func TestInstanceTerminatedBehindTheGroupsBackIsReplaced(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 1, 1)
	old := *f.describe(t, "nodes").Instances[0].InstanceId
	call(f.ec2.TerminateInstances(t.Context(), &ec2.TerminateInstancesInput{InstanceIds: []string{old}})).must(t)
	f.clock.Advance(2 * time.Minute)
	f.wantStates(t, "nodes", "a t3.medium InService")
	if now := *f.describe(t, "nodes").Instances[0].InstanceId; now == old {
		t.Error("the terminated instance is still there")
	}
}

func TestGroupMovesOutOfALostZoneAndBack(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 3, 3)
	f.ZoneDown("us-east-1a")
	f.clock.Advance(5 * time.Minute)
	f.wantStates(t, "nodes", "b t3.medium InService", "b t3.medium InService", "c t3.medium InService")
	refused := slices.ContainsFunc(f.activities(t, "nodes"), func(a string) bool {
		return strings.HasPrefix(a, "Failed: ") && strings.Contains(a, "We currently do not have sufficient t3.medium capacity in the Availability Zone you requested (us-east-1a)")
	})
	if !refused {
		t.Errorf("no activity tells of the lost zone: %q", f.activities(t, "nodes"))
	}
	f.ZoneUp("us-east-1a")
	f.clock.Advance(5 * time.Minute)
	f.wantStates(t, "nodes", "a t3.medium InService", "b t3.medium InService", "c t3.medium InService")
}

func TestGroupOfOneZoneWaitsForIt(t *testing.T) {
	f := newFleet(t)
	f.group(t, "master-a", 1, 1, func(in *asg.CreateAutoScalingGroupInput) { in.VPCZoneIdentifier = &f.subnets[0] })
	f.ZoneDown("us-east-1a")
	f.clock.Advance(10 * time.Minute)
	f.wantStates(t, "master-a")
	tries := 0
	for _, a := range f.activities(t, "master-a") {
		if strings.HasPrefix(a, "Failed: ") {
			tries++
		}
	}
	if tries < 2 || tries > 10 {
		t.Errorf("tried %d times in ten minutes", tries)
	}
	f.ZoneUp("us-east-1a")
	f.clock.Advance(3 * time.Minute)
	f.wantStates(t, "master-a", "a t3.medium InService")
}

func TestInstancesLeaveASubnetThatTheGroupDropped(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 2, 2)
	f.wantStates(t, "nodes", "a t3.medium InService", "b t3.medium InService")
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), VPCZoneIdentifier: aws.String(f.subnets[1] + "," + f.subnets[2])})
	f.clock.Advance(5 * time.Second)
	beside := []string{"a t3.medium InService", "b t3.medium InService", "c t3.medium Pending"}
	f.wantStates(t, "nodes", beside...)
	f.clock.Advance(10 * time.Second)
	f.wantStates(t, "nodes", beside...) // the old one stays until the new one serves
	f.clock.Advance(5 * time.Minute)
	f.wantStates(t, "nodes", "b t3.medium InService", "c t3.medium InService")
}

func TestSuspendedProcessesRest(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 1, 2)
	call(f.asg.SuspendProcesses(t.Context(), &asg.SuspendProcessesInput{AutoScalingGroupName: new("nodes"), ScalingProcesses: []string{"Launch"}})).must(t)
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(2)})
	f.clock.Advance(5 * time.Minute)
	f.wantStates(t, "nodes", "a t3.medium InService")
	if got := f.describe(t, "nodes").SuspendedProcesses; len(got) != 1 || *got[0].ProcessName != "Launch" {
		t.Errorf("suspended: %+v", got)
	}
	call(f.asg.ResumeProcesses(t.Context(), &asg.ResumeProcessesInput{AutoScalingGroupName: new("nodes")})).must(t)
	f.clock.Advance(time.Minute)
	f.wantStates(t, "nodes", "a t3.medium InService", "b t3.medium InService")
}

// served is a group behind a load balancer that drains for 40 seconds.
func (f *fleet) served(t *testing.T, name string, size int32, change ...func(*asg.CreateAutoScalingGroupInput)) (targets *string) {
	t.Helper()
	targets = f.targetGroup(t, "tcp", 443)
	call(f.elb.ModifyTargetGroupAttributes(t.Context(), &elb.ModifyTargetGroupAttributesInput{TargetGroupArn: targets,
		Attributes: []elbtypes.TargetGroupAttribute{{Key: aws.String("deregistration_delay.timeout_seconds"), Value: aws.String("40")}}})).must(t)
	b := f.loadBalancer(t, "api")
	call(f.createListener(b.LoadBalancerArn, targets, 443)).must(t)
	change = append(change, func(in *asg.CreateAutoScalingGroupInput) { in.TargetGroupARNs = []string{*targets} })
	call(f.create(name, size, size, change...)).must(t)
	f.clock.Advance(2 * time.Minute)
	return targets
}

func TestInstancesEnterAndLeaveTheLoadBalancer(t *testing.T) {
	f := newFleet(t)
	targets := f.served(t, "masters", 1)
	id := *f.describe(t, "masters").Instances[0].InstanceId
	f.wantHealth(t, targets, id, "healthy")
	call(f.asg.TerminateInstanceInAutoScalingGroup(t.Context(), &asg.TerminateInstanceInAutoScalingGroupInput{
		InstanceId: &id, ShouldDecrementDesiredCapacity: aws.Bool(false)})).must(t)
	f.wantHealth(t, targets, id, "draining Target.DeregistrationInProgress")
	running := func() bool {
		return slices.ContainsFunc(f.Instances(), func(i awssim.Instance) bool { return i.ID == id && i.State == "running" })
	}
	f.clock.Advance(35 * time.Second)
	if !running() {
		t.Error("the machine was terminated while it drained")
	}
	f.clock.Advance(10 * time.Second)
	if running() {
		t.Error("the machine outlives its draining")
	}
	f.clock.Advance(2 * time.Minute)
	next := *f.describe(t, "masters").Instances[0].InstanceId
	if diff := cmp.Diff(map[string]string{next: "healthy"}, f.health(t, targets)); diff != "" || next == id {
		t.Error(next, diff)
	}
}

func TestUnhealthyTargetIsReplacedOnlyIfAskedFor(t *testing.T) {
	for _, tt := range []struct {
		check    string
		replaced bool
	}{{"EC2", false}, {"ELB", true}} {
		t.Run(tt.check, func(t *testing.T) {
			f := &fleet{}
			live, network := newLiveSite(t)
			*f = fleet{site: live, asg: asg.NewFromConfig(live.aws)}
			f.template = call(f.ec2.CreateLaunchTemplate(t.Context(), &ec2.CreateLaunchTemplateInput{
				LaunchTemplateName: aws.String("nodes"), LaunchTemplateData: templateOf("t3.medium")})).must(t).LaunchTemplate.LaunchTemplateId
			targets := f.served(t, "masters", 1, func(in *asg.CreateAutoScalingGroupInput) { in.HealthCheckType = &tt.check })
			id := *f.describe(t, "masters").Instances[0].InstanceId
			booted(t, network, call(f.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{InstanceIds: []string{id}})).must(t).Reservations[0].Instances[0])
			f.clock.Advance(30 * time.Second)
			f.wantHealth(t, targets, id, "healthy")
			f.KillMachine(id)
			f.clock.Advance(35 * time.Second)
			gone := !slices.ContainsFunc(f.describe(t, "masters").Instances, func(i types.Instance) bool {
				return *i.InstanceId == id && i.LifecycleState == types.LifecycleStateInService
			})
			if gone != tt.replaced {
				t.Errorf("replaced: %v, want %v", gone, tt.replaced)
			}
		})
	}
}

func TestHooksMakeInstancesWait(t *testing.T) {
	f := newFleet(t)
	hook := func(name, transition, result string) types.LifecycleHookSpecification {
		return types.LifecycleHookSpecification{LifecycleHookName: &name, LifecycleTransition: &transition,
			DefaultResult: &result, HeartbeatTimeout: aws.Int32(300)}
	}
	f.group(t, "nodes", 1, 1, func(in *asg.CreateAutoScalingGroupInput) {
		in.VPCZoneIdentifier = &f.subnets[0]
		in.LifecycleHookSpecificationList = []types.LifecycleHookSpecification{
			hook("up", "autoscaling:EC2_INSTANCE_LAUNCHING", "ABANDON"),
			hook("down", "autoscaling:EC2_INSTANCE_TERMINATING", "CONTINUE"),
		}
	})
	f.wantStates(t, "nodes", "a t3.medium Pending:Wait")
	first := f.describe(t, "nodes").Instances[0].InstanceId
	f.clock.Advance(6 * time.Minute) // nobody completes the action: the instance is abandoned
	f.wantStates(t, "nodes", "a t3.medium Pending:Wait")
	second := f.describe(t, "nodes").Instances[0].InstanceId
	if *first == *second {
		t.Error("the abandoned instance was kept")
	}
	complete := func(hook string) {
		t.Helper()
		call(f.asg.CompleteLifecycleAction(t.Context(), &asg.CompleteLifecycleActionInput{AutoScalingGroupName: new("nodes"),
			LifecycleHookName: &hook, LifecycleActionResult: aws.String("CONTINUE"), InstanceId: second})).must(t)
		f.clock.Advance(5 * time.Second)
	}
	complete("up")
	f.wantStates(t, "nodes", "a t3.medium InService")

	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(0), DesiredCapacity: aws.Int32(0)})
	f.clock.Advance(time.Minute)
	f.wantStates(t, "nodes", "a t3.medium Terminating:Wait")
	f.clock.Advance(3 * time.Minute)
	call(f.asg.RecordLifecycleActionHeartbeat(t.Context(), &asg.RecordLifecycleActionHeartbeatInput{AutoScalingGroupName: new("nodes"),
		LifecycleHookName: aws.String("down"), InstanceId: second})).must(t)
	f.clock.Advance(4 * time.Minute)
	f.wantStates(t, "nodes", "a t3.medium Terminating:Wait")
	complete("down")
	f.wantStates(t, "nodes", "a t3.medium Terminating:Proceed")
	f.clock.Advance(time.Minute)
	f.wantStates(t, "nodes")
}

func TestGroupIsDeletedWhenEmptyOrByForce(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 2, 2)
	remove := func(force bool) error {
		return only(f.asg.DeleteAutoScalingGroup(t.Context(), &asg.DeleteAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), ForceDelete: &force}))
	}
	wantCode(t, remove(false), "ResourceInUse")
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(0), DesiredCapacity: aws.Int32(0)})
	f.clock.Advance(10 * time.Second)
	wantCode(t, remove(false), "ScalingActivityInProgress")
	f.clock.Advance(time.Minute)
	wantCode(t, remove(false), "")

	f.group(t, "nodes", 2, 2)
	wantCode(t, remove(true), "")
	if status := f.describe(t, "nodes").Status; aws.ToString(status) != "Delete in progress" {
		t.Errorf("status %v", status)
	}
	wantCode(t, remove(true), "ScalingActivityInProgress")
	f.clock.Advance(2 * time.Minute)
	wantCode(t, remove(true), "ValidationError")
	for _, i := range f.Instances() {
		if i.State != "terminated" {
			t.Errorf("%s is %s", i.ID, i.State)
		}
	}
}

func TestAutoScalingRefusesWhatAWSRefuses(t *testing.T) {
	f := newFleet(t)
	ctx := t.Context()
	f.group(t, "nodes", 1, 1)
	id := f.describe(t, "nodes").Instances[0].InstanceId
	create := func(change func(*asg.CreateAutoScalingGroupInput)) func() error {
		return func() error { return only(f.create("new", 1, 2, change)) }
	}
	try(t, []refusal{
		{"a second group of one name", func() error { return only(f.create("nodes", 1, 1)) }, "AlreadyExists"},
		{"a name with a colon", func() error { return only(f.create("a:b", 1, 1)) }, "ValidationError"},
		{"a maximum below the minimum", func() error { return only(f.create("new", 2, 1)) }, "ValidationError"},
		{"a desired capacity outside the bounds", create(func(in *asg.CreateAutoScalingGroupInput) { in.DesiredCapacity = aws.Int32(3) }), "ValidationError"},
		{"an unknown subnet", create(func(in *asg.CreateAutoScalingGroupInput) { in.VPCZoneIdentifier = aws.String("subnet-0") }), "ValidationError"},
		{"no template", create(func(in *asg.CreateAutoScalingGroupInput) { in.LaunchTemplate = nil }), "ValidationError"},
		{"an unknown template version", create(func(in *asg.CreateAutoScalingGroupInput) { in.LaunchTemplate.Version = aws.String("9") }), "ValidationError"},
		{"an unknown target group", create(func(in *asg.CreateAutoScalingGroupInput) { in.TargetGroupARNs = []string{"arn:x"} }), "ValidationError"},
		{"an unknown termination policy", create(func(in *asg.CreateAutoScalingGroupInput) { in.TerminationPolicies = []string{"Random"} }), "ValidationError"},
		{"a lifetime of an hour", create(func(in *asg.CreateAutoScalingGroupInput) { in.MaxInstanceLifetime = aws.Int32(3600) }), "ValidationError"},
		{"a parameter that is not simulated", create(func(in *asg.CreateAutoScalingGroupInput) { in.PlacementGroup = aws.String("p") }), "UnknownParameter"},
		{"more than the maximum", func() error {
			return only(f.asg.SetDesiredCapacity(ctx, &asg.SetDesiredCapacityInput{AutoScalingGroupName: new("nodes"), DesiredCapacity: aws.Int32(2)}))
		}, "ValidationError"},
		{"going below the minimum", func() error {
			return only(f.asg.TerminateInstanceInAutoScalingGroup(ctx, &asg.TerminateInstanceInAutoScalingGroupInput{InstanceId: id, ShouldDecrementDesiredCapacity: aws.Bool(true)}))
		}, "ValidationError"},
		{"terminating a stranger", func() error {
			return only(f.asg.TerminateInstanceInAutoScalingGroup(ctx, &asg.TerminateInstanceInAutoScalingGroupInput{InstanceId: aws.String("i-0"), ShouldDecrementDesiredCapacity: aws.Bool(false)}))
		}, "ValidationError"},
		{"updating what does not exist", func() error {
			return only(f.asg.UpdateAutoScalingGroup(ctx, &asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("absent")}))
		}, "ValidationError"},
		{"tagging what does not exist", func() error {
			return only(f.asg.CreateOrUpdateTags(ctx, &asg.CreateOrUpdateTagsInput{Tags: []types.Tag{{ResourceId: new("absent"), ResourceType: aws.String("auto-scaling-group"), Key: aws.String("k")}}}))
		}, "ValidationError"},
		{"a hook that waits for ten seconds", func() error {
			return only(f.asg.PutLifecycleHook(ctx, &asg.PutLifecycleHookInput{AutoScalingGroupName: new("nodes"), LifecycleHookName: aws.String("h"),
				LifecycleTransition: aws.String("autoscaling:EC2_INSTANCE_LAUNCHING"), HeartbeatTimeout: aws.Int32(10)}))
		}, "ValidationError"},
		{"completing an action that is not under way", func() error {
			return only(f.asg.CompleteLifecycleAction(ctx, &asg.CompleteLifecycleActionInput{AutoScalingGroupName: new("nodes"), LifecycleHookName: aws.String("h"),
				LifecycleActionResult: aws.String("CONTINUE"), InstanceId: id}))
		}, "ValidationError"},
		{"an unknown process", func() error {
			return only(f.asg.SuspendProcesses(ctx, &asg.SuspendProcessesInput{AutoScalingGroupName: new("nodes"), ScalingProcesses: []string{"Breathe"}}))
		}, "ValidationError"},
		{"an unknown filter", func() error {
			return only(f.asg.DescribeAutoScalingGroups(ctx, &asg.DescribeAutoScalingGroupsInput{Filters: []types.Filter{{Name: aws.String("name"), Values: []string{"nodes"}}}}))
		}, "ValidationError"},
	})
}

func TestGroupsAreFoundByTagAndPageByPage(t *testing.T) {
	f := newFleet(t)
	for i, name := range []string{"a", "b", "c", "d", "e"} {
		call(f.create(name, 0, 1, func(in *asg.CreateAutoScalingGroupInput) {
			in.Tags = []types.Tag{{Key: aws.String("parity"), Value: aws.String([]string{"even", "odd"}[i%2]), PropagateAtLaunch: aws.Bool(true)}}
		})).must(t)
	}
	list := func(p *asg.DescribeAutoScalingGroupsPaginator) (names string, count int) {
		for ; p.HasMorePages(); count++ {
			for _, g := range call(p.NextPage(t.Context())).must(t).AutoScalingGroups {
				names += *g.AutoScalingGroupName
			}
		}
		return names, count
	}
	even := []types.Filter{{Name: aws.String("tag:parity"), Values: []string{"even"}}, {Name: aws.String("tag-key"), Values: []string{"parity", "other"}}}
	names, count := list(asg.NewDescribeAutoScalingGroupsPaginator(f.asg, &asg.DescribeAutoScalingGroupsInput{Filters: even, MaxRecords: aws.Int32(2)}))
	if names != "ace" || count != 2 {
		t.Errorf("found %s on %d pages", names, count)
	}

	call(f.asg.CreateOrUpdateTags(t.Context(), &asg.CreateOrUpdateTagsInput{Tags: []types.Tag{{ResourceId: new("b"), ResourceType: aws.String("auto-scaling-group"),
		Key: aws.String("parity"), Value: aws.String("even"), PropagateAtLaunch: aws.Bool(false)}}})).must(t)
	call(f.asg.DeleteTags(t.Context(), &asg.DeleteTagsInput{Tags: []types.Tag{{ResourceId: new("c"), ResourceType: aws.String("auto-scaling-group"), Key: aws.String("parity")}}})).must(t)
	if names, _ := list(asg.NewDescribeAutoScalingGroupsPaginator(f.asg, &asg.DescribeAutoScalingGroupsInput{Filters: even})); names != "abe" {
		t.Errorf("after retagging found %s", names)
	}
	tags := call(f.asg.DescribeTags(t.Context(), &asg.DescribeTagsInput{Filters: []types.Filter{{Name: aws.String("auto-scaling-group"), Values: []string{"b"}}}})).must(t).Tags
	if len(tags) != 1 || *tags[0].PropagateAtLaunch || *tags[0].Value != "even" {
		t.Errorf("tags of b: %+v", tags)
	}
}

func TestSettingsThatAreNotSentStay(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 1, 2, func(in *asg.CreateAutoScalingGroupInput) {
		in.HealthCheckGracePeriod, in.DefaultCooldown, in.CapacityRebalance = aws.Int32(120), aws.Int32(60), aws.Bool(true)
		in.TerminationPolicies, in.MaxInstanceLifetime = []string{"OldestInstance", "Default"}, aws.Int32(604800)
	})
	call(f.asg.EnableMetricsCollection(t.Context(), &asg.EnableMetricsCollectionInput{AutoScalingGroupName: new("nodes"),
		Granularity: aws.String("1Minute"), Metrics: []string{"GroupMinSize", "GroupMaxSize", "GroupTotalInstances"}})).must(t)
	call(f.asg.DisableMetricsCollection(t.Context(), &asg.DisableMetricsCollectionInput{AutoScalingGroupName: new("nodes"), Metrics: []string{"GroupMaxSize"}})).must(t)
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MaxSize: aws.Int32(3)})
	g := f.describe(t, "nodes")
	var metrics []string
	for _, m := range g.EnabledMetrics {
		metrics = append(metrics, *m.Metric+" "+*m.Granularity)
	}
	got := []any{*g.MinSize, *g.MaxSize, *g.HealthCheckGracePeriod, *g.DefaultCooldown, *g.CapacityRebalance, g.TerminationPolicies,
		*g.MaxInstanceLifetime, *g.LaunchTemplate.Version, *g.VPCZoneIdentifier, metrics, g.AvailabilityZones}
	want := []any{int32(1), int32(3), int32(120), int32(60), true, []string{"OldestInstance", "Default"},
		int32(604800), "1", strings.Join(f.subnets, ","), []string{"GroupMinSize 1Minute", "GroupTotalInstances 1Minute"},
		[]string{"us-east-1a", "us-east-1b", "us-east-1c"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestMixedGroupTakesTypesInOrderAndSpotAboveTheBase(t *testing.T) {
	f := newFleet(t)
	f.group(t, "mixed", 3, 3, func(in *asg.CreateAutoScalingGroupInput) {
		in.LaunchTemplate = nil
		in.MixedInstancesPolicy = &types.MixedInstancesPolicy{
			LaunchTemplate: &types.LaunchTemplate{
				LaunchTemplateSpecification: &types.LaunchTemplateSpecification{LaunchTemplateId: f.template, Version: aws.String("1")},
				Overrides:                   []types.LaunchTemplateOverrides{{InstanceType: aws.String("m5.large")}, {InstanceType: aws.String("m6i.large")}},
			},
			InstancesDistribution: &types.InstancesDistribution{OnDemandBaseCapacity: aws.Int32(1), OnDemandPercentageAboveBaseCapacity: aws.Int32(0)},
		}
	})
	f.wantStates(t, "mixed", "a m5.large InService", "b m5.large InService", "c m5.large InService")
	spot := 0
	for _, r := range call(f.ec2.DescribeInstances(t.Context(), &ec2.DescribeInstancesInput{})).must(t).Reservations {
		if r.Instances[0].InstanceLifecycle == ec2types.InstanceLifecycleTypeSpot {
			spot++
		}
	}
	if spot != 2 {
		t.Errorf("%d spot instances, want 2 above the base of 1", spot)
	}
	policy := f.describe(t, "mixed").MixedInstancesPolicy
	d := policy.InstancesDistribution
	got := fmt.Sprint(*d.OnDemandAllocationStrategy, *d.OnDemandBaseCapacity, *d.OnDemandPercentageAboveBaseCapacity, *d.SpotAllocationStrategy, *d.SpotInstancePools)
	if want := "prioritized1 0lowest-price2"; got != want || len(policy.LaunchTemplate.Overrides) != 2 {
		t.Errorf("policy %s with %d overrides, want %s", got, len(policy.LaunchTemplate.Overrides), want)
	}
}

func TestMixedGroupFindsATypeThatMeetsRequirements(t *testing.T) {
	f := newFleet(t)
	f.group(t, "mixed", 1, 1, func(in *asg.CreateAutoScalingGroupInput) {
		in.LaunchTemplate = nil
		in.MixedInstancesPolicy = &types.MixedInstancesPolicy{LaunchTemplate: &types.LaunchTemplate{
			LaunchTemplateSpecification: &types.LaunchTemplateSpecification{LaunchTemplateId: f.template, Version: aws.String("1")},
			Overrides: []types.LaunchTemplateOverrides{{InstanceRequirements: &types.InstanceRequirements{
				VCpuCount: &types.VCpuCountRequest{Min: aws.Int32(4), Max: aws.Int32(8)},
				MemoryMiB: &types.MemoryMiBRequest{Min: aws.Int32(32768)},
			}}},
		}}
	})
	if got := f.states(t, "mixed"); len(got) != 1 || !strings.Contains(got[0], ".xlarge InService") {
		t.Errorf("launched %v, want the smallest type with 4 vCPUs and 32 GiB", got)
	}
}

func TestWarmPoolWaitsStoppedAndServesFirst(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 1, 3)
	call(f.asg.PutWarmPool(t.Context(), &asg.PutWarmPoolInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(1), MaxGroupPreparedCapacity: aws.Int32(2)})).must(t)
	f.clock.Advance(2 * time.Minute)
	pool := call(f.asg.DescribeWarmPool(t.Context(), &asg.DescribeWarmPoolInput{AutoScalingGroupName: new("nodes")})).must(t)
	if len(pool.Instances) != 1 || pool.Instances[0].LifecycleState != types.LifecycleStateWarmedStopped {
		t.Fatalf("pool: %+v", pool.Instances)
	}
	f.wantStates(t, "nodes", "a t3.medium InService")
	warmed := *pool.Instances[0].InstanceId
	if !slices.ContainsFunc(f.Instances(), func(i awssim.Instance) bool { return i.ID == warmed && i.State == "stopped" }) {
		t.Error("the warmed machine still runs")
	}
	f.update(t, asg.UpdateAutoScalingGroupInput{AutoScalingGroupName: new("nodes"), MinSize: aws.Int32(2)})
	f.clock.Advance(time.Minute)
	if got := f.describe(t, "nodes").Instances; len(got) != 2 || !slices.ContainsFunc(got, func(i types.Instance) bool { return *i.InstanceId == warmed }) {
		t.Errorf("the group did not take the warmed instance: %v", f.states(t, "nodes"))
	}
	call(f.asg.DeleteWarmPool(t.Context(), &asg.DeleteWarmPoolInput{AutoScalingGroupName: new("nodes"), ForceDelete: aws.Bool(true)})).must(t)
	f.clock.Advance(2 * time.Minute)
	if got := f.describe(t, "nodes").WarmPoolConfiguration; got != nil {
		t.Errorf("the pool is still there: %+v", got)
	}
}

func TestDetachedAndStandbyInstancesAreNotTerminated(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 1, 3, func(in *asg.CreateAutoScalingGroupInput) { in.DesiredCapacity = aws.Int32(3) })
	var ids []string
	for _, i := range f.describe(t, "nodes").Instances {
		ids = append(ids, *i.InstanceId)
	}
	call(f.asg.DetachInstances(t.Context(), &asg.DetachInstancesInput{AutoScalingGroupName: new("nodes"), InstanceIds: ids[:1], ShouldDecrementDesiredCapacity: aws.Bool(true)})).must(t)
	call(f.asg.EnterStandby(t.Context(), &asg.EnterStandbyInput{AutoScalingGroupName: new("nodes"), InstanceIds: ids[1:2], ShouldDecrementDesiredCapacity: aws.Bool(true)})).must(t)
	f.clock.Advance(5 * time.Minute)
	f.wantStates(t, "nodes", "b t3.medium Standby", "c t3.medium InService")
	call(f.asg.ExitStandby(t.Context(), &asg.ExitStandbyInput{AutoScalingGroupName: new("nodes"), InstanceIds: ids[1:2]})).must(t)
	f.clock.Advance(time.Minute)
	f.wantStates(t, "nodes", "b t3.medium InService", "c t3.medium InService")
	for _, i := range f.Instances() {
		if i.State != "running" {
			t.Errorf("%s is %s", i.ID, i.State)
		}
	}
}

func TestInstanceMarkedUnhealthyIsReplaced(t *testing.T) {
	f := newFleet(t)
	f.group(t, "nodes", 1, 1, func(in *asg.CreateAutoScalingGroupInput) { in.HealthCheckGracePeriod = aws.Int32(600) })
	id := f.describe(t, "nodes").Instances[0].InstanceId
	mark := func(respect bool) {
		call(f.asg.SetInstanceHealth(t.Context(), &asg.SetInstanceHealthInput{InstanceId: id, HealthStatus: aws.String("Unhealthy"), ShouldRespectGracePeriod: &respect})).must(t)
		f.clock.Advance(2 * time.Minute)
	}
	mark(true)
	if now := f.describe(t, "nodes").Instances[0].InstanceId; *now != *id {
		t.Error("replaced within its grace period")
	}
	mark(false)
	if now := f.describe(t, "nodes").Instances[0].InstanceId; *now == *id {
		t.Error("not replaced")
	}
}
