package apply

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	asgtypes "github.com/aws/aws-sdk-go-v2/service/autoscaling/types"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type classicELBWriter interface {
	DescribeTags(context.Context, *classicelb.DescribeTagsInput, ...func(*classicelb.Options)) (*classicelb.DescribeTagsOutput, error)
	CreateLoadBalancer(context.Context, *classicelb.CreateLoadBalancerInput, ...func(*classicelb.Options)) (*classicelb.CreateLoadBalancerOutput, error)
	CreateLoadBalancerListeners(context.Context, *classicelb.CreateLoadBalancerListenersInput, ...func(*classicelb.Options)) (*classicelb.CreateLoadBalancerListenersOutput, error)
	DeleteLoadBalancerListeners(context.Context, *classicelb.DeleteLoadBalancerListenersInput, ...func(*classicelb.Options)) (*classicelb.DeleteLoadBalancerListenersOutput, error)
	SetLoadBalancerListenerSSLCertificate(context.Context, *classicelb.SetLoadBalancerListenerSSLCertificateInput, ...func(*classicelb.Options)) (*classicelb.SetLoadBalancerListenerSSLCertificateOutput, error)
	ConfigureHealthCheck(context.Context, *classicelb.ConfigureHealthCheckInput, ...func(*classicelb.Options)) (*classicelb.ConfigureHealthCheckOutput, error)
	ModifyLoadBalancerAttributes(context.Context, *classicelb.ModifyLoadBalancerAttributesInput, ...func(*classicelb.Options)) (*classicelb.ModifyLoadBalancerAttributesOutput, error)
	ApplySecurityGroupsToLoadBalancer(context.Context, *classicelb.ApplySecurityGroupsToLoadBalancerInput, ...func(*classicelb.Options)) (*classicelb.ApplySecurityGroupsToLoadBalancerOutput, error)
	AttachLoadBalancerToSubnets(context.Context, *classicelb.AttachLoadBalancerToSubnetsInput, ...func(*classicelb.Options)) (*classicelb.AttachLoadBalancerToSubnetsOutput, error)
	DetachLoadBalancerFromSubnets(context.Context, *classicelb.DetachLoadBalancerFromSubnetsInput, ...func(*classicelb.Options)) (*classicelb.DetachLoadBalancerFromSubnetsOutput, error)
	DescribeInstanceHealth(context.Context, *classicelb.DescribeInstanceHealthInput, ...func(*classicelb.Options)) (*classicelb.DescribeInstanceHealthOutput, error)
	DeregisterInstancesFromLoadBalancer(context.Context, *classicelb.DeregisterInstancesFromLoadBalancerInput, ...func(*classicelb.Options)) (*classicelb.DeregisterInstancesFromLoadBalancerOutput, error)
	AddTags(context.Context, *classicelb.AddTagsInput, ...func(*classicelb.Options)) (*classicelb.AddTagsOutput, error)
	RemoveTags(context.Context, *classicelb.RemoveTagsInput, ...func(*classicelb.Options)) (*classicelb.RemoveTagsOutput, error)
	DeleteLoadBalancer(context.Context, *classicelb.DeleteLoadBalancerInput, ...func(*classicelb.Options)) (*classicelb.DeleteLoadBalancerOutput, error)
}

// groupDetacher takes groups off a Classic load balancer.
type groupDetacher interface {
	groupReader
	DetachLoadBalancers(context.Context, *autoscaling.DetachLoadBalancersInput, ...func(*autoscaling.Options)) (*autoscaling.DetachLoadBalancersOutput, error)
}

// classicELBs are bound to their names, which AWS keeps unique in a region.
type classicELBs struct {
	api     classicELBWriter
	groups  groupDetacher
	cluster string
}

const classicBusy = "AWS does not know the Classic load balancer, or what it needs, everywhere yet"

