package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/topology"
)

// pinFollowers pins the cluster's groups that make machines from the newest or the
// default version of a template, whichever that is, to the number that is meant by the
// word now. It asks AWS and not the plan: somebody may have pointed a group at $Latest
// a moment ago.
func (g autoScalingGroups) pinFollowers(ctx context.Context, template string, meant func(word string) (string, error)) error {
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(g.api, &autoscaling.DescribeAutoScalingGroupsInput{
		Filters: []asgtypes.Filter{{Name: aws.String("tag:" + topology.TagCluster), Values: []string{g.cluster}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, group := range page.AutoScalingGroups {
			if err := g.pinFollower(ctx, group, template, meant); err != nil {
				return err
			}
		}
	}
	return nil
}

func (g autoScalingGroups) pinFollower(ctx context.Context, group asgtypes.AutoScalingGroup, template string, meant func(word string) (string, error)) error {
	spec, _ := specificationOf(group)
	if spec == nil || aws.ToString(spec.LaunchTemplateId) != template || aws.ToString(group.Status) != "" {
		return nil
	}
	word := aws.ToString(spec.Version)
	if word != topology.LatestVersion && word != topology.DefaultVersion && word != "" {
		return nil
	}
	version, err := meant(word)
	if err != nil {
		return err
	}
	_, err = g.api.UpdateAutoScalingGroup(ctx, pinnedTo(group, version))
	return settling(err, groupBusy)
}

// specificationOf says what a group makes machines from, and by which policy; both are
// nil for a group that launches from no template.
func specificationOf(group asgtypes.AutoScalingGroup) (*asgtypes.LaunchTemplateSpecification, *asgtypes.MixedInstancesPolicy) {
	if mixed := group.MixedInstancesPolicy; mixed != nil && mixed.LaunchTemplate != nil {
		return mixed.LaunchTemplate.LaunchTemplateSpecification, mixed
	}
	return group.LaunchTemplate, nil
}
