package apply

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/quorate/quorate/topology"
)

func aPolicy() topology.MixedInstances {
	return topology.MixedInstances{
		Overrides:        []topology.InstanceOverride{{InstanceType: "m5.xlarge"}, {InstanceType: "m5.large"}},
		OnDemandStrategy: topology.OnDemandPrioritized, OnDemandBase: 1, OnDemandPercent: 50,
		SpotStrategy: topology.SpotLowestPrice, SpotPools: 3, SpotMaxPrice: "0.1",
	}
}

// A change of the policy is no reason to launch from another version of the template.
func TestPolicyIsPutOnChangedAndTakenOffWithoutMovingThePin(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		subnet, group := w.surroundings(t)
		template := aLaunchTemplate(group)
		want := aGroup(template, subnet)
		w.create(t, template, want)
		template.InstanceType = "t3.large"
		w.update(t, template)

		want.Mixed = aPolicy()
		w.update(t, want)
		wantPolicy(t, w, want, "1")

		want.Mixed.Overrides = []topology.InstanceOverride{{Requirements: topology.InstanceRequirements{
			VCPUs: topology.Bounds{Min: 2, Max: 16}, MemoryMiB: topology.Bounds{Min: 2048}, Excluded: []string{"c5*"}, Burstable: "included",
		}}}
		want.Mixed.OnDemandStrategy, want.Mixed.SpotStrategy, want.Mixed.SpotPools = topology.OnDemandLowestPrice, "price-capacity-optimized", 0
		want.Mixed.OnDemandBase, want.Mixed.SpotMaxPrice = 0, ""
		w.update(t, want)
		wantPolicy(t, w, want, "1")

		want.Template = template.Digest()
		if err := newGroupWriter(w.env).pin(t.Context(), want, w.ids); err != nil {
			t.Fatal(err)
		}
		wantPolicy(t, w, want, "2")

		want.Mixed = topology.MixedInstances{}
		w.update(t, want)
		wantPolicy(t, w, want, "2")
	})
}

func TestGroupIsMadeWithItsPolicy(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		subnet, group := w.surroundings(t)
		template := aLaunchTemplate(group)
		want := aGroup(template, subnet)
		want.Mixed = aPolicy()
		w.create(t, template, want)
		wantPolicy(t, w, want, "1")
	})
}

// wantPolicy compares what the one group launches from.
func wantPolicy(t *testing.T, w *world, want topology.AutoScalingGroup, version string) {
	t.Helper()
	template := &asgtypes.LaunchTemplateSpecification{LaunchTemplateId: aws.String(w.ids[want.LaunchTemplate]), Version: aws.String(version)}
	only, mixed := launchFrom(want, template)
	g := w.groups(t)[0]
	if diff := cmp.Diff(mixed, g.MixedInstancesPolicy, asAnswered...); diff != "" {
		t.Errorf("policy (-want +got):\n%s", diff)
	}
	if mixed != nil && !w.simulated {
		return // moto goes on showing the template of before beside the policy
	}
	if diff := cmp.Diff(only, g.LaunchTemplate, asAnswered...); diff != "" {
		t.Errorf("template (-want +got):\n%s", diff)
	}
}

// asAnswered passes over what AWS adds, and over how it says that there is no price.
var asAnswered = cmp.Options{
	cmpopts.IgnoreUnexported(asgtypes.MixedInstancesPolicy{}, asgtypes.LaunchTemplate{}, asgtypes.LaunchTemplateSpecification{}, asgtypes.InstancesDistribution{},
		asgtypes.LaunchTemplateOverrides{}, asgtypes.InstanceRequirements{}, asgtypes.VCpuCountRequest{}, asgtypes.MemoryMiBRequest{}),
	cmpopts.IgnoreFields(asgtypes.LaunchTemplateSpecification{}, "LaunchTemplateName"),
	cmpopts.EquateEmpty(),
	cmp.FilterPath(func(p cmp.Path) bool { return p.Last().String() == ".SpotMaxPrice" }, cmp.Comparer(func(a, b *string) bool { return aws.ToString(a) == aws.ToString(b) })),
}
