package apply

import (
	"context"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/apply/repair"
	"github.com/quorate/quorate/topology"
)

// mender makes the calls of repairs; what is to be done is decided in apply/repair.
type mender struct {
	ec2 brokenReader
	asg groupMarker
}

type brokenReader interface {
	DescribeInstances(context.Context, *ec2.DescribeInstancesInput, ...func(*ec2.Options)) (*ec2.DescribeInstancesOutput, error)
	DescribeAvailabilityZones(context.Context, *ec2.DescribeAvailabilityZonesInput, ...func(*ec2.Options)) (*ec2.DescribeAvailabilityZonesOutput, error)
	DescribeLaunchTemplateVersions(context.Context, *ec2.DescribeLaunchTemplateVersionsInput, ...func(*ec2.Options)) (*ec2.DescribeLaunchTemplateVersionsOutput, error)
	DetachVolume(context.Context, *ec2.DetachVolumeInput, ...func(*ec2.Options)) (*ec2.DetachVolumeOutput, error)
}

type groupMarker interface {
	DescribeAutoScalingGroups(context.Context, *autoscaling.DescribeAutoScalingGroupsInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeAutoScalingGroupsOutput, error)
	DescribeScalingActivities(context.Context, *autoscaling.DescribeScalingActivitiesInput, ...func(*autoscaling.Options)) (*autoscaling.DescribeScalingActivitiesOutput, error)
	UpdateAutoScalingGroup(context.Context, *autoscaling.UpdateAutoScalingGroupInput, ...func(*autoscaling.Options)) (*autoscaling.UpdateAutoScalingGroupOutput, error)
	CreateOrUpdateTags(context.Context, *autoscaling.CreateOrUpdateTagsInput, ...func(*autoscaling.Options)) (*autoscaling.CreateOrUpdateTagsOutput, error)
	DeleteTags(context.Context, *autoscaling.DeleteTagsInput, ...func(*autoscaling.Options)) (*autoscaling.DeleteTagsOutput, error)
}

// stateOf is EC2's state of a machine, or [repair.NotShown], and when it was told to end, if EC2 says.
func (m mender) stateOf(ctx context.Context, machine string) (state string, ended time.Time, err error) {
	out, err := m.ec2.DescribeInstances(ctx, &ec2.DescribeInstancesInput{Filters: []ec2types.Filter{filter("instance-id", machine)}})
	if err != nil {
		return "", time.Time{}, err
	}
	for _, r := range out.Reservations {
		for _, i := range r.Instances {
			if i.State != nil {
				return string(i.State.Name), transition(aws.ToString(i.StateTransitionReason)), nil
			}
		}
	}
	return repair.NotShown, time.Time{}, nil
}

// transition reads the time in EC2's words, as in "User initiated (2026-11-21 03:20:00 GMT)"; zero if
// there is none.
func transition(reason string) time.Time {
	_, text, _ := strings.Cut(reason, "(")
	text, _, _ = strings.Cut(text, ")")
	at, _ := time.Parse("2006-01-02 15:04:05 MST", text)
	return at
}

// zoneDown reports that AWS calls the zone anything but available.
func (m mender) zoneDown(ctx context.Context, zone string) (bool, error) {
	out, err := m.ec2.DescribeAvailabilityZones(ctx, &ec2.DescribeAvailabilityZonesInput{ZoneNames: []string{zone}})
	if err != nil {
		return false, err
	}
	for _, z := range out.AvailabilityZones {
		if z.State != "" && z.State != ec2types.AvailabilityZoneStateAvailable {
			return true, nil
		}
	}
	return false, nil
}

// launchesLooked is how many activities of a group are looked at: more than an hour of failures.
const launchesLooked = 50

