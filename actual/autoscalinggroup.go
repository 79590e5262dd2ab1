package actual

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/topology"
)

type autoScalingGroupReader interface {
	DescribeAutoScalingGroups(context.Context, *autoscaling.DescribeAutoScalingGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error)
}

type autoScalingGroupAnswers struct {
	found []asgtypes.AutoScalingGroup
	// warm are the machines of the groups' warm pools, by group.
	warm map[string][]asgtypes.Instance
}

// lookAutoScalingGroups leaves out the groups that are being deleted, which is the only
// thing AWS gives a group a status for.
func lookAutoScalingGroups(ctx context.Context, o *observation) error {
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(o.clients.AutoScaling, &autoscaling.DescribeAutoScalingGroupsInput{
		Filters: []asgtypes.Filter{
			{Name: aws.String("tag:" + topology.TagCluster), Values: []string{o.scope.Cluster}},
			{Name: aws.String("tag:" + topology.OwnershipTag(o.scope.Cluster)), Values: []string{string(topology.Owned)}},
		},
		MaxRecords: page100,
	})
	found, err := everything(ctx, pages, func(p *autoscaling.DescribeAutoScalingGroupsOutput) []asgtypes.AutoScalingGroup {
		return p.AutoScalingGroups
	})
	o.groups.found = slices.DeleteFunc(found, func(g asgtypes.AutoScalingGroup) bool { return aws.ToString(g.Status) != "" })
	return err
}

// templateSpecification says what a group makes machines from; nil for none.
func templateSpecification(g asgtypes.AutoScalingGroup) *asgtypes.LaunchTemplateSpecification {
	if mixed := g.MixedInstancesPolicy; mixed != nil && mixed.LaunchTemplate != nil {
		return mixed.LaunchTemplate.LaunchTemplateSpecification
	}
	return g.LaunchTemplate
}

// pinnedVersion is the version of a launch template that a group makes machines from.
func (o *observation) pinnedVersion(g asgtypes.AutoScalingGroup) templateVersion {
	spec := templateSpecification(g)
	if spec == nil {
		return templateVersion{}
	}
	return o.resolve(aws.ToString(spec.LaunchTemplateId), aws.ToString(spec.Version))
}

// follows is the word of a group that names its version by none of the numbers.
func follows(g asgtypes.AutoScalingGroup) string {
	spec := templateSpecification(g)
	if spec == nil {
		return ""
	}
	switch version := aws.ToString(spec.Version); version {
	case "":
		return topology.DefaultVersion
	case topology.LatestVersion, topology.DefaultVersion:
		return version
	}
	return ""
}

func (o *observation) pinnedVersions() []templateVersion {
	var versions []templateVersion
	for _, g := range o.groups.found {
		versions = append(versions, o.pinnedVersion(g))
	}
	return versions
}

func convertAutoScalingGroups(o *observation) error {
	for _, g := range o.groups.found {
		name, tags := aws.ToString(g.AutoScalingGroupName), groupTags(g.Tags)
		if !o.owns(tags) {
			continue
		}
		tags = markUnpropagated(tags, g.Tags)
		pinned := o.pinnedVersion(g)
		o.add(name, topology.AutoScalingGroup{
			Name:                 name,
			Role:                 topology.RoleOf(tags),
			LaunchTemplate:       o.ref(&pinned.template),
			Template:             o.launchTemplates.digests[pinned],
			Follows:              follows(g),
			KubernetesVersion:    o.launchTemplates.kubernetes[pinned],
			Mixed:                mixedInstances(g.MixedInstancesPolicy),
			Min:                  int(aws.ToInt32(g.MinSize)),
			Max:                  int(aws.ToInt32(g.MaxSize)),
			Subnets:              o.refsOf(split(aws.ToString(g.VPCZoneIdentifier))),
			Zones:                slices.Sorted(slices.Values(g.AvailabilityZones)),
			TargetGroups:         o.refsOf(g.TargetGroupARNs),
			ClassicLoadBalancers: o.classicsOf(g.LoadBalancerNames),
			Metrics:              sortedTexts(g.EnabledMetrics, func(m asgtypes.EnabledMetric) *string { return m.Metric }),
			ProtectFromScaleIn:   aws.ToBool(g.NewInstancesProtectedFromScaleIn),
			SuspendedProcesses:   sortedTexts(g.SuspendedProcesses, func(p asgtypes.SuspendedProcess) *string { return p.ProcessName }),
			MaxInstanceLifetime:  int(aws.ToInt32(g.MaxInstanceLifetime)),
			CapacityRebalance:    aws.ToBool(g.CapacityRebalance),
			WarmPool:             warmPool(g.WarmPoolConfiguration),
			Tags:                 tags,
			Ownership:            topology.Owned,
		})
	}
	return nil
}

func groupTags(list []asgtypes.TagDescription) topology.Tags {
	return tagsFrom(list, func(t asgtypes.TagDescription) (*string, *string) { return t.Key, t.Value })
}

// marks are the tags that groupTags leaves out, of the groups that have any.
func (o *observation) marks() map[topology.Ref]topology.Tags {
	marks := map[topology.Ref]topology.Tags{}
	for _, g := range o.groups.found {
		ref := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: aws.ToString(g.AutoScalingGroupName)}
		for _, t := range g.Tags {
			if key := aws.ToString(t.Key); topology.IsMark(key) && o.resources[ref] != nil {
				if marks[ref] == nil {
					marks[ref] = topology.Tags{}
				}
				marks[ref][key] = aws.ToString(t.Value)
			}
		}
	}
	return marks
}

// markUnpropagated changes the value of tags that stay on the group, because every tag
// is meant to reach the machines.
func markUnpropagated(tags topology.Tags, list []asgtypes.TagDescription) topology.Tags {
	marked := maps.Clone(tags)
	for _, t := range list {
		if _, kept := marked[aws.ToString(t.Key)]; kept && !aws.ToBool(t.PropagateAtLaunch) {
			marked[aws.ToString(t.Key)] += " (not passed on to machines)"
		}
	}
	return marked
}

// split reads the comma-separated subnets of a group.
func split(list string) []string {
	return slices.DeleteFunc(strings.Split(strings.ReplaceAll(list, " ", ""), ","), func(s string) bool { return s == "" })
}

func sortedTexts[T any](list []T, text func(T) *string) []string {
	var texts []string
	for _, item := range list {
		texts = append(texts, aws.ToString(text(item)))
	}
	slices.Sort(texts)
	return texts
}
