package actual

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/quorate/quorate/topology"
)

type dnsRecordReader interface {
	ListResourceRecordSets(context.Context, *route53.ListResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
}

type dnsRecordAnswers struct{ found []dnstypes.ResourceRecordSet }

// page300 is Route 53's largest page of records.
var page300 = aws.Int32(300)

// recordNames are the names whose records may be the cluster's: those that kops gives
// inside the cluster's own name, and those that the manifest gives.
func (o *observation) recordNames() []string {
	var names []string
	for _, prefix := range []string{"api", "api.internal", "bastion", "kops-controller.internal"} {
		names = append(names, prefix+"."+o.scope.Cluster)
	}
	for _, ref := range o.scope.Records {
		name, _, _ := strings.Cut(ref.Name, "/")
		if (topology.HostedZone{Name: o.zone.name}).Encloses(name) {
			names = append(names, name)
		}
	}
	slices.SortFunc(names, func(a, b string) int { return strings.Compare(dnsOrder(a), dnsOrder(b)) })
	return slices.Compact(names)
}

// span is a part of a zone in Route 53's order, both ends included.
type span struct{ from, to string }

// spans are the parts of the zone to read: what lies inside the cluster's own name is
// mostly one page, and a name outside of it is one of its own.
func (o *observation) spans() []span {
	var spans []span
	for _, name := range o.recordNames() {
		last := len(spans) - 1
		if last >= 0 && o.inCluster(name) && o.inCluster(spans[last].to) {
			spans[last].to = name
		} else {
			spans = append(spans, span{name, name})
		}
	}
	return spans
}

// inCluster reports whether a name lies inside the cluster's own, where kops and the
// dns-controller write.
func (o *observation) inCluster(name string) bool {
	return strings.HasSuffix(name, "."+o.scope.Cluster)
}

func lookDNSRecords(ctx context.Context, o *observation) error {
	if o.zone.id == "" {
		return nil
	}
	answers, err := each(ctx, o.spans(), o.recordsIn)
	names := o.recordNames()
	for _, r := range slices.Concat(answers...) {
		if slices.Contains(names, recordName(r)) && (r.Type == dnstypes.RRTypeA || r.Type == dnstypes.RRTypeAaaa) {
			o.records.found = append(o.records.found, r)
		}
	}
	return err
}

func (o *observation) recordsIn(ctx context.Context, s span) ([]dnstypes.ResourceRecordSet, error) {
	in := &route53.ListResourceRecordSetsInput{HostedZoneId: &o.zone.id, StartRecordName: &s.from, MaxItems: page300}
	var found []dnstypes.ResourceRecordSet
	for pages := route53.NewListResourceRecordSetsPaginator(o.clients.Route53, in); pages.HasMorePages(); {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, err
		}
		for _, r := range page.ResourceRecordSets {
			if dnsOrder(recordName(r)) > dnsOrder(s.to) {
				return found, nil
			}
			found = append(found, r)
		}
	}
	return found, nil
}

func recordName(r dnstypes.ResourceRecordSet) string {
	return strings.TrimSuffix(aws.ToString(r.Name), ".")
}

func convertDNSRecords(o *observation) error {
	o.lackOutside()
	for _, r := range o.records.found {
		record := topology.DNSRecord{Name: recordName(r), Type: string(r.Type), Zone: o.scope.Zone, TTL: int(aws.ToInt64(r.TTL)), Ownership: topology.Owned}
		if r.AliasTarget != nil {
			record.Alias = o.aliasOf(*r.AliasTarget)
		}
		for _, v := range r.ResourceRecords {
			record.Values = append(record.Values, aws.ToString(v.Value))
		}
		slices.Sort(record.Values)
		if o.isOwnRecord(r) {
			o.add(o.zone.id+"/"+record.Ref().Name, record)
		} else if slices.Contains(o.scope.Records, record.Ref()) {
			o.lack(record.Ref(), fmt.Sprintf("the hosted zone %s has this record already, with %s, which is not the cluster's; remove the record, or choose another name", o.zone.name, content(r)))
		}
	}
	return nil
}

// lackOutside tells of the names that cannot have a record in the zone.
func (o *observation) lackOutside() {
	zone := topology.HostedZone{Name: o.zone.name}
	for _, ref := range o.scope.Records {
		if name, _, _ := strings.Cut(ref.Name, "/"); o.zone.id != "" && !zone.Encloses(name) {
			o.lack(ref, fmt.Sprintf("the name does not lie in the hosted zone %s; choose one that does", o.zone.name))
		}
	}
}

// isOwnRecord tells whose a record is, as there are no tags to tell: an alias is the
// cluster's if it leads to a load balancer of the cluster, be it one that is gone, and
// addresses are its dns-controller's inside the cluster's own name.
func (o *observation) isOwnRecord(r dnstypes.ResourceRecordSet) bool {
	if r.SetIdentifier != nil {
		return false // one of several that share the name, as neither kops nor we make them
	}
	if r.AliasTarget == nil {
		return o.inCluster(recordName(r))
	}
	host := hostOf(aws.ToString(r.AliasTarget.DNSName))
	if o.aliasOf(*r.AliasTarget).Kind != topology.KindGiven {
		return true
	}
	for _, prefix := range []string{"api", "bastion"} {
		// AWS puts "internal-" before the names of internal Classic load balancers.
		if strings.HasPrefix(strings.TrimPrefix(host, "internal-"), topology.LoadBalancerName(prefix, o.scope.Cluster)+"-") {
			return true
		}
	}
	return false
}

// aliasOf is the load balancer that an alias leads to.
func (o *observation) aliasOf(target dnstypes.AliasTarget) topology.Ref {
	host := hostOf(aws.ToString(target.DNSName))
	for _, l := range o.loadBalancers.found {
		if hostOf(aws.ToString(l.DNSName)) == host {
			return o.ref(l.LoadBalancerArn)
		}
	}
	for _, l := range o.classics.found {
		if hostOf(aws.ToString(l.DNSName)) == host {
			return o.ref(l.LoadBalancerName)
		}
	}
	return topology.Given(host)
}

// hostOf is the one spelling of a load balancer's DNS name: Route 53's console puts
// "dualstack." before it, and Route 53 a dot behind it.
func hostOf(name string) string {
	return strings.TrimPrefix(strings.TrimSuffix(strings.ToLower(name), "."), "dualstack.")
}

// content says in a few words what a record leads to.
func content(r dnstypes.ResourceRecordSet) string {
	if r.AliasTarget != nil {
		return "an alias to " + hostOf(aws.ToString(r.AliasTarget.DNSName))
	}
	var values []string
	for _, v := range r.ResourceRecords {
		values = append(values, aws.ToString(v.Value))
	}
	return cmp.Or(strings.Join(values, ", "), "no address")
}
