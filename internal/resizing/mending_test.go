package resizing

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.etcd.io/etcd/api/v3/etcdserverpb"

	"github.com/quorate/quorate/internal/awssim"
	"github.com/quorate/quorate/topology"
)

// machineIn is the running machine of the master in a zone.
func (w *world) machineIn(zone string) awssim.Instance {
	w.Helper()
	for _, i := range w.region.Instances() {
		if _, isMaster := i.Tags[topology.TagRoleControl]; isMaster && i.Zone == zone && i.State == "running" {
			return i
		}
	}
	w.Fatalf("no master runs in %s", zone)
	return awssim.Instance{}
}

// volumeOf is the folder of a member's volume.
func (w *world) volumeOf(etcd, member string) string {
	w.Helper()
	for _, v := range w.region.Inventory() {
		if v.Type == "volume" && v.Tags["Name"] == member+".etcd-"+etcd+"."+clusterName {
			return filepath.Join(w.dir, v.ID)
		}
	}
	w.Fatalf("no volume of member %s of etcd %s", member, etcd)
	return ""
}

// await waits for something that takes no pass.
func (w *world) await(what string, so func() bool) {
	w.Helper()
	for began := time.Now(); !so(); sleep(w.Context(), 20*time.Millisecond) {
		if time.Since(began) > time.Minute {
			w.Fatalf("not so after a minute: %s", what)
		}
	}
}

// damage does something to the volumes of a machine while nothing runs on it.
func (w *world) damage(zone string, harm func()) {
	w.Helper()
	id := w.machineIn(zone).ID
	w.region.KillMachine(id)
	w.await("the machine is dead", func() bool {
		return !slices.ContainsFunc(w.region.Instances(), func(i awssim.Instance) bool { return i.ID == id && i.Up })
	})
	harm()
	w.region.RebootMachine(id)
}

func (w *world) empty(etcd, member string) {
	w.Helper()
	if err := os.RemoveAll(filepath.Join(w.volumeOf(etcd, member), "data")); err != nil {
		w.Fatal(err)
	}
}

// spoil makes nothing of a write-ahead log readable.
func (w *world) spoil(etcd, member string) {
	w.Helper()
	logs, err := filepath.Glob(filepath.Join(w.volumeOf(etcd, member), "data", "member", "wal", "*.wal"))
	if err != nil || len(logs) == 0 {
		w.Fatal(logs, err)
	}
	for _, log := range logs {
		if err := os.WriteFile(log, make([]byte, 4096), 0o600); err != nil {
			w.Fatal(err)
		}
	}
}

// accuse raises the alarm that etcd's corruption check raises.
func (w *world) accuse(etcd, member string) {
	w.Helper()
	client := w.client(etcd, member)
	status, err := client.Status(w.Context(), client.Endpoints()[0])
	if err != nil {
		w.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(w.Context(), writeLimit)
	defer cancel()
	if _, err := etcdserverpb.NewMaintenanceClient(client.ActiveConnection()).Alarm(ctx, &etcdserverpb.AlarmRequest{
		Action: etcdserverpb.AlarmRequest_ACTIVATE, MemberID: status.Header.MemberId, Alarm: etcdserverpb.AlarmType_CORRUPT,
	}); err != nil {
		w.Fatal(err)
	}
}

// ids are the numbers of the members, by name.
func (w *world) ids(etcd string) map[string]uint64 {
	w.Helper()
	list, err := w.client(etcd, letters...).MemberList(w.Context())
	if err != nil {
		w.Fatal(err)
	}
	ids := map[string]uint64{}
	for _, m := range list.Members {
		ids[m.Name] = m.ID
	}
	return ids
}

func TestMembersThatNoMachineBringsBackAreMended(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	manifest := masters("abc")
	w.commit(manifest)
	x := w.witness()
	for _, tc := range []struct {
		name       string
		etcd, zone string
		harm       func()
	}{
		{"a data folder is empty", "main", "us-east-1b", func() { w.damage("us-east-1b", func() { w.empty("main", "b") }) }},
		{"a log cannot be read", "events", "us-east-1c", func() { w.damage("us-east-1c", func() { w.spoil("events", "c") }) }},
		{"a member is corrupt", "main", "us-east-1a", func() { w.accuse("main", "a") }},
		{"a volume has lost both folders", "main", "us-east-1c", func() {
			w.damage("us-east-1c", func() { w.empty("main", "c"); w.empty("events", "c") })
		}},
	} {
		t.Log(tc.name)
		before := w.ids(tc.etcd)
		tc.harm()
		member := tc.zone[len(tc.zone)-1:]
		w.awaitTrouble(manifest)
		w.converge(manifest)
		after := w.ids(tc.etcd)
		if len(after) != 3 || after[member] == before[member] {
			t.Errorf("%s: members were %x and are %x", tc.name, before, after)
		}
	}
	x.testify(t, w, whileMended)
}

// awaitTrouble makes passes until one of them sees that something is wrong.
func (w *world) awaitTrouble(manifest string) {
	w.Helper()
	c := w.build(manifest)
	w.await("a pass sees that something is wrong", func() bool { return !w.pass(c).Converged() })
}
