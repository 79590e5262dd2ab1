package apply

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type listenerWriter interface {
	DescribeListeners(context.Context, *elb.DescribeListenersInput, ...func(*elb.Options)) (*elb.DescribeListenersOutput, error)
	CreateListener(context.Context, *elb.CreateListenerInput, ...func(*elb.Options)) (*elb.CreateListenerOutput, error)
	ModifyListener(context.Context, *elb.ModifyListenerInput, ...func(*elb.Options)) (*elb.ModifyListenerOutput, error)
	DeleteListener(context.Context, *elb.DeleteListenerInput, ...func(*elb.Options)) (*elb.DeleteListenerOutput, error)
}

// listeners are bound to their ARNs. They carry no tags: whose the load balancer is,
// his are its listeners.
type listeners struct{ api listenerWriter }

func (l listeners) Create(ctx context.Context, want topology.Listener, ids topology.Bindings) (topology.Bindings, error) {
	balancer, err := idOf(ids, want.LoadBalancer)
	if err != nil {
		return nil, err
	}
	forward, err := forwardTo(want, ids)
	if err != nil {
		return nil, err
	}
	learned, _, err := bound(want.Ref(), ids, func() (string, error) { return l.make(ctx, want, balancer, forward) })
	return learned, err
}

func (l listeners) make(ctx context.Context, want topology.Listener, balancer string, forward []elbtypes.Action) (string, error) {
	out, err := l.api.CreateListener(ctx, &elb.CreateListenerInput{
		LoadBalancerArn: aws.String(balancer), Port: aws.Int32(int32(want.Port)), Protocol: elbtypes.ProtocolEnum(want.Protocol),
		DefaultActions: forward, Certificates: certificatesOf(want), SslPolicy: present(want.SSLPolicy),
	})
	if err != nil && awsapi.AlreadyExists(err) {
		return l.find(ctx, want, balancer)
	}
	if err != nil {
		return "", settling(err, "AWS does not know the new load balancer or target group everywhere yet")
	}
	return aws.ToString(out.Listeners[0].ListenerArn), nil
}

// find takes up the listener on the port. If it is made otherwise than wanted, the
// next plan tells.
func (l listeners) find(ctx context.Context, want topology.Listener, balancer string) (string, error) {
	for pages := elb.NewDescribeListenersPaginator(l.api, &elb.DescribeListenersInput{LoadBalancerArn: aws.String(balancer)}); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return "", err
		}
		for _, listener := range page.Listeners {
			if aws.ToInt32(listener.Port) == int32(want.Port) {
				return aws.ToString(listener.ListenerArn), nil
			}
		}
	}
	return "", &WaitError{Reason: "AWS has the listener already and does not show it yet"}
}

func forwardTo(want topology.Listener, ids topology.Bindings) ([]elbtypes.Action, error) {
	target, err := idOf(ids, want.TargetGroup)
	if err != nil {
		return nil, err
	}
	return []elbtypes.Action{{Type: elbtypes.ActionTypeEnumForward, TargetGroupArn: aws.String(target)}}, nil
}

func certificatesOf(want topology.Listener) []elbtypes.Certificate {
	if want.Certificate == "" {
		return nil
	}
	return []elbtypes.Certificate{{CertificateArn: aws.String(want.Certificate)}}
}

// Update sends only what differs; going back to TCP, AWS drops certificate and policy
// by itself.
func (l listeners) Update(ctx context.Context, _, want topology.Listener, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	arn, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	in := &elb.ModifyListenerInput{ListenerArn: aws.String(arn)}
	if change.Has("protocol") {
		in.Protocol = elbtypes.ProtocolEnum(want.Protocol)
	}
	if change.Has("targetGroup") {
		if in.DefaultActions, err = forwardTo(want, ids); err != nil {
			return nil, err
		}
	}
	if change.Has("certificate") {
		in.Certificates = certificatesOf(want)
	}
	if change.Has("sslPolicy") {
		in.SslPolicy = present(want.SSLPolicy)
	}
	_, err = l.api.ModifyListener(ctx, in)
	return nil, settling(err, loadBalancerBusy)
}

func (l listeners) Delete(ctx context.Context, have topology.Listener, ids topology.Bindings) error {
	arn, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	_, err = l.api.DeleteListener(ctx, &elb.DeleteListenerInput{ListenerArn: aws.String(arn)})
	return removed(err, "the listener is in use")
}
