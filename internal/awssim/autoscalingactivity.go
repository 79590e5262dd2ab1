package awssim

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"time"
)

// scalingActivity is one thing an Auto Scaling group did, or tried.
type scalingActivity struct {
	ID          string
	Serial      int // the order of activities of one moment
	GroupName   string
	GroupARN    string
	Description string
	Cause       string
	Start       time.Time
	End         time.Time // zero while under way
	Status      string
	Message     string
	SubnetID    string
	Zone        string
}

// activityMemory is how long AWS shows activities.
const activityMemory = 6 * 7 * 24 * time.Hour

func (w *world) beginActivity(g *scalingGroup, description, cause, subnetID, zone string) *scalingActivity {
	w.ActivitySerial++
	a := &scalingActivity{
		ID: w.region.ids.uuid(), Serial: w.ActivitySerial, GroupName: g.Name, GroupARN: g.ARN,
		Description: description, Cause: cause, Start: w.now(), Status: "InProgress", SubnetID: subnetID, Zone: zone,
	}
	w.ScalingActivities[a.ID] = a
	w.after(activityMemory, func(w *world) { delete(w.ScalingActivities, a.ID) })
	return a
}

// progress changes what an activity under way waits for.
func (w *world) progress(id, status string) {
	if a, exists := w.ScalingActivities[id]; exists && a.End.IsZero() {
		a.Status = status
	}
}

// finish ends an activity that is under way.
func (w *world) finish(id, status, message string) {
	if a, exists := w.ScalingActivities[id]; exists && a.End.IsZero() {
		a.Status, a.Message, a.End = status, message, w.now()
	}
}

type describeScalingActivitiesInput struct {
	ActivityIds          []string
	AutoScalingGroupName string
	IncludeDeletedGroups bool
	Filters              []scalingFilter
	scalingPage
}

type describeScalingActivitiesOutput struct {
	Activities members[activityXML]
	NextToken  string `xml:",omitempty"`
}

func (w *world) describeScalingActivities(in describeScalingActivitiesInput) (describeScalingActivitiesOutput, error) {
	if _, exists := w.ScalingGroups[in.AutoScalingGroupName]; in.AutoScalingGroupName != "" && !exists && !in.IncludeDeletedGroups {
		return describeScalingActivitiesOutput{}, invalidScaling("AutoScalingGroup name not found - AutoScalingGroup '%s' not found", in.AutoScalingGroupName)
	}
	var found []*scalingActivity
	for _, a := range w.ScalingActivities {
		matched, err := w.matchesActivity(a, in)
		if err != nil {
			return describeScalingActivitiesOutput{}, err
		}
		if matched {
			found = append(found, a)
		}
	}
	slices.SortFunc(found, func(a, b *scalingActivity) int { return cmp.Compare(a.order(), b.order()) })
	size := scalingPage{cmp.Or(in.MaxRecords, new(100)), in.NextToken}
	cut, next, err := scalingList(found, (*scalingActivity).order, size)
	out := describeScalingActivitiesOutput{NextToken: next}
	for _, a := range cut {
		out.Activities.Members = append(out.Activities.Members, a.xml())
	}
	return out, err
}

// order sorts as AWS lists: what is under way first, then the newest first.
func (a *scalingActivity) order() string {
	rank := "1"
	if a.End.IsZero() {
		rank = "0"
	}
	return rank + strconv.Itoa(1_000_000_000-a.Serial)
}

func (w *world) matchesActivity(a *scalingActivity, in describeScalingActivitiesInput) (bool, error) {
	g, exists := w.ScalingGroups[a.GroupName]
	deleted := !exists || g.ARN != a.GroupARN
	matched := (in.AutoScalingGroupName == "" || a.GroupName == in.AutoScalingGroupName) &&
		(len(in.ActivityIds) == 0 || slices.Contains(in.ActivityIds, a.ID)) &&
		(in.IncludeDeletedGroups || !deleted)
	for _, f := range in.Filters {
		if f.Name != "Status" {
			return false, invalidScaling("Filter type %s is not correct. The simulated region knows the filter Status", f.Name)
		}
		matched = matched && f.takes(a.Status)
	}
	return matched, nil
}

type activityXML struct {
	ID          string `xml:"ActivityId"`
	GroupName   string `xml:"AutoScalingGroupName"`
	GroupARN    string `xml:"AutoScalingGroupARN"`
	Description string
	Cause       string
	StartTime   time.Time
	EndTime     *time.Time
	StatusCode  string
	Message     string `xml:"StatusMessage,omitempty"`
	Progress    int
	Details     string
}

// progressOf is the per cent AWS shows for a status.
var progressOf = map[string]int{
	"InProgress": 50, "WaitingForELBConnectionDraining": 50, "MidLifecycleAction": 60,
	"Successful": 100, "Failed": 100, "Cancelled": 100,
}

func (a *scalingActivity) xml() activityXML {
	details, _ := json.Marshal(map[string]string{"Subnet ID": a.SubnetID, "Availability Zone": a.Zone})
	x := activityXML{
		ID: a.ID, GroupName: a.GroupName, GroupARN: a.GroupARN, Description: a.Description, Cause: a.Cause,
		StartTime: a.Start, StatusCode: a.Status, Message: a.Message, Progress: progressOf[a.Status], Details: string(details),
	}
	if !a.End.IsZero() {
		x.EndTime = &a.End
	}
	return x
}
