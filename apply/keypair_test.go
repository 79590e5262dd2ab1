package apply

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	ec2types "github.com/aws/aws-sdk-go-v2/service/ec2/types"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestKeyPairIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := aKeyPair()
		w.lossy(t, "ImportKeyPair", want)
		w.create(t, want)
		wantKeyPair(t, w, want)

		want.Tags = want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		wantKeyPair(t, w, want)

		w.remove(t, want)
		if left := w.keyPairs(t); len(left) != 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestStrangersKeyPairIsNotTaken(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		strangers := aKeyPair()
		strangers.Tags = topology.Tags{"team": "red"}
		w.create(t, strangers)
		if err := w.tryCreate(t, aKeyPair()); err == nil {
			t.Error("the key pair was taken")
		}
		wantKeyPair(t, w, strangers)
	})
}

func (w *world) keyPairs(t *testing.T) []ec2types.KeyPairInfo {
	t.Helper()
	out, err := w.env.clients.EC2.DescribeKeyPairs(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return out.KeyPairs
}

func wantKeyPair(t *testing.T, w *world, want topology.KeyPair) {
	t.Helper()
	found := w.keyPairs(t)
	if len(found) != 1 {
		t.Fatalf("there are %d key pairs", len(found))
	}
	got := topology.KeyPair{Name: aws.ToString(found[0].KeyName), PublicKey: want.PublicKey, Tags: tagsOf(found[0].Tags), Ownership: want.Ownership}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("key pair (-want +got):\n%s", diff)
	}
	if aws.ToString(found[0].KeyFingerprint) == "" {
		t.Error("AWS does not know the key's fingerprint")
	}
}
