package apply

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"

	"github.com/quorate/quorate/topology"
)

// launchFrom says what a group makes machines from: the template alone or a policy
// around it, of which AWS takes exactly one.
func launchFrom(want topology.AutoScalingGroup, template *asgtypes.LaunchTemplateSpecification) (*asgtypes.LaunchTemplateSpecification, *asgtypes.MixedInstancesPolicy) {
	m := want.Mixed
	if m.IsZero() {
		return template, nil
	}
	policy := &asgtypes.MixedInstancesPolicy{
		LaunchTemplate: &asgtypes.LaunchTemplate{LaunchTemplateSpecification: template},
		// All of it is said, because AWS keeps what is not; an empty price takes the old
		// one away.
		InstancesDistribution: &asgtypes.InstancesDistribution{
			OnDemandAllocationStrategy: aws.String(m.OnDemandStrategy), OnDemandBaseCapacity: aws.Int32(int32(m.OnDemandBase)),
			OnDemandPercentageAboveBaseCapacity: aws.Int32(int32(m.OnDemandPercent)), SpotAllocationStrategy: aws.String(m.SpotStrategy),
			SpotInstancePools: positive(m.SpotPools), SpotMaxPrice: aws.String(m.SpotMaxPrice),
		},
	}
	for _, o := range m.Overrides {
		policy.LaunchTemplate.Overrides = append(policy.LaunchTemplate.Overrides, override(o))
	}
	return nil, policy
}

func override(o topology.InstanceOverride) asgtypes.LaunchTemplateOverrides {
	if o.InstanceType != "" {
		return asgtypes.LaunchTemplateOverrides{InstanceType: aws.String(o.InstanceType)}
	}
	r := o.Requirements
	return asgtypes.LaunchTemplateOverrides{InstanceRequirements: &asgtypes.InstanceRequirements{
		VCpuCount:             &asgtypes.VCpuCountRequest{Min: aws.Int32(int32(r.VCPUs.Min)), Max: positive(r.VCPUs.Max)},
		MemoryMiB:             &asgtypes.MemoryMiBRequest{Min: aws.Int32(int32(r.MemoryMiB.Min)), Max: positive(r.MemoryMiB.Max)},
		ExcludedInstanceTypes: r.Excluded, BurstablePerformance: asgtypes.BurstablePerformance(r.Burstable),
	}}
}

// pinned is the template version that the group uses now: another policy is no reason
// to launch from another version, which needs the gate.
func (g autoScalingGroups) pinned(ctx context.Context, name string) (*asgtypes.LaunchTemplateSpecification, error) {
	found, err := g.find(ctx, name)
	if err != nil {
		return nil, err
	}
	for _, group := range found {
		if spec, _ := specificationOf(group); spec != nil {
			// AWS answers with id and name, and takes only one of them.
			return &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: spec.LaunchTemplateId, Version: spec.Version}, nil
		}
	}
	return nil, fmt.Errorf("group %s launches from no template", name)
}
