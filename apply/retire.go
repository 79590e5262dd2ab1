package apply

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

// volumeRetirer is the only interface of the product that can remove a volume.
type volumeRetirer interface {
	ec2Untagger
	DescribeVolumes(context.Context, *ec2.DescribeVolumesInput, ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error)
	DescribeSnapshots(context.Context, *ec2.DescribeSnapshotsInput, ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error)
	CreateSnapshot(context.Context, *ec2.CreateSnapshotInput, ...func(*ec2.Options)) (*ec2.CreateSnapshotOutput, error)
	DeleteVolume(context.Context, *ec2.DeleteVolumeInput, ...func(*ec2.Options)) (*ec2.DeleteVolumeOutput, error)
}

// retirer removes etcd volumes of a cluster that ends, and leaves a snapshot of each. It
// goes by what AWS has, one step in a pass:
//
//  1. A volume seen attached to nothing gets a mark, [topology.TagRetired]. A wanted
//     volume loses that mark before a machine may write to it again.
//  2. A snapshot with the same mark is taken of it; so it was taken after.
//  3. When every volume that the cluster has is in a completed snapshot of its mark, the
//     volume is removed.
type retirer struct {
	api     volumeRetirer
	cluster string
	now     func() time.Time
}

// A proof says that all that is on a volume is in a completed snapshot. Only
// [retirer.prove] makes one, and nothing is removed without.
type proof struct{ volume, snapshot string }

func (r retirer) retire(ctx context.Context, have topology.Volume, ids topology.Bindings) error {
	id, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	volumes, err := r.volumes(ctx, volumeIDs(ids))
	if err != nil {
		return err
	}
	mine, exists := volumes[id]
	if !exists {
		return nil
	}
	if err := r.unmark(ctx, mine); err != nil {
		return err
	}
	if err := detached(mine); err != nil {
		return err
	}
	if markOf(mine.Tags) == "" {
		return r.mark(ctx, id)
	}
	proofs, err := r.prove(ctx, volumes)
	if err != nil {
		return err
	}
	if _, proved := proofs[id]; !proved {
		return r.snapshot(ctx, have, mine)
	}
	for other := range volumes {
		if _, proved := proofs[other]; !proved {
			return &WaitError{Reason: "its snapshot " + proofs[id].snapshot + " is completed; the volumes go when there is one of each of them"}
		}
	}
	return r.remove(ctx, proofs[id])
}

// volumeIDs are all volumes of the cluster that were seen.
func volumeIDs(ids topology.Bindings) []string {
	var all []string
	for _, ref := range slices.SortedFunc(maps.Keys(ids), topology.CompareRefs) {
		if ref.Kind == topology.KindVolume {
			all = append(all, ids[ref])
		}
	}
	return all
}

// volumes reads them anew, without those that are gone already.
func (r retirer) volumes(ctx context.Context, ids []string) (map[string]ec2types.Volume, error) {
	out, err := r.api.DescribeVolumes(ctx, &ec2.DescribeVolumesInput{Filters: []ec2types.Filter{{Name: aws.String("volume-id"), Values: ids}}})
	if err != nil {
		return nil, err
	}
	volumes := map[string]ec2types.Volume{}
	for _, v := range out.Volumes {
		if v.State != ec2types.VolumeStateDeleting && v.State != ec2types.VolumeStateDeleted {
			volumes[aws.ToString(v.VolumeId)] = v
		}
	}
	return volumes, nil
}

func detached(v ec2types.Volume) error {
	for _, a := range v.Attachments {
		return &WaitError{Reason: fmt.Sprintf("it is still attached to %s", aws.ToString(a.InstanceId))}
	}
	if v.State != ec2types.VolumeStateAvailable {
		return &WaitError{Reason: fmt.Sprintf("AWS says that it is %s", v.State)}
	}
	return nil
}

func markOf(tags []ec2types.Tag) string { return ec2Tag(tags, topology.TagRetired) }

func ec2Tag(tags []ec2types.Tag, key string) string {
	for _, t := range tags {
		if aws.ToString(t.Key) == key {
			return aws.ToString(t.Value)
		}
	}
	return ""
}

