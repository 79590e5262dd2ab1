package awssim

import "slices"

// AddClassicLoadBalancer makes a load balancer of the old kind as somebody else would. The
// simulator knows its name, so that groups can be attached to it; it forwards nothing.
func (r *Region) AddClassicLoadBalancer(name string) {
	r.update(func(w *world) { w.Classic[name] = true })
}

type groupClassicInput struct {
	AutoScalingGroupName string
	LoadBalancerNames    []string
}

func (w *world) checkClassic(names []string) error {
	for _, name := range names {
		if !w.Classic[name] {
			return invalidScaling("Provided Load Balancers may not be valid. Please ensure they exist and try again.")
		}
	}
	return nil
}

// attachClassic is no error to AWS if it was done before.
func (w *world) attachClassic(in groupClassicInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		if err := w.checkClassic(in.LoadBalancerNames); err != nil {
			return err
		}
		for _, name := range in.LoadBalancerNames {
			if !slices.Contains(g.Classic, name) {
				g.Classic = append(g.Classic, name)
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
		g.Classic = slices.DeleteFunc(slices.Clone(g.Classic), func(have string) bool { return slices.Contains(in.LoadBalancerNames, have) })
		return nil
	})
}
