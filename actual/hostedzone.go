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

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type hostedZoneReader interface {
	GetHostedZone(context.Context, *route53.GetHostedZoneInput, ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error)
	ListHostedZonesByName(context.Context, *route53.ListHostedZonesByNameInput, ...func(*route53.Options)) (*route53.ListHostedZonesByNameOutput, error)
}

type hostedZoneAnswers struct {
	// id and name are those of the cluster's zone; empty if it keeps no records, or
	// if there is no such zone.
	id, name string
	// lack says why there is no such zone.
	lack string
	// networks see the zone if it is private.
	networks []dnstypes.VPC
}

// lookHostedZone finds the zone that the cluster's records are in, if it has any.
func lookHostedZone(ctx context.Context, o *observation) error {
	wanted := o.scope.Zone
	if wanted.IsZero() {
		return nil
	}
	if wanted.IsID() {
		return o.lookZoneByID(ctx, wanted.Name)
	}
	names := []string{wanted.Name}
	if wanted.Enclosing {
		names = enclosing(wanted.Name)
	}
	zones, err := o.zonesNamed(ctx, names)
	if err != nil {
		return err
	}
	o.zone.choose(wanted, names, zones)
	return nil
}

func (o *observation) lookZoneByID(ctx context.Context, id string) error {
	out, err := o.clients.Route53.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &id})
	if awsapi.NotFound(err) {
		o.zone.lack = fmt.Sprintf("there is no hosted zone %s in this account; correct dnsZone, or remove it to have the zone found by the cluster's name", id)
		return nil
	}
	if err != nil {
		return err
	}
	if isPrivate(*out.HostedZone) != o.scope.Zone.Private {
		o.zone.lack = fmt.Sprintf("the hosted zone %s is not %s; correct dnsZone or topology.dns.type", id, visibility(o.scope.Zone))
		return nil
	}
	o.zone.take(*out.HostedZone)
	o.zone.networks = out.VPCs
	return nil
}

// enclosing lists the names of the zones that a name may be in, in Route 53's order.
func enclosing(name string) []string {
	names := []string{name}
	for {
		_, rest, more := strings.Cut(name, ".")
		if !more {
			slices.Reverse(names)
			return names
		}
		name, names = rest, append(names, rest)
	}
}

// zonesNamed lists all zones of some names, which stand in Route 53's order, and some
// more. As a page holds a hundred zones, it is mostly one call.
func (o *observation) zonesNamed(ctx context.Context, names []string) ([]dnstypes.HostedZone, error) {
	var found []dnstypes.HostedZone
	listed := "" // all zones before it are in found
	for _, name := range names {
		in := &route53.ListHostedZonesByNameInput{DNSName: aws.String(name), MaxItems: page100}
		for listed <= dnsOrder(name) {
			out, err := o.clients.Route53.ListHostedZonesByName(ctx, in)
			if err != nil {
				return nil, err
			}
			found = append(found, out.HostedZones...)
			if !out.IsTruncated {
				return distinct(found, zoneKey), nil
			}
			listed = dnsOrder(aws.ToString(out.NextDNSName))
			in.DNSName, in.HostedZoneId = out.NextDNSName, out.NextHostedZoneId
		}
	}
	return distinct(found, zoneKey), nil
}

func zoneKey(z dnstypes.HostedZone) *string { return z.Id }

// dnsOrder is what Route 53 sorts names by: their labels from the right, each followed
// by a dot.
func dnsOrder(name string) string {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	slices.Reverse(labels)
	return strings.Join(labels, ".") + "."
}

// choose takes the zone with the longest of the names. Of two, none is taken.
func (a *hostedZoneAnswers) choose(wanted topology.HostedZone, names []string, zones []dnstypes.HostedZone) {
	var fit []dnstypes.HostedZone
	for _, z := range zones {
		if isPrivate(z) == wanted.Private && slices.Contains(names, zoneName(z)) {
			fit = append(fit, z)
		}
	}
	slices.SortFunc(fit, func(x, y dnstypes.HostedZone) int {
		return cmp.Or(cmp.Compare(len(zoneName(y)), len(zoneName(x))), cmp.Compare(zoneIDOf(x), zoneIDOf(y)))
	})
	kind := visibility(wanted)
	switch {
	case len(fit) == 0 && wanted.Enclosing:
		a.lack = fmt.Sprintf("there is no %s hosted zone that %s lies in; make one, name another with dnsZone, or set topology.dns.type to None", kind, wanted.Name)
	case len(fit) == 0:
		a.lack = fmt.Sprintf("there is no %s hosted zone called %s; make it, or correct dnsZone or topology.dns.type", kind, wanted.Name)
	case len(fit) > 1 && zoneName(fit[0]) == zoneName(fit[1]):
		a.lack = fmt.Sprintf("%s and %s are both %s hosted zones called %s; write the id of the right one as dnsZone", zoneIDOf(fit[0]), zoneIDOf(fit[1]), kind, zoneName(fit[0]))
	default:
		a.take(fit[0])
	}
}

func (a *hostedZoneAnswers) take(z dnstypes.HostedZone) { a.id, a.name = zoneIDOf(z), zoneName(z) }

func zoneName(z dnstypes.HostedZone) string { return strings.TrimSuffix(aws.ToString(z.Name), ".") }

func zoneIDOf(z dnstypes.HostedZone) string {
	return strings.TrimPrefix(aws.ToString(z.Id), "/hostedzone/")
}

func isPrivate(z dnstypes.HostedZone) bool { return z.Config != nil && z.Config.PrivateZone }

func visibility(z topology.HostedZone) string {
	if z.Private {
		return "private"
	}
	return "public"
}

func convertHostedZone(o *observation) error {
	ref := topology.HostedZoneRef(o.scope.Cluster)
	if o.zone.lack != "" {
		o.lack(ref, o.zone.lack)
	}
	if o.zone.id != "" {
		o.bindings[ref] = o.zone.id
	}
	return nil
}
