package apply

import (
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type autoScalingGroupWriter interface {
	warmPoolWriter
	DescribeAutoScalingGroups(context.Context, *autoscaling.DescribeAutoScalingGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error)
	CreateAutoScalingGroup(context.Context, *autoscaling.CreateAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.CreateAutoScalingGroupOutput, error)
	UpdateAutoScalingGroup(context.Context, *autoscaling.UpdateAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.UpdateAutoScalingGroupOutput, error)
	AttachLoadBalancerTargetGroups(context.Context, *autoscaling.AttachLoadBalancerTargetGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.AttachLoadBalancerTargetGroupsOutput, error)
	DetachLoadBalancerTargetGroups(context.Context, *autoscaling.DetachLoadBalancerTargetGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DetachLoadBalancerTargetGroupsOutput, error)
	AttachLoadBalancers(context.Context, *autoscaling.AttachLoadBalancersInput, ...func(*autoscaling.Options)) (*autoscaling.AttachLoadBalancersOutput, error)
	DetachLoadBalancers(context.Context, *autoscaling.DetachLoadBalancersInput, ...func(*autoscaling.Options)) (*autoscaling.DetachLoadBalancersOutput, error)
	EnableMetricsCollection(context.Context, *autoscaling.EnableMetricsCollectionInput, ...func(*autoscaling.Options)) (*autoscaling.EnableMetricsCollectionOutput, error)
	DisableMetricsCollection(context.Context, *autoscaling.DisableMetricsCollectionInput, ...func(*autoscaling.Options)) (*autoscaling.DisableMetricsCollectionOutput, error)
	SuspendProcesses(context.Context, *autoscaling.SuspendProcessesInput, ...func(*autoscaling.Options)) (*autoscaling.SuspendProcessesOutput, error)
	ResumeProcesses(context.Context, *autoscaling.ResumeProcessesInput, ...func(*autoscaling.Options)) (*autoscaling.ResumeProcessesOutput, error)
	CreateOrUpdateTags(context.Context, *autoscaling.CreateOrUpdateTagsInput, ...func(*autoscaling.Options)) (*autoscaling.CreateOrUpdateTagsOutput, error)
	DeleteTags(context.Context, *autoscaling.DeleteTagsInput, ...func(*autoscaling.Options)) (*autoscaling.DeleteTagsOutput, error)
	TerminateInstanceInAutoScalingGroup(context.Context, *autoscaling.TerminateInstanceInAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.TerminateInstanceInAutoScalingGroupOutput, error)
	CompleteLifecycleAction(context.Context, *autoscaling.CompleteLifecycleActionInput, ...func(*autoscaling.Options)) (*autoscaling.CompleteLifecycleActionOutput, error)
	DeleteAutoScalingGroup(context.Context, *autoscaling.DeleteAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.DeleteAutoScalingGroupOutput, error)
}

// autoScalingGroups are bound to their names.
type autoScalingGroups struct {
	api     autoScalingGroupWriter
	cluster string
}

const (
	groupBusy = "AWS is still busy with the group's last change"
	groupNew  = "Auto Scaling does not show the new group yet, or is busy with it"
)

// Create makes the group pinned to the template's newest version by its number. The
// desired capacity is said here for the only time: it belongs to AWS and to
// autoscalers from then on.
func (g autoScalingGroups) Create(ctx context.Context, want topology.AutoScalingGroup, ids topology.Bindings) (topology.Bindings, error) {
	in, err := g.input(want, ids)
	if err != nil {
		return nil, err
	}
	_, err = g.api.CreateAutoScalingGroup(ctx, in)
	switch {
	case err != nil && awsapi.AlreadyExists(err):
		return nil, g.taken(ctx, want, err)
	case err != nil && lagging(err):
		return nil, &WaitError{Reason: "Auto Scaling does not know the new instance profile or template yet"}
	case err != nil:
		return nil, settling(err, "Auto Scaling does not know everything that the group needs yet")
	}
	learned := topology.Bindings{want.Ref(): want.Name}
	if err := g.enableMetrics(ctx, want, want.Metrics); err != nil {
		return learned, err
	}
	if err := g.suspend(ctx, want, want.SuspendedProcesses); err != nil {
		return learned, err
	}
	return learned, g.putWarmPool(ctx, want)
}

func (g autoScalingGroups) input(want topology.AutoScalingGroup, ids topology.Bindings) (*autoscaling.CreateAutoScalingGroupInput, error) {
	template, err := pinTo(want, ids)
	if err != nil {
		return nil, err
	}
	subnets, err := idsOf(ids, want.Subnets)
	if err != nil {
		return nil, err
	}
	targets, err := idsOf(ids, want.TargetGroups)
	if err != nil {
		return nil, err
	}
	classics, err := idsOf(ids, want.ClassicLoadBalancers)
	if err != nil {
		return nil, err
	}
	only, mixed := launchFrom(want, template)
	return &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(want.Name), LaunchTemplate: only, MixedInstancesPolicy: mixed,
		MinSize: aws.Int32(int32(want.Min)), MaxSize: aws.Int32(int32(want.Max)), DesiredCapacity: aws.Int32(int32(want.Min)),
		VPCZoneIdentifier: aws.String(strings.Join(subnets, ",")), TargetGroupARNs: targets,
		LoadBalancerNames:                classics,
		NewInstancesProtectedFromScaleIn: aws.Bool(want.ProtectFromScaleIn), CapacityRebalance: aws.Bool(want.CapacityRebalance),
		MaxInstanceLifetime: positive(want.MaxInstanceLifetime), Tags: groupTags(want, want.Tags),
	}, nil
}

