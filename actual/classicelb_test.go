package actual_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/autoscaling"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	classictypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/topology"
)

var apiELB = topology.LoadBalancerName("api", cluster)

// classicSite is a network that a Classic load balancer can be in.
func classicSite(w *world) (subnet, group string) {
	vpc := w.vpc("172.20.0.0/16", base(cluster))
	w.internetGateway(vpc, base(cluster))
	return w.subnet(vpc, zones[0], "172.20.0.0/24", base("a."+cluster)), w.securityGroup(vpc, "api-elb."+cluster, base("api-elb."+cluster))
}

// classicELB makes one as kops does, and returns its DNS name.
func (w *world) classicELB(name, subnet, group string, tags topology.Tags) string {
	w.t.Helper()
	in := &classicelb.CreateLoadBalancerInput{
		LoadBalancerName: &name, Subnets: []string{subnet}, SecurityGroups: []string{group},
		Listeners: []classictypes.Listener{{LoadBalancerPort: 443, Protocol: aws.String("TCP"), InstancePort: aws.Int32(443), InstanceProtocol: aws.String("TCP")}},
	}
	for key, value := range tags {
		in.Tags = append(in.Tags, classictypes.Tag{Key: &key, Value: &value})
	}
	out := must[*classicelb.CreateLoadBalancerOutput](w)(w.ClassicELB.CreateLoadBalancer(w.t.Context(), in))
	must[*classicelb.ConfigureHealthCheckOutput](w)(w.ClassicELB.ConfigureHealthCheck(w.t.Context(), &classicelb.ConfigureHealthCheckInput{
		LoadBalancerName: &name, HealthCheck: &classictypes.HealthCheck{
			Target: aws.String("SSL:443"), Interval: aws.Int32(10), Timeout: aws.Int32(5), HealthyThreshold: aws.Int32(2), UnhealthyThreshold: aws.Int32(2),
		},
	}))
	must[*classicelb.ModifyLoadBalancerAttributesOutput](w)(w.ClassicELB.ModifyLoadBalancerAttributes(w.t.Context(), &classicelb.ModifyLoadBalancerAttributesInput{
		LoadBalancerName: &name, LoadBalancerAttributes: &classictypes.LoadBalancerAttributes{
			ConnectionDraining: &classictypes.ConnectionDraining{Enabled: true, Timeout: aws.Int32(300)},
			ConnectionSettings: &classictypes.ConnectionSettings{IdleTimeout: aws.Int32(300)},
		},
	}))
	return *out.DNSName
}

func wantingClassic(s *actual.Scope) {
	s.Named = append(s.Named, topology.Ref{Kind: topology.KindClassicELB, Name: "api." + cluster})
}

func TestAWantedClassicLoadBalancerIsSeenAsItIs(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		subnet, group := classicSite(w)
		w.classicELB(apiELB, subnet, group, base("api."+cluster))
		state := w.observe(wantingClassic)
		want := topology.ClassicELB{
			Name: "api." + cluster, AWSName: apiELB,
			Subnets:        []topology.Ref{{Kind: topology.KindSubnet, Name: "a." + cluster}},
			SecurityGroups: []topology.Ref{{Kind: topology.KindSecurityGroup, Name: "api-elb." + cluster}},
			Listeners:      []topology.ClassicListener{{Port: 443, Protocol: "TCP", InstancePort: 443, InstanceProtocol: "TCP"}},
			HealthCheck:    topology.ClassicCheck{Target: "SSL:443", Interval: 10, Timeout: 5, HealthyThreshold: 2, UnhealthyThreshold: 2},
			IdleTimeout:    300, DrainingTimeout: 300, Tags: base("api." + cluster), Ownership: topology.Owned,
		}
		if d := cmp.Diff([]topology.ClassicELB{want}, topology.Of[topology.ClassicELB](state.Topology)); d != "" {
			t.Errorf("(-want +got):\n%s", d)
		}
	})
}

