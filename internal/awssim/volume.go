package awssim

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"
)

// volume is an EBS volume. Its data is a folder, which survives every machine it is attached to.
type volume struct {
	ID         string
	Zone       string
	State      string // creating, available, in-use
	Type       string
	Size       int // GiB
	IOPS       int
	Throughput int // MiB/s, gp3 only
	Encrypted  bool
	KMSKeyID   string
	SnapshotID string
	Created    time.Time
	Attachment *volumeAttachment
	Changes    *volumeModification // the latest one
}

type volumeAttachment struct {
	InstanceID          string
	Device              string
	State               string // attaching, attached, detaching
	At                  time.Time
	DeleteOnTermination bool
}

type createVolumeInput struct {
	AvailabilityZone string
	ClientToken      string
	VolumeType       string
	Size             *int
	IOPS             *int `wire:"Iops"`
	Throughput       *int
	Encrypted        *bool
	KMSKeyID         string `wire:"KmsKeyId"`
	SnapshotID       string `wire:"SnapshotId"`
	tagging
}

func (w *world) createVolume(in createVolumeInput) (volumeXML, error) {
	tags, err := in.tagsFor("volume")
	if err != nil {
		return volumeXML{}, err
	}
	v, err := once(w, "CreateVolume", in.ClientToken, in, w.Volumes, func() (string, error) {
		v, err := w.newVolume(in)
		if err != nil {
			return "", err
		}
		w.tag(v.ID, tags)
		return v.ID, nil
	})
	if err != nil {
		return volumeXML{}, err
	}
	return w.volumeXML(v), nil
}

func (w *world) newVolume(in createVolumeInput) (*volume, error) {
	if !slices.Contains(w.region.cfg.Zones, in.AvailabilityZone) {
		return nil, refuse("InvalidZone.NotFound", "The zone '%s' does not exist.", in.AvailabilityZone)
	}
	if in.Size == nil && in.SnapshotID == "" {
		return nil, refuse("MissingParameter", "The request must contain the parameter size/snapshot")
	}
	v := &volume{Zone: in.AvailabilityZone, State: "creating", KMSKeyID: in.KMSKeyID, SnapshotID: in.SnapshotID, Created: w.now()}
	if err := w.fromSnapshot(v); err != nil {
		return nil, err
	}
	if in.Size != nil {
		v.Size = *in.Size
	}
	v.Encrypted = v.Encrypted || in.Encrypted != nil && *in.Encrypted
	if v.KMSKeyID != "" && !v.Encrypted {
		return nil, refuse("InvalidParameterDependency", "The parameter KmsKeyId requires the parameter Encrypted to be set.")
	}
	if v.Encrypted && v.KMSKeyID == "" {
		v.KMSKeyID = w.arn("kms", defaultKey)
	}
	if err := v.setPerformance(in.VolumeType, in.IOPS, in.Throughput); err != nil {
		return nil, err
	}
	v.ID = w.newID("vol")
	w.Volumes[v.ID] = v
	w.after(volumeCreateDelay, func(w *world) {
		if v, exists := w.Volumes[v.ID]; exists && v.State == "creating" {
			v.State = "available"
		}
	})
	return v, nil
}

func (w *world) fromSnapshot(v *volume) error {
	if v.SnapshotID == "" {
		return nil
	}
	s, err := lookup(w.Snapshots, v.SnapshotID, "InvalidSnapshot.NotFound")
	if err != nil {
		return err
	}
	v.Size, v.Encrypted = s.Size, s.Encrypted
	return nil
}

// defaultKey is the account's own key for EBS, which AWS names where the caller named none.
const defaultKey = "key/0eb50eb5-0000-4000-8000-000000000000"

// performance is what AWS lets a volume type be: sizes in GiB, IOPS and the ratios between them.
type performance struct {
	minSize, maxSize int
	minIOPS, maxIOPS int // settable if maxIOPS > 0
	iopsPerGiB       int
	defaultIOPS      int // 0: must be given, or follows from the size
	throughput       bool
}

// volumeTypes are the types of the EBS user guide with their limits. What kops calls 500 IOPS for
// each GiB of io2 is 1000 on the machines of today.
var volumeTypes = map[string]performance{
	"gp3":      {minSize: 1, maxSize: 65536, minIOPS: 3000, maxIOPS: 80000, iopsPerGiB: 500, defaultIOPS: 3000, throughput: true},
	"gp2":      {minSize: 1, maxSize: 16384},
	"io1":      {minSize: 4, maxSize: 16384, minIOPS: 100, maxIOPS: 64000, iopsPerGiB: 50},
	"io2":      {minSize: 4, maxSize: 65536, minIOPS: 100, maxIOPS: 256000, iopsPerGiB: 1000},
	"st1":      {minSize: 125, maxSize: 16384},
	"sc1":      {minSize: 125, maxSize: 16384},
	"standard": {minSize: 1, maxSize: 1024},
}

