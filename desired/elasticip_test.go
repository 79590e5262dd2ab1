package desired

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

// The zones a, b and c have three different ways out.
func TestAZoneLeavesByWhatTheManifestGives(t *testing.T) {
	c := buildOne(t, edit{"{name: a,", "{name: a, publicIP: 203.0.113.9,"}, edit{"{name: b,", "{name: b, egress: eipalloc-1,"}, edit{"{name: c,", "{name: c, egress: i-1,"})
	addresses := map[string]topology.Ownership{}
	for _, a := range topology.Of[topology.ElasticIP](c.Topology) {
		addresses[a.Name] = a.Ownership
	}
	if diff := cmp.Diff(map[string]topology.Ownership{"203.0.113.9": topology.Shared}, addresses); diff != "" {
		t.Errorf("addresses (-want +got):\n%s", diff)
	}
	gateways := map[string]topology.Ref{}
	for _, g := range topology.Of[topology.NATGateway](c.Topology) {
		gateways[g.Name] = g.ElasticIP
	}
	want := map[string]topology.Ref{
		"eu-west-1a.k.example.com": {Kind: topology.KindElasticIP, Name: "203.0.113.9"}, "eu-west-1b.k.example.com": topology.Given("eipalloc-1"),
	}
	if diff := cmp.Diff(want, gateways); diff != "" {
		t.Errorf("NAT gateways (-want +got):\n%s", diff)
	}
	table, _ := topology.Find[topology.RouteTable](c.Topology, topology.Ref{Kind: topology.KindRouteTable, Name: "private-eu-west-1c.k.example.com"})
	if diff := cmp.Diff([]topology.Route{{Destination: anyIPv4, Target: topology.Given("i-1")}}, table.Routes, cmp.Comparer(func(a, b topology.Route) bool { return a == b })); diff != "" {
		t.Errorf("routes (-want +got):\n%s", diff)
	}
}
