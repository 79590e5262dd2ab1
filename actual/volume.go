package actual

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

type volumeReader interface {
	DescribeVolumes(context.Context, *ec2.DescribeVolumesInput, ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error)
}

type volumeAnswers struct{ found []ec2types.Volume }

// lookVolumes asks for all volumes of the cluster, although machines' root disks and
// Kubernetes' volumes are among them. A narrower filter would hide an etcd volume whose
// role tag somebody removed, and the plan would then make it anew.
func lookVolumes(ctx context.Context, o *observation) (err error) {
	pages := ec2.NewDescribeVolumesPaginator(o.clients.EC2, &ec2.DescribeVolumesInput{Filters: o.ours(), MaxResults: page1000})
	o.volumes.found, err = everything(ctx, pages, func(p *ec2.DescribeVolumesOutput) []ec2types.Volume { return p.Volumes })
	return err
}

func convertVolumes(o *observation) error {
	for _, v := range o.volumes.found {
		id, tags := aws.ToString(v.VolumeId), ec2Tags(v.Tags)
		etcd, member, members, isEtcd := etcdSeat(tags)
		if !isEtcd || v.State == ec2types.VolumeStateDeleting || v.State == ec2types.VolumeStateDeleted {
			continue
		}
		found := candidate{topology.KindVolume, id, tags, aws.ToTime(v.CreateTime)}
		if v.State == ec2types.VolumeStateError {
			o.leave(found, "AWS says that the volume failed, and what was on it is lost")
			continue
		}
		who, ok := o.identify(found)
		if !ok {
			continue
		}
		volume := topology.Volume{
			Name: who.name, EtcdCluster: etcd, Member: member, Members: members, Zone: aws.ToString(v.AvailabilityZone),
			Type: string(v.VolumeType), SizeGiB: int(aws.ToInt32(v.Size)),
			Encrypted: aws.ToBool(v.Encrypted), KMSKey: aws.ToString(v.KmsKeyId), Tags: tags, Ownership: who.owner,
		}
		volume.IOPS, volume.Throughput = performance(v.VolumeType, v.Iops, v.Throughput)
		o.add(id, volume)
	}
	return nil
}

// etcdSeat reads the tag k8s.io/etcd/CLUSTER=MEMBER/MEMBER,MEMBER,… that makes a volume
// an etcd member's.
func etcdSeat(tags topology.Tags) (etcd, member string, members []string, ok bool) {
	for key, value := range tags {
		if name, found := strings.CutPrefix(key, topology.TagEtcdPrefix); found {
			member, list, _ := strings.Cut(value, "/")
			return name, member, slices.Sorted(strings.SplitSeq(list, ",")), true
		}
	}
	return "", "", nil, false
}

// What AWS gives a gp3 volume that does not say.
const (
	gp3IOPS       = 3000
	gp3Throughput = 125 // MiB/s
)

// performance is what can be set for a type of volume: AWS also reports what it grants
// to types that have nothing to set.
func performance(t ec2types.VolumeType, iops, throughput *int32) (setIOPS, setThroughput int) {
	switch t {
	case ec2types.VolumeTypeGp3:
		return cmp.Or(int(aws.ToInt32(iops)), gp3IOPS), cmp.Or(int(aws.ToInt32(throughput)), gp3Throughput)
	case ec2types.VolumeTypeIo1, ec2types.VolumeTypeIo2:
		return int(aws.ToInt32(iops)), 0
	}
	return 0, 0
}