// gp3's throughput in MiB/s: the default, and at most a quarter of its IOPS.
const (
	gp3Throughput    = 125
	gp3MaxThroughput = 2000
)

// setPerformance gives a volume of known size its type, IOPS and throughput. Without a type AWS
// makes gp2.
func (v *volume) setPerformance(volumeType string, iops, throughput *int) error {
	if volumeType == "" {
		volumeType = "gp2"
	}
	limits, known := volumeTypes[volumeType]
	if !known {
		return refuse("UnknownVolumeType", "Unsupported volume type '%s' for volume creation.", volumeType)
	}
	if v.Size < limits.minSize || v.Size > limits.maxSize {
		return refuse("InvalidParameterValue", "Volume of %dGiB is invalid for volume type %s; it must be at least %dGiB and at most %dGiB",
			v.Size, volumeType, limits.minSize, limits.maxSize)
	}
	v.Type = volumeType
	if err := v.setIOPS(limits, iops); err != nil {
		return err
	}
	return v.setThroughput(limits, throughput)
}

func (v *volume) setIOPS(limits performance, iops *int) error {
	v.IOPS = limits.defaultIOPS
	switch {
	case iops != nil && limits.maxIOPS == 0:
		return refuse("InvalidParameterCombination", "The parameter iops is not supported for %s volumes.", v.Type)
	case iops == nil && limits.maxIOPS > 0 && limits.defaultIOPS == 0:
		return refuse("MissingParameter", "The request must contain the parameter iops for %s volumes", v.Type)
	case v.Type == "gp2":
		v.IOPS = min(max(3*v.Size, 100), 16000) // three for each GiB, as the EBS guide says
	case iops != nil:
		v.IOPS = *iops
	}
	if limits.maxIOPS == 0 {
		return nil
	}
	if v.IOPS < limits.minIOPS || v.IOPS > limits.maxIOPS {
		return refuse("InvalidParameterValue", "Volume iops of %d is out of range for %s: %d to %d", v.IOPS, v.Type, limits.minIOPS, limits.maxIOPS)
	}
	if v.IOPS > max(limits.iopsPerGiB*v.Size, limits.defaultIOPS) {
		return refuse("InvalidParameterValue", "Iops to volume size ratio of %.6f is too high; maximum is %d:1", float64(v.IOPS)/float64(v.Size), limits.iopsPerGiB)
	}
	return nil
}

func (v *volume) setThroughput(limits performance, throughput *int) error {
	v.Throughput = 0
	if !limits.throughput {
		if throughput != nil {
			return refuse("InvalidParameterCombination", "The parameter throughput is not supported for %s volumes.", v.Type)
		}
		return nil
	}
	v.Throughput = gp3Throughput
	if throughput != nil {
		v.Throughput = *throughput
	}
	if v.Throughput < gp3Throughput || v.Throughput > gp3MaxThroughput {
		return refuse("InvalidParameterValue", "Throughput of %d is out of range: %d to %d MiB/s", v.Throughput, gp3Throughput, gp3MaxThroughput)
	}
	if v.Throughput*4 > v.IOPS {
		return refuse("InvalidParameterValue", "Throughput (MiBps) to iops ratio of %.6f is too high; maximum is 0.250000 MiBps per iops.",
			float64(v.Throughput)/float64(v.IOPS))
	}
	return nil
}

func (w *world) volume(id string) (*volume, error) {
	v, exists := w.Volumes[id]
	if !exists {
		return nil, refuse("InvalidVolume.NotFound", "The volume '%s' does not exist.", id)
	}
	return v, nil
}

type volumeIDInput struct {
	VolumeID string `wire:"VolumeId"`
}

func (w *world) deleteVolume(in volumeIDInput) (done, error) {
	v, err := w.volume(in.VolumeID)
	if err != nil {
		return done{}, err
	}
	if v.Attachment != nil {
		return done{}, refuse("VolumeInUse", "Volume %s is currently attached to %s", v.ID, v.Attachment.InstanceID)
	}
	if v.State != "available" {
		return done{}, refuse("IncorrectState", "Volume %s is in the state %s", v.ID, v.State)
	}
	w.removeVolume(v.ID)
	return ok, nil
}

// removeVolume deletes a volume and its data. A folder that cannot be removed stays behind unseen:
// no later volume has its id.
func (w *world) removeVolume(id string) {
	delete(w.Volumes, id)
	delete(w.Tags, id)
	if w.region.cfg.Dir != "" {
		_ = os.RemoveAll(w.region.volumeDir(id)) // nothing finds it any more; at worst the folder stays
	}
}

