package apply

import (
	"context"
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	classicelb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancing"
	elb "github.com/aws/aws-sdk-go-v2/service/elasticloadbalancingv2"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type dnsRecordWriter interface {
	ListResourceRecordSets(context.Context, *route53.ListResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ListResourceRecordSetsOutput, error)
	ChangeResourceRecordSets(context.Context, *route53.ChangeResourceRecordSetsInput, ...func(*route53.Options)) (*route53.ChangeResourceRecordSetsOutput, error)
}

// aliasReader tells what an alias to a load balancer is written with.
type aliasReader interface {
	DescribeLoadBalancers(context.Context, *elb.DescribeLoadBalancersInput, ...func(*elb.Options)) (*elb.DescribeLoadBalancersOutput, error)
}

// classicAliasReader is [aliasReader] for the first generation.
type classicAliasReader interface {
	DescribeLoadBalancers(context.Context, *classicelb.DescribeLoadBalancersInput, ...func(*classicelb.Options)) (*classicelb.DescribeLoadBalancersOutput, error)
}

// dnsRecords are bound to what they are called in their zone. Route 53 takes five calls
// a second from an account; a cluster has a handful of records, and the SDK waits and
// tries again.
type dnsRecords struct {
	api       dnsRecordWriter
	balancers aliasReader
	classics  classicAliasReader
	cluster   string
}

// Create never overwrites: a record that is there is taken up only if it is the wanted
// one, or one for the dns-controller, which decides what is in it.
func (d dnsRecords) Create(ctx context.Context, want topology.DNSRecord, ids topology.Bindings) (topology.Bindings, error) {
	zone, set, err := d.wanted(ctx, want, ids)
	if err != nil {
		return nil, err
	}
	learned := topology.Bindings{want.Ref(): zone + "/" + want.Ref().Name}
	err = d.change(ctx, zone, dnstypes.ChangeActionCreate, set)
	if err != nil && awsapi.AlreadyExists(err) {
		err = d.takeUp(ctx, zone, want, set, err)
	}
	if err != nil {
		return nil, err
	}
	return learned, nil
}

func (d dnsRecords) takeUp(ctx context.Context, zone string, want topology.DNSRecord, set dnstypes.ResourceRecordSet, conflict error) error {
	have, err := d.find(ctx, zone, want)
	switch {
	case err != nil:
		return err
	case have == nil:
		return &WaitError{Reason: "AWS has the record already and does not show it yet"}
	case have.AliasTarget == nil && want.Alias.IsZero(), sameAlias(have.AliasTarget, set.AliasTarget):
		return nil
	}
	return fmt.Errorf("a record %s of type %s is there already and leads elsewhere; remove it or choose another name: %w", want.Name, want.Type, conflict)
}

func sameAlias(a, b *dnstypes.AliasTarget) bool {
	return a != nil && b != nil && aws.ToString(a.HostedZoneId) == aws.ToString(b.HostedZoneId) &&
		strings.EqualFold(strings.TrimSuffix(aws.ToString(a.DNSName), "."), strings.TrimSuffix(aws.ToString(b.DNSName), "."))
}

// wanted writes the record as Route 53 takes it, and names its zone.
func (d dnsRecords) wanted(ctx context.Context, want topology.DNSRecord, ids topology.Bindings) (zone string, set dnstypes.ResourceRecordSet, err error) {
	set = dnstypes.ResourceRecordSet{Name: aws.String(want.Name), Type: dnstypes.RRType(want.Type)}
	if zone, err = idOf(ids, topology.HostedZoneRef(d.cluster)); err != nil {
		return "", set, err
	}
	if want.Alias.IsZero() {
		set.TTL = aws.Int64(int64(want.TTL))
		for _, v := range want.Values {
			set.ResourceRecords = append(set.ResourceRecords, dnstypes.ResourceRecord{Value: aws.String(v)})
		}
		return zone, set, nil
	}
	set.AliasTarget, err = d.alias(ctx, want, ids)
	return zone, set, err
}

func (d dnsRecords) alias(ctx context.Context, want topology.DNSRecord, ids topology.Bindings) (*dnstypes.AliasTarget, error) {
	arn, err := idOf(ids, want.Alias)
	if err != nil {
		return nil, err
	}
	if want.Alias.Kind == topology.KindClassicELB {
		return d.classicAlias(ctx, arn)
	}
	out, err := d.balancers.DescribeLoadBalancers(ctx, &elb.DescribeLoadBalancersInput{LoadBalancerArns: []string{arn}})
	if err != nil {
		return nil, settling(err, "AWS does not show the new load balancer yet")
	}
	balancer := out.LoadBalancers[0]
	return &dnstypes.AliasTarget{HostedZoneId: balancer.CanonicalHostedZoneId, DNSName: balancer.DNSName}, nil
}

func (d dnsRecords) classicAlias(ctx context.Context, name string) (*dnstypes.AliasTarget, error) {
	out, err := d.classics.DescribeLoadBalancers(ctx, &classicelb.DescribeLoadBalancersInput{LoadBalancerNames: []string{name}})
	if err != nil {
		return nil, settling(err, "AWS does not show the new load balancer yet")
	}
	balancer := out.LoadBalancerDescriptions[0]
	return &dnstypes.AliasTarget{HostedZoneId: balancer.CanonicalHostedZoneNameID, DNSName: balancer.DNSName}, nil
}

func (d dnsRecords) change(ctx context.Context, zone string, action dnstypes.ChangeAction, set dnstypes.ResourceRecordSet) error {
	_, err := d.api.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{
		HostedZoneId: aws.String(zone),
		ChangeBatch: &dnstypes.ChangeBatch{
			Comment: aws.String("cluster " + d.cluster),
			Changes: []dnstypes.Change{{Action: action, ResourceRecordSet: &set}},
		},
	})
	return err
}

