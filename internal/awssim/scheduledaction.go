package awssim

import (
	"cmp"
	"regexp"
	"slices"
	"time"
)

// scheduledAction sets the sizes of a group at certain times.
type scheduledAction struct {
	Name       string
	ARN        string
	Recurrence string
	TimeZone   string
	Start, End time.Time // zero for none
	Min        *int
	Max        *int
	Desired    *int
	Made       string // tells the action from the one it was before it was put again
}

// maxScheduledActions: https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-quotas.html
const maxScheduledActions = 125

type putScheduledActionInput struct {
	AutoScalingGroupName string
	ScheduledActionName  string
	Recurrence           string
	TimeZone             string
	StartTime            time.Time
	Time                 time.Time
	EndTime              time.Time
	MinSize              *int
	MaxSize              *int
	DesiredCapacity      *int
}

// scalingName: Auto Scaling takes no colon in the names of policies and actions.
var scalingName = regexp.MustCompile(`^[^:]{1,255}$`)

// putScheduledAction makes an action, or changes what is sent of the one of that name.
func (w *world) putScheduledAction(in putScheduledActionInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		a := scheduledAction{Name: in.ScheduledActionName}
		if present, exists := g.Schedule[in.ScheduledActionName]; exists {
			a = *present
		} else if len(g.Schedule) >= maxScheduledActions {
			return refuse("LimitExceeded", "ScheduledAction limit exceeded for the group %s", g.Name)
		}
		a.ARN = cmp.Or(a.ARN, w.arn("autoscaling", "scheduledUpdateGroupAction:"+w.region.ids.uuid()+":autoScalingGroupName/"+g.Name+":scheduledActionName/"+a.Name))
		a.Made = w.region.ids.uuid()
		a.take(in)
		if err := a.check(w.now()); err != nil {
			return err
		}
		for _, other := range g.Schedule {
			if other.Name != a.Name && other.Recurrence == a.Recurrence && other.TimeZone == a.TimeZone && other.Start.Equal(a.Start) {
				return refuse("AlreadyExists", "Found another schedule action with same schedule")
			}
		}
		g.Schedule[a.Name] = &a
		w.arm(g.Name, a)
		return nil
	})
}

func (a *scheduledAction) take(in putScheduledActionInput) {
	a.Recurrence, a.TimeZone = cmp.Or(in.Recurrence, a.Recurrence), cmp.Or(in.TimeZone, a.TimeZone)
	if start := cmp.Or(in.StartTime, in.Time); !start.IsZero() {
		a.Start = start
	}
	if !in.EndTime.IsZero() {
		a.End = in.EndTime
	}
	a.Min, a.Max, a.Desired = cmp.Or(in.MinSize, a.Min), cmp.Or(in.MaxSize, a.Max), cmp.Or(in.DesiredCapacity, a.Desired)
}

func (a *scheduledAction) check(now time.Time) error {
	_, timed := parseCron(a.Recurrence)
	_, zoneErr := time.LoadLocation(a.TimeZone)
	switch {
	case !scalingName.MatchString(a.Name):
		return invalidScaling("Invalid scheduled action name '%s'", a.Name)
	case a.Recurrence == "" && a.Start.IsZero():
		return invalidScaling("Recurrence or StartTime must be specified")
	case a.Recurrence != "" && !timed:
		return invalidScaling("Given recurrence string: %s is invalid", a.Recurrence)
	case zoneErr != nil:
		return invalidScaling("Invalid TimeZone '%s'", a.TimeZone)
	case a.Recurrence == "" && a.Start.Before(now):
		return invalidScaling("Given start time is in the past")
	case a.Min == nil && a.Max == nil && a.Desired == nil:
		return invalidScaling("At least one of MinSize, MaxSize or DesiredCapacity must be specified")
	case a.Min != nil && a.Max != nil && *a.Min > *a.Max:
		return invalidScaling("Min value %d is greater than max value %d for the ScheduledAction.", *a.Min, *a.Max)
	}
	return nil
}

// nextTime is when the action is due after a moment; zero for never again.
func (a *scheduledAction) nextTime(after time.Time) time.Time {
	due := a.Start
	if times, ok := parseCron(a.Recurrence); ok {
		zone, err := time.LoadLocation(a.TimeZone)
		if err != nil {
			zone = time.UTC
		}
		if from := a.Start.Add(-time.Minute); from.After(after) {
			after = from
		}
		due = times.next(after.In(zone)).UTC()
	}
	if !due.After(after) || !a.End.IsZero() && due.After(a.End) {
		return time.Time{}
	}
	return due
}

