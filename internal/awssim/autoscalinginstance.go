package awssim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// groupInstance is an instance as its Auto Scaling group sees it.
type groupInstance struct {
	ID        string
	Zone      string
	SubnetID  string
	Type      string
	Template  templateChoice // what it was launched from, with the version's number
	Spot      bool
	Launched  time.Time
	State     string // of its life: Pending, Pending:Wait, InService, Terminating, … without "Warmed:"
	Warm      bool   // it waits in the warm pool
	FromPool  bool   // it waited there once
	Health    string // Healthy or Unhealthy
	Protected bool   // from scale-in

	InServiceAt time.Time
	SickSince   time.Time                   // first seen impaired, zero if well
	DrainedAt   time.Time                   // when the load balancers have let go
	Ended       bool                        // its termination was ordered
	Abandoned   bool                        // a lifecycle action was abandoned
	Actions     map[string]*lifecycleAction // under way, by hook
	ActivityID  string
}

// counts says whether the instance is part of the group's capacity.
func (i *groupInstance) counts() bool {
	return !i.Warm && (i.State == "InService" || strings.HasPrefix(i.State, "Pending"))
}

func (i *groupInstance) terminating() bool { return strings.HasPrefix(i.State, "Terminating") }

// capacity is how many instances the group has or is about to have in service.
func (g *scalingGroup) capacity() int {
	n := 0
	for _, i := range g.Instances {
		if i.counts() {
			n++
		}
	}
	return n
}

// busy says whether instances are coming or going.
func (g *scalingGroup) busy() bool {
	return slices.ContainsFunc(g.Instances, func(i *groupInstance) bool {
		return !i.Warm && i.State != "InService" && i.State != "Standby"
	})
}

// instance finds a member of the group, or nil.
func (g *scalingGroup) instance(id string) *groupInstance {
	for _, i := range g.Instances {
		if i.ID == id {
			return i
		}
	}
	return nil
}

// managed finds an instance and its group.
func (w *world) managed(id string) (*scalingGroup, *groupInstance, error) {
	for _, g := range w.ScalingGroups {
		if i := g.instance(id); i != nil {
			return g, i, nil
		}
	}
	return nil, nil, invalidScaling("Instance Id not found - No managed instance found for instance ID %s", id)
}

// members finds instances of one group.
func (g *scalingGroup) members(ids []string) ([]*groupInstance, error) {
	var list []*groupInstance
	for _, id := range ids {
		i := g.instance(id)
		if i == nil {
			return nil, invalidScaling("The instance %s is not part of Auto Scaling group %s.", id, g.Name)
		}
		list = append(list, i)
	}
	return list, nil
}

type describeScalingInstancesInput struct {
	InstanceIds []string
	scalingPage
}

type describeScalingInstancesOutput struct {
	Instances members[groupInstanceXML] `xml:"AutoScalingInstances"`
	NextToken string                    `xml:",omitempty"`
}

func (w *world) describeScalingInstances(in describeScalingInstancesInput) (describeScalingInstancesOutput, error) {
	found := map[string]groupInstanceXML{}
	for _, g := range w.ScalingGroups {
		for _, i := range g.Instances {
			if len(in.InstanceIds) == 0 || slices.Contains(in.InstanceIds, i.ID) {
				x := i.xml()
				x.GroupName = g.Name
				// The two Describes write health in different letters, and so does AWS.
				x.Health = strings.ToUpper(x.Health)
				found[i.ID] = x
			}
		}
	}
	cut, next, err := scalingList(sortedRows(found), func(x groupInstanceXML) string { return x.ID }, in.scalingPage)
	return describeScalingInstancesOutput{members[groupInstanceXML]{cut}, next}, err
}

type groupInstanceXML struct {
	ID        string                `xml:"InstanceId"`
	GroupName string                `xml:"AutoScalingGroupName,omitempty"`
	Type      string                `xml:"InstanceType"`
	Zone      string                `xml:"AvailabilityZone"`
	State     string                `xml:"LifecycleState"`
	Health    string                `xml:"HealthStatus"`
	Template  templateSpecification `xml:"LaunchTemplate"`
	Protected bool                  `xml:"ProtectedFromScaleIn"`
}

func (i *groupInstance) xml() groupInstanceXML {
	x := groupInstanceXML{
		ID: i.ID, Type: i.Type, Zone: i.Zone, State: i.State, Health: i.Health, Protected: i.Protected,
		Template: templateSpecification{i.Template.ID, i.Template.Name, i.Template.Version},
	}
	if i.Warm {
		x.State = "Warmed:" + i.State
	}
	return x
}

type terminateScalingInstanceInput struct {
	InstanceID string `wire:"InstanceId"`
	Decrement  *bool  `wire:"ShouldDecrementDesiredCapacity"`
}

type activityOutput struct {
	Activity activityXML
}

// terminateScalingInstance retires an instance. One that is going already is not told twice: the
// answer is the activity under way, so that a lost answer does no harm.
func (w *world) terminateScalingInstance(in terminateScalingInstanceInput) (activityOutput, error) {
	g, i, err := w.managed(in.InstanceID)
	if err != nil {
		return activityOutput{}, err
	}
	if in.Decrement == nil {
		return activityOutput{}, invalidScaling("ShouldDecrementDesiredCapacity is required")
	}
	if i.terminating() {
		return activityOutput{w.ScalingActivities[i.ActivityID].xml()}, nil
	}
	because := "in response to a user request"
	if *in.Decrement && i.counts() {
		if err := g.decrement(1, "Terminating"); err != nil {
			return activityOutput{}, err
		}
		because += fmt.Sprintf(", shrinking the capacity from %d to %d", g.Desired+1, g.Desired)
	}
	return activityOutput{w.retire(g, i, because).xml()}, nil
}

