package apply

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"

	"github.com/quorate/quorate/apply/order"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

// pair is a Classic load balancer with the one that takes over, as AWS describes them.
type pair struct {
	state    elbtypes.LoadBalancerStateEnum
	targets  map[string]elbtypes.TargetHealthStateEnum
	machines map[string]string // at the old one
	gone     bool              // the old one
	tags     map[string]string
	fails    error
}

func (p *pair) DescribeLoadBalancers(context.Context, *elb.DescribeLoadBalancersInput, ...func(*elb.Options)) (*elb.DescribeLoadBalancersOutput, error) {
	return &elb.DescribeLoadBalancersOutput{LoadBalancers: []elbtypes.LoadBalancer{{State: &elbtypes.LoadBalancerState{Code: p.state}}}}, nil
}

func (p *pair) DescribeTargetHealth(context.Context, *elb.DescribeTargetHealthInput, ...func(*elb.Options)) (*elb.DescribeTargetHealthOutput, error) {
	out := &elb.DescribeTargetHealthOutput{}
	for id, state := range p.targets {
		out.TargetHealthDescriptions = append(out.TargetHealthDescriptions, elbtypes.TargetHealthDescription{
			Target: &elbtypes.TargetDescription{Id: aws.String(id)}, TargetHealth: &elbtypes.TargetHealth{State: state},
		})
	}
	return out, p.fails
}

func (p *pair) DescribeInstanceHealth(context.Context, *classicelb.DescribeInstanceHealthInput, ...func(*classicelb.Options)) (*classicelb.DescribeInstanceHealthOutput, error) {
	if p.gone {
		return nil, &classictypes.AccessPointNotFoundException{}
	}
	out := &classicelb.DescribeInstanceHealthOutput{}
	for id, state := range p.machines {
		out.InstanceStates = append(out.InstanceStates, classictypes.InstanceState{InstanceId: aws.String(id), State: aws.String(state)})
	}
	return out, nil
}

func (p *pair) DescribeTags(context.Context, *elb.DescribeTagsInput, ...func(*elb.Options)) (*elb.DescribeTagsOutput, error) {
	var tags []elbtypes.Tag
	for key, value := range p.tags {
		tags = append(tags, elbtypes.Tag{Key: &key, Value: &value})
	}
	return &elb.DescribeTagsOutput{TagDescriptions: []elbtypes.TagDescription{{Tags: tags}}}, nil
}

func (p *pair) AddTags(_ context.Context, in *elb.AddTagsInput, _ ...func(*elb.Options)) (*elb.AddTagsOutput, error) {
	for _, tag := range in.Tags {
		p.tags[*tag.Key] = *tag.Value
	}
	return &elb.AddTagsOutput{}, nil
}

func (p *pair) RemoveTags(_ context.Context, in *elb.RemoveTagsInput, _ ...func(*elb.Options)) (*elb.RemoveTagsOutput, error) {
	for _, key := range in.TagKeys {
		delete(p.tags, key)
	}
	return &elb.RemoveTagsOutput{}, nil
}

// takeoverOf is a run in which the pair's new one takes over; the change is of the record, or the end of the
// old one.
func takeoverOf(p *pair, now time.Time, retiring bool) *run {
	group := aSecurityGroup("api-elb")
	balancer := aLoadBalancer(group)
	listener := aListener(balancer)
	want, err := topology.New(aDHCPOptions(), aVPC(), group, balancer, aTargetGroup(), listener)
	if err != nil {
		panic(err)
	}
	r := &run{
		applier: &Applier{takeovers: takeovers{api: p, classics: p, now: func() time.Time { return now }}},
		in:      Input{Want: want},
		ids:     topology.Bindings{balancer.Ref(): "arn:new", aTargetGroup().Ref(): "arn:tcp"},
	}
	if retiring {
		old := aClassicELB(group)
		r.in.Plan.Changes = []diff.Change{{Ref: old.Ref(), Effect: diff.Delete, Have: old}}
	}
	return r
}

const inService, outOfService = "InService", "OutOfService"