func (l classicELBs) Create(ctx context.Context, want topology.ClassicELB, ids topology.Bindings) (topology.Bindings, error) {
	learned, name, err := bound(want.Ref(), ids, func() (string, error) { return l.make(ctx, want, ids) })
	if err == nil {
		err = l.setHealthCheck(ctx, name, want)
	}
	if err == nil {
		err = l.setAttributes(ctx, name, want)
	}
	return learned, settling(err, classicBusy)
}

func (l classicELBs) make(ctx context.Context, want topology.ClassicELB, ids topology.Bindings) (string, error) {
	subnets, err := idsOf(ids, want.Subnets)
	if err != nil {
		return "", err
	}
	groups, err := idsOf(ids, want.SecurityGroups)
	if err != nil {
		return "", err
	}
	in := &classicelb.CreateLoadBalancerInput{
		LoadBalancerName: aws.String(want.AWSName), Subnets: subnets, SecurityGroups: groups,
		Listeners: classicListeners(want.Listeners), Tags: classicTags(want.Tags),
	}
	if want.Internal {
		in.Scheme = aws.String("internal") // the other one has no word in this API
	}
	_, err = l.api.CreateLoadBalancer(ctx, in)
	if err != nil && awsapi.AlreadyExists(err) {
		err = l.takeUp(ctx, want, err)
	}
	if err != nil {
		return "", settling(err, classicBusy)
	}
	return want.AWSName, nil
}

// takeUp accepts the load balancer of that name if it is ours.
func (l classicELBs) takeUp(ctx context.Context, want topology.ClassicELB, conflict error) error {
	out, err := l.api.DescribeTags(ctx, &classicelb.DescribeTagsInput{LoadBalancerNames: []string{want.AWSName}})
	if err != nil {
		return err
	}
	for _, d := range out.TagDescriptions {
		if slices.ContainsFunc(d.Tags, func(t classictypes.Tag) bool { return owns(l.cluster, t.Key, t.Value) }) {
			return nil
		}
	}
	return strange(want.Ref(), conflict)
}

func classicListeners(list []topology.ClassicListener) []classictypes.Listener {
	var listeners []classictypes.Listener
	for _, at := range list {
		listeners = append(listeners, classictypes.Listener{
			LoadBalancerPort: int32(at.Port), Protocol: aws.String(at.Protocol),
			InstancePort: aws.Int32(int32(at.InstancePort)), InstanceProtocol: aws.String(at.InstanceProtocol),
			SSLCertificateId: present(at.Certificate),
		})
	}
	return listeners
}

func classicTags(tags topology.Tags) []classictypes.Tag {
	return tagList(tags, func(key, value string) classictypes.Tag {
		return classictypes.Tag{Key: aws.String(key), Value: aws.String(value)}
	})
}

func (l classicELBs) setHealthCheck(ctx context.Context, name string, want topology.ClassicELB) error {
	c := want.HealthCheck
	_, err := l.api.ConfigureHealthCheck(ctx, &classicelb.ConfigureHealthCheckInput{
		LoadBalancerName: aws.String(name), HealthCheck: &classictypes.HealthCheck{
			Target: aws.String(c.Target), Interval: aws.Int32(int32(c.Interval)), Timeout: aws.Int32(int32(c.Timeout)),
			HealthyThreshold: aws.Int32(int32(c.HealthyThreshold)), UnhealthyThreshold: aws.Int32(int32(c.UnhealthyThreshold)),
		},
	})
	return err
}

// setAttributes sends all of them: one call sets them together.
func (l classicELBs) setAttributes(ctx context.Context, name string, want topology.ClassicELB) error {
	set := &classictypes.LoadBalancerAttributes{
		CrossZoneLoadBalancing: &classictypes.CrossZoneLoadBalancing{Enabled: want.CrossZone},
		ConnectionSettings:     &classictypes.ConnectionSettings{IdleTimeout: aws.Int32(int32(want.IdleTimeout))},
		ConnectionDraining:     &classictypes.ConnectionDraining{Enabled: want.DrainingTimeout > 0},
		AccessLog:              &classictypes.AccessLog{Enabled: want.AccessLog.Bucket != ""},
	}
	if want.DrainingTimeout > 0 {
		set.ConnectionDraining.Timeout = aws.Int32(int32(want.DrainingTimeout))
	}
	if log := want.AccessLog; log.Bucket != "" {
		set.AccessLog.S3BucketName, set.AccessLog.S3BucketPrefix = aws.String(log.Bucket), aws.String(log.Prefix)
		set.AccessLog.EmitInterval = aws.Int32(int32(log.Interval))
	}
	_, err := l.api.ModifyLoadBalancerAttributes(ctx, &classicelb.ModifyLoadBalancerAttributesInput{LoadBalancerName: aws.String(name), LoadBalancerAttributes: set})
	return err
}

