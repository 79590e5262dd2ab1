package awssim

import "slices"

type runInstancesInput struct {
	launchTemplateData
	ClientToken    string
	MinCount       int
	MaxCount       int
	SubnetID       string `wire:"SubnetId"`
	LaunchTemplate *templateVersionReference
}

// templateVersionReference names a version of a launch template.
type templateVersionReference struct {
	templateReference
	Version string
}

// templateData finds the data of a launch template version; text is a number, $Latest or $Default.
func (w *world) templateData(ref templateVersionReference) (*launchTemplate, *launchTemplateVersion, error) {
	t, err := w.referenced(ref.templateReference)
	if err != nil {
		return nil, nil, err
	}
	v, err := t.version(ref.Version)
	return t, v, err
}

func (w *world) runInstances(in runInstancesInput) (reservationXML, error) {
	if in.MinCount < 1 || in.MaxCount < in.MinCount {
		return reservationXML{}, refuse("InvalidParameterValue", "Value (%d) for parameter maxCount is invalid.", in.MaxCount)
	}
	id, err := w.once("RunInstances", in.ClientToken, in, w.reserved, func() (string, error) { return w.launchAll(in) })
	if err != nil {
		return reservationXML{}, err
	}
	return w.reservationXML(id), nil
}

// reserved says whether instances of a reservation are still shown.
func (w *world) reserved(id string) bool {
	for _, i := range w.Instances {
		if i.ReservationID == id {
			return true
		}
	}
	return false
}

// launchAll launches as many instances as asked for, or none; they share a reservation.
func (w *world) launchAll(in runInstancesInput) (reservation string, err error) {
	request := launchRequest{Data: in.launchTemplateData, SubnetID: in.SubnetID, ClientToken: in.ClientToken}
	if in.LaunchTemplate != nil {
		t, v, err := w.templateData(*in.LaunchTemplate)
		if err != nil {
			return "", err
		}
		request.Data, request.Template, request.Version = request.Data.over(v.Data), t, v.Number
	}
	if err := checkUserData(request.Data.UserData); err != nil {
		return "", err
	}
	var launched []*instance
	for range in.MaxCount {
		i, err := w.launch(request)
		if err != nil && len(launched) < in.MinCount {
			w.undo(launched)
			return "", err
		}
		if err != nil {
			break
		}
		launched = append(launched, i)
		i.ReservationID = launched[0].ReservationID
	}
	return launched[0].ReservationID, nil //nolint:nilerr // AWS is content with MinCount
}

// undo takes back launches that AWS would not have begun.
func (w *world) undo(launched []*instance) {
	for _, i := range launched {
		w.deleteInterface(w.interfaceOf(i.ID).ID)
		w.releaseVolumes(i.ID)
		delete(w.Instances, i.ID)
		delete(w.Tags, i.ID)
	}
}

type instanceIDsInput struct {
	InstanceIDs []string `wire:"InstanceId"`
}

type stateChange struct {
	InstanceID string           `xml:"instanceId"`
	Current    instanceStateXML `xml:"currentState"`
	Previous   instanceStateXML `xml:"previousState"`
}

type terminateInstancesOutput struct {
	Changes items[stateChange] `xml:"instancesSet"`
}

// terminateInstances ends instances; those already ended are no error.
func (w *world) terminateInstances(in instanceIDsInput) (terminateInstancesOutput, error) {
	if len(in.InstanceIDs) == 0 {
		return terminateInstancesOutput{}, missing("InstanceId")
	}
	var list []*instance
	for _, id := range in.InstanceIDs {
		i, err := w.instance(id)
		if err != nil {
			return terminateInstancesOutput{}, err
		}
		if d := i.Data.DisableTermination; d != nil && *d {
			return terminateInstancesOutput{}, refuse("OperationNotPermitted", "The instance '%s' may not be terminated. Modify its 'disableApiTermination' instance attribute and try again.", id)
		}
		list = append(list, i)
	}
	var out terminateInstancesOutput
	for _, i := range slices.Compact(list) {
		change := stateChange{InstanceID: i.ID, Previous: newInstanceStateXML(i)}
		w.terminate(i, "Client.UserInitiatedShutdown")
		change.Current = newInstanceStateXML(i)
		out.Changes.Items = append(out.Changes.Items, change)
	}
	return out, nil
}

type modifyInstanceAttributeInput struct {
	InstanceID         string         `wire:"InstanceId"`
	DisableTermination *attributeFlag `wire:"DisableApiTermination"`
	SourceDestCheck    *attributeFlag
}

// attributeFlag is how EC2 sends a boolean attribute: Attribute.Value=true.
type attributeFlag struct {
	Value bool
}

// modifyInstanceAttribute changes termination protection. The source/destination check is accepted
// and has no effect: the simulated network routes nothing.
func (w *world) modifyInstanceAttribute(in modifyInstanceAttributeInput) (done, error) {
	i, err := w.instance(in.InstanceID)
	if err != nil {
		return done{}, err
	}
	if in.DisableTermination != nil {
		i.Data.DisableTermination = &in.DisableTermination.Value
	}
	return ok, nil
}
