// Package vitals answers one question: what does AWS know of the condition of a cluster that no plan asks for?
//
// [Groups] reads how large each Auto Scaling group is meant to be, which version of its template it is
// pinned to by number, which versions its machines were made from, and what it did last. [Snapshots] reads
// when the etcd volumes were last copied. Both only describe; judging is sync/checkup's.
//
// It imports its parent's words, topology, and the AWS SDK.
package vitals

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

// GroupReader lists the calls about groups.
type GroupReader interface {
	DescribeAutoScalingGroups(context.Context, *autoscaling.DescribeAutoScalingGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error)
	DescribeScalingActivities(context.Context, *autoscaling.DescribeScalingActivitiesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeScalingActivitiesOutput, error)
}

// SnapshotReader lists the calls about snapshots.
type SnapshotReader interface {
	DescribeSnapshots(context.Context, *ec2.DescribeSnapshotsInput, ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error)
}

// A Group is the condition of one Auto Scaling group.
type Group struct {
	Ref     topology.Ref
	Desired int
	// Version is the number of the template version that new machines are made from, or "$Latest" or
	// "$Default" for a group that is pinned to none.
	Version string
	// Versions are the numbers that the machines were made from, by EC2 instance id.
	Versions map[string]string
	// Last are its newest activities, at most [activities], the newest first.
	Last []Activity
}

// Pinned reports whether the group names its version by a number.
func (g Group) Pinned() bool { return g.Version != "" && !strings.HasPrefix(g.Version, "$") }

// An Activity is something that a group did, or tried.
type Activity struct {
	Description string
	// Message is AWS's reason, where it failed.
	Message string
	Failed  bool
	Began   time.Time
	// Ended is zero while it is under way.
	Ended time.Time
}

// activities are enough to see the one that ended last behind those under way.
const activities = 10

// Groups reads the groups of a cluster, sorted by name: one call for all of them, and one for each.
func Groups(ctx context.Context, api GroupReader, cluster string) ([]Group, error) {
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(api, &autoscaling.DescribeAutoScalingGroupsInput{
		Filters: []asgtypes.Filter{{Name: aws.String("tag:" + topology.TagCluster), Values: []string{cluster}}},
	})
	var groups []Group
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, g := range page.AutoScalingGroups {
			if aws.ToString(g.Status) == "" { // a status means that it is being deleted
				groups = append(groups, groupOf(g))
			}
		}
	}
	failures := make([]error, len(groups))
	var all sync.WaitGroup
	for i := range groups {
		all.Go(func() { groups[i].Last, failures[i] = last(ctx, api, groups[i].Ref.Name) })
	}
	all.Wait()
	slices.SortFunc(groups, func(a, b Group) int { return topology.CompareRefs(a.Ref, b.Ref) })
	return groups, errors.Join(failures...)
}

func groupOf(g asgtypes.AutoScalingGroup) Group {
	out := Group{
		Ref:     topology.Ref{Kind: topology.KindAutoScalingGroup, Name: aws.ToString(g.AutoScalingGroupName)},
		Desired: int(aws.ToInt32(g.DesiredCapacity)), Versions: map[string]string{},
	}
	spec := g.LaunchTemplate
	if mixed := g.MixedInstancesPolicy; mixed != nil && mixed.LaunchTemplate != nil {
		spec = mixed.LaunchTemplate.LaunchTemplateSpecification
	}
	if spec != nil {
		out.Version = cmp.Or(aws.ToString(spec.Version), topology.DefaultVersion)
	}
	for _, i := range g.Instances {
		if i.LaunchTemplate != nil {
			out.Versions[aws.ToString(i.InstanceId)] = aws.ToString(i.LaunchTemplate.Version)
		}
	}
	return out
}

// last reads what a group did last. AWS lists the activities under way first, then the newest.
func last(ctx context.Context, api GroupReader, group string) ([]Activity, error) {
	out, err := api.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{
		AutoScalingGroupName: aws.String(group), MaxRecords: aws.Int32(activities),
	})
	if err != nil {
		return nil, err
	}
	var found []Activity
	for _, a := range out.Activities {
		found = append(found, Activity{
			Description: aws.ToString(a.Description), Message: aws.ToString(a.StatusMessage),
			Failed: a.StatusCode == asgtypes.ScalingActivityStatusCodeFailed || a.StatusCode == asgtypes.ScalingActivityStatusCodeCancelled,
			Began:  aws.ToTime(a.StartTime), Ended: aws.ToTime(a.EndTime),
		})
	}
	slices.SortStableFunc(found, func(a, b Activity) int { return b.Began.Compare(a.Began) })
	return found, nil
}

// A Snapshot is a completed copy of an etcd volume.
type Snapshot struct {
	ID, Volume string
	Taken      time.Time
}

// Snapshots reads the completed snapshots of these volumes that the account owns, the newest first. It costs a
// call for each 1000.
func Snapshots(ctx context.Context, api SnapshotReader, volumes []string) ([]Snapshot, error) {
	if len(volumes) == 0 {
		return nil, nil
	}
	pages := ec2.NewDescribeSnapshotsPaginator(api, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, MaxResults: aws.Int32(1000),
		Filters: []ec2types.Filter{{Name: aws.String("volume-id"), Values: volumes}, {Name: aws.String("status"), Values: []string{"completed"}}},
	})
	var found []Snapshot
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, s := range page.Snapshots {
			found = append(found, Snapshot{ID: aws.ToString(s.SnapshotId), Volume: aws.ToString(s.VolumeId), Taken: aws.ToTime(s.StartTime)})
		}
	}
	slices.SortFunc(found, func(a, b Snapshot) int { return b.Taken.Compare(a.Taken) })
	return found, nil
}
