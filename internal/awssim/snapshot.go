package awssim

import (
	"strconv"
	"time"
)

// ebsSnapshot is a snapshot of a volume. It keeps size and encryption but no data: nothing in the
// simulated world restores from one.
type ebsSnapshot struct {
	ID          string
	VolumeID    string
	Description string
	State       string // pending, completed
	Size        int
	Encrypted   bool
	Start       time.Time
}

type createSnapshotInput struct {
	VolumeID    string `wire:"VolumeId"`
	Description string
	tagging
}

func (w *world) createSnapshot(in createSnapshotInput) (snapshotXML, error) {
	tags, err := in.tagsFor("snapshot")
	if err != nil {
		return snapshotXML{}, err
	}
	v, err := w.volume(in.VolumeID)
	if err != nil {
		return snapshotXML{}, err
	}
	s := &ebsSnapshot{w.newID("snap"), v.ID, in.Description, "pending", v.Size, v.Encrypted, w.now()}
	w.Snapshots[s.ID] = s
	w.tag(s.ID, tags)
	w.after(snapshotDelay, func(w *world) {
		if s, exists := w.Snapshots[s.ID]; exists {
			s.State = "completed"
		}
	})
	return w.snapshotXML(s), nil
}

type snapshotIDInput struct {
	SnapshotID string `wire:"SnapshotId"`
}

func (w *world) deleteSnapshot(in snapshotIDInput) (done, error) {
	s, err := lookup(w.Snapshots, in.SnapshotID, "InvalidSnapshot.NotFound")
	if err != nil {
		return done{}, err
	}
	delete(w.Snapshots, s.ID)
	delete(w.Tags, s.ID)
	return ok, nil
}

var snapshotFilters = filterTable[*ebsSnapshot]{
	"snapshot-id": func(_ *world, s *ebsSnapshot) []string { return one(s.ID) },
	"volume-id":   func(_ *world, s *ebsSnapshot) []string { return one(s.VolumeID) },
	"status":      func(_ *world, s *ebsSnapshot) []string { return one(s.State) },
	"volume-size": func(_ *world, s *ebsSnapshot) []string { return one(strconv.Itoa(s.Size)) },
	"owner-id":    func(w *world, _ *ebsSnapshot) []string { return one(w.account()) },
}

type describeSnapshotsInput struct {
	SnapshotIDs []string `wire:"SnapshotId"`
	Owners      []string `wire:"Owner"` // all snapshots are the account's own
	query
}

type describeSnapshotsOutput struct {
	Snapshots items[snapshotXML] `xml:"snapshotSet"`
	NextToken string             `xml:"nextToken,omitempty"`
}

func (w *world) describeSnapshots(in describeSnapshotsInput) (describeSnapshotsOutput, error) {
	list, next, err := describe(w, w.Snapshots, in.SnapshotIDs, in.query, snapshotFilters, "InvalidSnapshot.NotFound")
	return describeSnapshotsOutput{itemsOf(list, w.snapshotXML), next}, err
}

type snapshotXML struct {
	ID          string     `xml:"snapshotId"`
	VolumeID    string     `xml:"volumeId"`
	Description string     `xml:"description"`
	State       string     `xml:"status"`
	Progress    string     `xml:"progress"`
	Size        int        `xml:"volumeSize"`
	Encrypted   bool       `xml:"encrypted"`
	OwnerID     string     `xml:"ownerId"`
	Start       time.Time  `xml:"startTime"`
	Tags        items[tag] `xml:"tagSet"`
}

func (w *world) snapshotXML(s *ebsSnapshot) snapshotXML {
	progress := "0%"
	if s.State == "completed" {
		progress = "100%"
	}
	return snapshotXML{s.ID, s.VolumeID, s.Description, s.State, progress, s.Size, s.Encrypted, w.account(), s.Start, w.tagSet(s.ID)}
}
