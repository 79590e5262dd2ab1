package apply

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/apply/rollout"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type targetWriter interface {
	RegisterTargets(context.Context, *elb.RegisterTargetsInput, ...func(*elb.Options)) (*elb.RegisterTargetsOutput, error)
	DeregisterTargets(context.Context, *elb.DeregisterTargetsInput, ...func(*elb.Options)) (*elb.DeregisterTargetsOutput, error)
}

type classicMemberWriter interface {
	RegisterInstancesWithLoadBalancer(context.Context, *classicelb.RegisterInstancesWithLoadBalancerInput, ...func(*classicelb.Options)) (*classicelb.RegisterInstancesWithLoadBalancerOutput, error)
	DeregisterInstancesFromLoadBalancer(context.Context, *classicelb.DeregisterInstancesFromLoadBalancerInput, ...func(*classicelb.Options)) (*classicelb.DeregisterInstancesFromLoadBalancerOutput, error)
}

// balancers take single machines out of load balancers, and put them back. Auto Scaling does either only
// when a machine starts and ends: then clients are cut off while it goes.
type balancers struct {
	targets targetWriter
	classic classicMemberWriter
}

const balancerBusy = "the load balancer is busy, or does not know the machine yet"

func (b balancers) deregister(ctx context.Context, ref topology.Ref, machine string, ids topology.Bindings) error {
	id, err := idOf(ids, ref)
	if err != nil {
		return err
	}
	if ref.Kind == topology.KindClassicELB {
		_, err := b.classic.DeregisterInstancesFromLoadBalancer(ctx, &classicelb.DeregisterInstancesFromLoadBalancerInput{
			LoadBalancerName: &id, Instances: []classictypes.Instance{{InstanceId: &machine}},
		})
		if awsapi.Code(err) == "InvalidInstance" {
			return nil // it is registered no longer
		}
		return settling(err, balancerBusy)
	}
	_, err = b.targets.DeregisterTargets(ctx, &elb.DeregisterTargetsInput{TargetGroupArn: &id, Targets: []elbtypes.TargetDescription{{Id: &machine}}})
	return settling(err, balancerBusy)
}

func (b balancers) register(ctx context.Context, ref topology.Ref, machine string, ids topology.Bindings) error {
	id, err := idOf(ids, ref)
	if err != nil {
		return err
	}
	if ref.Kind == topology.KindClassicELB {
		_, err := b.classic.RegisterInstancesWithLoadBalancer(ctx, &classicelb.RegisterInstancesWithLoadBalancerInput{
			LoadBalancerName: &id, Instances: []classictypes.Instance{{InstanceId: &machine}},
		})
		return settling(err, balancerBusy)
	}
	_, err = b.targets.RegisterTargets(ctx, &elb.RegisterTargetsInput{TargetGroupArn: &id, Targets: []elbtypes.TargetDescription{{Id: &machine}}})
	return settling(err, balancerBusy)
}

// balancersOf are the load balancers through which clients reach a master: target groups, and the
// cluster's own Classic load balancers.
func balancersOf(m master) []topology.Ref {
	return slices.Concat(m.group.TargetGroups, classicsOf([]master{m}))
}

// weigh says of each load balancer what it does with each master, and who would be left there.
func (f *controlFacts) weigh(all []master) {
	for i := range all {
		m := &all[i]
		for _, ref := range balancersOf(*m) {
			seen := rollout.Balancer{Name: ref.String(), State: rollout.Out, Others: f.othersAt(ref, *m, all)}
			if m.machine != nil {
				seen.State = stateAt(f.targets[ref][m.machine.id])
				seen.Serves = f.targets[ref][m.machine.id].State == elbtypes.TargetHealthStateEnumHealthy
			}
			m.balancers = append(m.balancers, seen)
		}
	}
}

func stateAt(h elbtypes.TargetHealth) rollout.State {
	switch h.State {
	case "":
		return rollout.Out
	case elbtypes.TargetHealthStateEnumDraining, elbtypes.TargetHealthStateEnumUnhealthyDraining:
		return rollout.Draining
	}
	return rollout.Registered
}

// othersAt counts the masters that serve clients there and would still do so without m's zone. Where the
// whole control plane is in one zone, that promise cannot be made, and any other master counts.
func (f *controlFacts) othersAt(ref topology.Ref, m master, all []master) int {
	elsewhere := slices.ContainsFunc(all, func(other master) bool { return other.zone != m.zone })
	n := 0
	for id, health := range f.targets[ref] {
		instance, isMaster := f.instances[id]
		own := m.machine != nil && m.machine.id == id
		if health.State == elbtypes.TargetHealthStateEnumHealthy && isMaster && !own && (!elsewhere || zoneOf(instance) != m.zone) {
			n++
		}
	}
	return n
}

func zoneOf(i ec2types.Instance) string {
	if i.Placement == nil {
		return ""
	}
	return aws.ToString(i.Placement.AvailabilityZone)
}
