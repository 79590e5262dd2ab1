package awssim_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/ec2/types"
)

// volume makes an etcd volume and waits until it is available.
func (w *world) volume(t *testing.T, zone string, tags ...string) string {
	t.Helper()
	in := &ec2.CreateVolumeInput{AvailabilityZone: &zone, Size: aws.Int32(20), VolumeType: types.VolumeTypeGp3}
	if len(tags) > 0 {
		in.TagSpecifications = tagged(types.ResourceTypeVolume, tags...)
	}
	id := *call(w.ec2.CreateVolume(t.Context(), in)).must(t).VolumeId
	w.clock.Advance(10 * time.Second)
	return id
}

func (w *world) describedVolume(t *testing.T, id string) types.Volume {
	t.Helper()
	return call(w.ec2.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{VolumeIds: []string{id}})).must(t).Volumes[0]
}

func TestVolumeIsCreatedOncePerToken(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	create := func(size int32) answer[*ec2.CreateVolumeOutput] {
		return call(w.ec2.CreateVolume(ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String("us-east-1a"), Size: &size, ClientToken: aws.String("a"),
			VolumeType: types.VolumeTypeGp3, Encrypted: aws.Bool(true), TagSpecifications: tagged(types.ResourceTypeVolume, "k8s.io/etcd/main", "a/a,b,c")}))
	}
	first := create(20).must(t)
	if first.State != types.VolumeStateCreating || *first.Iops != 3000 || *first.Throughput != 125 || first.KmsKeyId == nil {
		t.Errorf("made %+v", first)
	}
	w.clock.Advance(10 * time.Second)
	again := create(20).must(t)
	if *again.VolumeId != *first.VolumeId || again.State != types.VolumeStateAvailable {
		t.Errorf("made again: %+v", again)
	}
	create(30).refused(t, "IdempotentParameterMismatch")
	if n := len(w.Inventory()); n != 1 {
		t.Errorf("%d things exist", n)
	}
}

func TestVolumesAreWithinTheirTypesLimits(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	create := func(adjust func(*ec2.CreateVolumeInput)) func() error {
		return func() error {
			in := &ec2.CreateVolumeInput{AvailabilityZone: aws.String("us-east-1a"), Size: aws.Int32(20), VolumeType: types.VolumeTypeGp3}
			adjust(in)
			return only(w.ec2.CreateVolume(ctx, in))
		}
	}
	try(t, []refusal{
		{"gp3 with more than it comes with", create(func(in *ec2.CreateVolumeInput) { in.Iops, in.Throughput = aws.Int32(4000), aws.Int32(1000) }), ""},
		{"gp3 with too much throughput for its IOPS", create(func(in *ec2.CreateVolumeInput) { in.Throughput = aws.Int32(1000) }), "InvalidParameterValue"},
		{"gp3 with too many IOPS for its size", create(func(in *ec2.CreateVolumeInput) { in.Size, in.Iops = aws.Int32(4), aws.Int32(4000) }), "InvalidParameterValue"},
		{"gp2 has no IOPS to set", create(func(in *ec2.CreateVolumeInput) { in.VolumeType, in.Iops = types.VolumeTypeGp2, aws.Int32(100) }), "InvalidParameterCombination"},
		{"gp2 has no throughput to set", create(func(in *ec2.CreateVolumeInput) { in.VolumeType, in.Throughput = types.VolumeTypeGp2, aws.Int32(125) }), "InvalidParameterCombination"},
		{"io1 needs IOPS", create(func(in *ec2.CreateVolumeInput) { in.VolumeType = types.VolumeTypeIo1 }), "MissingParameter"},
		{"io1 with IOPS", create(func(in *ec2.CreateVolumeInput) { in.VolumeType, in.Iops = types.VolumeTypeIo1, aws.Int32(1000) }), ""},
		{"io1 with too many IOPS for its size", create(func(in *ec2.CreateVolumeInput) { in.VolumeType, in.Iops = types.VolumeTypeIo1, aws.Int32(1001) }), "InvalidParameterValue"},
		{"a type that does not exist", create(func(in *ec2.CreateVolumeInput) { in.VolumeType = "gp9" }), "UnknownVolumeType"},
		{"a zone that does not exist", create(func(in *ec2.CreateVolumeInput) { in.AvailabilityZone = aws.String("us-east-1z") }), "InvalidZone.NotFound"},
		{"a key without encryption", create(func(in *ec2.CreateVolumeInput) { in.KmsKeyId = aws.String("alias/x") }), "InvalidParameterDependency"},
		{"no size", create(func(in *ec2.CreateVolumeInput) { in.Size = nil }), "MissingParameter"},
	})
}