// find is the record as Route 53 has it now; nil if there is none.
func (d dnsRecords) find(ctx context.Context, zone string, r topology.DNSRecord) (*dnstypes.ResourceRecordSet, error) {
	out, err := d.api.ListResourceRecordSets(ctx, &route53.ListResourceRecordSetsInput{
		HostedZoneId: aws.String(zone), StartRecordName: aws.String(r.Name), StartRecordType: dnstypes.RRType(r.Type), MaxItems: aws.Int32(1),
	})
	if err != nil || len(out.ResourceRecordSets) == 0 {
		return nil, err
	}
	found := out.ResourceRecordSets[0]
	if strings.TrimSuffix(aws.ToString(found.Name), ".") != r.Name || string(found.Type) != r.Type {
		return nil, nil
	}
	return &found, nil
}

// Update leads the name to another place, in one step: there is no moment without an
// answer.
func (d dnsRecords) Update(ctx context.Context, _, want topology.DNSRecord, _ diff.Change, ids topology.Bindings) (topology.Bindings, error) {
	zone, set, err := d.wanted(ctx, want, ids)
	if err != nil {
		return nil, err
	}
	return nil, d.change(ctx, zone, dnstypes.ChangeActionUpsert, set)
}

// Delete looks once more, because Route 53 wants to be told exactly what it is to
// remove, and the dns-controller may have changed it since the plan was made.
func (d dnsRecords) Delete(ctx context.Context, have topology.DNSRecord, ids topology.Bindings) error {
	zone, err := idOf(ids, topology.HostedZoneRef(d.cluster))
	if err != nil {
		return err
	}
	found, err := d.find(ctx, zone, have)
	if err != nil || found == nil {
		return removed(err, "")
	}
	if (found.AliasTarget == nil) != have.Alias.IsZero() {
		return &WaitError{Reason: "somebody has changed the record since the plan was made; the next pass looks again"}
	}
	found.Name = aws.String(have.Name)
	return removed(d.change(ctx, zone, dnstypes.ChangeActionDelete, *found), "somebody is changing the record")
}