func TestANameMovesOnlyToALoadBalancerThatCanServeAsMany(t *testing.T) {
	healthy, initial := elbtypes.TargetHealthStateEnumHealthy, elbtypes.TargetHealthStateEnumInitial
	active := elbtypes.LoadBalancerStateEnumActive
	type targets = map[string]elbtypes.TargetHealthStateEnum
	for name, c := range map[string]struct {
		pair     pair
		fromName bool // the name leads to machines, and to no Classic load balancer
		want     string
	}{
		"all healthy": {pair: pair{state: active, targets: targets{"i-a": healthy, "i-b": healthy}, machines: map[string]string{"i-a": inService, "i-b": inService}}},
		"provisioning": {
			pair: pair{state: elbtypes.LoadBalancerStateEnumProvisioning, targets: targets{"i-a": healthy}, machines: map[string]string{"i-a": inService}},
			want: "AWS is still setting the load balancer up",
		},
		"one not yet": {
			pair: pair{state: active, targets: targets{"i-a": healthy, "i-b": initial}, machines: map[string]string{"i-a": inService, "i-b": inService}},
			want: "machine i-b is not healthy at target-group/tcp-ha-example-com-isubkm yet",
		},
		"one unknown": {
			pair: pair{state: active, targets: targets{"i-a": healthy}, machines: map[string]string{"i-a": inService, "i-b": inService}},
			want: "machine i-b is not healthy at target-group/tcp-ha-example-com-isubkm yet",
		},
		"what served nobody before is not waited for": {
			pair: pair{state: active, targets: targets{"i-a": healthy, "i-b": initial}, machines: map[string]string{"i-a": inService, "i-b": outOfService}},
		},
		"nobody served before, nobody does now": {
			pair: pair{state: active, targets: targets{"i-a": initial}, machines: map[string]string{"i-a": outOfService}},
			want: "no machine is healthy at target-group/tcp-ha-example-com-isubkm yet",
		},
		"no machine":      {pair: pair{state: active}, want: "no machine is healthy at target-group/tcp-ha-example-com-isubkm yet"},
		"removed by hand": {pair: pair{state: active, gone: true, targets: targets{"i-a": healthy}}},
		"from machines, all": {
			pair: pair{state: active, targets: targets{"i-a": healthy, "i-c": elbtypes.TargetHealthStateEnumDraining}}, fromName: true,
		},
		"from machines, one not yet": {
			pair: pair{state: active, targets: targets{"i-a": healthy, "i-b": initial}}, fromName: true,
			want: "machine i-b is not healthy at target-group/tcp-ha-example-com-isubkm yet",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c.pair.tags = map[string]string{}
			r := takeoverOf(&c.pair, moment, !c.fromName)
			balancer := topology.LoadBalancer{Name: "api." + testCluster}.Ref()
			err := r.takeover(t.Context(), order.Step{Change: diff.Change{Effect: diff.InPlace}, Takeover: balancer})
			wait, waits := errors.AsType[*WaitError](err)
			if got := reasonOf(wait); got != c.want || (err != nil) != waits {
				t.Errorf("got %q (%v), want %q", got, err, c.want)
			}
		})
	}
}

func reasonOf(wait *WaitError) string {
	if wait == nil {
		return ""
	}
	return wait.Reason
}

func TestHealthThatCannotBeAskedForIsNoHealth(t *testing.T) {
	lost := errors.New("no route")
	p := &pair{state: elbtypes.LoadBalancerStateEnumActive, targets: map[string]elbtypes.TargetHealthStateEnum{"i-a": elbtypes.TargetHealthStateEnumHealthy}, fails: lost}
	err := takeoverOf(p, moment, true).takeover(t.Context(), order.Step{Takeover: topology.LoadBalancer{Name: "api." + testCluster}.Ref()})
	if !errors.Is(err, lost) {
		t.Errorf("got %v", err)
	}
}

// The clock of the grace is in a tag, because a pass remembers nothing.
func TestTheOldLoadBalancerStaysAsLongAsClientsRememberIt(t *testing.T) {
	p := &pair{
		state: elbtypes.LoadBalancerStateEnumActive, tags: map[string]string{},
		targets: map[string]elbtypes.TargetHealthStateEnum{"i-a": elbtypes.TargetHealthStateEnumHealthy}, machines: map[string]string{"i-a": inService},
	}
	end := order.Step{Change: diff.Change{Effect: diff.Delete}, Takeover: topology.LoadBalancer{Name: "api." + testCluster}.Ref()}
	for _, c := range []struct {
		after time.Duration
		want  string
	}{
		{0, "until 12:02:00, clients may remember that the name led to the Classic load balancer"},
		{119 * time.Second, "until 12:02:00, clients may remember that the name led to the Classic load balancer"},
		{120 * time.Second, ""},
	} {
		err := takeoverOf(p, moment.Add(c.after), true).takeover(t.Context(), end)
		wait, _ := errors.AsType[*WaitError](err)
		if got := reasonOf(wait); got != c.want {
			t.Errorf("after %s: got %q, want %q", c.after, got, c.want)
		}
	}
	if got := p.tags[topology.TagReplaces]; got != "api-ha-example-com-9e692d@2026-08-06T12:00:00Z" {
		t.Errorf("the tag says %q", got)
	}

	// A name that has to move once more starts it anew.
	if err := takeoverOf(p, moment, true).takeover(t.Context(), order.Step{Change: diff.Change{Effect: diff.InPlace}, Takeover: end.Takeover}); err != nil {
		t.Fatal(err)
	}
	if len(p.tags) != 0 {
		t.Errorf("tags left: %v", p.tags)
	}
}

func TestNobodyTakesOverWhenTheClusterIsRemoved(t *testing.T) {
	r := takeoverOf(&pair{}, moment, true)
	r.in.Want = topology.Topology{}
	if err := r.takeover(t.Context(), order.Step{Change: diff.Change{Effect: diff.Delete}, Takeover: topology.LoadBalancer{Name: "api." + testCluster}.Ref()}); err != nil {
		t.Errorf("got %v", err)
	}
}
