package topology

import "strings"

// ScheduledAction sets the bounds of a group at certain times, again and again. Whose
// the group is, his are the actions with our names, as with [ScalingPolicy].
type ScheduledAction struct {
	// Name follows from the times; see [ScheduledActionName].
	Name  string `json:"name"`
	Group Ref    `json:"group"`
	// Recurrence is when, in AWS's five cron fields.
	Recurrence string `json:"recurrence"`
	// TimeZone is an IANA name; empty for UTC.
	TimeZone string `json:"timeZone,omitempty"`
	Min      int    `json:"min"`
	Max      int    `json:"max"`
	// Desired is the capacity to set; [KeepDesired] leaves it to AWS, which moves it
	// into the bounds.
	Desired int `json:"desired"`
	// End is when the action is to be forgotten, as RFC 3339; empty for never.
	End       string    `json:"end,omitempty"`
	Ownership Ownership `json:"ownership"`
}

// KeepDesired is no capacity.
const KeepDesired = -1

// ScheduledActionName is what an action at these times is named. AWS takes no two
// actions of a group for one time, so the time is what tells them apart: other numbers
// for the same time are a change, another time is another action.
func ScheduledActionName(recurrence, zone string) string {
	name := scalingPrefix + strings.ReplaceAll(recurrence, " ", "_")
	if zone != "" {
		name += "_" + zone
	}
	return name
}

func (a ScheduledAction) Ref() Ref         { return Ref{KindScheduledAction, a.Group.Name + "/" + a.Name} }
func (a ScheduledAction) Needs() []Ref     { return present(a.Group) }
func (a ScheduledAction) Owner() Ownership { return a.Ownership }
func (ScheduledAction) Labels() Tags       { return nil }
func (ScheduledAction) resource()          {}
