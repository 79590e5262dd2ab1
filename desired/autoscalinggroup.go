package desired

import (
	"slices"
	"time"

	"github.com/quorate/quorate/desired/kopsspec"
	"github.com/quorate/quorate/topology"
)

// groupMetrics are the CloudWatch metrics that kops turns on.
var groupMetrics = []string{
	"GroupDesiredCapacity", "GroupInServiceInstances", "GroupMaxSize", "GroupMinSize",
	"GroupPendingInstances", "GroupStandbyInstances", "GroupTerminatingInstances", "GroupTotalInstances",
}

func (m manifest) autoScalingGroups() []topology.AutoScalingGroup {
	var groups []topology.AutoScalingGroup
	for _, g := range m.groups {
		template := m.launchTemplate(g)
		lifetime, _ := time.ParseDuration(g.Spec.MaxInstanceLifetime)
		groups = append(groups, topology.AutoScalingGroup{
			Name:                 m.groupName(g),
			Role:                 topologyRoles[g.Role()],
			LaunchTemplate:       template.Ref(),
			Template:             template.Digest(),
			Zones:                zonesOf(m.groupSubnets(g)),
			Mixed:                mixedInstances(g.Spec),
			Min:                  *g.Spec.MinSize,
			Max:                  *g.Spec.MaxSize,
			Subnets:              m.subnetRefs(m.groupSubnets(g)),
			TargetGroups:         m.groupTargets(g),
			ClassicLoadBalancers: m.groupClassics(g),
			Metrics:              m.groupMetrics(g),
			ProtectFromScaleIn:   g.Spec.InstanceProtection,
			SuspendedProcesses:   sorted(g.Spec.SuspendProcesses),
			MaxInstanceLifetime:  int(lifetime.Seconds()),
			CapacityRebalance:    isTrue(g.Spec.CapacityRebalance, false),
			WarmPool:             m.warmPool(g),
			Tags:                 m.markWatched(g, markScaled(g, template.Tags)),
			Ownership:            topology.Owned,
		})
	}
	return groups
}

// groupTargets are the target groups that the machines join.
func (m manifest) groupTargets(g kopsspec.InstanceGroup) []topology.Ref {
	var refs []topology.Ref
	for _, s := range m.services() {
		if slices.Contains(s.roles, g.Role()) {
			refs = append(refs, m.targetGroupRef(s))
		}
	}
	for _, external := range g.Spec.ExternalLoadBalancers {
		if external.TargetGroupARN != "" {
			refs = append(refs, topology.Given(external.TargetGroupARN))
		}
	}
	return topology.SortRefs(refs)
}

// groupClassics are the Classic load balancers that the machines join: the API servers' own, and those
// given by name, which is what identifies them in AWS.
func (m manifest) groupClassics(g kopsspec.InstanceGroup) []topology.Ref {
	var refs []topology.Ref
	if role := g.Role(); m.classicAPI() && (role == kopsspec.ControlPlane || role == kopsspec.APIServer) {
		refs = append(refs, m.ref(topology.KindClassicELB, "api"))
	}
	for _, external := range g.Spec.ExternalLoadBalancers {
		if external.LoadBalancerName != "" {
			refs = append(refs, topology.Given(external.LoadBalancerName))
		}
	}
	return topology.SortRefs(refs)
}

func sorted(list []string) []string {
	list = slices.Clone(list)
	slices.Sort(list)
	return slices.Compact(list)
}
