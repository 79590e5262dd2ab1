package diff

import (
	"strings"
	"testing"

	"github.com/quorate/quorate/topology"
)

func classicELB() topology.ClassicELB {
	return topology.ClassicELB{
		Name: "api." + cluster, AWSName: "api-1", Listeners: []topology.ClassicListener{{Port: 443, Protocol: "SSL", InstancePort: 443, InstanceProtocol: "SSL", Certificate: "arn:1"}},
		Tags: topology.BaseTags(cluster, "api."+cluster), Ownership: topology.Owned,
	}
}

func networkLoadBalancer() topology.LoadBalancer {
	return topology.LoadBalancer{Name: "api." + cluster, Tags: topology.BaseTags(cluster, "api."+cluster), Ownership: topology.Owned}
}

// leading is the record of the API's name.
func leading(to topology.Ref) topology.DNSRecord {
	return topology.DNSRecord{Name: "api." + cluster, Type: "A", Alias: to, Ownership: topology.Owned}
}

func TestWhatADifferenceOfAClassicLoadBalancerMeans(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*topology.ClassicELB)
		want Effect
	}{
		"another certificate":   {func(l *topology.ClassicELB) { l.Listeners[0].Certificate = "arn:2" }, InPlace},
		"one more port":         {func(l *topology.ClassicELB) { l.Listeners = append(l.Listeners, topology.ClassicListener{Port: 8443}) }, InPlace},
		"no port at all":        {func(l *topology.ClassicELB) { l.Listeners = nil }, InPlace},
		"another protocol":      {func(l *topology.ClassicELB) { l.Listeners[0].Protocol = "TCP" }, Forbid},
		"one more subnet":       {func(l *topology.ClassicELB) { l.Subnets = append(l.Subnets, topology.Given("subnet-2")) }, InPlace},
		"another scheme":        {func(l *topology.ClassicELB) { l.Internal = true }, Forbid},
		"another name from AWS": {func(l *topology.ClassicELB) { l.AWSName = "api-2" }, None},
	} {
		want := classicELB()
		c.edit(&want)
		if got, _ := byDefault.changeOf(want, classicELB(), true, nil); got.Effect != c.want {
			t.Errorf("%s: %s, want %s", name, got.Effect, c.want)
		}
	}
	fewer, _ := byDefault.changeOf(classicELB(), with(classicELB(), func(l *topology.ClassicELB) { l.Subnets = []topology.Ref{topology.Given("subnet-1")} }), true, nil)
	if fewer.Effect != Forbid {
		t.Errorf("a zone given up: %s", fewer.Effect)
	}
}

// The group stays attached until its load balancer goes, which is then the end of the attachment as well.
func TestAnAttachmentEndsWithItsClassicLoadBalancer(t *testing.T) {
	lt := template("t3.medium")
	have := group(topology.ControlPlane, lt)
	have.ClassicLoadBalancers = []topology.Ref{topology.Given("web"), classicELB().Ref()}
	for name, c := range map[string]struct {
		want []topology.Ref
		diff bool
	}{
		"only ours goes":  {[]topology.Ref{topology.Given("web")}, false},
		"another as well": {nil, true},
		"nothing goes":    {have.ClassicLoadBalancers, false},
		"one more":        {append([]topology.Ref{topology.Given("db")}, have.ClassicLoadBalancers...), true},
	} {
		want := with(have, func(g *topology.AutoScalingGroup) { g.ClassicLoadBalancers = c.want })
		if got, _ := byDefault.changeOf(want, have, true, nil); got.Has("classicLoadBalancers") != c.diff {
			t.Errorf("%s: %+v", name, got.Fields)
		}
	}
}

func TestALoadBalancerIsReplacedOnlyUnderANameAndNeverByAnOlderKind(t *testing.T) {
	classic, network := classicELB(), networkLoadBalancer()
	for name, c := range map[string]struct {
		want, have []topology.Resource
		refused    string
	}{
		"by a newer one":            {[]topology.Resource{network, leading(network.Ref())}, []topology.Resource{classic, leading(classic.Ref())}, ""},
		"without a name":            {[]topology.Resource{network}, []topology.Resource{classic}, "without DNS"},
		"by an older one":           {[]topology.Resource{classic, leading(classic.Ref())}, []topology.Resource{network, leading(network.Ref())}, "put api.loadBalancer.class: Network back"},
		"by nothing":                {[]topology.Resource{leading(topology.Ref{})}, []topology.Resource{network, leading(network.Ref())}, "lead nowhere"},
		"not at all, with bastions": {[]topology.Resource{with(network, func(l *topology.LoadBalancer) { l.Name = "bastion." + cluster })}, []topology.Resource{with(classic, func(l *topology.ClassicELB) { l.Name = "bastion." + cluster })}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			forbidden := Between(made(t, c.want...), made(t, c.have...), nil).Forbidden()
			switch {
			case c.refused == "" && len(forbidden) > 0:
				t.Errorf("refused: %s", forbidden[0].Reason)
			case c.refused != "" && (len(forbidden) == 0 || !strings.Contains(forbidden[0].Reason, c.refused)):
				t.Errorf("forbidden: %+v", forbidden)
			}
		})
	}
	if plan := Teardown(made(t, classic), nil); len(plan.Forbidden()) > 0 || len(plan.Changes) != 1 {
		t.Errorf("a cluster with one cannot be removed: %+v", plan.Changes)
	}
}