// arm waits for the action's next time, unless it is put again or deleted before.
func (w *world) arm(group string, a scheduledAction) {
	due := a.nextTime(w.now())
	if due.IsZero() {
		return
	}
	w.after(due.Sub(w.now()), func(w *world) {
		g, exists := w.ScalingGroups[group]
		if !exists || g.Deleting || g.Schedule[a.Name] == nil || g.Schedule[a.Name].Made != a.Made {
			return
		}
		if g.does("ScheduledActions") {
			g.resize(a)
		}
		if a.Recurrence == "" {
			delete(g.Schedule, a.Name)
		}
		w.arm(group, a)
	})
}

// resize does what an action says. A capacity that it does not set moves into the new bounds.
func (g *scalingGroup) resize(a scheduledAction) {
	assign(&g.Min, a.Min)
	assign(&g.Max, a.Max)
	g.Max = max(g.Min, g.Max)
	assign(&g.Desired, a.Desired)
	g.Desired = min(max(g.Desired, g.Min), g.Max)
}

type describeScheduledActionsInput struct {
	scalingPage
	AutoScalingGroupName string
	ScheduledActionNames []string
	StartTime, EndTime   time.Time
}

type describeScheduledActionsOutput struct {
	Actions   members[scheduledActionXML] `xml:"ScheduledUpdateGroupActions"`
	NextToken string                      `xml:",omitempty"`
}

type scheduledActionXML struct {
	GroupName  string     `xml:"AutoScalingGroupName"`
	Name       string     `xml:"ScheduledActionName"`
	ARN        string     `xml:"ScheduledActionARN"`
	Recurrence string     `xml:",omitempty"`
	TimeZone   string     `xml:",omitempty"`
	StartTime  *time.Time `xml:",omitempty"`
	Time       *time.Time `xml:",omitempty"` // the former name of StartTime
	EndTime    *time.Time `xml:",omitempty"`
	Min        *int       `xml:"MinSize,omitempty"`
	Max        *int       `xml:"MaxSize,omitempty"`
	Desired    *int       `xml:"DesiredCapacity,omitempty"`
}

func (w *world) describeScheduledActions(in describeScheduledActionsInput) (describeScheduledActionsOutput, error) {
	var list []scheduledActionXML
	for _, g := range sortedRows(w.ScalingGroups) {
		if in.AutoScalingGroupName != "" && in.AutoScalingGroupName != g.Name {
			continue
		}
		for _, a := range sortedRows(g.Schedule) {
			x := w.scheduledActionXML(g, a)
			if (len(in.ScheduledActionNames) == 0 || slices.Contains(in.ScheduledActionNames, a.Name)) && x.within(in.StartTime, in.EndTime) {
				list = append(list, x)
			}
		}
	}
	cut, next, err := scalingList(list, func(x scheduledActionXML) string { return x.GroupName + "\x00" + x.Name }, in.scalingPage)
	return describeScheduledActionsOutput{members[scheduledActionXML]{cut}, next}, err
}

// within reports whether the next time of the action is between two moments; zero for open ends.
func (x scheduledActionXML) within(start, end time.Time) bool {
	return x.StartTime == nil || (start.IsZero() || !x.StartTime.Before(start)) && (end.IsZero() || !x.StartTime.After(end))
}

// scheduledActionXML shows the next time as the start, as AWS does for what recurs.
func (w *world) scheduledActionXML(g *scalingGroup, a *scheduledAction) scheduledActionXML {
	x := scheduledActionXML{
		GroupName: g.Name, Name: a.Name, ARN: a.ARN, Recurrence: a.Recurrence, TimeZone: a.TimeZone, Min: a.Min, Max: a.Max, Desired: a.Desired,
	}
	if next := a.nextTime(w.now()); !next.IsZero() {
		x.StartTime, x.Time = &next, &next
	}
	if !a.End.IsZero() {
		x.EndTime = &a.End
	}
	return x
}

type deleteScheduledActionInput struct {
	AutoScalingGroupName string
	ScheduledActionName  string
}

func (w *world) deleteScheduledAction(in deleteScheduledActionInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		if _, exists := g.Schedule[in.ScheduledActionName]; !exists {
			return invalidScaling("Scheduled action name not found")
		}
		delete(g.Schedule, in.ScheduledActionName)
		return nil
	})
}
