package apply

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// shelf is as much of EC2 as a retirement sees: volumes that somebody attaches, and
// snapshots that take their time. It remembers when each volume could be written to.
type shelf struct {
	*testing.T
	clock     int
	volumes   []*ec2types.Volume
	snapshots []*ec2types.Snapshot
	written   map[string]int // volume → when it was attached last
	taken     map[string]int // snapshot → when it was begun
	// lose makes the next answer get lost after its effect.
	lose bool
}

var errNoAnswer = errors.New("no answer")

// answer is the end of a call that changed something.
func (s *shelf) answer() error {
	s.clock++
	if s.lose {
		s.lose = false
		return errNoAnswer
	}
	return nil
}

func newShelf(t *testing.T) (*shelf, topology.Bindings) {
	s, ids := &shelf{T: t, written: map[string]int{}, taken: map[string]int{}}, topology.Bindings{}
	for _, v := range shelved() {
		id := "vol-" + v.Member
		s.volumes = append(s.volumes, &ec2types.Volume{VolumeId: aws.String(id), State: ec2types.VolumeStateAvailable, Tags: ec2Tags(v.Tags)})
		ids[v.Ref()] = id
	}
	return s, ids
}

// shelved are the volumes of two members.
func shelved() []topology.Volume {
	var all []topology.Volume
	for _, member := range []string{"a", "b"} {
		v := aVolume()
		v.Name, v.Member = member+".etcd-main."+testCluster, member
		all = append(all, v)
	}
	return all
}

func (s *shelf) volume(id string) *ec2types.Volume {
	for _, v := range s.volumes {
		if *v.VolumeId == id {
			return v
		}
	}
	return nil
}

func (s *shelf) attach(id string) {
	if v := s.volume(id); v != nil {
		s.clock++
		s.written[id] = s.clock
		v.State, v.Attachments = ec2types.VolumeStateInUse, []ec2types.VolumeAttachment{{InstanceId: aws.String("i-1")}}
	}
}

func (s *shelf) detach(id string) {
	if v := s.volume(id); v != nil && len(v.Attachments) > 0 {
		s.clock++
		s.written[id] = s.clock
		v.State, v.Attachments = ec2types.VolumeStateAvailable, nil
	}
}

func (s *shelf) complete() {
	for _, snapshot := range s.snapshots {
		snapshot.State = ec2types.SnapshotStateCompleted
	}
}

func (s *shelf) CreateTags(_ context.Context, in *ec2.CreateTagsInput, _ ...func(*ec2.Options)) (*ec2.CreateTagsOutput, error) {
	v := s.volume(in.Resources[0])
	v.Tags = append(slices.Clone(v.Tags), in.Tags...)
	return &ec2.CreateTagsOutput{}, s.answer()
}

func (s *shelf) DeleteTags(_ context.Context, in *ec2.DeleteTagsInput, _ ...func(*ec2.Options)) (*ec2.DeleteTagsOutput, error) {
	v := s.volume(in.Resources[0])
	v.Tags = slices.DeleteFunc(slices.Clone(v.Tags), func(t ec2types.Tag) bool { return *t.Key == *in.Tags[0].Key })
	return &ec2.DeleteTagsOutput{}, s.answer()
}

func (s *shelf) DescribeVolumes(_ context.Context, in *ec2.DescribeVolumesInput, _ ...func(*ec2.Options)) (*ec2.DescribeVolumesOutput, error) {
	out := &ec2.DescribeVolumesOutput{}
	for _, v := range s.volumes {
		if slices.Contains(in.Filters[0].Values, *v.VolumeId) {
			out.Volumes = append(out.Volumes, *v)
		}
	}
	return out, nil
}

func (s *shelf) DescribeSnapshots(_ context.Context, in *ec2.DescribeSnapshotsInput, _ ...func(*ec2.Options)) (*ec2.DescribeSnapshotsOutput, error) {
	out := &ec2.DescribeSnapshotsOutput{}
	for _, snapshot := range s.snapshots {
		if slices.Contains(in.Filters[0].Values, *snapshot.VolumeId) {
			out.Snapshots = append(out.Snapshots, *snapshot)
		}
	}
	return out, nil
}

func (s *shelf) CreateSnapshot(_ context.Context, in *ec2.CreateSnapshotInput, _ ...func(*ec2.Options)) (*ec2.CreateSnapshotOutput, error) {
	id := fmt.Sprintf("snap-%d", len(s.snapshots))
	s.taken[id] = s.clock
	s.snapshots = append(s.snapshots, &ec2types.Snapshot{
		SnapshotId: aws.String(id), VolumeId: in.VolumeId, State: ec2types.SnapshotStatePending, Tags: in.TagSpecifications[0].Tags,
	})
	return &ec2.CreateSnapshotOutput{SnapshotId: aws.String(id)}, s.answer()
}