func (r retirer) mark(ctx context.Context, id string) error {
	err := addTags(ctx, r.api, id, topology.Tags{topology.TagRetired: r.now().UTC().Format(time.RFC3339Nano)})
	if err != nil {
		return err
	}
	return &WaitError{Reason: "it is attached to nothing any more; a snapshot of it is next"}
}

// unmark makes worthless what was taken of a volume that somebody attached meanwhile.
func (r retirer) unmark(ctx context.Context, v ec2types.Volume) error {
	if len(v.Attachments) == 0 || markOf(v.Tags) == "" {
		return nil
	}
	return setTags(ctx, r.api, aws.ToString(v.VolumeId), tagChange{drop: []string{topology.TagRetired}})
}

// prove asks AWS which of the volumes, all read a moment ago, are safe in a snapshot.
func (r retirer) prove(ctx context.Context, volumes map[string]ec2types.Volume) (map[string]proof, error) {
	proofs := map[string]proof{}
	snapshots, err := r.snapshots(ctx, slices.Sorted(maps.Keys(volumes)))
	for _, s := range snapshots {
		v := volumes[aws.ToString(s.VolumeId)]
		if s.State == ec2types.SnapshotStateCompleted && markOf(v.Tags) != "" && markOf(s.Tags) == markOf(v.Tags) && detached(v) == nil {
			proofs[*s.VolumeId] = proof{*s.VolumeId, aws.ToString(s.SnapshotId)}
		}
	}
	return proofs, err
}

func (r retirer) snapshots(ctx context.Context, volumes []string) ([]ec2types.Snapshot, error) {
	pages := ec2.NewDescribeSnapshotsPaginator(r.api, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, MaxResults: aws.Int32(1000), // the most that AWS gives at once
		Filters: []ec2types.Filter{{Name: aws.String("volume-id"), Values: volumes}, {Name: aws.String("tag-key"), Values: []string{topology.TagRetired}}},
	})
	var found []ec2types.Snapshot
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		found = append(found, page.Snapshots...)
	}
	return found, nil
}

// snapshot looks at the volume's snapshot of its mark, or takes one: CreateSnapshot knows
// no token, so what a lost answer made is found by its tag.
func (r retirer) snapshot(ctx context.Context, have topology.Volume, v ec2types.Volume) error {
	id := aws.ToString(v.VolumeId)
	found, err := r.snapshots(ctx, []string{id})
	if err != nil {
		return err
	}
	for _, s := range found {
		if markOf(s.Tags) != markOf(v.Tags) {
			continue
		}
		if s.State == ec2types.SnapshotStateError {
			return fmt.Errorf("AWS could not take snapshot %s of %s (%s); remove that snapshot, and another one is taken", aws.ToString(s.SnapshotId), id, aws.ToString(s.StateMessage))
		}
		return &WaitError{Reason: fmt.Sprintf("AWS takes snapshot %s of it: %s", aws.ToString(s.SnapshotId), aws.ToString(s.Progress))}
	}
	out, err := r.api.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{
		VolumeId:          aws.String(id),
		Description:       aws.String(fmt.Sprintf("etcd volume %s (%s), kept when cluster %s was deleted", have.Name, id, r.cluster)),
		TagSpecifications: tagged(ec2types.ResourceTypeSnapshot, snapshotTags(v.Tags)),
	})
	if err != nil {
		return settling(err, "AWS is not ready to take a snapshot of it")
	}
	return &WaitError{Reason: fmt.Sprintf("AWS takes snapshot %s of it", aws.ToString(out.SnapshotId))}
}

// snapshotTags are the volume's own, its mark among them: who makes a volume of the
// snapshot finds in them which member it was.
func snapshotTags(tags []ec2types.Tag) topology.Tags {
	kept := topology.Tags{}
	for _, t := range tags {
		if key := aws.ToString(t.Key); !strings.HasPrefix(key, topology.TagAWSReserved) {
			kept[key] = aws.ToString(t.Value)
		}
	}
	return kept
}

func (r retirer) remove(ctx context.Context, p proof) error {
	if p.volume == "" || p.snapshot == "" {
		return errors.New("an etcd volume is not removed without a completed snapshot of it")
	}
	_, err := r.api.DeleteVolume(ctx, &ec2.DeleteVolumeInput{VolumeId: aws.String(p.volume)})
	return removed(err, "AWS is busy with the volume")
}
