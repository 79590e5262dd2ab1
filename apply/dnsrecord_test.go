package apply

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/quorate/quorate/topology"
)

// hostedZone makes a zone, as somebody does before there is a cluster; a VPC makes it
// private. The cluster's zone is that one.
func (w *world) hostedZone(t *testing.T, name, vpc string) string {
	t.Helper()
	in := &route53.CreateHostedZoneInput{Name: aws.String(name), CallerReference: aws.String(t.Name() + name + vpc)}
	if vpc != "" {
		in.HostedZoneConfig = &dnstypes.HostedZoneConfig{PrivateZone: true}
		in.VPC = &dnstypes.VPC{VPCId: aws.String(vpc), VPCRegion: testRegion}
	}
	out, err := w.env.clients.Route53.CreateHostedZone(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	id := strings.TrimPrefix(aws.ToString(out.HostedZone.Id), "/hostedzone/")
	w.ids[topology.HostedZoneRef(testCluster)] = id
	return id
}

var testZone = topology.HostedZone{Name: "example.org"}

func aPlaceholder() topology.DNSRecord {
	return topology.DNSRecord{Name: "api.internal.example.org", Type: "A", Zone: testZone, Values: []string{"203.0.113.123"}, TTL: 10, Ownership: topology.Owned}
}

func anAlias(balancer topology.LoadBalancer) topology.DNSRecord {
	return topology.DNSRecord{Name: "api.example.org", Type: "A", Zone: testZone, Alias: balancer.Ref(), Ownership: topology.Owned}
}

// write writes a record by hand, as the dns-controller and other people do.
func (w *world) write(t *testing.T, name, address string) {
	t.Helper()
	_, err := w.env.clients.Route53.ChangeResourceRecordSets(t.Context(), &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(w.ids[topology.HostedZoneRef(testCluster)]),
		ChangeBatch: &dnstypes.ChangeBatch{Changes: []dnstypes.Change{{Action: dnstypes.ChangeActionUpsert, ResourceRecordSet: &dnstypes.ResourceRecordSet{
			Name: aws.String(name), Type: dnstypes.RRTypeA, TTL: aws.Int64(60), ResourceRecords: []dnstypes.ResourceRecord{{Value: aws.String(address)}},
		}}}},
	})
	if err != nil {
		t.Fatal(err)
	}
}

// wantRecords reads the zone: each record is its name and what it leads to.
func (w *world) wantRecords(t *testing.T, want ...string) {
	t.Helper()
	out, err := w.env.clients.Route53.ListResourceRecordSets(t.Context(), &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(w.ids[topology.HostedZoneRef(testCluster)]),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, r := range out.ResourceRecordSets {
		to := "an alias"
		if len(r.ResourceRecords) > 0 {
			to = aws.ToString(r.ResourceRecords[0].Value)
		}
		if r.Type == dnstypes.RRTypeA {
			got = append(got, strings.TrimSuffix(aws.ToString(r.Name), ".")+" "+to)
		}
	}
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("the zone has %q, want %q", got, want)
	}
}

// balancer makes a load balancer and what it needs.
func (w *world) balancer(t *testing.T) topology.LoadBalancer {
	t.Helper()
	subnet, group := aSubnet("utility-a", "172.20.0.0/22"), aSecurityGroup("api-elb")
	balancer := aLoadBalancer(group, subnet)
	w.create(t, aDHCPOptions(), aVPC(), anInternetGateway(), subnet, group, balancer)
	return balancer
}

func TestRecordsAreMadeLedElsewhereAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.hostedZone(t, testZone.Name, "")
		alias, placeholder := anAlias(w.balancer(t)), aPlaceholder()
		w.create(t, alias, placeholder)
		w.wantRecords(t, "api.example.org an alias", "api.internal.example.org 203.0.113.123")

		toController := alias
		toController.Alias, toController.Values, toController.TTL = topology.Ref{}, placeholder.Values, placeholder.TTL
		w.update(t, toController)
		w.wantRecords(t, "api.example.org 203.0.113.123", "api.internal.example.org 203.0.113.123")
		w.update(t, alias)
		w.wantRecords(t, "api.example.org an alias", "api.internal.example.org 203.0.113.123")

		w.remove(t, alias)
		w.remove(t, placeholder)
		w.wantRecords(t)
	})
}

func TestALostAnswerIsTakenUp(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.hostedZone(t, testZone.Name, "")
		alias := anAlias(w.balancer(t))
		w.lossy(t, "ChangeResourceRecordSets", alias)
		w.wantRecords(t, "api.example.org an alias")
	})
}

// The dns-controller may be faster than we are, and changes its records whenever
// machines come and go.
func TestTheRecordsOfTheControllerAreItsOwn(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	w.hostedZone(t, testZone.Name, "")
	placeholder := aPlaceholder()
	w.write(t, placeholder.Name, "172.20.0.9")
	w.create(t, placeholder)
	w.wantRecords(t, "api.internal.example.org 172.20.0.9")
	w.remove(t, placeholder)
	w.wantRecords(t)
}

func TestAStrangersRecordIsNotOverwritten(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	w.hostedZone(t, testZone.Name, "")
	alias := anAlias(w.balancer(t))
	w.write(t, alias.Name, "192.0.2.1")
	if err := w.tryCreate(t, alias); err == nil || !strings.Contains(err.Error(), "is there already and leads elsewhere") {
		t.Errorf("got %v", err)
	}
	w.wantRecords(t, "api.example.org 192.0.2.1")
	_, waits := errors.AsType[*WaitError](rowsFor(w.env)[alias.Ref().Kind].remove(t.Context(), alias, w.ids))
	if !waits {
		t.Error("a record that somebody changed was removed")
	}
}

func TestWithoutItsZoneARecordWaits(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	if _, waits := errors.AsType[*WaitError](w.tryCreate(t, aPlaceholder())); !waits {
		t.Error("a record was made nowhere")
	}
}
