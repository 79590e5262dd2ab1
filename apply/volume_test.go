package apply

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestVolumeIsMadeAndChanged(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aVolume()
		w.create(t, want)
		w.create(t, want)
		w.settle(t)
		wantVolume(t, w, want)

		want.SizeGiB, want.IOPS, want.Throughput = 40, 6000, 250
		want.Tags = want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		w.settle(t)
		wantVolume(t, w, want)
	})
}

func TestStrayTagLeavesTheVolume(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		stray := aVolume()
		stray.Tags = stray.Tags.With(topology.Tags{topology.TagEtcdPrefix + "events": "a/a,b,c"})
		w.create(t, stray)
		w.settle(t)
		w.update(t, aVolume())
		wantVolume(t, w, aVolume())
	})
}

func TestVolumeOfAnotherTypeHasNoThroughput(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aVolume()
		want.Type, want.IOPS, want.Throughput, want.Encrypted = "io1", 500, 0, false
		w.create(t, want)
		w.settle(t)
		wantVolume(t, w, want)
	})
}

func TestVolumeIsNeverDeleted(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.create(t, aVolume())
		if err := rowsFor(w.env)[topology.KindVolume].remove(t.Context(), aVolume(), w.ids); err == nil {
			t.Error("deleting a volume was not refused")
		}
		wantVolume(t, w, aVolume())
	})
}

// No code of this package but retire.go may even name the calls that could lose etcd's
// data, and mender.go those that take a volume from a dead machine.
func TestNothingButRetirementCanDeleteVolumes(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files to look at: %v", err)
	}
	forbidden := []string{"DeleteVolume", "DetachVolume", "DeleteVolumeInput", "DetachVolumeInput"}
	for _, file := range files {
		if file == "retire.go" {
			continue // retire_test.go holds it to its proofs
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			name, ok := n.(*ast.Ident)
			if ok && strings.HasPrefix(name.Name, "DetachVolume") && file == "mender.go" {
				return true // the table of faults holds it to its proofs
			}
			if ok && slices.Contains(forbidden, name.Name) && !strings.HasSuffix(file, "_test.go") {
				t.Errorf("%s names %s", file, name.Name)
			}
			return true
		})
	}
}

func wantVolume(t *testing.T, w *world, want topology.Volume) {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{Filters: carrying(testCluster)})
	if err != nil {
		t.Fatal(err)
	}
	if !w.simulated { // moto knows no client tokens
		out.Volumes = slices.DeleteFunc(out.Volumes, func(v ec2types.Volume) bool { return aws.ToString(v.VolumeId) != w.ids[want.Ref()] })
	}
	if len(out.Volumes) != 1 {
		t.Fatalf("there are %d volumes", len(out.Volumes))
	}
	found, got := out.Volumes[0], want
	got.Zone, got.Type, got.SizeGiB = aws.ToString(found.AvailabilityZone), string(found.VolumeType), int(aws.ToInt32(found.Size))
	got.IOPS, got.Throughput, got.Encrypted = int(aws.ToInt32(found.Iops)), int(aws.ToInt32(found.Throughput)), aws.ToBool(found.Encrypted)
	got.Tags = tagsOf(found.Tags)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("volume (-want +got):\n%s", diff)
	}
}
