package awssim

import "time"

// modificationCooldown is how long AWS refuses a second modification of a volume.
const modificationCooldown = 6 * time.Hour

// volumeModification is the latest change of a volume. The new values hold from its start, as the
// volume's own fields already show them.
type volumeModification struct {
	State    string // modifying, optimizing, completed
	Original volumeShape
	Target   volumeShape
	Start    time.Time
	End      time.Time
}

// volumeShape is what ModifyVolume changes.
type volumeShape struct {
	Type       string
	Size       int
	IOPS       int
	Throughput int
}

func (v *volume) shape() volumeShape { return volumeShape{v.Type, v.Size, v.IOPS, v.Throughput} }

type modifyVolumeInput struct {
	VolumeID   string `wire:"VolumeId"`
	Size       *int
	VolumeType string
	IOPS       *int `wire:"Iops"`
	Throughput *int
}

type modifyVolumeOutput struct {
	Modification volumeModificationXML `xml:"volumeModification"`
}

func (w *world) modifyVolume(in modifyVolumeInput) (modifyVolumeOutput, error) {
	v, err := w.volume(in.VolumeID)
	if err != nil {
		return modifyVolumeOutput{}, err
	}
	target, err := w.target(v, in)
	if err != nil {
		return modifyVolumeOutput{}, err
	}
	v.Changes = &volumeModification{State: "modifying", Original: v.shape(), Target: target, Start: w.now()}
	v.Type, v.Size, v.IOPS, v.Throughput = target.Type, target.Size, target.IOPS, target.Throughput
	w.advanceModification(v.ID, v.Changes.Start)
	return modifyVolumeOutput{newVolumeModificationXML(v)}, nil
}

// target is the shape asked for: what is not given stays, except that another type brings its own
// IOPS and throughput.
func (w *world) target(v *volume, in modifyVolumeInput) (volumeShape, error) {
	if v.Changes != nil && w.now().Before(v.Changes.Start.Add(modificationCooldown)) {
		return volumeShape{}, refuse("VolumeModificationRateExceeded",
			"You've reached the maximum modification rate per volume limit. Wait at least 6 hours between modifications per EBS volume.")
	}
	if in.Size != nil && *in.Size < v.Size {
		return volumeShape{}, refuse("InvalidParameterValue", "New size cannot be smaller than existing size")
	}
	if v.State == "creating" {
		return volumeShape{}, refuse("IncorrectState", "Volume %s is in the state creating", v.ID)
	}
	next := *v
	if in.Size != nil {
		next.Size = *in.Size
	}
	if in.VolumeType == "" || in.VolumeType == v.Type {
		in.VolumeType = v.Type
		limits := volumeTypes[v.Type]
		if in.IOPS == nil && limits.maxIOPS > 0 {
			in.IOPS = &v.IOPS
		}
		if in.Throughput == nil && limits.throughput {
			in.Throughput = &v.Throughput
		}
	}
	if err := next.setPerformance(in.VolumeType, in.IOPS, in.Throughput); err != nil {
		return volumeShape{}, err
	}
	return next.shape(), nil
}

// advanceModification takes the modification begun at a moment through its states.
func (w *world) advanceModification(id string, start time.Time) {
	w.after(volumeModifyDelay, func(w *world) {
		v, exists := w.Volumes[id]
		if !exists || !v.Changes.Start.Equal(start) {
			return
		}
		if v.Changes.State == "modifying" {
			v.Changes.State = "optimizing"
			w.advanceModification(id, start)
			return
		}
		v.Changes.State, v.Changes.End = "completed", w.now()
	})
}

var volumeModificationFilters = filterTable[*volume]{
	"volume-id":          func(_ *world, v *volume) []string { return one(v.ID) },
	"modification-state": func(_ *world, v *volume) []string { return one(v.Changes.State) },
}

type describeModificationsOutput struct {
	Modifications items[volumeModificationXML] `xml:"volumeModificationSet"`
	NextToken     string                       `xml:"nextToken,omitempty"`
}

func (w *world) describeVolumesModifications(in describeVolumesInput) (describeModificationsOutput, error) {
	rows := map[string]*volume{}
	for id, v := range w.Volumes {
		if v.Changes != nil {
			rows[id] = v
		}
	}
	for _, id := range in.VolumeIDs {
		if _, err := w.volume(id); err != nil {
			return describeModificationsOutput{}, err
		}
	}
	list, next, err := describe(w, rows, in.VolumeIDs, in.query, volumeModificationFilters, "InvalidVolumeModification.NotFound")
	return describeModificationsOutput{itemsOf(list, newVolumeModificationXML), next}, err
}

type volumeModificationXML struct {
	VolumeID           string     `xml:"volumeId"`
	State              string     `xml:"modificationState"`
	OriginalType       string     `xml:"originalVolumeType"`
	OriginalSize       int        `xml:"originalSize"`
	OriginalIOPS       int        `xml:"originalIops,omitempty"`
	OriginalThroughput int        `xml:"originalThroughput,omitempty"`
	TargetType         string     `xml:"targetVolumeType"`
	TargetSize         int        `xml:"targetSize"`
	TargetIOPS         int        `xml:"targetIops,omitempty"`
	TargetThroughput   int        `xml:"targetThroughput,omitempty"`
	Progress           int        `xml:"progress"`
	Start              time.Time  `xml:"startTime"`
	End                *time.Time `xml:"endTime"`
}

func newVolumeModificationXML(v *volume) volumeModificationXML {
	m := v.Changes
	x := volumeModificationXML{
		v.ID, m.State,
		m.Original.Type, m.Original.Size, m.Original.IOPS, m.Original.Throughput,
		m.Target.Type, m.Target.Size, m.Target.IOPS, m.Target.Throughput,
		0, m.Start, nil,
	}
	if m.State == "completed" {
		x.Progress, x.End = 100, &m.End
	}
	return x
}
