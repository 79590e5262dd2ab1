package actual

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/topology"
)

type loadBalancerReader interface {
	DescribeLoadBalancers(context.Context, *elb.DescribeLoadBalancersInput, ...func(*elb.Options)) (*elb.DescribeLoadBalancersOutput, error)
	DescribeLoadBalancerAttributes(context.Context, *elb.DescribeLoadBalancerAttributesInput, ...func(*elb.Options)) (*elb.DescribeLoadBalancerAttributesOutput, error)
	DescribeTags(context.Context, *elb.DescribeTagsInput, ...func(*elb.Options)) (*elb.DescribeTagsOutput, error)
}

type loadBalancerAnswers struct {
	found []elbtypes.LoadBalancer
	// tags are those of load balancers and of target groups, by ARN.
	tags       map[string]topology.Tags
	attributes map[string]attributes // by ARN
}

const (
	// tagService is what Kubernetes' cloud controller writes on what it makes for a
	// Service.
	tagService = "kubernetes.io/service-name"
	// tagRevision is what kops writes, in Unix seconds, on a load balancer that takes
	// the place of another.
	tagRevision = "kops.k8s.io/revision"
	// maxTagARNs is ELB's limit for one DescribeTags call.
	maxTagARNs = 20
)

// lookLoadBalancers lists them all, as ELB cannot be searched by tag.
func lookLoadBalancers(ctx context.Context, o *observation) error {
	pages := elb.NewDescribeLoadBalancersPaginator(o.clients.ELB, &elb.DescribeLoadBalancersInput{PageSize: page400})
	found, err := everything(ctx, pages, func(p *elb.DescribeLoadBalancersOutput) []elbtypes.LoadBalancer { return p.LoadBalancers })
	o.loadBalancers.found = slices.DeleteFunc(found, func(l elbtypes.LoadBalancer) bool {
		return l.Type != elbtypes.LoadBalancerTypeEnumNetwork || l.State != nil && l.State.Code == elbtypes.LoadBalancerStateEnumFailed
	})
	return err
}

// lookLoadBalancerTags asks for the tags of the load balancers and target groups in the
// cluster's network, so that an account with hundreds of others costs no more calls.
func lookLoadBalancerTags(ctx context.Context, o *observation) error {
	var arns []string
	for _, l := range o.loadBalancers.found {
		if o.inNetwork(l.VpcId) {
			arns = append(arns, aws.ToString(l.LoadBalancerArn))
		}
	}
	for _, g := range o.targetGroups.found {
		if o.inNetwork(g.VpcId) {
			arns = append(arns, aws.ToString(g.TargetGroupArn))
		}
	}
	answers, err := each(ctx, slices.Collect(slices.Chunk(arns, maxTagARNs)), func(ctx context.Context, arns []string) (*elb.DescribeTagsOutput, error) {
		return o.clients.ELB.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: arns})
	})
	if err != nil {
		return err
	}
	o.loadBalancers.tags = map[string]topology.Tags{}
	for _, a := range answers {
		for _, d := range a.TagDescriptions {
			o.loadBalancers.tags[aws.ToString(d.ResourceArn)] = elbTags(d.Tags)
		}
	}
	return nil
}

// inNetwork reports whether a VPC is one that the cluster has anything in. That its own
// tags are gone does not hide what is in it.
func (o *observation) inNetwork(vpc *string) bool {
	id := aws.ToString(vpc)
	for _, v := range o.vpcs.found {
		if aws.ToString(v.VpcId) == id {
			return true
		}
	}
	for _, s := range o.subnets.found {
		if aws.ToString(s.VpcId) == id {
			return true
		}
	}
	return false
}

// ownLoadBalancers are the load balancers that kops made for the API or for bastions,
// the newest revision first. What the controllers inside Kubernetes make for Services
// carries the cluster's tags too, and is never ours.
func (o *observation) ownLoadBalancers() []elbtypes.LoadBalancer {
	var own []elbtypes.LoadBalancer
	for _, l := range o.loadBalancers.found {
		tags := o.loadBalancers.tags[aws.ToString(l.LoadBalancerArn)]
		kopsName := tags[topology.TagName] == "api."+o.scope.Cluster || tags[topology.TagName] == "bastion."+o.scope.Cluster
		if o.owns(tags) && kopsName && tags[tagService] == "" {
			own = append(own, l)
		}
	}
	slices.SortStableFunc(own, func(a, b elbtypes.LoadBalancer) int { return cmp.Compare(o.revision(b), o.revision(a)) })
	return own
}

