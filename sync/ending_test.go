package sync

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/desired"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/examples"
	"github.com/quorate/quorate/sync/commitstatus"
	"github.com/quorate/quorate/topology"
)

func (w *world) look(context.Context, desired.Cluster) (Planned, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.left, nil
}

// orderedDead is the manifest with the order to delete its cluster.
func orderedDead() string {
	return strings.Replace(string(examples.HA), "metadata:\n", "metadata:\n  annotations: {quorate.dev/deletion: ha.example.com}\n", 1)
}

var snapshots = []actual.Leftover{
	{Kind: actual.KindSnapshot, ID: "snap-1", Tags: topology.Tags{topology.TagRetired: "2026-11-21T04:00:00Z"}},
	{Kind: topology.KindVolume, ID: "vol-9"},
}

// endOf is the plan for what is left.
func endOf(t *testing.T, left ...topology.Resource) Planned {
	t.Helper()
	have, err := topology.New(left...)
	if err != nil {
		t.Fatal(err)
	}
	return Planned{Plan: diff.Teardown(have, nil), State: actual.State{Topology: have, Leftovers: snapshots}}
}

func TestTheFolderOfADeletedClusterMayGo(t *testing.T) {
	for name, c := range map[string]struct {
		left  []topology.Resource
		state commitstatus.State
		text  string
	}{
		"after the end":  {nil, commitstatus.Success, "deleted; 1 snapshots of its etcd volumes are kept; left to you: volume vol-9"},
		"before the end": {[]topology.Resource{topology.VPC{Name: "ha.example.com", Ownership: topology.Owned}}, commitstatus.Failure, "1 resources and 0 machines are still there; put the folder back to finish it"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := &world{left: endOf(t, c.left...)}
				w.branch.push("a", map[string]string{"prod": orderedDead()})
				serve(t, w)
				after(t, w, time.Second, "a ha.example.com")
				w.branch.push("b", map[string]string{"other": named("other.example.com")})
				after(t, w, time.Minute, "b other.example.com")
				status := w.wall.last("quorate/apply/ha.example.com")
				if status.State != c.state || !strings.HasSuffix(status.Description, c.text) {
					t.Errorf("posted %s: %s", status.State, status.Description)
				}
			})
		})
	}
}

func TestTheEndOfAClusterIsToldWithWhatIsKept(t *testing.T) {
	state, text := statusOf(Result{Planned: endOf(t)}, 0)
	if want := "deleted; 1 snapshots of its etcd volumes are kept; left to you: volume vol-9; remove the folder"; state != commitstatus.Success || text != want {
		t.Errorf("%s: %s", state, text)
	}
}

func TestNobodyCallsAClusterGoneThatNobodySaw(t *testing.T) {
	s := New(Config{Look: func(context.Context, desired.Cluster) (Planned, error) {
		return Planned{}, errors.New("no credentials")
	}})
	if state, text := s.vanished(t.Context(), desired.Cluster{Policy: desired.Policy{Deletion: true}}); state != commitstatus.Error || !strings.Contains(text, "no credentials") {
		t.Errorf("%s: %s", state, text)
	}
}
