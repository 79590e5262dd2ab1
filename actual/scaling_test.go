package actual_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func (w *world) policy(group, name string, target float64) {
	w.t.Helper()
	must[*autoscaling.PutScalingPolicyOutput](w)(w.AutoScaling.PutScalingPolicy(w.t.Context(), &autoscaling.PutScalingPolicyInput{
		AutoScalingGroupName: &group, PolicyName: &name, PolicyType: aws.String(topology.TargetTracking),
		TargetTrackingConfiguration: &asgtypes.TargetTrackingConfiguration{
			PredefinedMetricSpecification: &asgtypes.PredefinedMetricSpecification{PredefinedMetricType: topology.AverageCPU}, TargetValue: &target,
		},
	}))
}

func (w *world) action(group, name, recurrence string, low, high int32) {
	w.t.Helper()
	must[*autoscaling.PutScheduledUpdateGroupActionOutput](w)(w.AutoScaling.PutScheduledUpdateGroupAction(w.t.Context(), &autoscaling.PutScheduledUpdateGroupActionInput{
		AutoScalingGroupName: &group, ScheduledActionName: &name, Recurrence: &recurrence, MinSize: &low, MaxSize: &high,
	}))
}

// oneGroup makes a group of workers as kops does.
func (w *world) oneGroup(name string) {
	w.t.Helper()
	vpc := w.vpc("172.20.0.0/16", base(cluster))
	subnet := w.subnet(vpc, "us-east-1a", "172.20.32.0/19", base("us-east-1a."+cluster))
	template := must[*ec2.CreateLaunchTemplateOutput](w)(w.EC2.CreateLaunchTemplate(w.t.Context(), &ec2.CreateLaunchTemplateInput{
		LaunchTemplateName: &name, LaunchTemplateData: &ec2types.RequestLaunchTemplateData{ImageId: &w.ami, InstanceType: "t3.medium"},
		TagSpecifications: tagged(ec2types.ResourceTypeLaunchTemplate, base(name)),
	}))
	w.group(name, *template.LaunchTemplate.LaunchTemplateId, "1", subnet, 1, nil, base(name))
}

func TestScalingOfMarkedGroupsIsFoundByOurNames(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		name := "nodes." + cluster
		w.oneGroup(name)
		w.policy(name, topology.CPUPolicyName, 60)
		w.policy(name, "by-hand", 30)
		w.action(name, "quorate-0_6_*_*_1-5", "0 6 * * 1-5", 0, 4)
		w.action(name, "team-lunch", "0 12 * * 1-5", 1, 1)
		if state := w.observe(); len(topology.Of[topology.ScalingPolicy](state.Topology)) > 0 {
			t.Error("a group without the mark was asked: that costs two calls for every group there is")
		}

		w.tagGroup(name, topology.TagScaling, "true")
		state := w.observe()
		group := topology.Ref{Kind: topology.KindAutoScalingGroup, Name: name}
		policies := []topology.ScalingPolicy{{
			Name: topology.CPUPolicyName, Group: group, Type: topology.TargetTracking, Metric: topology.AverageCPU,
			Target: 60, ScaleIn: true, Enabled: true, Ownership: topology.Owned,
		}}
		if diff := cmp.Diff(policies, topology.Of[topology.ScalingPolicy](state.Topology)); diff != "" {
			t.Error(diff)
		}
		actions := []topology.ScheduledAction{{
			Name: "quorate-0_6_*_*_1-5", Group: group, Recurrence: "0 6 * * 1-5", Min: 0, Max: 4, Desired: topology.KeepDesired, Ownership: topology.Owned,
		}}
		if diff := cmp.Diff(actions, topology.Of[topology.ScheduledAction](state.Topology)); diff != "" {
			t.Error(diff)
		}
		if len(state.Leftovers) > 0 {
			t.Errorf("what others made is left over: %+v", state.Leftovers)
		}
	})
}
