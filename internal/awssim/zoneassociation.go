package awssim

import (
	"net/http"
	"slices"
)

// zoneVPC is a network whose machines see a private zone.
type zoneVPC struct {
	Region string `xml:"VPCRegion"`
	ID     string `xml:"VPCId"`
}

type associateVPCInput struct {
	unread
	ZoneID  string `path:"Id" xml:"-"`
	VPC     zoneVPC
	Comment string
}

func (w *world) associateVPC(in associateVPCInput) (changeOutput, error) {
	z, err := w.hostedZone(in.ZoneID)
	if err != nil {
		return changeOutput{}, err
	}
	if !z.Private {
		return changeOutput{}, refuse("PublicZoneVPCAssociation", "You're trying to associate a VPC with a public hosted zone. Amazon Route 53 doesn't support associating a VPC with a public hosted zone.")
	}
	if err := w.joinVPC(z, in.VPC); err != nil {
		return changeOutput{}, err
	}
	return changeOutput{w.submit()}, nil
}

// joinVPC refuses a network that does not exist, and one that sees a zone of that name already, be it
// this one.
func (w *world) joinVPC(z *hostedZone, vpc zoneVPC) error {
	if _, known := w.VPCs[vpc.ID]; !known || vpc.Region != w.region.cfg.Region {
		return refuse("InvalidVPCId", "The VPC: %s that you provided is not valid. Provide a valid VPC and try again.", vpc.ID)
	}
	for _, other := range append([]*hostedZone{z}, w.zonesOf(vpc)...) {
		if other.Name == z.Name && slices.Contains(other.VPCs, vpc) {
			return refuse("ConflictingDomainExists", "The VPC %s in region %s has already been associated with the hosted zone %s with the same domain name.", vpc.ID, vpc.Region, other.ID)
		}
	}
	z.VPCs = append(z.VPCs, vpc)
	return nil
}

func (w *world) zonesOf(vpc zoneVPC) []*hostedZone {
	var zones []*hostedZone
	for _, z := range w.HostedZones {
		if slices.Contains(z.VPCs, vpc) {
			zones = append(zones, z)
		}
	}
	return zones
}

// disassociateVPC refuses the last network: a private zone that nobody sees cannot be.
func (w *world) disassociateVPC(in associateVPCInput) (changeOutput, error) {
	z, err := w.hostedZone(in.ZoneID)
	if err != nil {
		return changeOutput{}, err
	}
	if !slices.Contains(z.VPCs, in.VPC) {
		return changeOutput{}, refuseStatus(http.StatusNotFound, "VPCAssociationNotFound", "The VPC: %s is not associated with the hosted zone %s.", in.VPC.ID, z.ID)
	}
	if len(z.VPCs) == 1 {
		return changeOutput{}, refuse("LastVPCAssociation", "The VPC that you are trying to disassociate from the private hosted zone is the last VPC that is associated with the hosted zone.")
	}
	z.VPCs = slices.DeleteFunc(z.VPCs, func(v zoneVPC) bool { return v == in.VPC })
	return changeOutput{w.submit()}, nil
}