func (l classicELBs) Update(ctx context.Context, have, want topology.ClassicELB, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	name, err := idOf(ids, want.Ref())
	if err == nil {
		err = l.retag(ctx, name, tagChangeOf(change))
	}
	if err == nil && change.Has("securityGroups") {
		err = l.setSecurityGroups(ctx, name, want, ids)
	}
	if err == nil && change.Has("subnets") {
		err = l.setSubnets(ctx, name, have, want, ids)
	}
	if err == nil && change.Has("listeners") {
		err = l.setListeners(ctx, name, have, want)
	}
	if err == nil && change.Has("healthCheck") {
		err = l.setHealthCheck(ctx, name, want)
	}
	if err == nil && slices.ContainsFunc([]string{"crossZone", "idleTimeout", "drainingTimeout", "accessLog"}, change.Has) {
		err = l.setAttributes(ctx, name, want)
	}
	return nil, settling(err, classicBusy)
}

func (l classicELBs) retag(ctx context.Context, name string, tags tagChange) error {
	if len(tags.set) > 0 {
		if _, err := l.api.AddTags(ctx, &classicelb.AddTagsInput{LoadBalancerNames: []string{name}, Tags: classicTags(tags.set)}); err != nil {
			return err
		}
	}
	if len(tags.drop) == 0 {
		return nil
	}
	var keys []classictypes.TagKeyOnly
	for _, key := range tags.drop {
		keys = append(keys, classictypes.TagKeyOnly{Key: aws.String(key)})
	}
	_, err := l.api.RemoveTags(ctx, &classicelb.RemoveTagsInput{LoadBalancerNames: []string{name}, Tags: keys})
	return err
}

func (l classicELBs) setSecurityGroups(ctx context.Context, name string, want topology.ClassicELB, ids topology.Bindings) error {
	groups, err := idsOf(ids, want.SecurityGroups)
	if err != nil {
		return err
	}
	_, err = l.api.ApplySecurityGroupsToLoadBalancer(ctx, &classicelb.ApplySecurityGroupsToLoadBalancerInput{LoadBalancerName: aws.String(name), SecurityGroups: groups})
	return err
}

// setSubnets only adds: diff refuses to give a zone up.
func (l classicELBs) setSubnets(ctx context.Context, name string, have, want topology.ClassicELB, ids topology.Bindings) error {
	add, err := idsOf(ids, missing(want.Subnets, have.Subnets))
	if err != nil {
		return err
	}
	_, err = l.api.AttachLoadBalancerToSubnets(ctx, &classicelb.AttachLoadBalancerToSubnetsInput{LoadBalancerName: aws.String(name), Subnets: add})
	return err
}

// setListeners changes the certificate of a port that stays, opens new ports, and closes others last.
func (l classicELBs) setListeners(ctx context.Context, name string, have, want topology.ClassicELB) error {
	var open []topology.ClassicListener
	for _, at := range missing(want.Listeners, have.Listeners) {
		if !slices.ContainsFunc(have.Listeners, func(h topology.ClassicListener) bool { return h.Port == at.Port }) {
			open = append(open, at)
			continue
		}
		if _, err := l.api.SetLoadBalancerListenerSSLCertificate(ctx, &classicelb.SetLoadBalancerListenerSSLCertificateInput{
			LoadBalancerName: aws.String(name), LoadBalancerPort: int32(at.Port), SSLCertificateId: aws.String(at.Certificate),
		}); err != nil {
			return err
		}
	}
	if len(open) > 0 {
		if _, err := l.api.CreateLoadBalancerListeners(ctx, &classicelb.CreateLoadBalancerListenersInput{LoadBalancerName: aws.String(name), Listeners: classicListeners(open)}); err != nil {
			return err
		}
	}
	return l.closePorts(ctx, name, have, want)
}

