package actual_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/quorate/quorate/actual"
	"github.com/quorate/quorate/topology"
)

// zone makes a hosted zone; a VPC makes it private. It returns the id.
func (w *world) zone(name, vpc string) string {
	w.t.Helper()
	in := &route53.CreateHostedZoneInput{Name: &name, CallerReference: aws.String(fmt.Sprint(name, vpc, len(w.calls.ByOperation()), w.calls.Total()))}
	if vpc != "" {
		in.HostedZoneConfig = &dnstypes.HostedZoneConfig{PrivateZone: true}
		in.VPC = &dnstypes.VPC{VPCId: &vpc, VPCRegion: dnstypes.VPCRegionUsEast1}
	}
	out := must[*route53.CreateHostedZoneOutput](w)(w.Route53.CreateHostedZone(w.t.Context(), in))
	return strings.TrimPrefix(*out.HostedZone.Id, "/hostedzone/")
}

func (w *world) record(zone string, r dnstypes.ResourceRecordSet) {
	w.t.Helper()
	must[*route53.ChangeResourceRecordSetsOutput](w)(w.Route53.ChangeResourceRecordSets(w.t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: &zone, ChangeBatch: &dnstypes.ChangeBatch{Changes: []dnstypes.Change{{Action: dnstypes.ChangeActionCreate, ResourceRecordSet: &r}}},
	}))
}

func address(name, value string) dnstypes.ResourceRecordSet {
	return dnstypes.ResourceRecordSet{Name: &name, Type: dnstypes.RRTypeA, TTL: aws.Int64(60), ResourceRecords: []dnstypes.ResourceRecord{{Value: &value}}}
}

func aliasTo(name, zone, target string) dnstypes.ResourceRecordSet {
	return dnstypes.ResourceRecordSet{Name: &name, Type: dnstypes.RRTypeA, AliasTarget: &dnstypes.AliasTarget{HostedZoneId: &zone, DNSName: &target}}
}

// inZone looks with a zone and wanted records, which are names.
func inZone(zone topology.HostedZone, names ...string) func(*actual.Scope) {
	return func(s *actual.Scope) {
		s.Zone = zone
		for _, name := range names {
			s.Records = append(s.Records, topology.Ref{Kind: topology.KindDNSRecord, Name: name + "/A"})
		}
	}
}

var itsZone = topology.HostedZone{Name: cluster, Enclosing: true}

func TestTheZoneIsTheLongestOfTheRightKind(t *testing.T) {
	for name, c := range map[string]struct {
		wanted topology.HostedZone
		zones  []string // private ones begin with a dash
		want   int      // the place of the zone in zones, or -1
		lack   string
	}{
		"the longest of those it is in":    {itsZone, []string{"com", "example.com", "ha.example.com", "a.ha.example.com", "xha.example.com"}, 2, ""},
		"a top-level one, if there is one": {itsZone, []string{"example.org", "com"}, 1, ""},
		"of the right kind":                {itsZone, []string{"-ha.example.com", "example.com"}, 1, ""},
		"private":                          {topology.HostedZone{Name: cluster, Enclosing: true, Private: true}, []string{"ha.example.com", "-example.com"}, 1, ""},
		"none":                             {itsZone, []string{"example.org", "-example.com"}, -1, "no public hosted zone that ha.example.com lies in"},
		"two":                              {itsZone, []string{"example.com", "example.com"}, -1, "write the id of the right one as dnsZone"},
		"by name":                          {topology.HostedZone{Name: "example.com"}, []string{"ha.example.com", "example.com"}, 1, ""},
		"by name, not there":               {topology.HostedZone{Name: "example.com"}, []string{"ha.example.com"}, -1, "no public hosted zone called example.com"},
		"by id, not there":                 {topology.HostedZone{Name: "Z000"}, []string{"example.com"}, -1, "no hosted zone Z000"},
	} {
		t.Run(name, func(t *testing.T) {
			w := simulator(t)
			var ids []string
			for i, zone := range c.zones {
				name, private := strings.CutPrefix(zone, "-")
				vpc := ""
				if private {
					vpc = w.vpc(fmt.Sprintf("10.%d.0.0/16", i), nil)
				}
				ids = append(ids, w.zone(name, vpc))
			}
			state := w.observe(inZone(c.wanted))
			got := state.Bindings[topology.HostedZoneRef(cluster)]
			if c.want >= 0 && (got != ids[c.want] || len(state.Lacking) > 0) {
				t.Errorf("the zone is %q of %q, lacking %v", got, ids, state.Lacking)
			}
			if c.want < 0 && (got != "" || len(state.Lacking) != 1 || !strings.Contains(state.Lacking[0].Reason, c.lack)) {
				t.Errorf("the zone is %q, lacking %v, want %q", got, state.Lacking, c.lack)
			}
		})
	}
}

// An account may have more zones than a page holds, also of one name.
func TestZonesAreFoundBehindAFullPage(t *testing.T) {
	w := simulator(t)
	for i := range 130 {
		w.zone(fmt.Sprintf("z%03d.com", i), "")
	}
	for i := range 120 {
		w.zone(fmt.Sprintf("a%03d.example.com", i), "")
	}
	want := w.zone(cluster, "")
	before := w.calls.ByOperation()["ListHostedZonesByName"]
	if got := w.observe(inZone(itsZone)).Bindings[topology.HostedZoneRef(cluster)]; got != want {
		t.Errorf("the zone is %q, want %q", got, want)
	}
	if calls := w.calls.ByOperation()["ListHostedZonesByName"] - before; calls > 3 {
		t.Errorf("%d calls for a name of three labels", calls)
	}
}