// DeleteVolume fails the test unless all that was ever written is in a completed snapshot.
func (s *shelf) DeleteVolume(_ context.Context, in *ec2.DeleteVolumeInput, _ ...func(*ec2.Options)) (*ec2.DeleteVolumeOutput, error) {
	id := *in.VolumeId
	if len(s.volume(id).Attachments) > 0 {
		s.Errorf("%s is removed while it is attached", id)
	}
	safe := slices.ContainsFunc(s.snapshots, func(snapshot *ec2types.Snapshot) bool {
		return *snapshot.VolumeId == id && snapshot.State == ec2types.SnapshotStateCompleted && s.taken[*snapshot.SnapshotId] >= s.written[id]
	})
	if !safe {
		s.Errorf("%s is removed with data that no completed snapshot has", id)
	}
	s.volumes = slices.DeleteFunc(s.volumes, func(v *ec2types.Volume) bool { return *v.VolumeId == id })
	return &ec2.DeleteVolumeOutput{}, s.answer()
}

// pass retires every volume as far as it goes.
func (s *shelf) pass(ids topology.Bindings) {
	r := retirer{s, testCluster, func() time.Time { return moment.Add(time.Duration(s.clock) * time.Second) }}
	for _, v := range shelved() {
		err := r.retire(s.Context(), v, ids)
		if _, waits := errors.AsType[*WaitError](err); err != nil && !waits && !errors.Is(err, errNoAnswer) {
			s.Errorf("retire %s: %v", v.Ref(), err)
		}
	}
}

// TestNoVolumeGoesWithDataThatNoSnapshotHas lets anything happen in any order: machines
// take volumes and let go, snapshots come late, answers are lost, and the deletion is
// taken back, which drops the marks before a machine starts.
func TestNoVolumeGoesWithDataThatNoSnapshotHas(t *testing.T) {
	for seed := range uint64(2000) {
		s, ids := newShelf(t)
		random := rand.New(rand.NewPCG(seed, 0))
		for range 60 {
			id := []string{"vol-a", "vol-b"}[random.IntN(2)]
			switch random.IntN(8) {
			case 0:
				s.attach(id)
				s.pass(ids)
			case 1:
				s.detach(id)
			case 2:
				s.complete()
			case 3:
				s.lose = true
			case 4:
				for _, v := range s.volumes {
					v.Tags = slices.DeleteFunc(slices.Clone(v.Tags), func(t ec2types.Tag) bool { return *t.Key == topology.TagRetired })
				}
				s.attach(id)
			default:
				s.pass(ids)
			}
		}
		for _, id := range []string{"vol-a", "vol-b"} {
			s.detach(id)
		}
		s.lose = false
		for range 8 {
			s.pass(ids)
			s.complete()
		}
		if len(s.volumes) > 0 {
			t.Errorf("seed %d: %d volumes never went", seed, len(s.volumes))
		}
		if t.Failed() {
			t.Fatalf("seed %d", seed)
		}
	}
}

func TestALostAnswerMakesNoSecondSnapshot(t *testing.T) {
	s, ids := newShelf(t)
	s.pass(ids) // marks
	s.lose = true
	for range 4 {
		s.pass(ids)
	}
	if len(s.snapshots) != 2 {
		t.Errorf("there are %d snapshots of 2 volumes", len(s.snapshots))
	}
}

func TestAVolumeWaitsForTheSnapshotsOfItsSiblings(t *testing.T) {
	s, ids := newShelf(t)
	for range 2 {
		s.pass(ids)
	}
	s.snapshots[0].State = ec2types.SnapshotStateCompleted
	s.pass(ids)
	if len(s.volumes) != 2 {
		t.Errorf("one volume of two is gone before the other one is safe")
	}
}

func TestASnapshotThatFailedIsForPeople(t *testing.T) {
	s, ids := newShelf(t)
	for range 2 {
		s.pass(ids)
	}
	s.snapshots[0].State, s.snapshots[0].StateMessage = ec2types.SnapshotStateError, aws.String("the key is disabled")
	err := retirer{s, testCluster, time.Now}.retire(t.Context(), shelved()[0], ids)
	if _, waits := errors.AsType[*WaitError](err); err == nil || waits || !strings.Contains(err.Error(), "the key is disabled") {
		t.Errorf("error: %v", err)
	}
}

func TestAVolumeGoesOnlyInThePlanThatEndsItsCluster(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	w.create(t, aVolume())
	w.settle(t)
	smuggled := diff.Plan{Changes: []diff.Change{{Ref: aVolume().Ref(), Effect: diff.Retire, Want: aVolume(), Have: aVolume()}}}
	r := &run{applier: New(Config{Clients: w.env.clients, Cluster: testCluster}), in: Input{Plan: smuggled}, ids: w.ids}
	outcomes := r.steps(t.Context(), order.Steps(smuggled, nil))
	if len(outcomes) != 1 || outcomes[0].State != Failed {
		t.Errorf("outcomes: %+v", outcomes)
	}
	wantVolume(t, w, aVolume())
}

func TestRetirementNamesTheCallsItMayMakeAndNoOthers(t *testing.T) {
	parsed, err := parser.ParseFile(token.NewFileSet(), "retire.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	calls := map[string]int{}
	ast.Inspect(parsed, func(n ast.Node) bool {
		call, ok := n.(*ast.CallExpr)
		if !ok {
			return true
		}
		if method, ok := call.Fun.(*ast.SelectorExpr); ok {
			calls[method.Sel.Name]++
		}
		return true
	})
	if calls["DeleteVolume"] != 1 || calls["DetachVolume"]+calls["DeleteSnapshot"] != 0 {
		t.Errorf("calls: %v", calls)
	}
}
