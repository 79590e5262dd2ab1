package apply

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	"github.com/aws/aws-sdk-go-v2/service/route53"

	"github.com/quorate/quorate/topology"
)

// strangersVPC makes a network that is not the cluster's.
func (w *world) strangersVPC(t *testing.T) string {
	t.Helper()
	out, err := w.env.clients.EC2.CreateVpc(t.Context(), &ec2.CreateVpcInput{CidrBlock: aws.String("10.0.0.0/16")})
	if err != nil {
		t.Fatal(err)
	}
	return aws.ToString(out.Vpc.VpcId)
}

func (w *world) wantNetworks(t *testing.T, zone string, want int) {
	t.Helper()
	out, err := w.env.clients.Route53.GetHostedZone(t.Context(), &route53.GetHostedZoneInput{Id: aws.String(zone)})
	if err != nil {
		t.Fatal(err)
	}
	if len(out.VPCs) != want {
		t.Errorf("%d networks see the zone, want %d", len(out.VPCs), want)
	}
}

func anAssociation() topology.ZoneAssociation {
	return topology.ZoneAssociation{Zone: topology.HostedZone{Name: "example.org", Private: true}, VPC: aVPC().Ref(), Ownership: topology.Owned}
}

func TestANetworkSeesItsPrivateZone(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		zone := w.hostedZone(t, "example.org", w.strangersVPC(t))
		w.create(t, aDHCPOptions(), aVPC(), anAssociation())
		w.wantNetworks(t, zone, 2)
		w.onlySimulated(t, "lists a network once more for each time that it is associated")
		w.lossy(t, "AssociateVPCWithHostedZone", anAssociation())
		w.wantNetworks(t, zone, 2)
	})
}

func TestANetworkLeavesItsPrivateZone(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	zone := w.hostedZone(t, "example.org", w.strangersVPC(t))
	w.create(t, aDHCPOptions(), aVPC(), anAssociation())
	w.remove(t, anAssociation())
	w.wantNetworks(t, zone, 1)
}

// AWS lets no private zone be without a network.
func TestTheLastNetworkOfAZoneStays(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	w.create(t, aDHCPOptions(), aVPC())
	zone := w.hostedZone(t, "example.org", w.ids[aVPC().Ref()])
	w.create(t, anAssociation())
	w.remove(t, anAssociation())
	w.wantNetworks(t, zone, 1)
}

func TestASecondZoneOfTheNameIsRefused(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	w.create(t, aDHCPOptions(), aVPC())
	w.hostedZone(t, "example.org", w.ids[aVPC().Ref()])
	other := w.hostedZone(t, "example.org", w.strangersVPC(t))
	if err := w.tryCreate(t, anAssociation()); err == nil {
		t.Error("the network sees two zones of one name")
	}
	w.wantNetworks(t, other, 1)
}
