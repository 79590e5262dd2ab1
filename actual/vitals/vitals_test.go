package vitals

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

var moment = time.Date(2026, 8, 6, 12, 0, 0, 0, time.UTC)

// account answers with what AWS would.
type account struct {
	groups     []asgtypes.AutoScalingGroup
	activities map[string][]asgtypes.Activity
	snapshots  []ec2types.Snapshot
	err        error
}

func (a account) DescribeAutoScalingGroups(context.Context, *autoscaling.DescribeAutoScalingGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error) {
	return &autoscaling.DescribeAutoScalingGroupsOutput{AutoScalingGroups: a.groups}, nil
}

func (a account) DescribeScalingActivities(_ context.Context, in *autoscaling.DescribeScalingActivitiesInput, _ ...func(*autoscaling.Options)) (*autoscaling.DescribeScalingActivitiesOutput, error) {
	return &autoscaling.DescribeScalingActivitiesOutput{Activities: a.activities[*in.AutoScalingGroupName]}, a.err
}

func (a account) DescribeSnapshots(context.Context, *ec2.DescribeSnapshotsInput, ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error) {
	return &ec2.DescribeSnapshotsOutput{Snapshots: a.snapshots}, a.err
}

func specification(version *string) *asgtypes.LaunchTemplateSpecification {
	return &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: aws.String("lt-1"), Version: version}
}

func TestGroupsTellTheirPinAndWhatTheyDidLast(t *testing.T) {
	a := account{
		groups: []asgtypes.AutoScalingGroup{
			{AutoScalingGroupName: aws.String("nodes"), DesiredCapacity: aws.Int32(3), LaunchTemplate: specification(aws.String("7")),
				Instances: []asgtypes.Instance{{InstanceId: aws.String("i-1"), LaunchTemplate: specification(aws.String("6"))}, {InstanceId: aws.String("i-2")}}},
			{AutoScalingGroupName: aws.String("going"), Status: aws.String("Delete in progress")},
			{AutoScalingGroupName: aws.String("mixed"), MixedInstancesPolicy: &asgtypes.MixedInstancesPolicy{LaunchTemplate: &asgtypes.LaunchTemplate{LaunchTemplateSpecification: specification(nil)}}},
		},
		activities: map[string][]asgtypes.Activity{"nodes": {
			{Description: aws.String("Launching"), StatusCode: asgtypes.ScalingActivityStatusCodeInProgress, StartTime: aws.Time(moment.Add(-time.Hour))},
			{Description: aws.String("Launching"), StatusCode: asgtypes.ScalingActivityStatusCodeFailed, StatusMessage: aws.String("no capacity"), StartTime: aws.Time(moment), EndTime: aws.Time(moment)},
			{Description: aws.String("Terminating"), StatusCode: asgtypes.ScalingActivityStatusCodeCancelled, StartTime: aws.Time(moment.Add(-2 * time.Hour)), EndTime: aws.Time(moment)},
		}},
	}
	got, err := Groups(t.Context(), a, "ha.example.com")
	if err != nil {
		t.Fatal(err)
	}
	ref := func(name string) topology.Ref { return topology.Ref{Kind: topology.KindAutoScalingGroup, Name: name} }
	want := []Group{
		{Ref: ref("mixed"), Version: "$Default", Versions: map[string]string{}},
		{Ref: ref("nodes"), Desired: 3, Version: "7", Versions: map[string]string{"i-1": "6"}, Last: []Activity{
			{Description: "Launching", Message: "no capacity", Failed: true, Began: moment, Ended: moment},
			{Description: "Launching", Began: moment.Add(-time.Hour)},
			{Description: "Terminating", Failed: true, Began: moment.Add(-2 * time.Hour), Ended: moment},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if got[0].Pinned() || !got[1].Pinned() {
		t.Error("a word counts as a number, or a number as none")
	}
	a.err = errors.New("AWS is throttling")
	if _, err := Groups(t.Context(), a, "ha.example.com"); !errors.Is(err, a.err) {
		t.Errorf("activities that nobody told are missing without an error: %v", err)
	}
}

func TestSnapshotsComeTheNewestFirst(t *testing.T) {
	a := account{snapshots: []ec2types.Snapshot{
		{SnapshotId: aws.String("snap-1"), VolumeId: aws.String("vol-1"), StartTime: aws.Time(moment.Add(-time.Hour))},
		{SnapshotId: aws.String("snap-2"), VolumeId: aws.String("vol-1"), StartTime: aws.Time(moment)},
	}}
	got, err := Snapshots(t.Context(), a, []string{"vol-1"})
	if err != nil || len(got) != 2 || got[0].ID != "snap-2" {
		t.Errorf("%v, %v", got, err)
	}
	if got, err := Snapshots(t.Context(), a, nil); err != nil || got != nil {
		t.Errorf("of no volume: %v, %v; AWS would give those of all", got, err)
	}
}
