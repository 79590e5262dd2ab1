package awssim_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	elbtypes "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2/types"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

func (w *world) route53() *route53.Client { return route53.NewFromConfig(w.aws) }

// zone makes a zone; a VPC makes it private.
func (w *world) zone(t *testing.T, name, vpc string) string {
	t.Helper()
	in := &route53.CreateHostedZoneInput{Name: &name, CallerReference: aws.String(name + vpc)}
	if vpc != "" {
		in.VPC = inRegion(vpc)
	}
	out := call(w.route53().CreateHostedZone(t.Context(), in)).must(t)
	return strings.TrimPrefix(*out.HostedZone.Id, "/hostedzone/")
}

func inRegion(vpc string) *types.VPC {
	return &types.VPC{VPCId: &vpc, VPCRegion: types.VPCRegionUsEast1}
}

func plainRecord(name string, typ types.RRType, value string) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{Name: &name, Type: typ, TTL: aws.Int64(10), ResourceRecords: []types.ResourceRecord{{Value: &value}}}
}

func aliasRecord(name string, balancer elbtypes.LoadBalancer) *types.ResourceRecordSet {
	return &types.ResourceRecordSet{Name: &name, Type: types.RRTypeA, AliasTarget: &types.AliasTarget{
		HostedZoneId: balancer.CanonicalHostedZoneId, DNSName: aws.String("DUALSTACK." + *balancer.DNSName),
	}}
}

func (w *world) changeRecord(t *testing.T, zone string, action types.ChangeAction, records ...*types.ResourceRecordSet) (*route53.ChangeResourceRecordSetsOutput, error) {
	t.Helper()
	batch := &types.ChangeBatch{}
	for _, r := range records {
		batch.Changes = append(batch.Changes, types.Change{Action: action, ResourceRecordSet: r})
	}
	return w.route53().ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{HostedZoneId: &zone, ChangeBatch: batch})
}

// records lists a zone from a name on, as "NAME TYPE".
func (w *world) records(t *testing.T, zone, from string) []string {
	t.Helper()
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, MaxItems: aws.Int32(2)}
	if from != "" {
		in.StartRecordName = &from
	}
	var names []string
	for pages := route53.NewListResourceRecordSetsPaginator(w.route53(), in); pages.HasMorePages(); {
		for _, r := range call(pages.NextPage(t.Context())).must(t).ResourceRecordSets {
			names = append(names, *r.Name+" "+string(r.Type))
		}
	}
	return names
}

func TestZonesAreListedByTheirLabelsFromTheRight(t *testing.T) {
	w := newWorld(t)
	for _, name := range []string{"example.com", "b.example.com", "example.org", "a.b.example.com"} {
		w.zone(t, name, "")
	}
	list := func(in *route53.ListHostedZonesByNameInput) (names []string, next *string) {
		out := call(w.route53().ListHostedZonesByName(t.Context(), in)).must(t)
		for _, z := range out.HostedZones {
			names = append(names, *z.Name)
		}
		return names, out.NextDNSName
	}
	all, _ := list(&route53.ListHostedZonesByNameInput{})
	if want := []string{"example.com.", "b.example.com.", "a.b.example.com.", "example.org."}; !slices.Equal(all, want) {
		t.Errorf("all: %v", all)
	}
	some, next := list(&route53.ListHostedZonesByNameInput{DNSName: aws.String("a.example.com"), MaxItems: aws.Int32(1)})
	if !slices.Equal(some, []string{"b.example.com."}) || aws.ToString(next) != "a.b.example.com." {
		t.Errorf("from a.example.com: %v, next %v", some, aws.ToString(next))
	}
	pages := route53.NewListHostedZonesPaginator(w.route53(), &route53.ListHostedZonesInput{MaxItems: aws.Int32(3)})
	count := 0
	for pages.HasMorePages() {
		count += len(call(pages.NextPage(t.Context())).must(t).HostedZones)
	}
	if count != 4 {
		t.Errorf("%d zones in pages", count)
	}
}