func TestAZoneGivenByItsIDHasToBeOfTheRightKind(t *testing.T) {
	w := simulator(t)
	id := w.zone("example.com", "")
	if got := w.observe(inZone(topology.HostedZone{Name: id})); got.Bindings[topology.HostedZoneRef(cluster)] != id || len(got.Lacking) > 0 {
		t.Errorf("got %v, lacking %v", got.Bindings, got.Lacking)
	}
	if got := w.observe(inZone(topology.HostedZone{Name: id, Private: true})); len(got.Lacking) != 1 || !strings.Contains(got.Lacking[0].Reason, "is not private") {
		t.Errorf("lacking %v", got.Lacking)
	}
}

func TestRecordsAreTheClustersByNameOrByTarget(t *testing.T) {
	w := simulator(t)
	vpc := w.vpc("172.20.0.0/16", base(cluster))
	w.internetGateway(vpc, base(cluster))
	subnet := w.subnet(vpc, zones[0], "172.20.0.0/24", base("a."+cluster))
	arn := w.loadBalancer("whatever", []string{subnet}, nil, base("api."+cluster))
	balancer := must[*elb.DescribeLoadBalancersOutput](w)(w.ELB.DescribeLoadBalancers(t.Context(), &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{arn}})).LoadBalancers[0]
	zone := w.zone("example.com", "")
	lost := topology.LoadBalancerName("bastion", cluster) + "-0123456789abcdef.elb.us-east-1.amazonaws.com"
	for _, r := range []dnstypes.ResourceRecordSet{
		aliasTo("api."+cluster, *balancer.CanonicalHostedZoneId, "dualstack."+*balancer.DNSName),
		aliasTo("bastion.example.com", *balancer.CanonicalHostedZoneId, lost),
		address("api.internal."+cluster, "172.20.0.9"),
		address("kops-controller.internal."+cluster, "203.0.113.123"),
		address("app."+cluster, "192.0.2.1"),
		address("bastion."+cluster, "192.0.2.2"),
		address("k8s.example.com", "192.0.2.3"),
		aliasTo("www.example.com", zone, "app."+cluster),
	} {
		w.record(zone, r)
	}
	state := w.observe(inZone(itsZone, "api."+cluster, "bastion.example.com", "k8s.example.com", "www.example.com", "api.example.org"))
	var got []string
	for _, r := range topology.Of[topology.DNSRecord](state.Topology) {
		got = append(got, fmt.Sprint(r.Name, " ", r.Alias.Kind, r.Values))
	}
	want := []string{
		"api." + cluster + " load-balancer[]", "api.internal." + cluster + " [172.20.0.9]", "bastion.example.com given[]",
		"bastion." + cluster + " [192.0.2.2]", "kops-controller.internal." + cluster + " [203.0.113.123]",
	}
	if !slices.Equal(got, want) {
		t.Errorf("records %q, want %q", got, want)
	}
	var lacking []string
	for _, l := range state.Lacking {
		lacking = append(lacking, l.Ref.Name+" "+l.Reason)
	}
	slices.Sort(lacking)
	if len(lacking) != 3 || !strings.Contains(lacking[0], "api.example.org/A the name does not lie in the hosted zone") ||
		!strings.Contains(lacking[1], "k8s.example.com/A the hosted zone example.com has this record already, with 192.0.2.3") ||
		!strings.Contains(lacking[2], "www.example.com/A") {
		t.Errorf("lacking %q", lacking)
	}
}

func TestANetworkOfAPrivateZoneIsSeen(t *testing.T) {
	inBothWorlds(t, func(t *testing.T, w *world) {
		vpc := w.vpc("172.20.0.0/16", base(cluster))
		w.zone("example.com", vpc)
		private := topology.HostedZone{Name: "example.com", Private: true}
		got := topology.Of[topology.ZoneAssociation](w.observe(inZone(private)).Topology)
		want := topology.ZoneAssociation{Zone: private, VPC: topology.Ref{Kind: topology.KindVPC, Name: cluster}, Ownership: topology.Owned}
		if len(got) != 1 || got[0] != want {
			t.Errorf("got %v", got)
		}
	})
}

// kops writes the id of the zone into the policy of the masters; a manifest does not know it.
func TestThePolicyOfTheMastersMentionsTheZoneWithoutItsID(t *testing.T) {
	w := simulator(t)
	zone, name := w.zone("example.com", ""), "masters."+cluster
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"route53:GetHostedZone","Resource":"arn:aws:route53:::hostedzone/` + zone + `"}]}`
	w.role(name, base(name), map[string]string{name: policy, "additional." + name: policy})
	role, _ := topology.Find[topology.IAMRole](w.observe(inZone(itsZone)).Topology, topology.Ref{Kind: topology.KindIAMRole, Name: name})
	for _, p := range role.InlinePolicies {
		if topology.NeedsZone(p.Document) != (p.Name == name) {
			t.Errorf("policy %s is %s", p.Name, p.Document)
		}
	}
}