// decrement lowers the desired capacity by n, if the minimum allows.
func (g *scalingGroup) decrement(n int, doing string) error {
	if g.Desired-n < g.Min {
		return invalidScaling("Currently, desiredSize equals minSize (%d). %s instance without replacement will violate group's min size constraint. "+
			"Either set shouldDecrementDesiredCapacity flag to false or lower group's min size.", g.Min, doing)
	}
	g.Desired -= n
	return nil
}

type moveInstancesInput struct {
	AutoScalingGroupName string
	InstanceIds          []string
	Decrement            *bool `wire:"ShouldDecrementDesiredCapacity"`
}

type activitiesOutput struct {
	Activities members[activityXML]
}

// detachScalingInstances lets instances go without terminating them.
func (w *world) detachScalingInstances(in moveInstancesInput) (activitiesOutput, error) {
	return w.moveOut(in, "Detaching", func(g *scalingGroup, i *groupInstance) {
		w.leave(g, i)
	})
}

// enterStandby takes instances out of service for a while.
func (w *world) enterStandby(in moveInstancesInput) (activitiesOutput, error) {
	return w.moveOut(in, "Moving to Standby", func(_ *scalingGroup, i *groupInstance) { i.State = "Standby" })
}

func (w *world) moveOut(in moveInstancesInput, doing string, move func(*scalingGroup, *groupInstance)) (activitiesOutput, error) {
	g, err := w.scalingGroup(in.AutoScalingGroupName)
	if err != nil {
		return activitiesOutput{}, err
	}
	list, err := g.members(in.InstanceIds)
	if err != nil {
		return activitiesOutput{}, err
	}
	for _, i := range list {
		if i.State != "InService" {
			return activitiesOutput{}, invalidScaling("The instance %s is not in InService.", i.ID)
		}
	}
	if in.Decrement != nil && *in.Decrement {
		if err := g.decrement(len(list), doing); err != nil {
			return activitiesOutput{}, err
		}
	}
	var out activitiesOutput
	for _, i := range list {
		for _, arn := range g.TargetARNs {
			if tg, exists := w.TargetGroups[arn]; exists {
				w.deregister(tg, i.ID, 0)
			}
		}
		w.leaveClassics(g.Classic, i.ID)
		move(g, i)
		out.Activities.Members = append(out.Activities.Members, w.recordMove(g, i, doing+" EC2 instance: "+i.ID))
	}
	return out, nil
}

func (w *world) recordMove(g *scalingGroup, i *groupInstance, description string) activityXML {
	a := w.beginActivity(g, description, fmt.Sprintf("At %s instance %s was moved in response to a user request.",
		w.now().Format(time.RFC3339), i.ID), i.SubnetID, i.Zone)
	w.finish(a.ID, "Successful", "")
	return a.xml()
}

type exitStandbyInput struct {
	AutoScalingGroupName string
	InstanceIds          []string
}

// exitStandby puts instances back into service, which raises the desired capacity.
func (w *world) exitStandby(in exitStandbyInput) (activitiesOutput, error) {
	g, err := w.scalingGroup(in.AutoScalingGroupName)
	if err != nil {
		return activitiesOutput{}, err
	}
	list, err := g.members(in.InstanceIds)
	if err != nil {
		return activitiesOutput{}, err
	}
	if g.Desired+len(list) > g.Max {
		return activitiesOutput{}, invalidScaling("AutoScalingGroup %s has max-size=%d. %d instances cannot exit standby.", g.Name, g.Max, len(list))
	}
	var out activitiesOutput
	for _, i := range list {
		if i.State != "Standby" {
			return activitiesOutput{}, invalidScaling("The instance %s is not in Standby.", i.ID)
		}
		g.Desired++
		i.State, i.ActivityID = "Pending", ""
		out.Activities.Members = append(out.Activities.Members, w.recordMove(g, i, "Moving EC2 instance out of Standby: "+i.ID))
	}
	return out, nil
}

type setInstanceHealthInput struct {
	InstanceID         string `wire:"InstanceId"`
	HealthStatus       string
	RespectGracePeriod *bool `wire:"ShouldRespectGracePeriod"`
}

func (w *world) setInstanceHealth(in setInstanceHealthInput) (none, error) {
	g, i, err := w.managed(in.InstanceID)
	if err != nil {
		return none{}, err
	}
	if in.HealthStatus != "Healthy" && in.HealthStatus != "Unhealthy" {
		return none{}, invalidScaling("Instance health status '%s' is not valid. Valid values: Healthy, Unhealthy", in.HealthStatus)
	}
	respects := in.RespectGracePeriod == nil || *in.RespectGracePeriod
	inGrace := w.now().Sub(i.InServiceAt) < time.Duration(g.Grace)*time.Second
	if respects && inGrace {
		return none{}, nil
	}
	i.Health = in.HealthStatus
	return none{}, nil
}

type setInstanceProtectionInput struct {
	AutoScalingGroupName string
	InstanceIds          []string
	ProtectedFromScaleIn bool
}

func (w *world) setInstanceProtection(in setInstanceProtectionInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		list, err := g.members(in.InstanceIds)
		for _, i := range list {
			i.Protected = in.ProtectedFromScaleIn
		}
		return err
	})
}
