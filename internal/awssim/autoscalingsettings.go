package awssim

import (
	"cmp"
	"slices"
	"strings"
)

// scalingSettings are the parameters that CreateAutoScalingGroup and UpdateAutoScalingGroup share.
// What is not sent stays as it is.
type scalingSettings struct {
	MinSize                          *int
	MaxSize                          *int
	DesiredCapacity                  *int
	VPCZoneIdentifier                string
	AvailabilityZones                []string
	LaunchTemplate                   *templateSpecification
	MixedInstancesPolicy             *mixedInstancesXML
	HealthCheckType                  string
	HealthCheckGracePeriod           *int
	DefaultCooldown                  *int
	DefaultInstanceWarmup            *int
	MaxInstanceLifetime              *int
	NewInstancesProtectedFromScaleIn *bool
	CapacityRebalance                *bool
	TerminationPolicies              []string
	ServiceLinkedRoleARN             string
}

// applySettings puts settings into a group that is not yet, or not really, in the world.
func (w *world) applySettings(g *scalingGroup, in scalingSettings, create bool) error {
	if err := g.applySizes(in, create); err != nil {
		return err
	}
	if err := w.applySubnets(g, in, create); err != nil {
		return err
	}
	g.HealthCheck = cmp.Or(in.HealthCheckType, g.HealthCheck)
	g.ServiceRole = cmp.Or(in.ServiceLinkedRoleARN, g.ServiceRole)
	assign(&g.Grace, in.HealthCheckGracePeriod)
	assign(&g.Cooldown, in.DefaultCooldown)
	assign(&g.MaxLifetime, in.MaxInstanceLifetime)
	assign(&g.Protected, in.NewInstancesProtectedFromScaleIn)
	assign(&g.Rebalance, in.CapacityRebalance)
	if in.DefaultInstanceWarmup != nil {
		g.Warmup = in.DefaultInstanceWarmup
	}
	if g.Warmup != nil && *g.Warmup == -1 { // AWS's way to remove it
		g.Warmup = nil
	}
	if len(in.TerminationPolicies) > 0 {
		g.Policies = in.TerminationPolicies
	}
	if err := g.checkSettings(); err != nil {
		return err
	}
	return w.applyTemplate(g, in, create)
}

func assign[T any](to *T, sent *T) {
	if sent != nil {
		*to = *sent
	}
}

// applySizes keeps the desired capacity within the bounds, as AWS does when bounds move past it;
// one that is asked for outside the bounds is refused.
func (g *scalingGroup) applySizes(in scalingSettings, create bool) error {
	if create && (in.MinSize == nil || in.MaxSize == nil) {
		return invalidScaling("MinSize and MaxSize are required")
	}
	assign(&g.Min, in.MinSize)
	assign(&g.Max, in.MaxSize)
	if g.Min < 0 || g.Max < g.Min {
		return invalidScaling("Max bound, %d, must be greater than or equal to min bound, %d", g.Max, g.Min)
	}
	if in.DesiredCapacity == nil {
		g.Desired = min(max(g.Desired, g.Min), g.Max)
		return nil
	}
	g.Desired = *in.DesiredCapacity
	if g.Desired < g.Min || g.Desired > g.Max {
		return invalidScaling("Desired capacity:%d must be between the specified min size:%d and max size:%d", g.Desired, g.Min, g.Max)
	}
	return nil
}

func (w *world) applySubnets(g *scalingGroup, in scalingSettings, create bool) error {
	if in.VPCZoneIdentifier == "" {
		if create || len(in.AvailabilityZones) > 0 {
			return invalidScaling("No default VPC for this user. At least one subnet must be specified in VPCZoneIdentifier")
		}
		return nil
	}
	subnets := strings.Split(strings.ReplaceAll(in.VPCZoneIdentifier, " ", ""), ",")
	for _, id := range subnets {
		s, exists := w.Subnets[id]
		if !exists {
			return invalidScaling("The subnet ID '%s' does not exist", id)
		}
		if s.VPCID != w.Subnets[subnets[0]].VPCID {
			return invalidScaling("The subnets '%s' belong to different VPCs", in.VPCZoneIdentifier)
		}
		if len(in.AvailabilityZones) > 0 && !slices.Contains(in.AvailabilityZones, s.Zone) {
			return invalidScaling("The availability zones of the specified subnets and the Auto Scaling group do not match")
		}
	}
	g.Subnets = subnets
	return nil
}

// terminationPolicies are those that AWS knows, other than functions of the user's own.
var terminationPolicies = []string{
	"Default", "AllocationStrategy", "ClosestToNextInstanceHour", "NewestInstance", "OldestInstance",
	"OldestLaunchConfiguration", "OldestLaunchTemplate",
}

func (g *scalingGroup) checkSettings() error {
	for _, p := range g.Policies {
		if !slices.Contains(terminationPolicies, p) {
			return invalidScaling("Termination policy '%s' is not valid", p)
		}
	}
	for t := range strings.SplitSeq(g.HealthCheck, ",") {
		if !slices.Contains([]string{"EC2", "ELB", "EBS", "VPC_LATTICE"}, t) {
			return invalidScaling("Health check type '%s' is not valid", t)
		}
	}
	if g.MaxLifetime != 0 && g.MaxLifetime < 86400 {
		return invalidScaling("Maximum instance lifetime must be equal to 0 or between 86400 and 31536000 seconds (inclusive).")
	}
	if g.Grace < 0 || g.Cooldown < 0 {
		return invalidScaling("Periods must not be negative")
	}
	return nil
}