// lastLaunch reads the newest attempts of a group to make machines.
func (m mender) lastLaunch(ctx context.Context, group string) (repair.Launch, error) {
	out, err := m.asg.DescribeScalingActivities(ctx, &autoscaling.DescribeScalingActivitiesInput{
		AutoScalingGroupName: aws.String(group), MaxRecords: aws.Int32(launchesLooked),
	})
	if err != nil {
		return repair.Launch{}, err
	}
	var last repair.Launch
	for _, a := range out.Activities { // the newest first
		if !strings.HasPrefix(aws.ToString(a.Description), "Launching") {
			continue
		}
		if a.StatusCode != asgtypes.ScalingActivityStatusCodeFailed {
			break
		}
		if last.Failure == "" {
			last.Failure = aws.ToString(a.StatusMessage)
		}
		last.Since = aws.ToTime(a.StartTime)
	}
	return last, nil
}

// release takes a volume from a dead machine. Whether that is dead is asked again right before, for what
// runs may write; and the call names the machine, so that it fails if another one has the volume by now.
func (m mender) release(ctx context.Context, a repair.Advice, now time.Time) error {
	state, _, err := m.stateOf(ctx, a.Machine)
	if err != nil {
		return err
	}
	holder := repair.Volume{HolderState: state, Attached: a.Attached}
	if force := a.Verb == repair.ForceDetach; !holder.MayLose(force, now) {
		return &WaitError{Reason: "but the machine is " + state + " now, and keeps it", Idle: true}
	}
	_, err = m.ec2.DetachVolume(ctx, &ec2.DetachVolumeInput{
		VolumeId: aws.String(a.Volume), InstanceId: aws.String(a.Machine), Force: aws.Bool(a.Verb == repair.ForceDetach),
	})
	return settling(err, "AWS is still busy with the volume")
}

// mark writes one tag on a group; its machines do not get it.
func (m mender) mark(ctx context.Context, group, key string, value repair.Mark) error {
	_, err := m.asg.CreateOrUpdateTags(ctx, &autoscaling.CreateOrUpdateTagsInput{Tags: markTags(group, topology.Tags{key: value.String()})})
	return settling(err, groupBusy)
}

func (m mender) unmark(ctx context.Context, group string, keys []string) error {
	gone := topology.Tags{}
	for _, key := range keys {
		gone[key] = ""
	}
	_, err := m.asg.DeleteTags(ctx, &autoscaling.DeleteTagsInput{Tags: markTags(group, gone)})
	return settling(err, groupBusy)
}

func markTags(group string, tags topology.Tags) []asgtypes.Tag {
	return tagList(tags, func(key, value string) asgtypes.Tag {
		return asgtypes.Tag{
			Key: aws.String(key), Value: aws.String(value), PropagateAtLaunch: aws.Bool(false),
			ResourceId: aws.String(group), ResourceType: aws.String("auto-scaling-group"),
		}
	})
}

// pinBack makes a group launch from another version of the template that it launches from.
func (m mender) pinBack(ctx context.Context, group, version string) error {
	out, err := m.asg.DescribeAutoScalingGroups(ctx, &autoscaling.DescribeAutoScalingGroupsInput{AutoScalingGroupNames: []string{group}})
	if err != nil {
		return err
	}
	if len(out.AutoScalingGroups) == 0 {
		return &WaitError{Reason: "AWS does not show the group"}
	}
	_, err = m.asg.UpdateAutoScalingGroup(ctx, pinnedTo(out.AutoScalingGroups[0], version))
	return settling(err, groupBusy)
}

// imageOf is the AMI of a template version.
func (m mender) imageOf(ctx context.Context, template, version string) (string, error) {
	out, err := m.ec2.DescribeLaunchTemplateVersions(ctx, &ec2.DescribeLaunchTemplateVersionsInput{
		LaunchTemplateId: aws.String(template), Versions: []string{version},
	})
	if err != nil {
		return "", err
	}
	for _, v := range out.LaunchTemplateVersions {
		if v.LaunchTemplateData != nil {
			return aws.ToString(v.LaunchTemplateData.ImageId), nil
		}
	}
	return "", nil
}
