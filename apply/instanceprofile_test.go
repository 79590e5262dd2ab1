package apply

import (
	"errors"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/internal/awsapi"
	"github.com/quorate/quorate/topology"
)

func TestInstanceProfileIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		other := aRole()
		other.Name = "other." + testCluster
		want := anInstanceProfile()
		w.create(t, aRole(), other, want)
		w.create(t, want)
		wantProfile(t, w, want)

		want.Role, want.Tags = other.Ref(), want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		wantProfile(t, w, want)
		want.Tags = anInstanceProfile().Tags
		w.update(t, want)
		wantProfile(t, w, want)

		w.remove(t, want)
		_, err := w.env.clients.IAM.GetInstanceProfile(t.Context(), &iam.GetInstanceProfileInput{InstanceProfileName: aws.String(want.Name)})
		if !awsapi.NotFound(err) {
			t.Errorf("the profile is still there: %v", err)
		}
	})
}

func TestProfileThatWasMadeHalfIsFinished(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		w.create(t, aRole())
		w.lossy(t, "CreateInstanceProfile", anInstanceProfile())
		wantProfile(t, w, anInstanceProfile())
		w.remove(t, anInstanceProfile())
		w.lossy(t, "AddRoleToInstanceProfile", anInstanceProfile())
		wantProfile(t, w, anInstanceProfile())
	})
}

// The SDK sends AddRoleToInstanceProfile again when its answer is lost, and AWS then says
// that the profile is full.
func TestProfileThatIsFullAlreadyIsLookedAtAgain(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := anInstanceProfile()
		w.create(t, aRole(), want)
		profiles := instanceProfiles{api: w.env.clients.IAM, cluster: testCluster}
		err := profiles.setRole(t.Context(), want, nil, aRole().Name)
		if _, waits := errors.AsType[*WaitError](err); !waits {
			t.Errorf("got %v", err)
		}
		wantProfile(t, w, want)
	})
}

func TestStrangersProfileIsNotTaken(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		other := aRole()
		other.Name = "other." + testCluster
		strangers := anInstanceProfile()
		strangers.Role, strangers.Tags = other.Ref(), topology.Tags{"team": "red"}
		w.create(t, aRole(), other, strangers)
		if err := w.tryCreate(t, anInstanceProfile()); err == nil {
			t.Error("the profile was taken")
		}
		wantProfile(t, w, strangers)
	})
}

func wantProfile(t *testing.T, w *world, want topology.InstanceProfile) {
	t.Helper()
	out, err := w.env.clients.IAM.GetInstanceProfile(t.Context(), &iam.GetInstanceProfileInput{InstanceProfileName: aws.String(want.Name)})
	if err != nil {
		t.Fatal(err)
	}
	got := topology.InstanceProfile{Name: want.Name, Tags: tagsOfIAM(out.InstanceProfile.Tags), Ownership: want.Ownership}
	for _, role := range out.InstanceProfile.Roles {
		got.Role = ref(topology.KindIAMRole, aws.ToString(role.RoleName))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("instance profile (-want +got):\n%s", diff)
	}
}