func TestVolumeGrowsAndRests(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.volume(t, "us-east-1a")
	modify := func(size int32) answer[*ec2.ModifyVolumeOutput] {
		return call(w.ec2.ModifyVolume(ctx, &ec2.ModifyVolumeInput{VolumeId: &id, Size: &size}))
	}
	state := func() types.VolumeModificationState {
		return call(w.ec2.DescribeVolumesModifications(ctx, &ec2.DescribeVolumesModificationsInput{VolumeIds: []string{id}})).must(t).VolumesModifications[0].ModificationState
	}
	call(w.ec2.DescribeVolumesModifications(ctx, &ec2.DescribeVolumesModificationsInput{VolumeIds: []string{id}})).refused(t, "InvalidVolumeModification.NotFound")
	modify(10).refused(t, "InvalidParameterValue")
	m := modify(40).must(t).VolumeModification
	if *m.OriginalSize != 20 || *m.TargetSize != 40 || *m.TargetIops != 3000 || *m.TargetThroughput != 125 {
		t.Errorf("modification %+v", m)
	}
	for _, want := range []types.VolumeModificationState{types.VolumeModificationStateModifying, types.VolumeModificationStateOptimizing, types.VolumeModificationStateCompleted} {
		if got := state(); got != want {
			t.Errorf("state %s, want %s", got, want)
		}
		w.clock.Advance(minutes(1))
	}
	if v := w.describedVolume(t, id); *v.Size != 40 {
		t.Errorf("size %d", *v.Size)
	}
	modify(50).refused(t, "VolumeModificationRateExceeded")
	w.clock.Advance(6 * time.Hour)
	modify(50).must(t)
}

func TestVolumeAttachesInItsZoneToOneMachine(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	net := w.network(t)
	here, there, second := w.instance(t, net.subnets[0]), w.instance(t, net.subnets[1]), w.instance(t, net.subnets[0])
	id, other := w.volume(t, "us-east-1a"), w.volume(t, "us-east-1a")
	w.clock.Advance(minutes(1))
	attach := func(volume, instance, device string) func() error {
		return func() error {
			return only(w.ec2.AttachVolume(ctx, &ec2.AttachVolumeInput{VolumeId: &volume, InstanceId: &instance, Device: &device}))
		}
	}
	remove := func() error { return only(w.ec2.DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: &id})) }
	try(t, []refusal{
		{"not in another zone", attach(id, there, "/dev/xvdu"), "InvalidVolume.ZoneMismatch"},
		{"in its own zone", attach(id, here, "/dev/xvdu"), ""},
		{"not to a second machine", attach(id, second, "/dev/xvdu"), "VolumeInUse"},
		{"no two volumes on a device", attach(other, here, "/dev/xvdu"), "InvalidParameterValue"},
		{"not to a machine that does not exist", attach(other, "i-0", "/dev/xvdv"), "InvalidInstanceID.NotFound"},
		{"an attached volume is not deleted", remove, "VolumeInUse"},
	})
	if a := w.describedVolume(t, id).Attachments[0]; a.State != types.VolumeAttachmentStateAttaching || *a.InstanceId != here {
		t.Errorf("attachment %+v", a)
	}
	w.clock.Advance(10 * time.Second)
	if a := w.describedVolume(t, id).Attachments[0]; a.State != types.VolumeAttachmentStateAttached {
		t.Errorf("attachment %+v", a)
	}
	call(w.ec2.DetachVolume(ctx, &ec2.DetachVolumeInput{VolumeId: &id})).must(t)
	if v := w.describedVolume(t, id); v.State != types.VolumeStateInUse || v.Attachments[0].State != types.VolumeAttachmentStateDetaching {
		t.Errorf("volume %+v", v)
	}
	w.clock.Advance(10 * time.Second)
	if v := w.describedVolume(t, id); v.State != types.VolumeStateAvailable || len(v.Attachments) != 0 {
		t.Errorf("volume %+v", v)
	}
	if err := remove(); err != nil {
		t.Error(err)
	}
}

func TestSnapshotRemembersItsVolume(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	id := w.volume(t, "us-east-1a")
	snapshot := call(w.ec2.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{VolumeId: &id, TagSpecifications: tagged(types.ResourceTypeSnapshot, "a", "b")})).must(t)
	w.clock.Advance(minutes(2))
	found := call(w.ec2.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{OwnerIds: []string{"self"}, Filters: by("volume-id", id)})).must(t).Snapshots
	if len(found) != 1 || found[0].State != types.SnapshotStateCompleted || *found[0].VolumeSize != 20 {
		t.Errorf("found %+v", found)
	}
	restored := call(w.ec2.CreateVolume(ctx, &ec2.CreateVolumeInput{AvailabilityZone: aws.String("us-east-1b"), SnapshotId: snapshot.SnapshotId})).must(t)
	if *restored.Size != 20 {
		t.Errorf("restored %+v", restored)
	}
	call(w.ec2.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: snapshot.SnapshotId})).must(t)
	call(w.ec2.DescribeSnapshots(ctx, &ec2.DescribeSnapshotsInput{SnapshotIds: []string{*snapshot.SnapshotId}})).refused(t, "InvalidSnapshot.NotFound")
}