func TestRecordsComeAndGo(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	zone := w.zone(t, "example.com", "")
	out := call(w.changeRecord(t, zone, types.ChangeActionCreate,
		plainRecord("api.k.example.com", types.RRTypeA, "192.0.2.1"), plainRecord("api.k.example.com", types.RRTypeAaaa, "fd00::1"),
		plainRecord("other.example.com", types.RRTypeA, "192.0.2.2"))).must(t)
	if out.ChangeInfo.Status != types.ChangeStatusPending {
		t.Errorf("the change is %s", out.ChangeInfo.Status)
	}
	w.clock.Advance(time.Minute)
	if c := call(w.route53().GetChange(ctx, &route53.GetChangeInput{Id: out.ChangeInfo.Id})).must(t); c.ChangeInfo.Status != types.ChangeStatusInsync {
		t.Errorf("the change is %s after a minute", c.ChangeInfo.Status)
	}
	want := []string{"example.com. NS", "example.com. SOA", "api.k.example.com. A", "api.k.example.com. AAAA", "other.example.com. A"}
	if got := w.records(t, zone, ""); !slices.Equal(got, want) {
		t.Errorf("records %v", got)
	}
	if got := w.records(t, zone, "k.example.com"); !slices.Equal(got, want[2:]) {
		t.Errorf("records from k.example.com %v", got)
	}
	call(w.route53().DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: &zone})).refused(t, "HostedZoneNotEmpty")
	call(w.changeRecord(t, zone, types.ChangeActionUpsert, plainRecord("api.k.example.com", types.RRTypeA, "192.0.2.9"))).must(t)
	call(w.changeRecord(t, zone, types.ChangeActionDelete, plainRecord("api.k.example.com", types.RRTypeA, "192.0.2.1"))).refused(t, "InvalidChangeBatch")
	call(w.changeRecord(t, zone, types.ChangeActionDelete, plainRecord("api.k.example.com.", types.RRTypeA, "192.0.2.9"),
		plainRecord("api.k.example.com", types.RRTypeAaaa, "fd00::1"), plainRecord("other.example.com", types.RRTypeA, "192.0.2.2"))).must(t)
	call(w.route53().DeleteHostedZone(ctx, &route53.DeleteHostedZoneInput{Id: &zone})).must(t)
	call(w.route53().GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &zone})).refused(t, "NoSuchHostedZone")
}

// A batch that AWS refuses has no effect at all.
func TestABadBatchChangesNothing(t *testing.T) {
	w := newWorld(t)
	zone := w.zone(t, "example.com", "")
	good := plainRecord("good.example.com", types.RRTypeA, "192.0.2.1")
	call(w.changeRecord(t, zone, types.ChangeActionCreate, plainRecord("taken.example.com", types.RRTypeA, "192.0.2.1"))).must(t)
	without := plainRecord("api.example.com", types.RRTypeA, "192.0.2.1")
	without.TTL = nil
	stranger := &types.ResourceRecordSet{Name: aws.String("api.example.com"), Type: types.RRTypeA, AliasTarget: &types.AliasTarget{
		HostedZoneId: aws.String("Z26RNL4JYFTOTI"), DNSName: aws.String("www.example.org"),
	}}
	weighted := plainRecord("api.example.com", types.RRTypeA, "192.0.2.1")
	weighted.SetIdentifier, weighted.Weight = aws.String("one"), aws.Int64(1)
	for name, bad := range map[string]*types.ResourceRecordSet{
		"a record that is there":           plainRecord("taken.example.com", types.RRTypeA, "192.0.2.2"),
		"a name in no part of the zone":    plainRecord("api.example.org", types.RRTypeA, "192.0.2.2"),
		"no address":                       plainRecord("api.example.com", types.RRTypeA, "example.org"),
		"an address of the other kind":     plainRecord("api.example.com", types.RRTypeAaaa, "192.0.2.2"),
		"no time to live":                  without,
		"an alias to nobody":               stranger,
		"a CNAME beside an address":        plainRecord("taken.example.com", types.RRTypeCname, "example.org"),
		"what the simulator does not know": weighted,
	} {
		t.Run(name, func(t *testing.T) {
			call(w.changeRecord(t, zone, types.ChangeActionCreate, good, bad)).refused(t, "InvalidChangeBatch")
			if got := w.records(t, zone, "good.example.com"); slices.Contains(got, "good.example.com. A") {
				t.Errorf("half of it happened: %v", got)
			}
		})
	}
	call(w.changeRecord(t, zone, types.ChangeActionDelete, good)).refused(t, "InvalidChangeBatch")
	call(w.changeRecord(t, "Z000", types.ChangeActionCreate, good)).refused(t, "NoSuchHostedZone")
}