// volumeDir is the folder of a volume.
func (r *Region) volumeDir(id string) string { return filepath.Join(r.cfg.Dir, id) }

var volumeFilters = filterTable[*volume]{
	"volume-id":         func(_ *world, v *volume) []string { return one(v.ID) },
	"availability-zone": func(_ *world, v *volume) []string { return one(v.Zone) },
	"status":            func(_ *world, v *volume) []string { return one(v.State) },
	"volume-type":       func(_ *world, v *volume) []string { return one(v.Type) },
	"size":              func(_ *world, v *volume) []string { return one(strconv.Itoa(v.Size)) },
	"snapshot-id":       func(_ *world, v *volume) []string { return one(v.SnapshotID) },
	"encrypted":         func(_ *world, v *volume) []string { return flag(v.Encrypted) },
	"attachment.instance-id": func(_ *world, v *volume) []string {
		return ofAttachment(v, func(a volumeAttachment) string { return a.InstanceID })
	},
	"attachment.device": func(_ *world, v *volume) []string {
		return ofAttachment(v, func(a volumeAttachment) string { return a.Device })
	},
	"attachment.status": func(_ *world, v *volume) []string {
		return ofAttachment(v, func(a volumeAttachment) string { return a.State })
	},
	"attachment.delete-on-termination": func(_ *world, v *volume) []string {
		return ofAttachment(v, func(a volumeAttachment) string { return strconv.FormatBool(a.DeleteOnTermination) })
	},
}

func ofAttachment(v *volume, get func(volumeAttachment) string) []string {
	if v.Attachment == nil {
		return nil
	}
	return one(get(*v.Attachment))
}

type describeVolumesInput struct {
	VolumeIDs []string `wire:"VolumeId"`
	query
}

type describeVolumesOutput struct {
	Volumes   items[volumeXML] `xml:"volumeSet"`
	NextToken string           `xml:"nextToken,omitempty"`
}

func (w *world) describeVolumes(in describeVolumesInput) (describeVolumesOutput, error) {
	list, next, err := describe(w, w.Volumes, in.VolumeIDs, in.query, volumeFilters, "InvalidVolume.NotFound")
	return describeVolumesOutput{itemsOf(list, w.volumeXML), next}, err
}

type volumeXML struct {
	ID          string                     `xml:"volumeId"`
	Size        int                        `xml:"size"`
	SnapshotID  string                     `xml:"snapshotId"`
	Zone        string                     `xml:"availabilityZone"`
	ZoneID      string                     `xml:"availabilityZoneId"`
	State       string                     `xml:"status"`
	Created     time.Time                  `xml:"createTime"`
	Attachments items[volumeAttachmentXML] `xml:"attachmentSet"`
	Type        string                     `xml:"volumeType"`
	IOPS        int                        `xml:"iops,omitempty"`
	Throughput  int                        `xml:"throughput,omitempty"`
	Encrypted   bool                       `xml:"encrypted"`
	KMSKeyID    string                     `xml:"kmsKeyId,omitempty"`
	MultiAttach bool                       `xml:"multiAttachEnabled"`
	Tags        items[tag]                 `xml:"tagSet"`
}

func (w *world) volumeXML(v *volume) volumeXML {
	x := volumeXML{
		ID:         v.ID,
		Size:       v.Size,
		SnapshotID: v.SnapshotID,
		Zone:       v.Zone,
		ZoneID:     w.zoneID(v.Zone),
		State:      v.State,
		Created:    v.Created,
		Type:       v.Type,
		IOPS:       v.IOPS,
		Throughput: v.Throughput,
		Encrypted:  v.Encrypted,
		KMSKeyID:   v.KMSKeyID,
		Tags:       w.tagSet(v.ID),
	}
	if v.Attachment != nil {
		x.Attachments.Items = []volumeAttachmentXML{newVolumeAttachmentXML(v)}
	}
	return x
}

type volumeAttachmentXML struct {
	VolumeID            string    `xml:"volumeId"`
	InstanceID          string    `xml:"instanceId"`
	Device              string    `xml:"device"`
	State               string    `xml:"status"`
	At                  time.Time `xml:"attachTime"`
	DeleteOnTermination bool      `xml:"deleteOnTermination"`
}

func newVolumeAttachmentXML(v *volume) volumeAttachmentXML {
	a := v.Attachment
	return volumeAttachmentXML{v.ID, a.InstanceID, a.Device, a.State, a.At, a.DeleteOnTermination}
}