// pinTo names the template's newest version by its number: with $Latest a machine
// that dies at night would come back as another one than its siblings.
func pinTo(group topology.AutoScalingGroup, ids topology.Bindings) (*asgtypes.LaunchTemplateSpecification, error) {
	id, err := idOf(ids, group.LaunchTemplate)
	if err != nil {
		return nil, err
	}
	version, err := idOf(ids, versionOf(group.LaunchTemplate))
	if err != nil {
		return nil, err
	}
	return &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: aws.String(id), Version: aws.String(version)}, nil
}

// lagging reports that Auto Scaling refuses a template because of something that was
// made seconds ago in IAM or EC2. It has no code of its own for that.
func lagging(err error) bool {
	if awsapi.Code(err) != "ValidationError" {
		return false
	}
	text := strings.ToLower(err.Error())
	if strings.Contains(text, "image id") || strings.Contains(text, "ami id") {
		return false // images are not the cluster's to make
	}
	return strings.Contains(text, "instance profile") || strings.Contains(text, "iaminstanceprofile") || strings.Contains(text, "does not exist")
}

// taken tells whose the group of that name is. Ours may be one that AWS is still
// deleting.
func (g autoScalingGroups) taken(ctx context.Context, want topology.AutoScalingGroup, conflict error) error {
	found, err := g.find(ctx, want.Name)
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return &WaitError{Reason: "AWS has the group already and does not show it yet"}
	}
	if slices.ContainsFunc(found[0].Tags, func(t asgtypes.TagDescription) bool { return owns(g.cluster, t.Key, t.Value) }) {
		return &WaitError{Reason: "the group is there already, or still going away; the next pass looks again"}
	}
	return strange(want.Ref(), conflict)
}

func (g autoScalingGroups) find(ctx context.Context, name string) ([]asgtypes.AutoScalingGroup, error) {
	out, err := g.api.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{name}})
	if err != nil {
		return nil, err
	}
	return out.AutoScalingGroups, nil
}

// Update writes everything but the pin and the machines, which need the gate.
func (g autoScalingGroups) Update(ctx context.Context, have, want topology.AutoScalingGroup, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	err := g.retag(ctx, want, tagChangeOf(change))
	if err == nil {
		err = g.removeWarmPool(ctx, have, want)
	}
	if err == nil {
		err = g.updateShape(ctx, want, change, ids)
	}
	if err == nil && change.Has("targetGroups") {
		err = g.updateTargets(ctx, have, want, ids)
	}
	if err == nil && change.Has("classicLoadBalancers") {
		err = g.updateClassic(ctx, have, want, ids)
	}
	if err == nil && change.Has("metrics") {
		err = g.updateMetrics(ctx, have, want)
	}
	if err == nil && change.Has("suspendedProcesses") {
		err = g.updateProcesses(ctx, have, want)
	}
	if err == nil && change.Has("warmPool") {
		err = g.putWarmPool(ctx, want)
	}
	return nil, settling(err, groupBusy)
}

