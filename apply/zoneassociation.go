package apply

import (
	"context"
	"fmt"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	dnstypes "github.com/aws/aws-sdk-go-v2/service/route53/types"

	"github.com/quorate/quorate/diff"
	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

type zoneAssociationWriter interface {
	GetHostedZone(context.Context, *route53.GetHostedZoneInput, ...func(*route53.Options)) (*route53.GetHostedZoneOutput, error)
	AssociateVPCWithHostedZone(context.Context, *route53.AssociateVPCWithHostedZoneInput, ...func(*route53.Options)) (*route53.AssociateVPCWithHostedZoneOutput, error)
	DisassociateVPCFromHostedZone(context.Context, *route53.DisassociateVPCFromHostedZoneInput, ...func(*route53.Options)) (*route53.DisassociateVPCFromHostedZoneOutput, error)
}

// zoneAssociations are bound to ZONE/VPC.
type zoneAssociations struct {
	api             zoneAssociationWriter
	cluster, region string
}

// ends are the zone and the network of an association.
func (z zoneAssociations) ends(a topology.ZoneAssociation, ids topology.Bindings) (zone, vpc string, err error) {
	if zone, err = idOf(ids, topology.HostedZoneRef(z.cluster)); err != nil {
		return "", "", err
	}
	vpc, err = idOf(ids, a.VPC)
	return zone, vpc, err
}

func (z zoneAssociations) network(id string) *dnstypes.VPC {
	return &dnstypes.VPC{VPCId: aws.String(id), VPCRegion: dnstypes.VPCRegion(z.region)}
}

func (z zoneAssociations) Create(ctx context.Context, want topology.ZoneAssociation, ids topology.Bindings) (topology.Bindings, error) {
	zone, vpc, err := z.ends(want, ids)
	if err != nil {
		return nil, err
	}
	_, err = z.api.AssociateVPCWithHostedZone(ctx, &route53.AssociateVPCWithHostedZoneInput{HostedZoneId: aws.String(zone), VPC: z.network(vpc)})
	if err != nil && awsapi.AlreadyExists(err) {
		err = z.takeUp(ctx, zone, vpc, err)
	}
	if err != nil {
		return nil, settling(err, "Route 53 does not know the new network yet")
	}
	return topology.Bindings{want.Ref(): zone + "/" + vpc}, nil
}

// takeUp tells whether the network sees this zone already, or another of its name.
func (z zoneAssociations) takeUp(ctx context.Context, zone, vpc string, conflict error) error {
	out, err := z.api.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: aws.String(zone)})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(out.VPCs, func(v dnstypes.VPC) bool { return aws.ToString(v.VPCId) == vpc }) {
		return nil
	}
	return fmt.Errorf("the network %s is associated with another private zone of the same name; disassociate it, or choose that zone with dnsZone: %w", vpc, conflict)
}

// Update has nothing to do: another network is another association.
func (zoneAssociations) Update(context.Context, topology.ZoneAssociation, topology.ZoneAssociation, diff.Change, topology.Bindings) (topology.Bindings, error) {
	return nil, nil
}

// Delete leaves the last network of a zone in place, as AWS does not let it go: when
// the network is deleted, nobody sees the zone, and that harms nobody.
func (z zoneAssociations) Delete(ctx context.Context, have topology.ZoneAssociation, ids topology.Bindings) error {
	zone, vpc, err := z.ends(have, ids)
	if err != nil {
		return err
	}
	_, err = z.api.DisassociateVPCFromHostedZone(ctx, &route53.DisassociateVPCFromHostedZoneInput{HostedZoneId: aws.String(zone), VPC: z.network(vpc)})
	if err != nil && awsapi.Code(err) == "LastVPCAssociation" {
		return nil
	}
	return removed(err, "the association is still changing")
}
