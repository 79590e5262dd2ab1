package actual

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/quorate/quorate/topology"
)

// lookZoneAssociations asks which networks see the private zone, unless that was told
// when the zone was looked for.
func lookZoneAssociations(ctx context.Context, o *observation) error {
	if o.zone.id == "" || !o.scope.Zone.Private || len(o.zone.networks) > 0 {
		return nil
	}
	out, err := o.clients.Route53.GetHostedZone(ctx, &route53.GetHostedZoneInput{Id: &o.zone.id})
	if err == nil {
		o.zone.networks = out.VPCs
	}
	return err
}

// convertZoneAssociations takes those of the cluster's network. That of a network
// which others share may be theirs, too.
func convertZoneAssociations(o *observation) error {
	for _, network := range o.zone.networks {
		vpc, known := o.resources[o.ref(network.VPCId)]
		if known {
			o.add(o.zone.id+"/"+aws.ToString(network.VPCId), topology.ZoneAssociation{Zone: o.scope.Zone, VPC: vpc.Ref(), Ownership: vpc.Owner()})
		}
	}
	return nil
}