func (l classicELBs) closePorts(ctx context.Context, name string, have, want topology.ClassicELB) error {
	var ports []int32
	for _, h := range have.Listeners {
		if !slices.ContainsFunc(want.Listeners, func(w topology.ClassicListener) bool { return w.Port == h.Port }) {
			ports = append(ports, int32(h.Port))
		}
	}
	if len(ports) == 0 {
		return nil
	}
	_, err := l.api.DeleteLoadBalancerListeners(ctx, &classicelb.DeleteLoadBalancerListenersInput{LoadBalancerName: aws.String(name), LoadBalancerPorts: ports})
	return err
}

// Delete takes the groups off first, so that connections drain, and so that no group is left attached to
// what is gone, which would keep it from launching machines. AWS is asked which groups those are: the plan
// may be older than the last one of them.
func (l classicELBs) Delete(ctx context.Context, have topology.ClassicELB, ids topology.Bindings) error {
	name, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	if err := l.detach(ctx, name); err != nil {
		return settling(err, groupBusy)
	}
	left, err := l.api.DescribeInstanceHealth(ctx, &classicelb.DescribeInstanceHealthInput{LoadBalancerName: aws.String(name)})
	if err != nil {
		return removed(err, classicBusy)
	}
	if err := l.deregister(ctx, name, left.InstanceStates); err != nil {
		return settling(err, classicBusy)
	}
	if n := len(left.InstanceStates); n > 0 && have.DrainingTimeout > 0 {
		return &WaitError{Reason: fmt.Sprintf("connections to %d machines drain, for at most %d seconds", n, have.DrainingTimeout)}
	}
	_, err = l.api.DeleteLoadBalancer(ctx, &classicelb.DeleteLoadBalancerInput{LoadBalancerName: aws.String(name)})
	return removed(err, classicBusy)
}

// draining is how AWS words that a machine is on its way out; there is no code for it.
const draining = "deregistration"

// deregister takes out the machines that no group has brought, and that no group will take out.
func (l classicELBs) deregister(ctx context.Context, name string, left []classictypes.InstanceState) error {
	var stay []classictypes.Instance
	for _, s := range left {
		if !strings.Contains(aws.ToString(s.Description), draining) {
			stay = append(stay, classictypes.Instance{InstanceId: s.InstanceId})
		}
	}
	if len(stay) == 0 {
		return nil
	}
	_, err := l.api.DeregisterInstancesFromLoadBalancer(ctx, &classicelb.DeregisterInstancesFromLoadBalancerInput{LoadBalancerName: aws.String(name), Instances: stay})
	if err != nil && awsapi.Code(err) == "InvalidInstance" {
		return nil // it has left meanwhile
	}
	return err
}

func (l classicELBs) detach(ctx context.Context, name string) error {
	pages := autoscaling.NewDescribeAutoScalingGroupsPaginator(l.groups, &autoscaling.DescribeAutoScalingGroupsInput{
		Filters: []asgtypes.Filter{{Name: aws.String("tag:" + topology.OwnershipTag(l.cluster)), Values: []string{string(topology.Owned)}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, g := range page.AutoScalingGroups {
			if !slices.Contains(g.LoadBalancerNames, name) {
				continue
			}
			if _, err := l.groups.DetachLoadBalancers(ctx, &autoscaling.DetachLoadBalancersInput{AutoScalingGroupName: g.AutoScalingGroupName, LoadBalancerNames: []string{name}}); err != nil {
				return err
			}
		}
	}
	return nil
}
