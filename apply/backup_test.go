package apply

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/apply/quorum"
	"github.com/quorate/quorate/topology"
)

// onTheShelf is a simulated region with one etcd volume, and a clock that both sides share.
func onTheShelf(t *testing.T) (w *world, b backups, at seat, pass func(time.Duration)) {
	t.Helper()
	w = simulatedWorld(t, testRegion)
	w.create(t, aVolume())
	w.settle(t)
	now := moment.Add(10 * time.Minute)
	id := w.ids[aVolume().Ref()]
	out, err := w.env.clients.EC2.DescribeVolumes(t.Context(), &ec2.DescribeVolumesInput{VolumeIds: []string{id}})
	if err != nil {
		t.Fatal(err)
	}
	b = backups{w.env.clients.EC2, testCluster, func() time.Time { return now }}
	at = seat{etcd: "main", member: "a", volume: aVolume().Ref(), volumeID: id, volumeTags: out.Volumes[0].Tags}
	return w, b, at, func(d time.Duration) { now = now.Add(d); w.advance(d) }
}

func TestASnapshotIsPendingThenFreshThenOld(t *testing.T) {
	_, b, at, pass := onTheShelf(t)
	state := func() (fresh, pending bool) {
		found, err := b.look(t.Context(), []seat{at})
		if err != nil {
			t.Fatal(err)
		}
		s := b.stateOf(found, "main", backupMaxAge)
		return s.Fresh, s.Pending != ""
	}
	want := func(when string, fresh, pending bool) {
		t.Helper()
		if f, p := state(); f != fresh || p != pending {
			t.Errorf("%s: fresh %v, pending %v", when, f, p)
		}
	}
	want("before", false, false)
	if err := b.take(t.Context(), at); err != nil {
		t.Fatal(err)
	}
	want("at once", false, true)
	pass(2 * time.Minute)
	want("when it is completed", true, false)
	pass(28 * time.Minute)
	want("half an hour after it was begun", true, false)
	pass(time.Second)
	want("later", false, false)
}

func TestTheNewestThreeSnapshotsOfEachEtcdStay(t *testing.T) {
	w, b, at, pass := onTheShelf(t)
	// A snapshot of somebody else's, of the same volume.
	theirs, err := w.env.clients.EC2.CreateSnapshot(t.Context(), &ec2.CreateSnapshotInput{VolumeId: &at.volumeID})
	if err != nil {
		t.Fatal(err)
	}
	for range 6 {
		found, err := b.look(t.Context(), []seat{at})
		if err != nil {
			t.Fatal(err)
		}
		if err := b.take(t.Context(), at); err != nil {
			t.Fatal(err)
		}
		if err := b.prune(t.Context(), found, "main"); err != nil {
			t.Fatal(err)
		}
		pass(10 * time.Minute)
	}
	found, err := b.look(t.Context(), []seat{at})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) != backupsKept+1 { // the one taken after the last pruning, too
		t.Errorf("%d snapshots stay", len(found))
	}
	if newest := b.now().Sub(found[0].begun); newest != 10*time.Minute {
		t.Errorf("the newest one is %s old", newest)
	}
	out, err := w.env.clients.EC2.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{*theirs.SnapshotId}})
	if err != nil || len(out.Snapshots) != 1 {
		t.Errorf("somebody else's snapshot is gone: %v", err)
	}
	mine, err := w.env.clients.EC2.DescribeSnapshots(t.Context(), &ec2.DescribeSnapshotsInput{SnapshotIds: []string{found[0].id}})
	if err != nil {
		t.Fatal(err)
	}
	tags := tagsOf(mine.Snapshots[0].Tags)
	if begun := tags[topology.TagBackup]; begun != found[0].begun.Format(time.RFC3339) || tags[topology.TagName] != aVolume().Name {
		t.Errorf("its tags do not say what it is of, or since when: %v", tags)
	}
}

func TestAFailedSnapshotIsTriedAgainLater(t *testing.T) {
	now := moment
	b := backups{now: func() time.Time { return now }}
	failed := []backup{{id: "snap-1", etcd: "main", begun: moment, state: ec2types.SnapshotStateError, message: "no key"}}
	if s := b.stateOf(failed, "main", backupMaxAge); s.Fresh || s.Pending != "" || s.Lack == "" {
		t.Errorf("a failed one is %+v", s)
	}
	now = now.Add(backupRetry)
	if s := b.stateOf(failed, "main", backupMaxAge); s.Lack != "" {
		t.Errorf("it still says %q", s.Lack)
	}
}

func TestOfWhomASnapshotIsTaken(t *testing.T) {
	known := func(s standing) standing {
		for i := range s.masters {
			for j := range s.masters[i].seats {
				s.masters[i].seats[j].volumeID = "vol"
			}
		}
		return s
	}
	leading := func(s standing, member string) standing { s.reports[1].Leader = member; return s }
	for name, c := range map[string]struct {
		standing standing
		mine     int
		want     string
	}{
		"one that stays":                       {plane("1a", "1b", "1c"), 0, "b"},
		"and follows":                          {leading(plane("1a", "1b", "1c"), "b"), 0, "c"},
		"a healthy one":                        {plane("1a", "1b", "1c").sick(1, "b", quorum.Unhealthy), 0, "c"},
		"not one of which nothing is known":    {plane("1a", "1b", "1c").sick(1, "b", quorum.Unknown).sick(1, "c", quorum.Unknown), 0, "a"},
		"nobody, if nobody is healthy":         {plane("1a", "1b", "1c").sick(1, "a", quorum.Unknown).sick(1, "b", quorum.Unknown).sick(1, "c", quorum.Unhealthy), 0, ""},
		"the only one, whatever is the matter": {plane("1a").sick(1, "a", quorum.Unknown), 0, "a"},
	} {
		t.Run(name, func(t *testing.T) {
			s := known(c.standing)
			if got, _ := s.source("main", s.masters[c.mine]); got.member != c.want {
				t.Errorf("of %q, want %q", got.member, c.want)
			}
		})
	}
}

func TestAnOnlyMasterGoesIfItsManifestAllowsDowntime(t *testing.T) {
	for name, c := range map[string]struct {
		standing standing
		allowed  bool
		answer   quorum.Answer
		sentence string
	}{
		"it is refused, and told how":     {plane("1a"), false, quorum.Refuse, "quorate.dev/allow-downtime"},
		"it goes if that is allowed":      {plane("1a"), true, quorum.Proceed, "the manifest allows downtime"},
		"even if nobody knows how it is":  {plane("1a").sick(0, "a", quorum.Unknown), true, quorum.Proceed, "the manifest allows downtime"},
		"three masters are not overruled": {plane("1a", "1b", "1c").sick(1, "b", quorum.Unhealthy), true, quorum.Wait, "main"},
		"nor are two":                     {plane("1a", "1b"), true, quorum.Refuse, "majority"},
	} {
		t.Run(name, func(t *testing.T) {
			s := c.standing
			group := s.masters[0].group.Ref()
			s.rolling = map[topology.Ref]topology.RollingUpdate{group: {AllowDowntime: c.allowed}}
			if got := s.mayGo(group); got.Answer != c.answer || !strings.Contains(got.Reason, c.sentence) {
				t.Errorf("%s: %s", got.Answer, got.Reason)
			}
		})
	}
}
