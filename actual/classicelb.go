package actual

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type classicELBReader interface {
	DescribeLoadBalancers(context.Context, *classicelb.DescribeLoadBalancersInput, ...func(*classicelb.Options)) (*classicelb.DescribeLoadBalancersOutput, error)
	DescribeLoadBalancerAttributes(context.Context, *classicelb.DescribeLoadBalancerAttributesInput, ...func(*classicelb.Options)) (*classicelb.DescribeLoadBalancerAttributesOutput, error)
	DescribeTags(context.Context, *classicelb.DescribeTagsInput, ...func(*classicelb.Options)) (*classicelb.DescribeTagsOutput, error)
}

type classicELBAnswers struct{ found []classicAnswer }

type classicAnswer struct {
	classictypes.LoadBalancerDescription
	tags       topology.Tags
	attributes classictypes.LoadBalancerAttributes
}

// apiAndBastion are the prefixes of the names of the load balancers that kops makes.
var apiAndBastion = []string{"api", "bastion"}

// lookClassicELBs asks by name, and only where something points to one: AWS cannot be asked for
// them by tag, and a cluster that has none is not to pay for it.
func lookClassicELBs(ctx context.Context, o *observation) error {
	answers, err := each(ctx, o.classicNames(), o.classicNamed)
	for _, a := range answers {
		if a != nil {
			o.classics.found = append(o.classics.found, *a)
		}
	}
	return err
}