func TestAnAliasPointsAtALoadBalancer(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	zone := w.zone(t, "example.com", "")
	vpc := w.vpc(t, "10.0.0.0/16")
	subnet := w.subnet(t, vpc, "10.0.0.0/24", "us-east-1a")
	balancer := call(elb.NewFromConfig(w.aws).CreateLoadBalancer(ctx, &elb.CreateLoadBalancerInput{
		Name: aws.String("api"), Type: elbtypes.LoadBalancerTypeEnumNetwork, Scheme: elbtypes.LoadBalancerSchemeEnumInternal, Subnets: []string{subnet},
	})).must(t).LoadBalancers[0]
	call(w.changeRecord(t, zone, types.ChangeActionCreate, aliasRecord("api.example.com", balancer))).must(t)
	out := call(w.route53().ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{HostedZoneId: &zone, StartRecordName: aws.String("api.example.com")})).must(t)
	if got := out.ResourceRecordSets[0].AliasTarget; got == nil || *got.DNSName != "dualstack."+strings.ToLower(*balancer.DNSName)+"." {
		t.Errorf("the alias is %+v", got)
	}
}

func TestAPrivateZoneHasItsNetworks(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	first, second := w.vpc(t, "10.0.0.0/16"), w.vpc(t, "10.1.0.0/16")
	public, private := w.zone(t, "example.com", ""), w.zone(t, "example.com", first)
	associate := func(zone, vpc string) error {
		return only(w.route53().AssociateVPCWithHostedZone(ctx, &route53.AssociateVPCWithHostedZoneInput{HostedZoneId: &zone, VPC: inRegion(vpc)}))
	}
	leave := func(vpc string) error {
		return only(w.route53().DisassociateVPCFromHostedZone(ctx, &route53.DisassociateVPCFromHostedZoneInput{HostedZoneId: &private, VPC: inRegion(vpc)}))
	}
	wantCode(t, associate(public, second), "PublicZoneVPCAssociation")
	wantCode(t, associate(private, "vpc-0"), "InvalidVPCId")
	wantCode(t, leave(second), "VPCAssociationNotFound")
	wantCode(t, associate(private, second), "")
	wantCode(t, associate(private, second), "ConflictingDomainExists")
	if got := call(w.route53().GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &private})).must(t); len(got.VPCs) != 2 || !got.HostedZone.Config.PrivateZone {
		t.Errorf("the zone is %+v with %+v", got.HostedZone, got.VPCs)
	}
	wantCode(t, leave(first), "")
	wantCode(t, leave(second), "LastVPCAssociation")
}

func TestHostedZonesHaveTags(t *testing.T) {
	w, ctx := newWorld(t), t.Context()
	if err := w.AddHostedZone("example.com"); err != nil {
		t.Fatal(err)
	}
	if err := w.AddHostedZone("not a name"); err == nil {
		t.Error("a zone has a bad name")
	}
	zones := call(w.route53().ListHostedZones(ctx, nil)).must(t).HostedZones
	id := aws.String(strings.TrimPrefix(*zones[0].Id, "/hostedzone/"))
	call(w.route53().ChangeTagsForResource(ctx, &route53.ChangeTagsForResourceInput{
		ResourceType: types.TagResourceTypeHostedzone, ResourceId: id, AddTags: []types.Tag{{Key: aws.String("a"), Value: aws.String("1")}, {Key: aws.String("b"), Value: aws.String("2")}},
	})).must(t)
	call(w.route53().ChangeTagsForResource(ctx, &route53.ChangeTagsForResourceInput{
		ResourceType: types.TagResourceTypeHostedzone, ResourceId: id, RemoveTagKeys: []string{"a"},
	})).must(t)
	got := call(w.route53().ListTagsForResource(ctx, &route53.ListTagsForResourceInput{ResourceType: types.TagResourceTypeHostedzone, ResourceId: id})).must(t).ResourceTagSet.Tags
	if len(got) != 1 || *got[0].Key != "b" {
		t.Errorf("tags %+v", got)
	}
}