// revision is zero for a load balancer that took nobody's place.
func (o *observation) revision(l elbtypes.LoadBalancer) int64 {
	revision, err := strconv.ParseInt(o.loadBalancers.tags[aws.ToString(l.LoadBalancerArn)][tagRevision], 10, 64)
	if err != nil {
		return 0
	}
	return revision
}

func lookLoadBalancerAttributes(ctx context.Context, o *observation) error {
	var arns []string
	for _, l := range o.ownLoadBalancers() {
		arns = append(arns, aws.ToString(l.LoadBalancerArn))
	}
	answers, err := each(ctx, arns, func(ctx context.Context, arn string) (attributes, error) {
		out, err := o.clients.ELB.DescribeLoadBalancerAttributes(ctx, &elb.DescribeLoadBalancerAttributesInput{LoadBalancerArn: &arn})
		if err != nil {
			return nil, err
		}
		return attributesFrom(out.Attributes, func(a elbtypes.LoadBalancerAttribute) (*string, *string) { return a.Key, a.Value }), nil
	})
	o.loadBalancers.attributes = zip(arns, answers)
	return err
}

func convertLoadBalancers(o *observation) error {
	newest := map[string]int64{}
	for _, l := range o.ownLoadBalancers() {
		arn := aws.ToString(l.LoadBalancerArn)
		tags := maps.Clone(o.loadBalancers.tags[arn])
		name, revision := tags[topology.TagName], o.revision(l)
		if latest, ok := newest[name]; ok && revision < latest {
			o.leave(candidate{topology.KindLoadBalancer, arn, tags, aws.ToTime(l.CreatedTime)}, fmt.Sprintf("revision %d took its place", latest))
			continue
		}
		newest[name] = revision
		delete(tags, tagRevision) // how it came to be, not what anybody wants
		if o.takesOver(tags) {
			delete(tags, topology.TagReplaces)
		}
		o.add(arn, topology.LoadBalancer{
			Name: name, AWSName: aws.ToString(l.LoadBalancerName),
			Internal: l.Scheme == elbtypes.LoadBalancerSchemeEnumInternal, Subnets: o.subnetMappings(l), SecurityGroups: o.refsOf(l.SecurityGroups),
			CrossZone:   o.loadBalancers.attributes[arn].flag("load_balancing.cross_zone.enabled"),
			AccessLog:   o.loadBalancers.attributes[arn].accessLog(),
			AddressType: string(cmp.Or(l.IpAddressType, elbtypes.IpAddressTypeIpv4)),
			Tags:        tags, Ownership: topology.Owned,
		})
	}
	return nil
}

func (o *observation) subnetMappings(l elbtypes.LoadBalancer) []topology.SubnetMapping {
	var mappings []topology.SubnetMapping
	for _, z := range l.AvailabilityZones {
		m := topology.SubnetMapping{Subnet: o.ref(z.SubnetId)}
		for _, a := range z.LoadBalancerAddresses {
			m.PrivateIPv4, m.Allocation = aws.ToString(a.PrivateIPv4Address), o.ref(a.AllocationId)
		}
		mappings = append(mappings, m)
	}
	slices.SortFunc(mappings, func(a, b topology.SubnetMapping) int { return topology.CompareRefs(a.Subnet, b.Subnet) })
	return mappings
}

// accessLog is zero while it is off, whatever bucket is remembered.
func (a attributes) accessLog() topology.AccessLog {
	if !a.flag("access_logs.s3.enabled") {
		return topology.AccessLog{}
	}
	return topology.AccessLog{Bucket: a["access_logs.s3.bucket"], Prefix: a["access_logs.s3.prefix"]}
}

// refsOf resolves a list of ids.
func (o *observation) refsOf(ids []string) []topology.Ref {
	var refs []topology.Ref
	for _, id := range ids {
		refs = append(refs, o.ref(&id))
	}
	return topology.SortRefs(refs)
}
