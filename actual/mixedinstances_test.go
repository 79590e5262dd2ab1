package actual_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestPoliciesAreSeenWithAWSsDefaults(t *testing.T) {
	types := []asgtypes.LaunchTemplateOverrides{{InstanceType: aws.String("m5.xlarge")}, {InstanceType: aws.String("m5.large")}}
	seenTypes := []topology.InstanceOverride{{InstanceType: "m5.xlarge"}, {InstanceType: "m5.large"}}
	for name, c := range map[string]struct {
		overrides []asgtypes.LaunchTemplateOverrides
		shares    asgtypes.InstancesDistribution
		want      topology.MixedInstances
	}{
		"what nobody said": {types, asgtypes.InstancesDistribution{}, topology.MixedInstances{
			Overrides: seenTypes, OnDemandStrategy: topology.OnDemandPrioritized, OnDemandPercent: 100, SpotStrategy: topology.SpotLowestPrice, SpotPools: 2,
		}},
		"none on demand, of one pool": {types, asgtypes.InstancesDistribution{OnDemandPercentageAboveBaseCapacity: aws.Int32(0), SpotInstancePools: aws.Int32(1)}, topology.MixedInstances{
			Overrides: seenTypes, OnDemandStrategy: topology.OnDemandPrioritized, SpotStrategy: topology.SpotLowestPrice, SpotPools: 1,
		}},
		"another strategy has no pools": {types, asgtypes.InstancesDistribution{SpotAllocationStrategy: aws.String("capacity-optimized"), SpotMaxPrice: aws.String("0.1")}, topology.MixedInstances{
			Overrides: seenTypes, OnDemandStrategy: topology.OnDemandPrioritized, OnDemandPercent: 100, SpotStrategy: "capacity-optimized", SpotMaxPrice: "0.1",
		}},
		"requirements": {
			[]asgtypes.LaunchTemplateOverrides{{InstanceRequirements: &asgtypes.InstanceRequirements{
				VCpuCount: &asgtypes.VCpuCountRequest{Min: aws.Int32(2)}, MemoryMiB: &asgtypes.MemoryMiBRequest{Min: aws.Int32(2048), Max: aws.Int32(8192)}, ExcludedInstanceTypes: []string{"m5*", "c5*"},
			}}}, asgtypes.InstancesDistribution{},
			topology.MixedInstances{
				Overrides: []topology.InstanceOverride{{Requirements: topology.InstanceRequirements{
					VCPUs: topology.Bounds{Min: 2}, MemoryMiB: topology.Bounds{Min: 2048, Max: 8192}, Excluded: []string{"c5*", "m5*"}, Burstable: "excluded",
				}}},
				OnDemandStrategy: topology.OnDemandLowestPrice, OnDemandPercent: 100, SpotStrategy: topology.SpotLowestPrice, SpotPools: 2,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inBothWorlds(t, func(t *testing.T, w *world) {
				g := newWorkers(w, "1")
				g.mix(c.overrides, c.shares)
				template, group, _, _ := g.seen()
				if diff := cmp.Diff(c.want, group.Mixed); diff != "" {
					t.Errorf("policy (-want +got):\n%s", diff)
				}
				if group.LaunchTemplate != template.Ref() || group.Template != template.Digest() {
					t.Errorf("the group launches from %s, digest %s", group.LaunchTemplate, group.Template)
				}
			})
		})
	}
}

// mix puts a policy on the group.
func (g workers) mix(overrides []asgtypes.LaunchTemplateOverrides, shares asgtypes.InstancesDistribution) {
	g.t.Helper()
	must[*autoscaling.UpdateAutoScalingGroupOutput](g.world)(g.AutoScaling.UpdateAutoScalingGroup(g.t.Context(), &autoscaling.UpdateAutoScalingGroupInput{
		AutoScalingGroupName: aws.String(workersName),
		MixedInstancesPolicy: &asgtypes.MixedInstancesPolicy{
			InstancesDistribution: &shares,
			LaunchTemplate: &asgtypes.LaunchTemplate{
				LaunchTemplateSpecification: &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: &g.template, Version: aws.String("1")},
				Overrides:                   overrides,
			},
		},
	}))
}

func TestSpotOptionsOfATemplateAreSeen(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		g := newWorkers(w, "1")
		g.data.InstanceMarketOptions = &ec2types.LaunchTemplateInstanceMarketOptionsRequest{
			MarketType: ec2types.MarketTypeSpot, SpotOptions: &ec2types.LaunchTemplateSpotMarketOptionsRequest{
				MaxPrice: aws.String("0.1"), BlockDurationMinutes: aws.Int32(60), InstanceInterruptionBehavior: ec2types.InstanceInterruptionBehaviorTerminate,
			},
		}
		g.launchTemplateVersion(g.template, g.data)
		template, group, _, _ := g.seen()
		if want := (topology.SpotOptions{MaxPrice: "0.1", DurationMinutes: 60, Interruption: "terminate"}); template.Spot != want {
			t.Errorf("got %+v, want %+v", template.Spot, want)
		}
		if group.Template == template.Digest() {
			t.Error("machines on demand and on spot have one digest")
		}
	})
}
