package apply

import (
	"context"
	"errors"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

// volumeWriter has no call that deletes or detaches a volume, and no interface of this
// package but [volumeRetirer] may have one: an etcd volume holds what nothing else has.
type volumeWriter interface {
	ec2Untagger
	DescribeVolumes(context.Context, *ec2.DescribeVolumesInput, ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error)
	CreateVolume(context.Context, *ec2.CreateVolumeInput, ...func(*ec2.Options)) (*ec2.CreateVolumeOutput, error)
	ModifyVolume(context.Context, *ec2.ModifyVolumeInput, ...func(*ec2.Options)) (*ec2.ModifyVolumeOutput, error)
}

type volumes struct {
	api    volumeWriter
	tokens tokens
}

func (v volumes) Create(ctx context.Context, want topology.Volume, ids topology.Bindings) (topology.Bindings, error) {
	learned, _, err := bound(want.Ref(), ids, func() (string, error) { return v.make(ctx, want) })
	return learned, err
}

func (v volumes) make(ctx context.Context, want topology.Volume) (string, error) {
	in := &ec2.CreateVolumeInput{
		AvailabilityZone: aws.String(want.Zone), VolumeType: ec2types.VolumeType(want.Type), Size: aws.Int32(int32(want.SizeGiB)),
		Iops: positive(want.IOPS), Throughput: positive(want.Throughput), Encrypted: aws.Bool(want.Encrypted), KmsKeyId: present(want.KMSKey),
		TagSpecifications: tagged(ec2types.ResourceTypeVolume, want.Tags),
	}
	create := func(token string) (string, error) {
		with := *in
		with.ClientToken = aws.String(token)
		out, err := v.api.CreateVolume(ctx, &with)
		if err != nil {
			return "", err
		}
		return aws.ToString(out.VolumeId), nil
	}
	return v.tokens.make(ctx, want.Ref(), in, create, v.look)
}

func (v volumes) look(ctx context.Context, id string) (life, error) {
	out, err := v.api.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{VolumeIds: []string{id}})
	if err != nil && awsapi.NotFound(err) {
		return unseen, nil
	}
	if err != nil || len(out.Volumes) == 0 {
		return unseen, err
	}
	switch out.Volumes[0].State {
	case ec2types.VolumeStateError:
		return dead, fmt.Errorf("AWS could not make volume %s; with encryption this mostly means that its key cannot be used", id)
	case ec2types.VolumeStateDeleting, ec2types.VolumeStateDeleted:
		return dead, nil
	}
	return alive, nil
}

// Update writes the tags first, because AWS makes the second modification of a volume
// wait for hours.
func (v volumes) Update(ctx context.Context, _, want topology.Volume, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	id, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	tags := tagChangeOf(change)
	if err := setTags(ctx, v.api, id, tags); err != nil {
		return nil, err
	}
	if !change.Has("type") && !change.Has("sizeGiB") && !change.Has("iops") && !change.Has("throughput") {
		return nil, nil
	}
	_, err = v.api.ModifyVolume(ctx, &ec2.ModifyVolumeInput{
		VolumeId: aws.String(id), VolumeType: ec2types.VolumeType(want.Type), Size: aws.Int32(int32(want.SizeGiB)),
		Iops: positive(want.IOPS), Throughput: positive(want.Throughput),
	})
	if err != nil && awsapi.Busy(err) {
		return nil, &WaitError{
			Reason: fmt.Sprintf("AWS changes a volume once in %d hours, and has not finished, or only just finished, the last change (AWS says %s)", modificationHours, awsapi.Code(err)),
			Idle:   len(tags.set) == 0 && len(tags.drop) == 0,
		}
	}
	return nil, settling(err, "AWS does not show the volume yet")
}

// modificationHours is how long AWS lets a volume rest between two modifications (EBS user
// guide, "Requirements for Amazon EBS volume modifications").
const modificationHours = 6

// Delete always refuses; no plan asks for it, and this is the second lock on that door.
// How a volume goes when its cluster ends is in retire.go.
func (v volumes) Delete(context.Context, topology.Volume, topology.Bindings) error {
	return errors.New("an etcd volume goes only when its cluster ends")
}
