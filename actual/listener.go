package actual

import (
	"context"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/topology"
)

type listenerReader interface {
	DescribeListeners(context.Context, *elb.DescribeListenersInput, ...func(*elb.Options)) (*elb.DescribeListenersOutput, error)
}

type listenerAnswers struct{ found []elbtypes.Listener }

func lookListeners(ctx context.Context, o *observation) error {
	answers, err := each(ctx, o.ownLoadBalancers(), func(ctx context.Context, l elbtypes.LoadBalancer) ([]elbtypes.Listener, error) {
		pages := elb.NewDescribeListenersPaginator(o.clients.ELB, &elb.DescribeListenersInput{LoadBalancerArn: l.LoadBalancerArn, PageSize: page400})
		return everything(ctx, pages, func(p *elb.DescribeListenersOutput) []elbtypes.Listener { return p.Listeners })
	})
	o.listeners.found = slices.Concat(answers...)
	return err
}

func convertListeners(o *observation) error {
	for _, l := range o.listeners.found {
		balancer := o.ref(l.LoadBalancerArn)
		if balancer.Kind == topology.KindGiven {
			continue // of a load balancer that another revision took the place of
		}
		listener := topology.Listener{
			LoadBalancer: balancer, Port: int(aws.ToInt32(l.Port)), Protocol: string(l.Protocol),
			TargetGroup: o.ref(forwardsTo(l)), Ownership: topology.Owned,
		}
		if l.Protocol == elbtypes.ProtocolEnumTls {
			listener.Certificate, listener.SSLPolicy = aws.ToString(first(l.Certificates).CertificateArn), aws.ToString(l.SslPolicy)
		}
		o.add(aws.ToString(l.ListenerArn), listener)
	}
	return nil
}

// forwardsTo is the target group of the default action, which ELB tells in either of
// two places.
func forwardsTo(l elbtypes.Listener) *string {
	for _, action := range l.DefaultActions {
		if action.Type != elbtypes.ActionTypeEnumForward {
			continue
		}
		if action.TargetGroupArn != nil {
			return action.TargetGroupArn
		}
		if action.ForwardConfig != nil {
			return first(action.ForwardConfig.TargetGroups).TargetGroupArn
		}
	}
	return nil
}