// groupShape are the fields that one call sets; of those only the ones that differ are
// sent.
var groupShape = []struct {
	path  string
	write func(topology.AutoScalingGroup, *autoscaling.UpdateAutoScalingGroupInput)
}{
	{"min", func(g topology.AutoScalingGroup, in *autoscaling.UpdateAutoScalingGroupInput) {
		in.MinSize = aws.Int32(int32(g.Min))
	}},
	{"max", func(g topology.AutoScalingGroup, in *autoscaling.UpdateAutoScalingGroupInput) {
		in.MaxSize = aws.Int32(int32(g.Max))
	}},
	{"protectFromScaleIn", func(g topology.AutoScalingGroup, in *autoscaling.UpdateAutoScalingGroupInput) {
		in.NewInstancesProtectedFromScaleIn = aws.Bool(g.ProtectFromScaleIn)
	}},
	{"maxInstanceLifetime", func(g topology.AutoScalingGroup, in *autoscaling.UpdateAutoScalingGroupInput) {
		in.MaxInstanceLifetime = aws.Int32(int32(g.MaxInstanceLifetime)) // zero takes the limit away
	}},
	{"capacityRebalance", func(g topology.AutoScalingGroup, in *autoscaling.UpdateAutoScalingGroupInput) {
		in.CapacityRebalance = aws.Bool(g.CapacityRebalance)
	}},
}

func (g autoScalingGroups) updateShape(ctx context.Context, want topology.AutoScalingGroup, change diff.Change, ids topology.Bindings) error {
	in := &autoscaling.UpdateAutoScalingGroupInput{AutoScalingGroupName: aws.String(want.Name)}
	needed := change.Has("subnets") || change.Has("mixed")
	if change.Has("mixed") {
		pinned, err := g.pinned(ctx, want.Name)
		if err != nil {
			return err
		}
		in.LaunchTemplate, in.MixedInstancesPolicy = launchFrom(want, pinned)
	}
	if change.Has("subnets") {
		subnets, err := idsOf(ids, want.Subnets)
		if err != nil {
			return err
		}
		in.VPCZoneIdentifier = aws.String(strings.Join(subnets, ","))
	}
	for _, field := range groupShape {
		if change.Has(field.path) {
			field.write(want, in)
			needed = true
		}
	}
	if !needed {
		return nil
	}
	_, err := g.api.UpdateAutoScalingGroup(ctx, in)
	return err
}

// updateTargets attaches before it detaches, so that the machines stay reachable.
func (g autoScalingGroups) updateTargets(ctx context.Context, have, want topology.AutoScalingGroup, ids topology.Bindings) error {
	attach, err := idsOf(ids, missing(want.TargetGroups, have.TargetGroups))
	if err != nil {
		return err
	}
	detach, err := idsOf(ids, missing(have.TargetGroups, want.TargetGroups))
	if err != nil {
		return err
	}
	if len(attach) > 0 {
		_, err = g.api.AttachLoadBalancerTargetGroups(ctx, &autoscaling.AttachLoadBalancerTargetGroupsInput{
			AutoScalingGroupName: aws.String(want.Name), TargetGroupARNs: attach,
		})
	}
	if err == nil && len(detach) > 0 {
		_, err = g.api.DetachLoadBalancerTargetGroups(ctx, &autoscaling.DetachLoadBalancerTargetGroupsInput{
			AutoScalingGroupName: aws.String(want.Name), TargetGroupARNs: detach,
		})
	}
	return err
}

// updateClassic attaches before it detaches, like updateTargets. The cluster's own one is not detached here:
// that is the end of it.
func (g autoScalingGroups) updateClassic(ctx context.Context, have, want topology.AutoScalingGroup, ids topology.Bindings) error {
	attach, err := idsOf(ids, missing(want.ClassicLoadBalancers, have.ClassicLoadBalancers))
	if err != nil {
		return err
	}
	foreign := slices.DeleteFunc(missing(have.ClassicLoadBalancers, want.ClassicLoadBalancers), func(ref topology.Ref) bool { return ref.Kind == topology.KindClassicELB })
	detach, err := idsOf(ids, foreign)
	if err != nil {
		return err
	}
	if len(attach) > 0 {
		_, err = g.api.AttachLoadBalancers(ctx, &autoscaling.AttachLoadBalancersInput{AutoScalingGroupName: aws.String(want.Name), LoadBalancerNames: attach})
	}
	if err == nil && len(detach) > 0 {
		_, err = g.api.DetachLoadBalancers(ctx, &autoscaling.DetachLoadBalancersInput{AutoScalingGroupName: aws.String(want.Name), LoadBalancerNames: detach})
	}
	return err
}

