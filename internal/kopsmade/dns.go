package kopsmade

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"
	"github.com/aws/aws-sdk-go-v2/service/route53/types"
)

func (m *maker) record(ctx context.Context, b block) (attributes, error) {
	alias := b.only("alias")
	_, err := m.Route53.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: b.str("zone_id"), ChangeBatch: &types.ChangeBatch{
		Changes: []types.Change{{Action: types.ChangeActionUpsert, ResourceRecordSet: &types.ResourceRecordSet{
			Name: b.str("name"), Type: types.RRType(b.text("type")), AliasTarget: &types.AliasTarget{
				DNSName: alias.str("name"), HostedZoneId: alias.str("zone_id"), EvaluateTargetHealth: alias.is("evaluate_target_health"),
			},
		}}},
	}})
	return attributes{}, err
}

func (m *maker) zoneAssociation(ctx context.Context, b block) (attributes, error) {
	_, err := m.Route53.AssociateVPCWithHostedZone(ctx, &route53.AssociateVPCWithHostedZoneInput{HostedZoneId: b.str("zone_id"), VPC: &types.VPC{
		VPCId: b.str("vpc_id"), VPCRegion: types.VPCRegion(m.Route53.Options().Region),
	}})
	return attributes{}, err
}

func (m *maker) lookUpZone(ctx context.Context, b block) (attributes, error) {
	return m.one(ctx, func(ctx context.Context) ([]string, error) {
		out, err := m.Route53.ListHostedZonesByName(ctx, &route53.ListHostedZonesByNameInput{DNSName: b.str("name")})
		var ids []string
		for _, zone := range outOf(out, err) {
			if aws.ToString(zone.Name) == b.text("name")+"." && zone.Config.PrivateZone == b.is("private_zone") {
				ids = append(ids, aws.ToString(zone.Id))
			}
		}
		return ids, err
	})
}

func outOf(out *route53.ListHostedZonesByNameOutput, err error) []types.HostedZone {
	if err != nil {
		return nil
	}
	return out.HostedZones
}

// placeholders are the records that kops update cluster makes before the cluster can: the dns-controller
// writes the machines' addresses into them. Names that the document has already are a load balancer's.
func (m *maker) placeholders(ctx context.Context) error {
	if m.setting.Zone == "" {
		return nil
	}
	typ, address := types.RRTypeA, "203.0.113.123"
	if m.setting.IPv6 {
		typ, address = types.RRTypeAaaa, "fd00:dead:add::"
	}
	for _, name := range []string{"api.", "api.internal.", "kops-controller.internal."} {
		name += m.setting.Cluster
		if m.hasRecord(name) {
			continue
		}
		_, err := m.Route53.ChangeResourceRecordSets(ctx, &route53.ChangeResourceRecordSetsInput{HostedZoneId: &m.setting.Zone, ChangeBatch: &types.ChangeBatch{
			Changes: []types.Change{{Action: types.ChangeActionUpsert, ResourceRecordSet: &types.ResourceRecordSet{
				Name: &name, Type: typ, TTL: aws.Int64(10), ResourceRecords: []types.ResourceRecord{{Value: &address}},
			}}},
		}})
		if err != nil {
			return fmt.Errorf("make the record %s: %w", name, err)
		}
	}
	return nil
}

func (m *maker) hasRecord(name string) bool {
	for a, b := range m.blocks {
		if a.typ == "aws_route53_record" && b.text("name") == name {
			return true
		}
	}
	return false
}
