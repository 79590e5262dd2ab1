package awssim

type attachVolumeInput struct {
	VolumeID   string `wire:"VolumeId"`
	InstanceID string `wire:"InstanceId"`
	Device     string
}

func (w *world) attachVolume(in attachVolumeInput) (volumeAttachmentXML, error) {
	v, err := w.attach(in.VolumeID, in.InstanceID, in.Device)
	if err != nil {
		return volumeAttachmentXML{}, err
	}
	return newVolumeAttachmentXML(v), nil
}

// attach begins to attach a volume, refusing what AWS refuses: a volume that is not available, is in
// another zone, or whose zone is down, an instance that is not up, and a device that is taken.
func (w *world) attach(volumeID, instanceID, device string) (*volume, error) {
	v, err := w.volume(volumeID)
	if err != nil {
		return nil, err
	}
	i, err := w.instance(instanceID)
	if err != nil {
		return nil, err
	}
	if device == "" {
		return nil, missing("device")
	}
	if err := w.checkAttach(v, i, device); err != nil {
		return nil, err
	}
	v.State = "in-use"
	v.Attachment = &volumeAttachment{InstanceID: i.ID, Device: device, State: "attaching", At: w.now()}
	w.after(volumeAttachDelay, func(w *world) {
		if a := w.attachmentOf(volumeID, instanceID); a != nil && a.State == "attaching" {
			a.State = "attached"
		}
	})
	return v, nil
}

func (w *world) checkAttach(v *volume, i *instance, device string) error {
	switch {
	case v.Attachment != nil:
		return refuse("VolumeInUse", "%s is already attached to an instance", v.ID)
	case v.State != "available":
		return refuse("IncorrectState", "Volume '%s' is not 'available'.", v.ID)
	case v.Zone != i.Zone:
		return refuse("InvalidVolume.ZoneMismatch", "The volume '%s' is not in the same availability zone as instance '%s'", v.ID, i.ID)
	case i.State != "running" && i.State != "stopped":
		return refuse("IncorrectState", "Instance '%s' is not 'running'.", i.ID)
	case w.DownZones[v.Zone]:
		return unavailable(v.Zone)
	}
	for _, other := range w.Volumes {
		if other.Attachment != nil && other.Attachment.InstanceID == i.ID && other.Attachment.Device == device {
			return refuse("InvalidParameterValue", "Invalid value '%s' for unixDevice. Attachment point %s is already in use", device, device)
		}
	}
	return nil
}

// attachmentOf is the attachment of a volume to an instance, or nil.
func (w *world) attachmentOf(volumeID, instanceID string) *volumeAttachment {
	v, exists := w.Volumes[volumeID]
	if !exists || v.Attachment == nil || v.Attachment.InstanceID != instanceID {
		return nil
	}
	return v.Attachment
}

type detachVolumeInput struct {
	VolumeID   string `wire:"VolumeId"`
	InstanceID string `wire:"InstanceId"`
	Device     string
	Force      bool
}

func (w *world) detachVolume(in detachVolumeInput) (volumeAttachmentXML, error) {
	v, err := w.volume(in.VolumeID)
	if err != nil {
		return volumeAttachmentXML{}, err
	}
	a := v.Attachment
	if a == nil || in.InstanceID != "" && a.InstanceID != in.InstanceID || in.Device != "" && a.Device != in.Device {
		return volumeAttachmentXML{}, refuse("IncorrectState", "Volume '%s' is in the '%s' state.", v.ID, v.State)
	}
	if in.Force {
		w.unstick(v.ID)
	}
	w.detach(v)
	return newVolumeAttachmentXML(v), nil
}

// detach begins to detach a volume; it is available once that is done.
func (w *world) detach(v *volume) {
	v.Attachment.State = "detaching"
	volumeID, instanceID := v.ID, v.Attachment.InstanceID
	if w.stuck(volumeID) {
		return
	}
	w.after(volumeDetachDelay, func(w *world) {
		if w.attachmentOf(volumeID, instanceID) != nil {
			w.Volumes[volumeID].Attachment, w.Volumes[volumeID].State = nil, "available"
		}
	})
}

// releaseVolumes lets go of the volumes of a terminated instance: some go with it, the others become
// available after the time that detaching takes.
func (w *world) releaseVolumes(instanceID string) {
	for id, v := range w.Volumes {
		if v.Attachment == nil || v.Attachment.InstanceID != instanceID {
			continue
		}
		if v.Attachment.DeleteOnTermination {
			w.removeVolume(id)
		} else if !w.stuck(id) {
			w.detach(v)
		}
	}
}

// unavailable is the answer about things in a zone that is down.
func unavailable(zone string) error {
	return refuseStatus(503, "Unavailable", "The service is unavailable in %s. Please try again shortly.", zone)
}

// goesWithInstance says that the volume will be deleted with the instance it is attached to.
func (v *volume) goesWithInstance() bool {
	return v.Attachment != nil && v.Attachment.DeleteOnTermination
}
