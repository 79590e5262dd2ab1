package apply

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/ec2"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestInternetGatewayIsMadeAttachedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := anInternetGateway()
		w.create(t, aDHCPOptions(), aVPC(), want)
		w.create(t, want)
		wantInternetGateway(t, w, want, true)

		want.Tags = want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		wantInternetGateway(t, w, want, true)

		w.remove(t, want)
		if left := w.internetGateways(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestLooseInternetGatewayIsAttached(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.create(t, aDHCPOptions(), aVPC(), anInternetGateway())
		_, err := w.env.clients.EC2.DetachInternetGateway(t.Context(), &ec2.DetachInternetGatewayInput{
			InternetGatewayId: aws.String(w.ids[anInternetGateway().Ref()]), VpcId: aws.String(w.ids[aVPC().Ref()]),
		})
		if err != nil {
			t.Fatal(err)
		}
		loose := anInternetGateway()
		loose.VPC = topology.Ref{}
		w.have[loose.Ref()] = loose
		w.update(t, anInternetGateway())
		wantInternetGateway(t, w, anInternetGateway(), true)
	})
}

func TestLostAnswerNeverMakesASecondInternetGateway(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.create(t, aDHCPOptions(), aVPC())
		w.lossy(t, "CreateInternetGateway", anInternetGateway())
		w.lossy(t, "AttachInternetGateway", anInternetGateway())
		wantInternetGateway(t, w, anInternetGateway(), true)
	})
}

func (w *world) internetGateways(t *testing.T) []ec2types.InternetGateway {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeInternetGateways(t.Context(), &ec2.DescribeInternetGatewaysInput{Filters: carrying(testCluster)})
	if err != nil {
		t.Fatal(err)
	}
	return out.InternetGateways
}

func wantInternetGateway(t *testing.T, w *world, want topology.InternetGateway, attached bool) {
	t.Helper()
	found := w.internetGateways(t)
	if len(found) != 1 {
		t.Fatalf("there are %d internet gateways", len(found))
	}
	if diff := cmp.Diff(want.Tags, tagsOf(found[0].Tags)); diff != "" {
		t.Errorf("tags (-want +got):\n%s", diff)
	}
	got := len(found[0].Attachments) == 1 && aws.ToString(found[0].Attachments[0].VpcId) == w.ids[want.VPC]
	if got != attached {
		t.Errorf("attached = %v, want %v", got, attached)
	}
}