// classicNames are the names of those that may be the cluster's: what the manifest wants, what the groups
// that kops puts behind them are attached to, what its names lead to, and what another one is taking the
// place of and is still there, cut off from everything.
func (o *observation) classicNames() []string {
	var names []string
	for _, name := range o.wanted(topology.KindClassicELB) {
		prefix, _, _ := strings.Cut(name, ".")
		names = append(names, topology.LoadBalancerName(prefix, o.scope.Cluster))
	}
	for _, g := range o.groups.found {
		if topology.RoleOf(groupTags(g.Tags)) != topology.Worker {
			names = append(names, g.LoadBalancerNames...)
		}
	}
	for _, r := range o.records.found {
		if r.AliasTarget != nil {
			names = append(names, o.classicBehind(aws.ToString(r.AliasTarget.DNSName))...)
		}
	}
	for _, l := range o.ownLoadBalancers() {
		if replaces, ok := topology.ParseReplaces(o.loadBalancers.tags[aws.ToString(l.LoadBalancerArn)][topology.TagReplaces]); ok {
			names = append(names, replaces.AWSName)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// classicBehind is the name of the cluster's Classic load balancer that has the host name, if it is one:
// NAME-NUMBER.REGION.elb.amazonaws.com, where the second generation has NAME-NUMBER.elb.REGION.
func (o *observation) classicBehind(host string) []string {
	second := slices.ContainsFunc(o.ownLoadBalancers(), func(l elbtypes.LoadBalancer) bool { return hostOf(aws.ToString(l.DNSName)) == hostOf(host) })
	host = strings.TrimPrefix(hostOf(host), "internal-")
	if second || !strings.Contains(host, "."+o.scope.Region+".elb.") {
		return nil
	}
	for _, prefix := range apiAndBastion {
		if name := topology.LoadBalancerName(prefix, o.scope.Cluster); strings.HasPrefix(host, name+"-") {
			return []string{name}
		}
	}
	return nil
}

// classicNamed is nil if there is none of that name. Its three calls go side by side; what the others
// answer about a load balancer that is not there means nothing.
func (o *observation) classicNamed(ctx context.Context, name string) (*classicAnswer, error) {
	var a classicAnswer
	var missing bool
	ask := func(ctx context.Context, call func(context.Context) error) (bool, error) { return true, call(ctx) }
	_, err := each(ctx, []func(context.Context) error{
		func(ctx context.Context) error {
			out, err := o.clients.ClassicELB.DescribeLoadBalancers(ctx, &classicelb.DescribeLoadBalancersInput{LoadBalancerNames: []string{name}})
			if missing = err != nil && awsapi.NotFound(err); err == nil {
				a.LoadBalancerDescription = first(out.LoadBalancerDescriptions)
			}
			return err
		},
		func(ctx context.Context) error {
			out, err := o.clients.ClassicELB.DescribeTags(ctx, &classicelb.DescribeTagsInput{LoadBalancerNames: []string{name}})
			if err == nil {
				a.tags = classicTags(first(out.TagDescriptions).Tags)
			}
			return err
		},
		func(ctx context.Context) error {
			out, err := o.clients.ClassicELB.DescribeLoadBalancerAttributes(ctx, &classicelb.DescribeLoadBalancerAttributesInput{LoadBalancerName: &name})
			if err == nil && out.LoadBalancerAttributes != nil {
				a.attributes = *out.LoadBalancerAttributes
			}
			return err
		},
	}, ask)
	if missing || err != nil && awsapi.NotFound(err) {
		return nil, nil // it may have gone between two answers
	}
	return &a, err
}

// isOwnClassic tells whose it is: what Kubernetes' cloud controller makes for a Service carries the
// cluster's tags too, and is never ours.
func (o *observation) isOwnClassic(a classicAnswer) bool {
	kopsName := slices.ContainsFunc(apiAndBastion, func(prefix string) bool { return a.tags[topology.TagName] == prefix+"."+o.scope.Cluster })
	return kopsName && o.owns(a.tags) && a.tags[tagService] == ""
}

func convertClassicELBs(o *observation) error {
	for _, a := range o.classics.found {
		if !o.isOwnClassic(a) {
			continue
		}
		name := aws.ToString(a.LoadBalancerName)
		o.add(name, topology.ClassicELB{
			Name: a.tags[topology.TagName], AWSName: name, Internal: aws.ToString(a.Scheme) == "internal",
			Subnets: o.refsOf(a.Subnets), SecurityGroups: o.refsOf(a.SecurityGroups),
			Listeners: classicListeners(a.ListenerDescriptions), HealthCheck: classicCheck(a.HealthCheck),
			CrossZone:       a.attributes.CrossZoneLoadBalancing != nil && a.attributes.CrossZoneLoadBalancing.Enabled,
			IdleTimeout:     a.idleTimeout(),
			DrainingTimeout: a.drainingTimeout(),
			AccessLog:       a.accessLog(),
			Tags:            a.tags, Ownership: topology.Owned,
		})
	}
	return nil
}

func classicListeners(list []classictypes.ListenerDescription) []topology.ClassicListener {
	var listeners []topology.ClassicListener
	for _, d := range list {
		if l := d.Listener; l != nil {
			listeners = append(listeners, topology.ClassicListener{
				Port: int(l.LoadBalancerPort), Protocol: strings.ToUpper(aws.ToString(l.Protocol)),
				InstancePort: int(aws.ToInt32(l.InstancePort)), InstanceProtocol: strings.ToUpper(aws.ToString(l.InstanceProtocol)),
				Certificate: aws.ToString(l.SSLCertificateId),
			})
		}
	}
	slices.SortFunc(listeners, func(a, b topology.ClassicListener) int { return cmp.Compare(a.Port, b.Port) })
	return listeners
}

func classicCheck(c *classictypes.HealthCheck) topology.ClassicCheck {
	if c == nil {
		return topology.ClassicCheck{}
	}
	return topology.ClassicCheck{
		Target: aws.ToString(c.Target), Interval: int(aws.ToInt32(c.Interval)), Timeout: int(aws.ToInt32(c.Timeout)),
		HealthyThreshold: int(aws.ToInt32(c.HealthyThreshold)), UnhealthyThreshold: int(aws.ToInt32(c.UnhealthyThreshold)),
	}
}

func (a classicAnswer) idleTimeout() int {
	if a.attributes.ConnectionSettings == nil {
		return 0
	}
	return int(aws.ToInt32(a.attributes.ConnectionSettings.IdleTimeout))
}

// drainingTimeout is zero while draining is off, whatever time is remembered.
func (a classicAnswer) drainingTimeout() int {
	if d := a.attributes.ConnectionDraining; d != nil && d.Enabled {
		return int(aws.ToInt32(d.Timeout))
	}
	return 0
}

func (a classicAnswer) accessLog() topology.AccessLog {
	if log := a.attributes.AccessLog; log != nil && log.Enabled {
		return topology.AccessLog{Bucket: aws.ToString(log.S3BucketName), Prefix: aws.ToString(log.S3BucketPrefix), Interval: int(aws.ToInt32(log.EmitInterval))}
	}
	return topology.AccessLog{}
}

// classicsOf resolves the Classic load balancers that a group is attached to.
func (o *observation) classicsOf(names []string) []topology.Ref {
	var refs []topology.Ref
	for _, name := range names {
		ref := o.ref(&name)
		if ref.Kind != topology.KindClassicELB {
			ref = topology.Given(name) // something else may have the same name
		}
		refs = append(refs, ref)
	}
	return topology.SortRefs(refs)
}

// takesOver reports whether a load balancer is taking the place of a Classic one that is still there. The
// tag that says so is then how it came to be, and not what anybody wants; later it is left over.
func (o *observation) takesOver(tags topology.Tags) bool {
	replaces, ok := topology.ParseReplaces(tags[topology.TagReplaces])
	return ok && slices.ContainsFunc(o.classics.found, func(a classicAnswer) bool {
		return aws.ToString(a.LoadBalancerName) == replaces.AWSName && o.isOwnClassic(a)
	})
}
