package kopsmade

import (
	"context"
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
)

// latest is the version that kops has its groups follow, where its Terraform writes the number.
const latest = "$Latest"

func (m *maker) group(ctx context.Context, b block) (attributes, error) {
	name := b.str("name")
	in := &autoscaling.CreateAutoScalingGroupInput{
		AutoScalingGroupName: name, MinSize: b.number("min_size"), MaxSize: b.number("max_size"), VPCZoneIdentifier: b.joined("vpc_zone_identifier"),
		TargetGroupARNs: b.list("target_group_arns"), LoadBalancerNames: b.list("load_balancers"), CapacityRebalance: b.flag("capacity_rebalance"),
		NewInstancesProtectedFromScaleIn: b.flag("protect_from_scale_in"), MaxInstanceLifetime: b.positive("max_instance_lifetime"),
	}
	for _, t := range b.blocks("tag") {
		in.Tags = append(in.Tags, types.Tag{
			Key: t.str("key"), Value: aws.String(t.text("value")), PropagateAtLaunch: t.flag("propagate_at_launch"), ResourceId: name, ResourceType: aws.String("auto-scaling-group"),
		})
	}
	for _, t := range b.blocks("launch_template") {
		in.LaunchTemplate = &types.LaunchTemplateSpecification{LaunchTemplateId: t.str("id"), Version: aws.String(latest)}
	}
	for _, p := range b.blocks("mixed_instances_policy") {
		in.MixedInstancesPolicy = mixedInstances(p)
	}
	if _, err := m.AutoScaling.CreateAutoScalingGroup(ctx, in); err != nil {
		return nil, err
	}
	return attributes{"id": *name, "name": *name}, m.afterwards(ctx, b)
}

// afterwards sets what cannot be said when a group is made.
func (m *maker) afterwards(ctx context.Context, b block) error {
	name := b.str("name")
	_, err := m.AutoScaling.EnableMetricsCollection(ctx, &autoscaling.EnableMetricsCollectionInput{
		AutoScalingGroupName: name, Granularity: b.str("metrics_granularity"), Metrics: b.list("enabled_metrics"),
	})
	if err != nil {
		return err
	}
	if suspended := b.list("suspended_processes"); len(suspended) > 0 {
		if _, err := m.AutoScaling.SuspendProcesses(ctx, &autoscaling.SuspendProcessesInput{AutoScalingGroupName: name, ScalingProcesses: suspended}); err != nil {
			return err
		}
	}
	for _, p := range b.blocks("warm_pool") {
		in := &autoscaling.PutWarmPoolInput{
			AutoScalingGroupName: name, MinSize: p.number("min_size"), MaxGroupPreparedCapacity: p.number("max_group_prepared_capacity"), PoolState: types.WarmPoolState(p.text("pool_state")),
		}
		for _, reuse := range p.blocks("instance_reuse_policy") {
			in.InstanceReusePolicy = &types.InstanceReusePolicy{ReuseOnScaleIn: reuse.flag("reuse_on_scale_in")}
		}
		if _, err := m.AutoScaling.PutWarmPool(ctx, in); err != nil {
			return err
		}
	}
	return nil
}

func mixedInstances(p block) *types.MixedInstancesPolicy {
	source, d := p.only("launch_template"), p.only("instances_distribution")
	policy := &types.MixedInstancesPolicy{
		LaunchTemplate: &types.LaunchTemplate{LaunchTemplateSpecification: &types.LaunchTemplateSpecification{
			LaunchTemplateId: source.only("launch_template_specification").str("launch_template_id"), Version: aws.String(latest),
		}},
		InstancesDistribution: &types.InstancesDistribution{
			OnDemandAllocationStrategy: d.str("on_demand_allocation_strategy"), OnDemandBaseCapacity: d.number("on_demand_base_capacity"),
			OnDemandPercentageAboveBaseCapacity: d.number("on_demand_percentage_above_base_capacity"), SpotAllocationStrategy: d.str("spot_allocation_strategy"),
			SpotInstancePools: d.positive("spot_instance_pools"), SpotMaxPrice: d.str("spot_max_price"),
		},
	}
	for _, o := range source.blocks("override") {
		policy.LaunchTemplate.Overrides = append(policy.LaunchTemplate.Overrides, override(o))
	}
	return policy
}

func override(o block) types.LaunchTemplateOverrides {
	if !o.has("instance_requirements") {
		return types.LaunchTemplateOverrides{InstanceType: o.str("instance_type")}
	}
	r := o.only("instance_requirements")
	cpus, memory := r.only("vcpu_count"), r.only("memory_mib")
	return types.LaunchTemplateOverrides{InstanceRequirements: &types.InstanceRequirements{
		BurstablePerformance: types.BurstablePerformance(r.text("burstable_performance")), ExcludedInstanceTypes: r.list("excluded_instance_types"),
		VCpuCount: &types.VCpuCountRequest{Min: cpus.number("min"), Max: cpus.number("max")},
		MemoryMiB: &types.MemoryMiBRequest{Min: memory.number("min"), Max: memory.number("max")},
	}}
}

func (m *maker) lifecycleHook(ctx context.Context, b block) (attributes, error) {
	_, err := m.AutoScaling.PutLifecycleHook(ctx, &autoscaling.PutLifecycleHookInput{
		LifecycleHookName: b.str("name"), AutoScalingGroupName: b.str("autoscaling_group_name"), LifecycleTransition: b.str("lifecycle_transition"),
		DefaultResult: b.str("default_result"), HeartbeatTimeout: b.number("heartbeat_timeout"),
	})
	return attributes{}, err
}

func (m *maker) scalingPolicy(ctx context.Context, b block) (attributes, error) {
	c := b.only("target_tracking_configuration")
	target, err := strconv.ParseFloat(c.text("target_value"), 64)
	if err != nil {
		return nil, err
	}
	_, err = m.AutoScaling.PutScalingPolicy(ctx, &autoscaling.PutScalingPolicyInput{
		PolicyName: b.str("name"), AutoScalingGroupName: b.str("autoscaling_group_name"), PolicyType: b.str("policy_type"), Enabled: b.flag("enabled"),
		TargetTrackingConfiguration: &types.TargetTrackingConfiguration{
			TargetValue: &target, DisableScaleIn: c.flag("disable_scale_in"), PredefinedMetricSpecification: &types.PredefinedMetricSpecification{
				PredefinedMetricType: types.MetricType(c.only("predefined_metric_specification").text("predefined_metric_type")),
			},
		},
	})
	return attributes{}, err
}

// schedule leaves out sizes of -1, which is Terraform's word for leaving them alone.
func (m *maker) schedule(ctx context.Context, b block) (attributes, error) {
	in := &autoscaling.PutScheduledUpdateGroupActionInput{
		ScheduledActionName: b.str("scheduled_action_name"), AutoScalingGroupName: b.str("autoscaling_group_name"), Recurrence: b.str("recurrence"), TimeZone: b.str("time_zone"),
	}
	for key, to := range map[string]**int32{"min_size": &in.MinSize, "max_size": &in.MaxSize, "desired_capacity": &in.DesiredCapacity} {
		if n := b.number(key); n != nil && *n >= 0 {
			*to = n
		}
	}
	if end := b.text("end_time"); end != "" {
		at, err := time.Parse(time.RFC3339, end)
		if err != nil {
			return nil, err
		}
		in.EndTime = &at
	}
	_, err := m.AutoScaling.PutScheduledUpdateGroupAction(ctx, in)
	return attributes{}, err
}