// Whatever points to it leads to it, and a look at a cluster where nothing does asks for none.
func TestAnUnwantedClassicLoadBalancerIsFoundByWhatPointsToIt(t *testing.T) {
	for name, point := range map[string]func(w *world, subnet, group, host string) func(*actual.Scope){
		"the name of the API": func(w *world, _, _, host string) func(*actual.Scope) {
			w.record(w.zone("example.com", ""), aliasTo("api."+cluster, "Z35SXDOTRQ7X7K", host))
			return inZone(itsZone, "api."+cluster)
		},
		"the load balancer that takes its place": func(w *world, subnet, group, _ string) func(*actual.Scope) {
			w.loadBalancer("api-new", []string{subnet}, []string{group}, base("api."+cluster).With(topology.Tags{topology.TagReplaces: apiELB + "@2026-08-01T12:00:00Z"}))
			return func(*actual.Scope) {}
		},
		"nothing": nil,
	} {
		t.Run(name, func(t *testing.T) {
			w := simulator(t)
			subnet, group := classicSite(w)
			host := w.classicELB(apiELB, subnet, group, base("api."+cluster))
			scope, seen := func(*actual.Scope) {}, 0
			if point != nil {
				scope, seen = point(w, subnet, group, host), 1
			}
			state := w.observe(scope)
			if got := len(topology.Of[topology.ClassicELB](state.Topology)); got != seen {
				t.Errorf("%d are seen, want %d", got, seen)
			}
			for _, l := range topology.Of[topology.LoadBalancer](state.Topology) {
				if _, told := l.Tags[topology.TagReplaces]; told {
					t.Error("the tag of a takeover that is under way is taken for drift")
				}
			}
			for _, r := range topology.Of[topology.DNSRecord](state.Topology) {
				if r.Alias.Kind != topology.KindClassicELB {
					t.Errorf("the name leads to %s", r.Alias)
				}
			}
		})
	}
}

// When the takeover is over, its tag is drift, so that it goes, and nobody is asked for any more.
func TestTheTagOfAFinishedTakeoverIsDrift(t *testing.T) {
	w := simulator(t)
	subnet, group := classicSite(w)
	w.loadBalancer("api-new", []string{subnet}, []string{group}, base("api."+cluster).With(topology.Tags{topology.TagReplaces: apiELB + "@2026-08-01T12:00:00Z"}))
	balancers := topology.Of[topology.LoadBalancer](w.observe().Topology)
	if len(balancers) != 1 || balancers[0].Tags[topology.TagReplaces] == "" {
		t.Errorf("got %+v", balancers)
	}
}

func TestAClassicLoadBalancerOfAServiceIsNeverOurs(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		subnet, group := classicSite(w)
		w.classicELB(apiELB, subnet, group, base("api."+cluster).With(topology.Tags{"kubernetes.io/service-name": "default/api"}))
		state := w.observe(wantingClassic)
		if got := topology.Of[topology.ClassicELB](state.Topology); len(got) > 0 {
			t.Errorf("got %+v", got)
		}
	})
}

func TestGroupsShowTheirClassicLoadBalancers(t *testing.T) {
	w := simulator(t)
	w.highlyAvailable()
	w.settle()
	state := w.observe()
	masters := slices.DeleteFunc(topology.Of[topology.AutoScalingGroup](state.Topology), func(g topology.AutoScalingGroup) bool { return g.Role != topology.ControlPlane })
	subnet, group := state.Bindings[masters[0].Subnets[0]], state.Bindings[topology.Of[topology.SecurityGroup](state.Topology)[0].Ref()]
	w.classicELB("api-of-old", subnet, group, base("api."+cluster))
	before := w.calls.Total()
	w.observe()
	look := w.calls.Total() - before
	must[*autoscaling.AttachLoadBalancersOutput](w)(w.AutoScaling.AttachLoadBalancers(t.Context(), &autoscaling.AttachLoadBalancersInput{
		AutoScalingGroupName: &masters[0].Name, LoadBalancerNames: []string{"api-of-old"},
	}))
	before = w.calls.Total()
	state = w.observe()
	if more := w.calls.Total() - before - look; more != 3 {
		t.Errorf("it cost %d calls more", more)
	}
	got, _ := topology.Find[topology.AutoScalingGroup](state.Topology, masters[0].Ref())
	want := []topology.Ref{{Kind: topology.KindClassicELB, Name: "api." + cluster}}
	if d := cmp.Diff(want, got.ClassicLoadBalancers); d != "" || !strings.HasPrefix(state.Bindings[want[0]], "api-of-old") {
		t.Errorf("(-want +got):\n%s bound to %s", d, state.Bindings[want[0]])
	}
}
