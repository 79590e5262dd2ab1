package actual_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// A Service of type LoadBalancer gets a load balancer from the cloud controller, with
// the cluster's tags on it.
func TestLoadBalancersOfServicesAreNeverTakenForOurs(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		vpc := w.vpc("172.20.0.0/16", base(cluster))
		gateway := w.internetGateway(vpc, base(cluster))
		_ = gateway
		subnets := []string{w.subnet(vpc, zones[0], "172.20.0.0/24", base("a."+cluster))}
		service := topology.Tags{"kubernetes.io/service-name": "shop/front"}
		w.loadBalancer("a1b2c3", subnets, nil, base("").With(service))
		w.loadBalancer("a4b5c6", subnets, nil, base("api."+cluster).With(service)) // a Service named like ours
		w.targetGroup(vpc, "k8s-shop-front-1", base("k8s-shop-front-1").With(service))
		ours := w.loadBalancer("api-1", subnets, nil, base("api."+cluster))
		w.listener(ours, w.targetGroup(vpc, "tcp-1", base("tcp-1")))
		w.settle()

		state := w.observe()
		var got []string
		for _, l := range topology.Of[topology.LoadBalancer](state.Topology) {
			got = append(got, l.AWSName)
		}
		for _, g := range topology.Of[topology.TargetGroup](state.Topology) {
			got = append(got, g.Name)
		}
		for _, l := range topology.Of[topology.Listener](state.Topology) {
			got = append(got, l.Ref().String())
		}
		if diff := cmp.Diff([]string{"api-1", "tcp-1", "listener/api." + cluster + ":443"}, got); diff != "" {
			t.Error(diff)
		}
	})
}

// kops makes another load balancer where AWS cannot change the first.
func TestTheNewestRevisionOfALoadBalancerIsOurs(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		vpc := w.vpc("172.20.0.0/16", base(cluster))
		w.internetGateway(vpc, base(cluster))
		subnets := []string{w.subnet(vpc, zones[0], "172.20.0.0/24", base("a."+cluster))}
		targets := w.targetGroup(vpc, "tcp-1", base("tcp-1"))
		w.listener(w.loadBalancer("api-old", subnets, nil, base("api."+cluster)), targets)
		w.loadBalancer("api-new", subnets, nil, base("api."+cluster).With(topology.Tags{"kops.k8s.io/revision": "1767225600"}))
		w.settle()
		state := w.observe()
		balancers := topology.Of[topology.LoadBalancer](state.Topology)
		if len(balancers) != 1 || balancers[0].AWSName != "api-new" {
			t.Errorf("got %v", balancers)
		}
		if listeners := topology.Of[topology.Listener](state.Topology); len(listeners) > 0 {
			t.Errorf("the old one's listeners are ours: %v", listeners)
		}
		if len(state.Leftovers) != 1 || !strings.Contains(state.Leftovers[0].Reason, "1767225600") {
			t.Errorf("got leftovers %v", state.Leftovers)
		}
	})
}

// ELB tells the tags of 20 at a time.
func TestTagsOfManyTargetGroupsAreRead(t *testing.T) {
	w := simulator(t)
	vpc := w.vpc("172.20.0.0/16", base(cluster))
	for n := range 25 {
		name := fmt.Sprintf("tcp-%02d", n)
		w.targetGroup(vpc, name, base(name))
	}
	if groups := topology.Of[topology.TargetGroup](w.observe().Topology); len(groups) != 25 {
		t.Errorf("saw %d of 25 target groups", len(groups))
	}
}
