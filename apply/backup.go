package apply

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/apply/health"
	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/apply/rollout"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

const (
	// backupMaxAge is how old a snapshot may be that counts as fresh: about what the roll of one zone
	// takes, so that each is renewed while the zone before boots.
	backupMaxAge = 30 * time.Minute
	// backupsKept is how many completed snapshots of each etcd cluster stay.
	backupsKept = 3
	// backupRetry is how long nothing is tried again after AWS could not take a snapshot.
	backupRetry = 5 * time.Minute
)

type snapshotter interface {
	DescribeSnapshots(context.Context, *ec2.DescribeSnapshotsInput, ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error)
	CreateSnapshot(context.Context, *ec2.CreateSnapshotInput, ...func(*ec2.Options)) (*ec2.CreateSnapshotOutput, error)
	DeleteSnapshot(context.Context, *ec2.DeleteSnapshotInput, ...func(*ec2.Options)) (*ec2.DeleteSnapshotOutput, error)
}

// backups are snapshots of etcd volumes, taken before a machine of the control plane goes. They know each
// other by their tag, for CreateSnapshot takes no token.
type backups struct {
	api     snapshotter
	cluster string
	now     func() time.Time
}

// A backup is one snapshot with our tag.
type backup struct {
	id, etcd string
	begun    time.Time
	state    ec2types.SnapshotState
	progress string
	message  string
}

// look finds the snapshots of all etcd clusters that are made of these seats, the newest first. One of a volume
// that the cluster has no longer is none.
func (b backups) look(ctx context.Context, seats []seat) ([]backup, error) {
	etcds := map[string]string{}
	for _, s := range seats {
		etcds[s.volumeID] = s.etcd
	}
	pages := ec2.NewDescribeSnapshotsPaginator(b.api, &ec2.DescribeSnapshotsInput{
		OwnerIds: []string{"self"}, MaxResults: aws.Int32(1000), // the most that AWS gives at once
		Filters: []ec2types.Filter{filter("tag:"+topology.TagCluster, b.cluster), filter("tag-key", topology.TagBackup)},
	})
	var found []backup
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for snapshots of etcd: %w", err)
		}
		for _, s := range page.Snapshots {
			begun, err := time.Parse(time.RFC3339, ec2Tag(s.Tags, topology.TagBackup))
			if etcd := etcds[aws.ToString(s.VolumeId)]; etcd != "" && err == nil {
				found = append(found, backup{aws.ToString(s.SnapshotId), etcd, begun, s.State, aws.ToString(s.Progress), aws.ToString(s.StateMessage)})
			}
		}
	}
	slices.SortFunc(found, func(a, b backup) int { return cmp.Or(b.begun.Compare(a.begun), cmp.Compare(a.id, b.id)) })
	return found, nil
}

// take begins a snapshot of the volume of a seat.
func (b backups) take(ctx context.Context, of seat) error {
	begun := b.now().UTC().Truncate(time.Second)
	tags := snapshotTags(of.volumeTags)
	delete(tags, topology.TagRetired)
	tags[topology.TagBackup] = begun.Format(time.RFC3339)
	_, err := b.api.CreateSnapshot(ctx, &ec2.CreateSnapshotInput{
		VolumeId:          aws.String(of.volumeID),
		Description:       aws.String(fmt.Sprintf("etcd %s of cluster %s, taken of member %s before a machine was replaced", of.etcd, b.cluster, of.member)),
		TagSpecifications: tagged(ec2types.ResourceTypeSnapshot, tags),
	})
	if awsapi.Code(err) == "SnapshotCreationPerVolumeRateExceeded" {
		return &WaitError{Reason: "AWS took a snapshot of " + of.volume.String() + " a moment ago, and wants some seconds before the next one"}
	}
	return settling(err, "AWS is not ready to take a snapshot of "+of.volume.String())
}

// prune removes all but the newest completed snapshots of an etcd cluster, and failed ones. Those that
// somebody uses stay.
func (b backups) prune(ctx context.Context, found []backup, etcd string) error {
	kept := 0
	for _, old := range found {
		if old.etcd != etcd || old.state == ec2types.SnapshotStatePending {
			continue
		}
		if old.state == ec2types.SnapshotStateCompleted {
			if kept++; kept <= backupsKept {
				continue
			}
		}
		_, err := b.api.DeleteSnapshot(ctx, &ec2.DeleteSnapshotInput{SnapshotId: aws.String(old.id)})
		if awsapi.Code(err) == "InvalidSnapshot.InUse" {
			continue
		}
		if err := removed(err, "AWS is busy with the snapshot"); err != nil {
			return fmt.Errorf("remove snapshot %s, of which there are newer ones: %w", old.id, err)
		}
	}
	return nil
}

// stateOf is the newest snapshot of an etcd cluster in the words of the decision.
func (b backups) stateOf(found []backup, etcd string, maxAge time.Duration) rollout.Backup {
	state := rollout.Backup{Etcd: etcd}
	for _, s := range found {
		age := b.now().Sub(s.begun)
		if s.etcd != etcd || age > maxAge {
			continue
		}
		switch {
		case s.state == ec2types.SnapshotStateCompleted:
			state.Fresh = true
		case s.state == ec2types.SnapshotStatePending && state.Pending == "":
			state.Pending = fmt.Sprintf("%s of %s is done", cmp.Or(s.progress, "0%"), s.id)
		case s.state == ec2types.SnapshotStateError && age < backupRetry:
			state.Lack = fmt.Sprintf("AWS failed with %s (%s); it is tried again after %s", s.id, s.message, backupRetry)
		}
	}
	return state
}

// source picks the member of an etcd cluster whose volume a snapshot is taken of: a healthy voter, rather
// one that stays and follows. The only member of a cluster is taken as it is.
func (s standing) source(etcd string, mine master) (seat, bool) {
	i := slices.IndexFunc(s.reports, func(r health.Report) bool { return r.Name == etcd })
	if i < 0 {
		return seat{}, false
	}
	var fit []seat
	report := s.reports[i]
	for _, m := range s.masters {
		for _, at := range m.seats {
			voter := slices.ContainsFunc(report.Members, func(v quorum.Member) bool {
				return v.Name == at.member && !v.Learner && (v.Health == quorum.Healthy || len(report.Members) == 1)
			})
			if at.etcd == etcd && voter && at.volumeID != "" {
				fit = append(fit, at)
			}
		}
	}
	if len(fit) == 0 {
		return seat{}, false
	}
	rank := func(at seat) int {
		switch {
		case mine.carries(at.etcd, at.member):
			return 2
		case report.Leader == at.member:
			return 1
		}
		return 0
	}
	return slices.MinFunc(fit, func(a, b seat) int { return cmp.Or(rank(a)-rank(b), cmp.Compare(a.member, b.member)) }), true
}

// backups are the snapshots of all etcd clusters that the machine carries members of.
func (s standing) backups(b backups, found []backup, mine master, maxAge time.Duration) []rollout.Backup {
	var all []rollout.Backup
	for _, at := range mine.seats {
		state := b.stateOf(found, at.etcd, maxAge)
		if from, ok := s.source(at.etcd, mine); ok && state.Lack == "" {
			state.From = from.member
		} else if state.Lack == "" {
			state.Lack = "no member of it is a healthy voter"
		}
		all = append(all, state)
	}
	return all
}

// seats are those of all masters.
func (s standing) seats() []seat {
	var all []seat
	for _, m := range s.masters {
		all = append(all, m.seats...)
	}
	return all
}