func (g autoScalingGroups) updateMetrics(ctx context.Context, have, want topology.AutoScalingGroup) error {
	if err := g.enableMetrics(ctx, want, missing(want.Metrics, have.Metrics)); err != nil {
		return err
	}
	unwanted := missing(have.Metrics, want.Metrics)
	if len(unwanted) == 0 {
		return nil // an empty list would mean all of them
	}
	_, err := g.api.DisableMetricsCollection(ctx, &autoscaling.DisableMetricsCollectionInput{AutoScalingGroupName: aws.String(want.Name), Metrics: unwanted})
	return err
}

func (g autoScalingGroups) enableMetrics(ctx context.Context, want topology.AutoScalingGroup, metrics []string) error {
	if len(metrics) == 0 {
		return nil // an empty list would mean all of them
	}
	_, err := g.api.EnableMetricsCollection(ctx, &autoscaling.EnableMetricsCollectionInput{
		AutoScalingGroupName: aws.String(want.Name), Granularity: aws.String("1Minute"), Metrics: metrics,
	})
	return settling(err, groupBusy)
}

func (g autoScalingGroups) updateProcesses(ctx context.Context, have, want topology.AutoScalingGroup) error {
	if err := g.suspend(ctx, want, missing(want.SuspendedProcesses, have.SuspendedProcesses)); err != nil {
		return err
	}
	unwanted := missing(have.SuspendedProcesses, want.SuspendedProcesses)
	if len(unwanted) == 0 {
		return nil // an empty list would mean all of them
	}
	_, err := g.api.ResumeProcesses(ctx, &autoscaling.ResumeProcessesInput{AutoScalingGroupName: aws.String(want.Name), ScalingProcesses: unwanted})
	return err
}

func (g autoScalingGroups) suspend(ctx context.Context, want topology.AutoScalingGroup, processes []string) error {
	if len(processes) == 0 {
		return nil // an empty list would mean all of them
	}
	_, err := g.api.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: aws.String(want.Name), ScalingProcesses: processes})
	return settling(err, groupBusy)
}

func (g autoScalingGroups) retag(ctx context.Context, want topology.AutoScalingGroup, tags tagChange) error {
	if len(tags.set) > 0 {
		if _, err := g.api.CreateOrUpdateTags(ctx, &autoscaling.CreateOrUpdateTagsInput{Tags: groupTags(want, tags.set)}); err != nil {
			return err
		}
	}
	if len(tags.drop) == 0 {
		return nil
	}
	gone := topology.Tags{}
	for _, key := range tags.drop {
		gone[key] = ""
	}
	_, err := g.api.DeleteTags(ctx, &autoscaling.DeleteTagsInput{Tags: groupTags(want, gone)})
	return err
}

// groupTags are passed on to the machines, all of them.
func groupTags(group topology.AutoScalingGroup, tags topology.Tags) []asgtypes.Tag {
	return tagList(tags, func(key, value string) asgtypes.Tag {
		return asgtypes.Tag{
			Key: aws.String(key), Value: aws.String(value), PropagateAtLaunch: aws.Bool(true),
			ResourceId: aws.String(group.Name), ResourceType: aws.String("auto-scaling-group"),
		}
	})
}

// Delete takes the machines with the group, and waits until AWS has ended them. AWS
// refuses to delete a group twice, so it looks first.
func (g autoScalingGroups) Delete(ctx context.Context, have topology.AutoScalingGroup, _ topology.Bindings) error {
	found, err := g.find(ctx, have.Name)
	if err != nil || len(found) == 0 {
		return err
	}
	if aws.ToString(found[0].Status) == "" {
		_, err = g.api.DeleteAutoScalingGroup(ctx, &autoscaling.DeleteAutoScalingGroupInput{AutoScalingGroupName: aws.String(have.Name), ForceDelete: aws.Bool(true)})
		if err := removed(err, groupBusy); err != nil {
			return err
		}
	}
	if found, err = g.find(ctx, have.Name); err != nil || len(found) == 0 {
		return err
	}
	return &WaitError{Reason: "AWS is ending the group's machines"}
}
