package apply

import (
	"context"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type loadBalancerWriter interface {
	elbTagger
	DescribeLoadBalancers(context.Context, *elb.DescribeLoadBalancersInput, ...func(*elb.Options)) (*elb.DescribeLoadBalancersOutput, error)
	CreateLoadBalancer(context.Context, *elb.CreateLoadBalancerInput, ...func(*elb.Options)) (*elb.CreateLoadBalancerOutput, error)
	ModifyLoadBalancerAttributes(context.Context, *elb.ModifyLoadBalancerAttributesInput, ...func(*elb.Options)) (*elb.ModifyLoadBalancerAttributesOutput, error)
	SetSubnets(context.Context, *elb.SetSubnetsInput, ...func(*elb.Options)) (*elb.SetSubnetsOutput, error)
	SetSecurityGroups(context.Context, *elb.SetSecurityGroupsInput, ...func(*elb.Options)) (*elb.SetSecurityGroupsOutput, error)
	SetIpAddressType(context.Context, *elb.SetIpAddressTypeInput, ...func(*elb.Options)) (*elb.SetIpAddressTypeOutput, error)
	DeleteLoadBalancer(context.Context, *elb.DeleteLoadBalancerInput, ...func(*elb.Options)) (*elb.DeleteLoadBalancerOutput, error)
}

// loadBalancers are bound to their ARNs.
type loadBalancers struct {
	api     loadBalancerWriter
	cluster string
}

const loadBalancerBusy = "AWS is still setting the load balancer up"

// Create returns while AWS provisions. A new load balancer does not send traffic
// across zones (AWS's default).
func (l loadBalancers) Create(ctx context.Context, want topology.LoadBalancer, ids topology.Bindings) (topology.Bindings, error) {
	learned, arn, err := bound(want.Ref(), ids, func() (string, error) { return l.make(ctx, want, ids) })
	if err != nil {
		return learned, err
	}
	return learned, l.setAttributes(ctx, arn, append(crossZone(want, want.CrossZone), accessLog(want, want.AccessLog.Bucket != "")...))
}

func (l loadBalancers) make(ctx context.Context, want topology.LoadBalancer, ids topology.Bindings) (string, error) {
	mappings, err := mappingsOf(want, ids)
	if err != nil {
		return "", err
	}
	groups, err := idsOf(ids, want.SecurityGroups)
	if err != nil {
		return "", err
	}
	scheme := elbtypes.LoadBalancerSchemeEnumInternetFacing
	if want.Internal {
		scheme = elbtypes.LoadBalancerSchemeEnumInternal
	}
	out, err := l.api.CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: aws.String(want.AWSName), Type: elbtypes.LoadBalancerTypeEnumNetwork, Scheme: scheme,
		SubnetMappings: mappings, SecurityGroups: groups, IpAddressType: elbtypes.IpAddressType(want.AddressType), Tags: elbTags(want.Tags),
	})
	if err != nil && awsapi.AlreadyExists(err) {
		return l.find(ctx, want, err)
	}
	if err != nil {
		return "", settling(err, "AWS does not know the new subnets or security groups everywhere yet")
	}
	return aws.ToString(out.LoadBalancers[0].LoadBalancerArn), nil
}

func mappingsOf(want topology.LoadBalancer, ids topology.Bindings) ([]elbtypes.SubnetMapping, error) {
	var mappings []elbtypes.SubnetMapping
	for _, m := range want.Subnets {
		subnet, err := idOf(ids, m.Subnet)
		if err != nil {
			return nil, err
		}
		mapping := elbtypes.SubnetMapping{SubnetId: aws.String(subnet), PrivateIPv4Address: present(m.PrivateIPv4)}
		if !m.Allocation.IsZero() {
			allocation, err := idOf(ids, m.Allocation)
			if err != nil {
				return nil, err
			}
			mapping.AllocationId = aws.String(allocation)
		}
		mappings = append(mappings, mapping)
	}
	return mappings, nil
}

