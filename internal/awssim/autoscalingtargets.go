package awssim

import (
	"slices"
)

type groupTargetsInput struct {
	AutoScalingGroupName string
	TargetGroupARNs      []string
}

// attachTargetGroups registers what is in service with more target groups. Attaching twice is no
// error to AWS.
func (w *world) attachTargetGroups(in groupTargetsInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		if err := w.checkTargetGroups(in.TargetGroupARNs); err != nil {
			return err
		}
		for _, arn := range in.TargetGroupARNs {
			if slices.Contains(g.TargetARNs, arn) {
				continue
			}
			g.TargetARNs = append(g.TargetARNs, arn)
			for _, i := range g.Instances {
				if i.State == "InService" && g.does("AddToLoadBalancer") {
					w.register(arn, i)
				}
			}
		}
		return nil
	})
}

func (w *world) detachTargetGroups(in groupTargetsInput) (none, error) {
	return w.onScalingGroup(in.AutoScalingGroupName, func(g *scalingGroup) error {
		for _, arn := range in.TargetGroupARNs {
			if !slices.Contains(g.TargetARNs, arn) {
				return invalidScaling("Trying to remove Target Groups that are not part of the group: %s", arn)
			}
		}
		for _, arn := range in.TargetGroupARNs {
			tg, exists := w.TargetGroups[arn]
			for _, i := range g.Instances {
				if exists {
					w.deregister(tg, i.ID, 0)
				}
			}
			g.TargetARNs = slices.DeleteFunc(slices.Clone(g.TargetARNs), func(have string) bool { return have == arn })
		}
		return nil
	})
}

type describeAttachedInput struct {
	AutoScalingGroupName string
	scalingPage
}

type describeAttachedOutput struct {
	TargetGroups members[attachedTargetGroupXML] `xml:"LoadBalancerTargetGroups"`
	NextToken    string                          `xml:",omitempty"`
}

type attachedTargetGroupXML struct {
	ARN   string `xml:"LoadBalancerTargetGroupARN"`
	State string
}

func (w *world) describeAttachedTargetGroups(in describeAttachedInput) (describeAttachedOutput, error) {
	g, err := w.scalingGroup(in.AutoScalingGroupName)
	if err != nil {
		return describeAttachedOutput{}, err
	}
	sorted := slices.Sorted(slices.Values(g.TargetARNs))
	cut, next, err := scalingList(sorted, func(arn string) string { return arn }, in.scalingPage)
	out := describeAttachedOutput{NextToken: next}
	for _, arn := range cut {
		out.TargetGroups.Members = append(out.TargetGroups.Members, attachedTargetGroupXML{arn, w.attachmentState(g, arn)})
	}
	return out, err
}

// attachmentState is InService once a target is healthy, Added once all are registered.
func (w *world) attachmentState(g *scalingGroup, arn string) string {
	tg, exists := w.TargetGroups[arn]
	if !exists {
		return "Adding"
	}
	for _, t := range tg.Targets {
		if g.instance(t.ID) != nil && t.State == targetHealthy {
			return "InService"
		}
	}
	return "Added"
}
