package awssim

import (
	"slices"
	"time"
)

type groupClassicInput struct {
	AutoScalingGroupName string
	LoadBalancerNames    []string
}

func (w *world) checkClassic(names []string) error {
	for _, name := range names {
		if w.Classic[name] == nil {
			return invalidScaling("Provided Load Balancers may not be valid. Please ensure they exist and try again.")
		}
	}
	return nil
}

// attachClassic registers what is in service. It is no error to AWS if it was done before.
func (w *world) attachClassic(in groupClassicInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		if err := w.checkClassic(in.LoadBalancerNames); err != nil {
			return err
		}
		for _, name := range in.LoadBalancerNames {
			if slices.Contains(g.Classic, name) {
				continue
			}
			g.Classic = append(g.Classic, name)
			for _, i := range g.Instances {
				if i.State == "InService" && g.does("AddToLoadBalancer") {
					w.joinClassic(w.Classic[name], i.ID)
				}
			}
		}
		return nil
	})
}

func (w *world) detachClassic(in groupClassicInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		for _, name := range in.LoadBalancerNames {
			if !slices.Contains(g.Classic, name) {
				return invalidScaling("Trying to remove Load Balancers that are not part of the group: %s", name)
			}
		}
		for _, i := range g.Instances {
			w.leaveClassics(in.LoadBalancerNames, i.ID)
		}
		g.Classic = slices.DeleteFunc(slices.Clone(g.Classic), func(have string) bool { return slices.Contains(in.LoadBalancerNames, have) })
		return nil
	})
}

// joinClassics puts a machine into the Classic load balancers that still are.
func (w *world) joinClassics(names []string, id string) {
	for _, name := range names {
		if b := w.Classic[name]; b != nil {
			w.joinClassic(b, id)
		}
	}
}

// leaveClassics takes a machine out of them, and returns how long its connections drain.
func (w *world) leaveClassics(names []string, id string) time.Duration {
	var longest time.Duration
	for _, name := range names {
		if b := w.Classic[name]; b != nil {
			longest = max(longest, w.leaveClassic(b, id))
		}
	}
	return longest
}
