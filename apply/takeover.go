package apply

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// nameGrace is how long the old load balancer stays after its names moved: Route 53 tells all of its servers
// within 60 s, and resolvers may keep what an alias of a load balancer says for another 60 s (its TTL, which
// Route 53 fixes).
const nameGrace = 120 * time.Second

type takeoverAPI interface {
	elbTagger
	targetReader
	aliasReader
}

type classicHealthReader interface {
	DescribeInstanceHealth(context.Context, *classicelb.DescribeInstanceHealthInput, ...func(*classicelb.Options)) (*classicelb.DescribeInstanceHealthOutput, error)
}

// takeovers is the gate in front of every step by which a load balancer takes over the work of something else.
// It looks at AWS anew each time, as the gate of the control plane does. The one thing that it has to remember,
// since when names lead to the new load balancer, stands in a tag of that one.
type takeovers struct {
	api      takeoverAPI
	classics classicHealthReader
	now      func() time.Time
}

// heir is a load balancer that takes over, and what it takes over from.
type heir struct {
	balancer topology.LoadBalancer
	arn      string
	targets  map[topology.Ref]string // ARNs of the target groups of its listeners
	// old is the AWS name of the Classic load balancer that is there still, or empty.
	old string
}

// takeover says whether a step that gives work to a load balancer may begin now.
func (r *run) takeover(ctx context.Context, s order.Step) error {
	h, ok, err := r.heirOf(s.Takeover)
	if err != nil || !ok {
		return err
	}
	gate := r.applier.takeovers
	if err := gate.ready(ctx, h); err != nil {
		return err
	}
	if s.Change.Effect == diff.Delete {
		return gate.grace(ctx, h)
	}
	return gate.forget(ctx, h)
}

// takenOver is called after a step that has given work to a load balancer.
func (r *run) takenOver(ctx context.Context, s order.Step) error {
	h, ok, err := r.heirOf(s.Takeover)
	if err != nil || !ok || s.Change.Effect != diff.Delete {
		return err
	}
	return r.applier.takeovers.forget(ctx, h)
}

// heirOf is not ok if nobody takes over: the cluster is being removed.
func (r *run) heirOf(ref topology.Ref) (h heir, ok bool, err error) {
	if h.balancer, ok = topology.Find[topology.LoadBalancer](r.in.Want, ref); !ok {
		return h, false, nil
	}
	ids := r.known()
	if h.arn, err = idOf(ids, ref); err != nil {
		return h, true, err
	}
	h.targets = map[topology.Ref]string{}
	for _, l := range topology.Of[topology.Listener](r.in.Want) {
		if l.LoadBalancer != ref {
			continue
		}
		if h.targets[l.TargetGroup], err = idOf(ids, l.TargetGroup); err != nil {
			return h, true, err
		}
	}
	for _, c := range r.in.Plan.Changes {
		if old, retires := c.Have.(topology.ClassicELB); retires && c.Effect == diff.Delete && old.Name == ref.Name {
			h.old = old.AWSName
		}
	}
	return h, true, nil
}

// ready waits until the heir can do the work: it is active, and every machine that serves behind the old load
// balancer is healthy behind each port of the heir. Where there is no old one to compare with, every
// registered machine must be. A machine that AWS says nothing of is not healthy.
func (t takeovers) ready(ctx context.Context, h heir) error {
	out, err := t.api.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{h.arn}})
	if err != nil {
		return settling(err, "AWS does not show the new load balancer yet")
	}
	if state := out.LoadBalancers[0].State; state == nil || state.Code != elbtypes.LoadBalancerStateEnumActive {
		return &WaitError{Reason: loadBalancerBusy}
	}
	serving, err := t.serving(ctx, h.old)
	if err != nil {
		return err
	}
	for _, ref := range topology.SortRefs(slices.Collect(maps.Keys(h.targets))) {
		if err := t.healthy(ctx, h, ref, serving); err != nil {
			return err
		}
	}
	return nil
}

// serving are the machines that the old load balancer sends connections to.
func (t takeovers) serving(ctx context.Context, old string) ([]string, error) {
	if old == "" {
		return nil, nil
	}
	out, err := t.classics.DescribeInstanceHealth(ctx, &classicelb.DescribeInstanceHealthInput{LoadBalancerName: aws.String(old)})
	if err != nil {
		return nil, removed(err, classicBusy)
	}
	var machines []string
	for _, s := range out.InstanceStates {
		if aws.ToString(s.State) == "InService" {
			machines = append(machines, aws.ToString(s.InstanceId))
		}
	}
	return machines, nil
}

func (t takeovers) healthy(ctx context.Context, h heir, ref topology.Ref, serving []string) error {
	out, err := t.api.DescribeTargetHealth(ctx, &elb.DescribeTargetHealthInput{TargetGroupArn: aws.String(h.targets[ref])})
	if err != nil {
		return settling(err, "AWS does not show the new target group yet")
	}
	healthy, needed := map[string]bool{}, slices.Clone(serving)
	for _, d := range out.TargetHealthDescriptions {
		if d.Target == nil || d.TargetHealth == nil {
			continue
		}
		id := aws.ToString(d.Target.Id)
		healthy[id] = d.TargetHealth.State == elbtypes.TargetHealthStateEnumHealthy
		if h.old == "" && d.TargetHealth.State != elbtypes.TargetHealthStateEnumDraining {
			needed = append(needed, id)
		}
	}
	missing := slices.DeleteFunc(needed, func(id string) bool { return healthy[id] })
	switch {
	case len(missing) > 0:
		return &WaitError{Reason: fmt.Sprintf("machine %s is not healthy at %s yet", missing[0], ref)}
	case !slices.Contains(slices.Collect(maps.Values(healthy)), true):
		return &WaitError{Reason: fmt.Sprintf("no machine is healthy at %s yet", ref)}
	}
	return nil
}

// grace waits until nobody can still be sent to the old load balancer. The first time it notes the time.
func (t takeovers) grace(ctx context.Context, h heir) error {
	tag, err := t.tag(ctx, h)
	if err != nil {
		return err
	}
	replaces, noted := topology.ParseReplaces(tag)
	if !noted || replaces.AWSName != h.old {
		replaces = topology.Replaces{AWSName: h.old, Since: t.now()}
		if err := setELBTags(ctx, t.api, h.arn, tagChange{set: topology.Tags{topology.TagReplaces: replaces.Tag()}}); err != nil {
			return err
		}
	}
	if until := replaces.Since.Add(nameGrace); t.now().Before(until) {
		return &WaitError{Reason: fmt.Sprintf("until %s, clients may remember that the name led to the Classic load balancer", until.UTC().Format(time.TimeOnly))}
	}
	return nil
}

// forget removes the note, because names are about to move, or because the old load balancer is gone.
func (t takeovers) forget(ctx context.Context, h heir) error {
	if h.old == "" {
		return nil
	}
	tag, err := t.tag(ctx, h)
	if err != nil || tag == "" {
		return err
	}
	return setELBTags(ctx, t.api, h.arn, tagChange{drop: []string{topology.TagReplaces}})
}

func (t takeovers) tag(ctx context.Context, h heir) (string, error) {
	out, err := t.api.DescribeTags(ctx, &elb.DescribeTagsInput{ResourceArns: []string{h.arn}})
	if err != nil {
		return "", settling(err, tagsLate)
	}
	for _, d := range out.TagDescriptions {
		for _, tag := range d.Tags {
			if aws.ToString(tag.Key) == topology.TagReplaces {
				return aws.ToString(tag.Value), nil
			}
		}
	}
	return "", nil
}