// find takes up the load balancer of that name, which AWS keeps unique in a region,
// if it is ours.
func (l loadBalancers) find(ctx context.Context, want topology.LoadBalancer, conflict error) (string, error) {
	out, err := l.api.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{Names: []string{want.AWSName}})
	if err != nil {
		return "", settling(err, "AWS has the load balancer already and does not show it yet")
	}
	return takeUpELB(ctx, l.api, l.cluster, want.Ref(), aws.ToString(out.LoadBalancers[0].LoadBalancerArn), conflict)
}

// Update adds subnets before it changes the address type, which all of them must
// support.
func (l loadBalancers) Update(ctx context.Context, _, want topology.LoadBalancer, change diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	arn, err := idOf(ids, want.Ref())
	if err != nil {
		return nil, err
	}
	err = setELBTags(ctx, l.api, arn, tagChangeOf(change))
	if err == nil && change.Has("subnets") {
		err = l.setSubnets(ctx, arn, want, ids)
	}
	if err == nil && change.Has("securityGroups") {
		err = l.setSecurityGroups(ctx, arn, want, ids)
	}
	if err == nil && change.Has("addressType") {
		_, err = l.api.SetIpAddressType(ctx, &elb.SetIpAddressTypeInput{
			LoadBalancerArn: aws.String(arn), IpAddressType: elbtypes.IpAddressType(want.AddressType),
		})
	}
	if err == nil {
		err = l.setAttributes(ctx, arn, append(crossZone(want, change.Has("crossZone")), accessLog(want, change.Has("accessLog"))...))
	}
	return nil, settling(err, loadBalancerBusy)
}

func (l loadBalancers) setSubnets(ctx context.Context, arn string, want topology.LoadBalancer, ids topology.Bindings) error {
	mappings, err := mappingsOf(want, ids)
	if err != nil {
		return err
	}
	_, err = l.api.SetSubnets(ctx, &elb.SetSubnetsInput{LoadBalancerArn: aws.String(arn), SubnetMappings: mappings})
	return err
}

func (l loadBalancers) setSecurityGroups(ctx context.Context, arn string, want topology.LoadBalancer, ids topology.Bindings) error {
	groups, err := idsOf(ids, want.SecurityGroups)
	if err != nil {
		return err
	}
	_, err = l.api.SetSecurityGroups(ctx, &elb.SetSecurityGroupsInput{LoadBalancerArn: aws.String(arn), SecurityGroups: groups})
	return err
}

// setAttributes makes no call when there is nothing to set.
func (l loadBalancers) setAttributes(ctx context.Context, arn string, set []elbtypes.LoadBalancerAttribute) error {
	if len(set) == 0 {
		return nil
	}
	_, err := l.api.ModifyLoadBalancerAttributes(ctx, &elb.ModifyLoadBalancerAttributesInput{LoadBalancerArn: aws.String(arn), Attributes: set})
	return settling(err, loadBalancerBusy)
}

func crossZone(want topology.LoadBalancer, needed bool) []elbtypes.LoadBalancerAttribute {
	if !needed {
		return nil
	}
	return []elbtypes.LoadBalancerAttribute{attribute("load_balancing.cross_zone.enabled", strconv.FormatBool(want.CrossZone))}
}

// accessLog turns it on with a bucket, and off without.
func accessLog(want topology.LoadBalancer, needed bool) []elbtypes.LoadBalancerAttribute {
	if !needed {
		return nil
	}
	set := []elbtypes.LoadBalancerAttribute{attribute("access_logs.s3.enabled", strconv.FormatBool(want.AccessLog.Bucket != ""))}
	if want.AccessLog.Bucket == "" {
		return set
	}
	return append(set, attribute("access_logs.s3.bucket", want.AccessLog.Bucket), attribute("access_logs.s3.prefix", want.AccessLog.Prefix))
}

func attribute(key, value string) elbtypes.LoadBalancerAttribute {
	return elbtypes.LoadBalancerAttribute{Key: aws.String(key), Value: aws.String(value)}
}

func (l loadBalancers) Delete(ctx context.Context, have topology.LoadBalancer, ids topology.Bindings) error {
	arn, err := idOf(ids, have.Ref())
	if err != nil {
		return err
	}
	_, err = l.api.DeleteLoadBalancer(ctx, &elb.DeleteLoadBalancerInput{LoadBalancerArn: aws.String(arn)})
	return removed(err, "something still uses the load balancer")
}
