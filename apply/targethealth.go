package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/topology"
)

type targetReader interface {
	DescribeTargetHealth(context.Context, *elb.DescribeTargetHealthInput, ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error)
}

func targetGroupsOf(all []master) []topology.Ref {
	var refs []topology.Ref
	for _, m := range all {
		refs = append(refs, m.group.TargetGroups...)
	}
	return topology.SortRefs(refs)
}

func (p controlPlane) targetHealth(ctx context.Context, ref topology.Ref, ids topology.Bindings, byMachine map[string]elbtypes.TargetHealth) error {
	arn, ok := ids.ID(ref)
	if !ok {
		return fmt.Errorf("%s has no id yet", ref)
	}
	out, err := p.targets.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: &arn})
	if err != nil {
		return err
	}
	for _, d := range out.TargetHealthDescriptions {
		if d.Target != nil && d.TargetHealth != nil {
			byMachine[aws.ToString(d.Target.Id)] = *d.TargetHealth
		}
	}
	return nil
}

// classicsOf are the cluster's own Classic load balancers; somebody else's say nothing of the API.
func classicsOf(all []master) []topology.Ref {
	var refs []topology.Ref
	for _, m := range all {
		refs = append(refs, m.group.ClassicLoadBalancers...)
	}
	return slices.DeleteFunc(topology.SortRefs(refs), func(ref topology.Ref) bool { return ref.Kind != topology.KindClassicELB })
}

// classicDraining is how AWS describes a machine whose connections are drained; the state has no word
// for that and stays InService
// (docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_InstanceState.html).
const classicDraining = "Instance deregistration currently in progress."

// classicHealth writes what a Classic load balancer says in the words of target groups.
func (p controlPlane) classicHealth(ctx context.Context, ref topology.Ref, ids topology.Bindings, byMachine map[string]elbtypes.TargetHealth) error {
	name, ok := ids.ID(ref)
	if !ok {
		return fmt.Errorf("%s has no id yet", ref)
	}
	out, err := p.classics.DescribeInstanceHealth(ctx, &classicelb.DescribeInstanceHealthInput{LoadBalancerName: &name})
	if err != nil {
		return err
	}
	for _, s := range out.InstanceStates {
		state := elbtypes.TargetHealthStateEnumUnhealthy
		switch {
		case aws.ToString(s.Description) == classicDraining:
			state = elbtypes.TargetHealthStateEnumDraining
		case aws.ToString(s.State) == "InService":
			state = elbtypes.TargetHealthStateEnumHealthy
		}
		byMachine[aws.ToString(s.InstanceId)] = elbtypes.TargetHealth{State: state}
	}
	return nil
}

func (f *controlFacts) targetsMissing(m *master) []string {
	var missing []string
	for _, ref := range balancersOf(*m) {
		health := f.targets[ref][m.machine.id]
		if health.State != elbtypes.TargetHealthStateEnumHealthy {
			state := string(health.State)
			if state == "" {
				state = "not registered"
			}
			missing = append(missing, fmt.Sprintf("machine %s is %s at %s", m.machine.id, state, ref))
		}
	}
	return missing
}
