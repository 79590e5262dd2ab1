package apply

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"

	"github.com/quorate/quorate/topology"
)

func TestVPCCIDRIsAddedUsedAndTakenAway(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aVPCCIDR()
		w.create(t, aDHCPOptions(), aVPC())
		w.addRange(t, want)
		w.addRange(t, want)
		if got := w.ranges(t); got != 1 || !w.remembers(t, want) {
			t.Fatalf("%d additional ranges, remembered: %v", got, w.remembers(t, want))
		}

		subnet := aSubnet("a", "10.1.32.0/20")
		w.create(t, subnet)
		if w.simulated { // moto lets a range go that a subnet lies in
			if err := rowsFor(w.env)[want.Ref().Kind].remove(t.Context(), want, w.ids); !isWait(err) {
				t.Errorf("with a subnet in the range: %v, want to wait", err)
			}
		}
		w.remove(t, subnet)
		w.remove(t, want)
		if got := w.ranges(t); got != 0 || w.remembers(t, want) {
			t.Errorf("%d additional ranges left, remembered: %v", got, w.remembers(t, want))
		}
	})
}

func TestLostAnswerNeverAddsASecondRange(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	w.create(t, aDHCPOptions(), aVPC())
	w.wire.loseNext("AssociateVpcCidrBlock")
	if err := w.tryCreate(t, aVPCCIDR()); err == nil {
		t.Fatal("the answer was not lost")
	}
	w.settle(t)
	w.create(t, aVPCCIDR())
	if got := w.ranges(t); got != 1 {
		t.Errorf("%d additional ranges", got)
	}
}

func TestVPCRemembersARangeThatKopsAdded(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aVPCCIDR()
		w.create(t, aDHCPOptions(), aVPC())
		bare := want
		bare.Tags = nil
		w.addRange(t, bare)
		if w.remembers(t, want) {
			t.Fatal("the VPC remembers too early")
		}
		w.update(t, want)
		if !w.remembers(t, want) {
			t.Error("the VPC does not remember the range")
		}
	})
}

// addRange goes on until AWS has added the range.
func (w *world) addRange(t *testing.T, want topology.VPCCIDR) {
	t.Helper()
	if err := w.tryCreate(t, want); err != nil && !isWait(err) {
		t.Fatal(err)
	}
	w.settle(t)
	w.create(t, want)
}

func (w *world) ranges(t *testing.T) int {
	t.Helper()
	n := 0
	for _, a := range w.vpcs(t)[0].CidrBlockAssociationSet {
		if a.CidrBlockState.State == ec2types.VpcCidrBlockStateCodeAssociated && aws.ToString(a.CidrBlock) != aVPC().CIDR.String() {
			n++
		}
	}
	return n
}

func (w *world) remembers(t *testing.T, c topology.VPCCIDR) bool {
	t.Helper()
	_, ok := tagsOf(w.vpcs(t)[0].Tags)[topology.VPCCIDRTag(c.CIDR)]
	return ok
}

func isWait(err error) bool {
	_, ok := errors.AsType[*WaitError](err)
	return ok
}
