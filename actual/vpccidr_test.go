package actual_test

import (
	"net/netip"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/topology"
)

func (w *world) addRange(vpc, cidr string) {
	w.t.Helper()
	must[*ec2.AssociateVpcCidrBlockOutput](w)(w.EC2.AssociateVpcCidrBlock(w.t.Context(), &ec2.AssociateVpcCidrBlockInput{VpcId: &vpc, CidrBlock: &cidr}))
}

func vpcCIDR(cidr string) topology.Ref { return topology.Ref{Kind: topology.KindVPCCIDR, Name: cidr} }

// A network plugin that gives pods addresses of their own adds a range to our VPC.
func TestRangeOfSomebodyElseIsNeverDrift(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		vpc := w.vpc("172.20.0.0/16", base(cluster).With(topology.Tags{topology.VPCCIDRTag(netip.MustParsePrefix("10.3.0.0/16")): "owned"}))
		for _, cidr := range []string{"100.64.0.0/16", "10.1.0.0/16", "10.3.0.0/16"} {
			w.addRange(vpc, cidr)
		}
		w.settle()
		state := w.observe(func(s *actual.Scope) { s.Named = append(s.Named, vpcCIDR("10.1.0.0/16")) })
		for cidr, want := range map[string]topology.Ownership{
			"100.64.0.0/16": topology.Shared, // added by hand
			"10.1.0.0/16":   topology.Owned,  // the manifest asks for it
			"10.3.0.0/16":   topology.Owned,  // the VPC remembers that a manifest did
		} {
			if got, ok := topology.Find[topology.VPCCIDR](state.Topology, vpcCIDR(cidr)); !ok || got.Ownership != want {
				t.Errorf("%s is %q, want %s", cidr, got.Ownership, want)
			}
		}

		var wanted []topology.Resource
		for _, r := range state.Topology.All() {
			if r.Ref().Kind != topology.KindVPCCIDR {
				wanted = append(wanted, r)
			}
		}
		want, err := topology.New(wanted...)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range diff.Between(want, state.Topology, nil).Changes {
			if c.Ref == vpcCIDR("100.64.0.0/16") {
				t.Errorf("somebody else's range is drift: %s", c.Effect)
			}
		}
	})
}

func TestRangesOfASharedVPCAreTheirs(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		vpc := w.vpc("172.20.0.0/16", nil)
		w.addRange(vpc, "10.1.0.0/16")
		w.settle()
		state := w.observe(func(s *actual.Scope) {
			s.Shared = []topology.Ref{{Kind: topology.KindVPC, Name: vpc}, vpcCIDR("10.1.0.0/16")}
		})
		if got, ok := topology.Find[topology.VPCCIDR](state.Topology, vpcCIDR("10.1.0.0/16")); !ok || got.Ownership != topology.Shared {
			t.Errorf("got %+v", got)
		}
	})
}

func TestEgressOnlyGatewayIsFoundWhereItCanBe(t *testing.T) {
	ref := topology.Ref{Kind: topology.KindEgressOnlyGateway, Name: cluster}
	inBothWorlds(t, func(t *testing.T, w *world) {
		vpc := w.vpc("172.20.0.0/16", base(cluster))
		gateway := *must[*ec2.CreateEgressOnlyInternetGatewayOutput](w)(w.EC2.CreateEgressOnlyInternetGateway(t.Context(), &ec2.CreateEgressOnlyInternetGatewayInput{
			VpcId: &vpc, TagSpecifications: tagged("egress-only-internet-gateway", base(cluster)),
		})).EgressOnlyInternetGateway.EgressOnlyInternetGatewayId
		table := w.routeTable(vpc, nil, base("private-a."+cluster))
		w.settle()
		finds := func(adjust ...func(*actual.Scope)) bool {
			id, ok := w.observe(adjust...).Bindings.ID(ref)
			return ok && id == gateway
		}
		if finds() {
			t.Error("an IPv4 cluster pays for a call that it does not need")
		}
		if !finds(func(s *actual.Scope) { s.Named = append(s.Named, ref) }) {
			t.Error("it is wanted, and not found")
		}
		w.route(ec2.CreateRouteInput{RouteTableId: &table, DestinationIpv6CidrBlock: aws.String("::/0"), EgressOnlyInternetGatewayId: &gateway})
		if !finds() {
			t.Error("it is not wanted any more, a route leads to it, and it is not found")
		}

		shared := topology.Ref{Kind: ref.Kind, Name: vpc}
		state := w.observe(func(s *actual.Scope) { s.Shared = append(s.Shared, shared) })
		if id, _ := state.Bindings.ID(shared); id != gateway {
			t.Errorf("that of a shared VPC is bound to %q", id)
		}
	})
}
