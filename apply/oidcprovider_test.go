package apply

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/google/go-cmp/cmp"

	"github.com/quorate/quorate/topology"
)

func TestOIDCProviderIsMadeChangedAndRemoved(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		want := anOIDCProvider()
		w.lossy(t, "CreateOpenIDConnectProvider", want)
		w.create(t, want)
		wantProvider(t, w, want)

		if w.simulated { // moto cannot add audiences
			want.ClientIDs = []string{"amazonaws.com", "second.example.com"}
		}
		want.Thumbprints = []string{"9e99a48a9960b14926bb7f3b02e22da2b0ab7280", "a9d53002e97e00e043244f3d170d6f4c414104fd"}
		want.Tags = want.Tags.With(topology.Tags{"team": "blue"})
		w.update(t, want)
		wantProvider(t, w, want)
		want.Tags = anOIDCProvider().Tags
		w.update(t, want)
		wantProvider(t, w, want)

		w.remove(t, want)
		if left := w.providers(t); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	})
}

func TestStrangersOIDCProviderIsNotTaken(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		strangers := anOIDCProvider()
		strangers.Tags = topology.Tags{"team": "red"}
		w.create(t, strangers)
		w.forget(strangers)
		if err := w.tryCreate(t, anOIDCProvider()); err == nil {
			t.Error("the provider was taken")
		}
		wantProvider(t, w, strangers)
	})
}

// A cluster that changes its issuer has two providers for a while.
func TestRoleFollowsItsProvider(t *testing.T) {
	inEveryWorld(t, func(t *testing.T, w *world) {
		first, second := anOIDCProvider(), anOIDCProvider()
		second.Issuer = "https://elsewhere.example.com/" + testCluster
		want := anAccountRole(first.Ref())
		w.create(t, first, second, want)
		wantTrusted(t, w, want, first)

		want = anAccountRole(second.Ref())
		w.update(t, want)
		wantTrusted(t, w, want, second)
	})
}

func TestRoleWaitsForItsProvider(t *testing.T) {
	w := simulatedWorld(t, testRegion)
	_, err := rowsFor(w.env)[topology.KindIAMRole].create(t.Context(), anAccountRole(anOIDCProvider().Ref()), w.ids)
	if _, waits := errors.AsType[*WaitError](err); !waits {
		t.Errorf("got %v", err)
	}
}

func wantTrusted(t *testing.T, w *world, role topology.IAMRole, provider topology.OIDCProvider) {
	t.Helper()
	out, err := w.env.clients.IAM.GetRole(t.Context(), &iam.GetRoleInput{RoleName: aws.String(role.Name)})
	if err != nil {
		t.Fatal(err)
	}
	if got, arn := policyText(t, out.Role.AssumeRolePolicyDocument), w.ids[provider.Ref()]; arn == "" || !strings.Contains(got, `"`+arn+`"`) {
		t.Errorf("the role does not trust %s: %s", arn, got)
	}
}

func (w *world) providers(t *testing.T) []topology.OIDCProvider {
	t.Helper()
	list, err := w.env.clients.IAM.ListOpenIDConnectProviders(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	var found []topology.OIDCProvider
	for _, entry := range list.OpenIDConnectProviderList {
		p, err := w.env.clients.IAM.GetOpenIDConnectProvider(t.Context(), &iam.GetOpenIDConnectProviderInput{OpenIDConnectProviderArn: entry.Arn})
		if err != nil {
			t.Fatal(err)
		}
		found = append(found, topology.OIDCProvider{
			Issuer: "https://" + aws.ToString(p.Url), ClientIDs: slices.Sorted(slices.Values(p.ClientIDList)), Thumbprints: slices.Sorted(slices.Values(p.ThumbprintList)),
			Tags: tagsOfIAM(p.Tags), Ownership: topology.Owned,
		})
	}
	return found
}

func wantProvider(t *testing.T, w *world, want topology.OIDCProvider) {
	t.Helper()
	if diff := cmp.Diff([]topology.OIDCProvider{want}, w.providers(t)); diff != "" {
		t.Errorf("providers (-want +got):\n%s", diff)
	}
}
